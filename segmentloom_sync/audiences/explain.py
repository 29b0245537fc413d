"""Why somebody is, or is not, in an audience: every condition, and the events and traits behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from segmentloom_sync.audiences import evaluation
from segmentloom_sync.audiences.conditions import (
    AudienceCondition,
    EventCondition,
    Leaf,
    SequenceCondition,
    TraitCondition,
)
from segmentloom_sync.audiences.evaluation import Evaluation, iso
from segmentloom_sync.audiences.evidence import (
    MOST_EVENTS,
    MOST_OF_SEQUENCES,
    FoundEvents,
    chain,
    found_events,
    value_at,
)
from segmentloom_sync.audiences.explain_sending import Sending
from segmentloom_sync.audiences.library import Audience
from segmentloom_sync.audiences.parts import condition_texts, holdout_text, leaves, priority_text
from segmentloom_sync.errors import ConfigError
from segmentloom_sync.identity.find_profile import Found
from segmentloom_sync.identity.profile_attributes import Attribute
from segmentloom_sync.identity.profile_places import Membership
from segmentloom_sync.warehouse.base import Warehouse

if TYPE_CHECKING:
    from segmentloom_sync.project import Project


@dataclass(frozen=True, slots=True)
class Judged:
    """A condition and what it is about.

    Attributes:
        part: `match`, `exclude`, `holdout` or `priority`.
        evidence: what is behind it; its keys go by the kind of condition.
    """

    part: str
    condition: str
    holds: bool
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Explanation:
    """The answer of the command `explain`.

    Attributes:
        conditions: the leaf conditions of match and exclude, then holdout and priority.
        published: the person's place in the published audience; None without one.
        failed_tests: the names of those for which the newest evaluation was not published; None where it was.
        destinations: what each list would get of the person, and holds.
    """

    audience: Audience
    found: Found
    as_of: datetime
    member: bool
    conditions: tuple[Judged, ...]
    published: Membership | None = None
    failed_tests: str | None = None
    destinations: tuple[Sending, ...] = ()

    def document(self) -> dict[str, Any]:
        """The keys of `explain --json`."""
        return {
            "audience": self.audience.name,
            "profile_id": self.found.profile_id,
            "former_profile_id": self.found.former_id,
            "member": self.member,
            "as_of": iso(self.as_of),
            "conditions": [
                {"condition": judged.condition, "holds": judged.holds, "evidence": dict(judged.evidence)}
                for judged in self.conditions
            ],
            "published": {
                "member": self.published is not None,
                "entered_at": self.published.entered_at if self.published else None,
                "failed_tests": self.failed_tests,
            },
            "destinations": [sending.document() for sending in self.destinations],
        }


class Explainer:
    """Looks at one profile as audiences see it.

    Args:
        project: gives the macros.
        warehouse: an open connection; nothing is written through it.
        audiences: by name, for audiences that use others.
        as_of: the end of all windows.
        found: the profile.

    Raises:
        ConfigError: the warehouse does not have the events and profiles yet.
    """

    def __init__(
        self,
        project: Project,
        warehouse: Warehouse,
        audiences: Mapping[str, Audience],
        as_of: datetime,
        found: Found,
    ) -> None:
        self._warehouse = warehouse
        self._as_of = as_of
        self._found = found
        self._evaluation = Evaluation(project, warehouse, audiences, as_of, relation=self._of_the_profile)

    def explain(self, audience: Audience, attributes: Mapping[str, Attribute]) -> Explanation:
        """Judge the profile.

        Args:
            attributes: its traits by name, with the events that they come from.

        Raises:
            ConfigError: the last build did not come as far as the profile.
        """
        definition = audience.definition
        conditions = [leaf for _, leaf in leaves(audience)]
        numbered = dict(enumerate(conditions, start=1))
        has_events = any(isinstance(leaf, EventCondition | SequenceCondition) for leaf in conditions)
        row = self._row(audience)
        events = (
            found_events(
                self._rows(
                    self._evaluation.render("audience_evidence", definition, MOST_EVENTS, MOST_OF_SEQUENCES)
                ),
                numbered,
            )
            if has_events
            else {}
        )
        judged = [
            Judged(
                part=text.partition(".")[0].partition(":")[0],
                condition=text,
                holds=bool(row[f"leaf_{number}"]),
                evidence=_evidence(number, leaf, row, events, attributes),
            )
            for (number, leaf), text in zip(numbered.items(), condition_texts(audience), strict=True)
        ]
        return Explanation(
            audience=audience,
            found=self._found,
            as_of=self._as_of,
            member=bool(row["is_member"]),
            conditions=(*judged, *_further(audience, row)),
        )

    def _row(self, audience: Audience) -> dict[str, Any]:
        """What `audience_explain` says, by column."""
        definition = audience.definition
        names = ["profile_id", "is_member"]
        names += [f"leaf_{number}" for number, _ in enumerate(leaves(audience), start=1)]
        names += ["is_held_out"] if "holdout" in definition else []
        names += [f"outranked_{number}" for number, _ in enumerate(audience.outranked_by, start=1)]
        for number, (_, leaf) in enumerate(leaves(audience), start=1):
            if isinstance(leaf, EventCondition | SequenceCondition):
                names.append(f"found_{number}")
                if isinstance(leaf, EventCondition) and leaf.avg:
                    names.append(f"numbers_{number}")
        rows = self._rows(self._evaluation.render("audience_explain", definition))
        if not rows:
            raise ConfigError(
                f"profile {self._found.profile_id} is known and not built yet", hint="run `dbt build`"
            )
        return dict(zip(names, rows[0], strict=True))

    def _rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self._warehouse.rows(sql, explained_profile=self._found.profile_id)

    def _of_the_profile(self, model: str) -> str | None:
        """The profile's rows in place of everybody's."""
        name = model.removeprefix("segmentloom__")
        if name not in evaluation.NEEDED:
            return None
        return f"(select * from {self._warehouse.relation(name)} where profile_id = :explained_profile)"


def _evidence(
    number: int,
    leaf: Leaf,
    row: Mapping[str, Any],
    events: Mapping[tuple[int, int], FoundEvents],
    attributes: Mapping[str, Attribute],
) -> dict[str, Any]:
    if isinstance(leaf, TraitCondition):
        attribute = attributes.get(leaf.trait[0])
        return {
            "value": value_at(attribute.value, leaf.trait[1:]) if attribute else None,
            "event": attribute.event() if attribute else None,
        }
    if isinstance(leaf, AudienceCondition):
        return {"audience": leaf.audience, "member": bool(row[f"leaf_{number}"])}
    if isinstance(leaf, SequenceCondition):
        steps = [events.get((number, step), FoundEvents()) for step in range(1, len(leaf.sequence) + 1)]
        made = chain(steps, leaf.steps_within) if row[f"leaf_{number}"] else None
        return {
            "chain": [event.document() for event in made] if made else None,
            "steps": [
                {"event": step.event, **found.document()}
                for step, found in zip(leaf.sequence, steps, strict=True)
            ],
        }
    found = events.get((number, 1), FoundEvents())
    value = _value(number, leaf, row)
    return {**found.document(), **({"value": value} if value is not ... else {})}


def _value(number: int, leaf: Leaf, row: Mapping[str, Any]) -> Any:
    """What an aggregate or a number of days came to; None without any, `...` for other conditions."""
    found = row[f"found_{number}"]
    if isinstance(leaf, EventCondition) and leaf.distinct_days is not None:
        return int(found or 0)
    if not isinstance(leaf, EventCondition) or not leaf.aggregate:
        return ...
    if found is None or isinstance(found, datetime):
        return found
    return float(found) / int(row[f"numbers_{number}"]) if leaf.avg else float(found)


def _further(audience: Audience, row: Mapping[str, Any]) -> list[Judged]:
    """Holdout and priority: both hold of those whom they keep out."""
    judged = []
    if "holdout" in audience.definition:
        holdout = audience.definition["holdout"]
        evidence = {"group": holdout["group"], "percent": holdout["basis_points"] / 100}
        judged.append(Judged("holdout", holdout_text(audience), bool(row["is_held_out"]), evidence))
    if audience.outranked_by:
        taking = [
            other.name
            for number, other in enumerate(audience.outranked_by, start=1)
            if row[f"outranked_{number}"]
        ]
        before = taking[:1]  # the first by rank has it, and keeps it out of the others
        judged.append(Judged("priority", priority_text(audience), bool(before), {"member_of": before}))
    return judged
