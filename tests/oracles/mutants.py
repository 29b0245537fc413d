"""Wrong versions of the identity rules: events that cannot tell them from the right ones prove nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.oracles import identity, relations
from tests.oracles.events import Delivery, Identifier, refusal
from tests.oracles.identity import Conflict, Link, Rules

Mutant = Callable[[pytest.MonkeyPatch, Rules], Rules]

own_identifiers, previous_identifier, event_links, refused, make_profile = (
    identity.own_identifiers,
    identity.previous_identifier,
    identity.event_links,
    identity.refused,
    identity.make_profile,
)


def _rules(**changes: Any) -> Mutant:
    return lambda _, rules: replace(rules, **changes)


def _patch(name: str, value: Any, module: Any = identity) -> Mutant:
    def mutate(patch: pytest.MonkeyPatch, rules: Rules) -> Rules:
        patch.setattr(module, name, value)
        return rules

    return mutate


def _device_before_email(event: Delivery, rules: Rules) -> list[Identifier]:
    return sorted(
        own_identifiers(event, rules), key=lambda one: ("user_id", "anonymous_id", "email").index(one[0])
    )


def _previous_is_anonymous_when_it_occurs_so(
    event: Delivery, occurring: Any, rules: Rules
) -> Identifier | None:
    return previous_identifier(event, occurring - {("user_id", event.previous_id)}, rules)


def _previous_is_always_a_user(event: Delivery, _: Any, rules: Rules) -> Identifier | None:
    return previous_identifier(event, set(), rules)


def _alias_links_everything(identifiers: list[Identifier], previous: Identifier | None) -> Iterator[Link]:
    yield from event_links(
        [*identifiers, *([previous] if previous and previous not in identifiers else [])], None
    )


def _next_link_after_a_refused_one(links: dict[Link, Any], rules: Rules) -> Iterator[Conflict]:
    shared = {conflict for conflict in refused(links, rules) if conflict.rule != "later_link"}
    gone = {frozenset({conflict.identifier, conflict.other}) for conflict in shared}
    yield from shared
    rest = {link: order for link, order in links.items() if link not in gone}
    yield from (conflict for conflict in refused(rest, rules) if conflict.rule == "later_link")


def _last_deliveries(deliveries: Iterable[Delivery]) -> list[Delivery]:
    last: dict[tuple[str, str], Delivery] = {}
    for delivery in sorted(deliveries, key=lambda one: (one.loaded_at, one.load_id, one.line_number)):
        if refusal(delivery) is None:
            last[delivery.key] = delivery
    return list(last.values())


def _without(rule: str) -> Mutant:
    def rest(links: dict[Link, Any], rules: Rules) -> Iterator[Conflict]:
        return (conflict for conflict in refused(links, rules) if conflict.rule != rule)

    return _patch("refused", rest)


def _least_identifier_names(component: list[Identifier], sightings: Any, rules: Rules) -> identity.Profile:
    profile = make_profile(component, sightings, rules)
    profile.profile_id = identity.profile_id_of(min(component))
    return profile


MUTANTS: dict[str, Mutant] = {
    "an e-mail may have one user more": _rules(users_per_email=3),
    "a device may have one user more": _rules(users_per_device=4),
    "a profile may have one identifier more": _rules(identifiers_per_profile=7),
    "the seed blocks nothing": _rules(blocked=frozenset()),
    "placeholders stitch": _patch("PLACEHOLDERS", frozenset()),
    "devices own events before e-mails": _patch("own_identifiers", _device_before_email),
    "previous_id is anonymous when seen so": _patch(
        "previous_identifier", _previous_is_anonymous_when_it_occurs_so
    ),
    "previous_id is always a user_id": _patch("previous_identifier", _previous_is_always_a_user),
    "previous_id links to all identifiers": _patch("event_links", _alias_links_everything),
    "shared e-mails stitch": _without("shared_email"),
    "kiosks stitch": _without("kiosk"),
    "later links stitch": _without("later_link"),
    "a refused earliest link is replaced": _patch("refused", _next_link_after_a_refused_one),
    "the least identifier names a profile": _patch("make_profile", _least_identifier_names),
    "ties ignore the source": _patch(
        "order", property(lambda event: (event.occurred_at, event.event_id, event.source_id)), Delivery
    ),
    "the last delivery wins": _patch("accepted", _last_deliveries, relations),
}
