"""What `S.profile_merges` has to say about one build, given what identity was before it and after it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from tests.oracles.events import Identifier
from tests.oracles.identity import Identity, Link
from tests.oracles.merge_log import LogRow, changes
from tests.oracles.merges import merge_causes


def problems(before: Identity, after: Identity, rows: Sequence[LogRow]) -> Iterator[str]:
    """What is wrong with the rows that a build has logged; nothing when they tell exactly what happened."""
    happened = changes(before, after)
    told = Counter(row.change for row in rows)
    reasons = _Reasons(before, after)
    for change in happened.keys() - told.keys():
        yield f"nothing is logged of {change}: {sorted(happened[change])}"
    for row in rows:
        if row.change not in happened:
            yield f"logged, but it did not happen: {row}"
        elif told[row.change] > 1:
            yield f"logged more than once: {row}"
        else:
            wrong = reasons.of_split if row.kind == "split" else reasons.of_ending
            yield from (f"{problem}: {row}" for problem in wrong(row, happened[row.change]))
    renamed = Counter(row.surviving_profile_id for row in rows if row.kind == "rename")
    for _, survivor, former in (change for change in happened if not change[0]):
        if former in before.profiles and renamed[survivor] != (survivor not in before.profiles):
            yield f"what went on as {survivor} was renamed {renamed[survivor]} times"


class _Reasons:
    """What is wrong with the link and the rule that a row gives for what did happen."""

    def __init__(self, before: Identity, after: Identity) -> None:
        self._before, self._after = before, after
        self._causes = {frozenset(cause) for cause in merge_causes(after)}
        self._refusals: dict[Link, set[str]] = defaultdict(set)
        for conflict in after.conflicts:
            if conflict.other:
                self._refusals[frozenset({conflict.identifier, conflict.other})].add(conflict.rule)

    def of_ending(self, row: LogRow, absorbed: set[Identifier]) -> Iterator[str]:
        """A merge or a rename."""
        if row.kind == "rename" and row.absorbed_profile_id not in self._before.profiles:
            yield "what was renamed was no profile before"
        if row.kind == "rename" and row.rule != "older_identifier":
            yield "a rename has another rule"
        if row.kind == "merge" and row.rule not in _rules_of(row.link):
            yield "its rule does not show such a link"
        if row.link is not None:
            yield from self._of_joining_link(row, row.link, absorbed)
        elif row.kind == "merge":
            yield "names no link"

    def _of_joining_link(self, row: LogRow, link: Link, absorbed: set[Identifier]) -> Iterator[str]:
        if link not in self._causes:
            yield "its link is no cause of a merge"
        elif self._after.links[link][1:] != (row.source_id, row.event_id):
            yield "its event is not the earliest that shows the link"
        elif any(self._after.profile_of[end] != row.surviving_profile_id for end in link):
            yield "its link is in another profile"
        elif row.absorbed_profile_id in self._before.profiles and len(absorbed & link) != 1:
            yield "its link does not join what was absorbed to anything"

    def of_split(self, row: LogRow, parted: set[Identifier]) -> Iterator[str]:
        """A split."""
        if row.link is None:
            yield "names no link"
        elif row.link not in self._before.kept:
            yield "its link held nothing before"
        elif row.link in self._after.kept:
            yield "its link still holds"
        elif not row.link & parted:
            yield "its link does not touch what was split off"
        elif row.rule not in self._rules_that_part(row.link):
            yield "its link is gone for another reason"

    def _rules_that_part(self, link: Link) -> set[str]:
        return {"unmerge", *(self._refusals[link] if link in self._after.links else ["retracted"])}


def _rules_of(link: Link | None) -> set[str]:
    types = sorted(end[0] for end in link or ())
    if types == ["user_id", "user_id"]:
        return {"alias"}
    return {"alias", "same_event"} if types == ["anonymous_id", "user_id"] else {"same_event"}
