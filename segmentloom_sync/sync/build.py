"""Recalculates audiences with dbt, so that no stale cohort is ever sent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from datetime import datetime

from segmentloom_sync.audiences import authors
from segmentloom_sync.audiences.compile import write_models
from segmentloom_sync.dbt import Dbt, NodeResult
from segmentloom_sync.errors import DbtError, SegmentloomError
from segmentloom_sync.project import Project
from segmentloom_sync.sync.choice import Chosen
from segmentloom_sync.sync.findings import findings
from segmentloom_sync.warehouse.connect import connect
from segmentloom_sync.warehouse.lock import warehouse_lock
from segmentloom_sync.warehouse.refusal import without_values

HASHED_IDENTIFIERS = "segmentloom__hashed_identifiers"
PUBLISHED = (
    "int_segmentloom__members",
    "int_segmentloom__publications",
    "segmentloom__audience_membership",
    "segmentloom__audience_membership_log",
    "segmentloom__audience_sizes",
    "segmentloom__audience_changes",
)
INSPECTED = (
    "int_segmentloom__profile_events",
    "int_segmentloom__links",
    "int_segmentloom__kept_links",
    "segmentloom__profile_redirects",
    "segmentloom__identity_conflicts",
    "segmentloom__identifier_problems",
)
"""Views that no audience needs, but whoever previews one, looks into a profile, undoes a merge or asks for
match rates."""
_CONDITIONS = "int_segmentloom__conditions"
"""What all compiled audiences read: its tests are theirs, too."""
_SHARED = frozenset({HASHED_IDENTIFIERS, *PUBLISHED})
"""What the sync reads of every audience."""


def build_audiences(
    project: Project, chosen: Chosen, names: Sequence[str], as_of: datetime | None
) -> dict[str, str]:
    """Compile the audience files and build the named audiences and what they need.

    Args:
        names: the audiences to build.
        as_of: the time of the evaluation; default: the start of dbt's run.

    Returns:
        What went wrong, in one line, for each audience whose model or test failed or did not run;
        the others are published.

    Raises:
        DbtError: dbt failed as a whole, or nothing that a sync can use was built.
    """
    write_models(project, dict(chosen.everybody), keep=chosen.broken)
    groups = {name: chosen.group_of(name) for name in names}
    wrong = {
        name: "its priority group is published together, and the file of "
        f"'{broken[0]}', which may be of it, is wrong"
        for name in names
        if (broken := chosen.broken_in_group_of(name))
    }
    wanted = {member for name in names if name not in wrong for member in groups[name]}
    built = sorted({*wanted, *_compared(chosen, wanted)})
    selection = [*(f"+audience_{name}" for name in built), f"+{HASHED_IDENTIFIERS}", *PUBLISHED, *INSPECTED]
    variables = {"segmentloom_as_of": as_of.isoformat()} if as_of is not None else None
    with warehouse_lock(project):
        results = Dbt(project.directory, project.profiles_dir, project.target).run(
            "build",
            "--select",
            *selection,
            "--exclude-resource-type",
            "unit_test",
            variables=variables,
            environment=authors.environment(project.directory, chosen.everybody.keys() | chosen.broken),
            label=f"dbt build of {len(names)} audience{'s' if len(names) != 1 else ''}",
        )
    found: Mapping[str, str] = {}
    if any(result.status == "fail" for result in results):
        # These are better words, no more: where the warehouse is not to be had, dbt's have to do.
        with suppress(SegmentloomError), closing(connect(project, read_only=True)) as warehouse:
            found = findings(warehouse, chosen.everybody, results)
    return wrong | failures(
        [replace(result, finding=found.get(result.unique_id)) for result in results],
        {name: groups[name] for name in names if name not in wrong},
    )


def failures(results: Iterable[NodeResult], groups: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """What went wrong for each audience; see `build_audiences`.

    Args:
        groups: of each audience those that are published together with it, itself included.
    """
    by_name = {_name(result.unique_id): result for result in results}
    failed = sorted(
        (result for result in by_name.values() if result.failed), key=lambda result: result.unique_id
    )
    if not by_name:
        raise DbtError("dbt found nothing to build", hint="run `dbt ls` to see the project's models")
    first = failed[0] if failed else None
    hashed = by_name.get(HASHED_IDENTIFIERS)
    if hashed is None or hashed.status != "success":
        raise DbtError(_line(first, "dbt did not build the hashed identifiers"), hint=_HINT)
    for result in failed:
        if result.unique_id.startswith("operation.") or _is_test_of(result, _SHARED):
            raise DbtError(_line(result, "dbt failed"), hint=_HINT)
    alone = {name: _failure(name, by_name, failed) for group in groups.values() for name in group}
    wrong: dict[str, str] = {}
    for name, group in groups.items():
        held_by = next((other for other in [name, *group] if alone[other]), None)
        if held_by is not None:
            told = f"held back with its priority group by {held_by}: " if held_by != name else ""
            wrong[name] = f"{told}{alone[held_by]}"
    return wrong


def _failure(name: str, by_name: Mapping[str, NodeResult], failed: Sequence[NodeResult]) -> str | None:
    """What went wrong for an audience, its priority group left out of account."""
    first = failed[0] if failed else None
    model = by_name.get(f"audience_{name}")
    about = {f"audience_{name}", _CONDITIONS}
    tests = [result for result in by_name.values() if _is_test_of(result, about)]
    unproven = [test for test in tests if test.status not in {"pass", "warn"}]
    if model is None:
        return f"dbt knows no model audience_{name}"
    if model.status != "success":
        # What it is built from may have failed: all tests of audiences that it uses are named.
        above = [
            result
            for result in failed
            if result.unique_id in model.about
            or (result.unique_id.startswith("test.") and set(result.about) & set(model.about))
        ]
        return "; ".join(_line(result, "") for result in ([model] if model.failed else above)) or _line(
            first, f"audience_{name} was skipped"
        )
    if unproven:
        return _tests_line(unproven, first)
    if not tests:
        return f"dbt ran no test of audience_{name}, so it is not published"
    return None


_HINT = "run `dbt build` to see all of its output"


def _compared(chosen: Chosen, names: Iterable[str]) -> Iterable[str]:
    """The audiences that tests of some audiences compare with; they must be of the same time."""
    for name in names:
        for reference in chosen.everybody[name].references:
            if not reference.is_read:
                yield reference.name


def _tests_line(unproven: Sequence[NodeResult], first: NodeResult | None) -> str:
    """Which tests of an audience failed, or did not run."""
    failed = sorted((test for test in unproven if test.failed), key=lambda test: test.unique_id)
    if not failed:
        return _line(first, f"{_name(unproven[0].unique_id)} was skipped")
    return "; ".join(_line(test, "") for test in failed)


def _line(result: NodeResult | None, otherwise: str) -> str:
    """One line that names the node and says what dbt says of it."""
    if result is None:
        return otherwise
    kind = result.unique_id.partition(".")[0]
    message = result.finding or (without_values(result.message) if result.message else result.status)
    return f"dbt: {kind} {_name(result.unique_id)} failed: {message}"


def _is_test_of(result: NodeResult, names: Collection[str]) -> bool:
    return result.unique_id.startswith("test.") and any(_name(node) in names for node in result.about)


def _name(unique_id: str) -> str:
    """The node's name: `model.shop.audience_x`, `test.shop.not_null_x.0a1b2c`."""
    return unique_id.split(".")[2]
