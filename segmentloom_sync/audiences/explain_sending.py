"""What each list of an audience gets of one person, and if nothing, why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from segmentloom_sync.audiences.definition import SyncSpec
from segmentloom_sync.audiences.preview_destinations import DestinationCounter
from segmentloom_sync.identity.profile import Summary
from segmentloom_sync.identity.profile_places import Holding
from segmentloom_sync.sync.target import SyncTarget
from segmentloom_sync.warehouse.base import Statement, Warehouse

OWN = """
select distinct hashed.identifier_type
from {hashed_identifiers} as hashed
where
    hashed.profile_id = :profile_id
    and hashed.hash_rule = :hash_rule
"""


@dataclass(frozen=True, slots=True)
class Sending:
    """One list.

    Attributes:
        sends: the kinds of identifiers that a sync would want there, were the person a published member.
        reasons: why it wants none.
        holdings: what the list may hold of the person by now.
    """

    destination: str
    list_name: str
    sends: tuple[str, ...]
    reasons: tuple[str, ...]
    holdings: tuple[Holding, ...]

    def document(self) -> dict[str, Any]:
        """Its keys in `--json`."""
        return {
            "destination": self.destination,
            "list": self.list_name,
            "sends": list(self.sends),
            "not_sent_because": list(self.reasons),
            "held": [
                {
                    "identifier_type": holding.identifier_type,
                    "state": holding.state,
                    "may_hold": holding.may_hold,
                    "updated_at": holding.updated_at,
                }
                for holding in self.holdings
            ],
        }


def explain_sending(
    warehouse: Warehouse,
    counter: DestinationCounter,
    spec: SyncSpec,
    profile_id: str,
    summary: Summary,
    held: Sequence[Holding],
    *,
    is_member: bool,
) -> Sending:
    """Look at one list.

    Args:
        counter: plans the syncs of the audience.
        summary: of the profile.
        held: what all lists may hold of the profile.
        is_member: whether it is in the published audience.
    """
    target = counter.target(spec)
    # Were the person the only member, the sync's own plan would say what it sends of them.
    only = Statement(
        f"select profile_id from {warehouse.relation('profiles')} where profile_id = :only_profile",
        {"only_profile": profile_id},
    )
    wanted = counter.wanted(spec, only)
    own = warehouse.rows(
        OWN.format(hashed_identifiers=warehouse.relation("hashed_identifiers")),
        profile_id=profile_id,
        hash_rule=target.destination.hash_rule,
    )
    sends = tuple(kind for kind in spec.identifiers if wanted[kind])
    return Sending(
        destination=spec.destination,
        list_name=spec.list_name,
        sends=sends,
        reasons=(
            *(() if is_member else ("the person is no published member",)),
            *(() if sends else _reasons(target, summary, {str(kind) for (kind,) in own})),
        ),
        holdings=tuple(
            holding
            for holding in held
            if (holding.destination, holding.list_name) == (spec.destination, spec.list_name)
        ),
    )


def _reasons(target: SyncTarget, summary: Summary, own: set[str]) -> list[str]:
    """Why nothing is sent, in the order in which the plan sorts out."""
    reasons = []
    consents = {
        "ad_user_data": summary.ad_user_data_consent,
        "ad_personalization": summary.ad_personalization_consent,
    }
    if summary.is_quarantined:
        reasons.append("the profile is quarantined: it has too many identifiers")
    if summary.is_opted_out:
        reasons.append("the person opted out")
    if target.consent_rule == "nobody":
        reasons.append("the destination's setting `consent` is denied")
    for name, given in consents.items():
        if given == "denied" or (target.consent_rule == "granted" and given != "granted"):
            reasons.append(f"{name} consent is {given or 'unknown'}")
    if not own & set(target.identifier_types):
        kinds = " and no ".join(target.identifier_types)
        reasons.append(f"the profile has no {kinds} that the destination takes")
    if not reasons:
        reasons.append("somebody who opted out has the same identifiers")
    return reasons
