"""What a change of audience files does to the members: each audience as it is now against what it was."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from segmentloom_sync.audiences.library import Audience
from segmentloom_sync.audiences.problems import suggestion
from segmentloom_sync.errors import ConfigError
from segmentloom_sync.warehouse.base import Statement, Warehouse

Status = Literal["new", "removed", "changed", "follows", "same"]
Members = Callable[[Audience], Statement]
"""Gives the query of an audience's profile ids."""

_COUNT_BOTH = """
select
    count(present.profile_id) as members,
    count(former.profile_id) as base_members,
    count(case when former.profile_id is null then 1 end) as added,
    count(case when present.profile_id is null then 1 end) as removed
from ({present}) as present
full outer join ({former}) as former
    on present.profile_id = former.profile_id
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """An audience on both sides.

    Attributes:
        status: `follows` means that only audiences that it uses have changed.
        because: those audiences.
        members: now.
        base_members: with the definitions of the base.
    """

    audience: str
    status: Status
    because: tuple[str, ...]
    members: int = 0
    base_members: int = 0
    added: int = 0
    removed: int = 0

    def document(self) -> dict[str, Any]:
        """Its keys in `--json`."""
        return {**asdict(self), "because": list(self.because)}


def differing(
    now: Mapping[str, Audience],
    base: Mapping[str, Audience],
    *,
    names: Sequence[str] = (),
    unknown: Collection[str] = (),
) -> list[Difference]:
    """The audiences to look at, not counted yet, by name.

    Args:
        now: the valid audiences of the working tree.
        base: those of the base.
        names: only these, also when nothing about them has changed; default: all that differ.
        unknown: audiences whose file is wrong on one side: nothing can be said of them.

    Raises:
        ConfigError: one of the names is on neither side.
    """
    known = {*now, *base} - set(unknown)
    for name in names:
        if name not in known and name not in unknown:
            raise ConfigError(
                f"there is no audience '{name}', neither here nor in the base",
                hint=suggestion(name, known, kind="audiences"),
            )
    changed = {name for name in known if _definition(now, name) != _definition(base, name)}
    found = []
    for name in sorted(known):
        because = tuple(sorted((_used(now, name) | _used(base, name)) & changed - {name}))
        status = _status(name, now, base, is_changed=name in changed, follows=bool(because))
        if name in names or (not names and status != "same"):
            found.append(Difference(name, status, because))
    return found


def counted(
    warehouse: Warehouse,
    differences: Sequence[Difference],
    present: tuple[Mapping[str, Audience], Members],
    former: tuple[Mapping[str, Audience], Members],
) -> list[Difference]:
    """The differences with their numbers, counted in the warehouse without writing anything.

    Args:
        present: the audiences of the working tree, and their queries.
        former: those of the base.
    """
    return [
        _count(
            warehouse,
            difference,
            *(
                members(audiences[difference.audience]) if difference.audience in audiences else None
                for audiences, members in (present, former)
            ),
        )
        for difference in differences
    ]


def _count(
    warehouse: Warehouse, difference: Difference, present: Statement | None, former: Statement | None
) -> Difference:
    sides = [side for side in (present, former) if side is not None]
    nobody = f"select nobody.profile_id from ({sides[0].sql}) as nobody where false"
    sql = _COUNT_BOTH.format(
        present=present.sql if present else nobody, former=former.sql if former else nobody
    )
    parameters = {key: value for side in sides for key, value in side.parameters.items()}
    [numbers] = warehouse.rows(sql, **parameters)
    return Difference(difference.audience, difference.status, difference.because, *map(int, numbers))


def _status(
    name: str, now: Mapping[str, Audience], base: Mapping[str, Audience], *, is_changed: bool, follows: bool
) -> Status:
    if name not in base:
        return "new"
    if name not in now:
        return "removed"
    if is_changed:
        return "changed"
    return "follows" if follows else "same"


def _definition(audiences: Mapping[str, Audience], name: str) -> str | None:
    """As text: to Python the values 1 and true are equal."""
    return json.dumps(audiences[name].definition, sort_keys=True) if name in audiences else None


def _used(audiences: Mapping[str, Audience], name: str) -> set[str]:
    """The audiences that one reads, and those that these read."""
    found: set[str] = set()
    ahead = [name]
    while ahead:
        audience = audiences.get(ahead.pop())
        for reference in audience.references if audience else ():
            if reference.is_read and reference.name not in found:
                found.add(reference.name)
                ahead.append(reference.name)
    return found
