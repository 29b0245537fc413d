"""The protocol under a state machine, and mutants of it that the machine must catch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.unit.sync.machine import Change, SyncMachine
from tests.unit.sync.mutants import MUTANTS, Mutant
from tests.unit.sync.replacing_machine import ReplacingMachine
from tests.unit.sync.replacing_mutants import REPLACING_MUTANTS, ReplacingMutant

BROKEN = r"I\d"


def each_of(mutants: Sequence[Mutant | ReplacingMutant]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("mutant", mutants, ids=lambda mutant: mutant.apply.__name__)


each_mutant = each_of(MUTANTS)


def profile(examples: int, *, steps: int, shrink: bool = True) -> settings:
    phases = (Phase.explicit, Phase.generate, Phase.shrink) if shrink else (Phase.explicit, Phase.generate)
    return settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        derandomize=True,
        database=None,
        phases=phases,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )


def tell(mutant: Any, machine: SyncMachine) -> None:
    """Play a mutant's story to its end, with all that its machine asserts."""
    try:
        mutant.story(machine)
        machine.ledger_is_a_superset()
        machine.nothing_is_sent_after_an_opt_out()
    finally:
        machine.teardown()


def test_the_protocol_holds_under_faults() -> None:
    run_state_machine_as_test(SyncMachine, settings=profile(12, steps=4, shrink=False))


def test_a_replacement_holds_under_faults() -> None:
    run_state_machine_as_test(ReplacingMachine, settings=profile(12, steps=5, shrink=False))


@each_mutant
def test_the_story_of_a_mutant_ends_well_without_it(mutant: Mutant) -> None:
    tell(mutant, SyncMachine())


@each_mutant
def test_a_mutant_is_caught_by_its_story(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant.apply(monkeypatch)
    with pytest.raises(AssertionError, match=BROKEN):
        tell(mutant, SyncMachine())


@each_of(REPLACING_MUTANTS)
def test_the_story_of_a_broken_replacement_ends_well_without_it(mutant: ReplacingMutant) -> None:
    tell(mutant, ReplacingMachine())


@each_of(REPLACING_MUTANTS)
def test_a_broken_replacement_is_caught_by_its_story(
    mutant: ReplacingMutant, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant.apply(monkeypatch)
    with pytest.raises(AssertionError, match=BROKEN):
        tell(mutant, ReplacingMachine())


@pytest.mark.slow
def test_the_protocol_holds_under_many_faults() -> None:
    run_state_machine_as_test(SyncMachine, settings=profile(150, steps=8))


@pytest.mark.slow
def test_a_replacement_holds_under_many_faults() -> None:
    run_state_machine_as_test(ReplacingMachine, settings=profile(150, steps=8))


@pytest.mark.slow
@each_of([mutant for mutant in MUTANTS if mutant.is_found_at_random])
def test_a_mutant_is_caught_by_the_machine(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant.apply(monkeypatch)
    with pytest.raises(AssertionError, match=BROKEN):
        run_state_machine_as_test(SyncMachine, settings=profile(200, steps=6, shrink=False))


def test_a_list_that_is_put_off_may_die_now_and_then() -> None:
    assert die_around_a_wait(range(20, 10_000, 40), late=False) > 1


@pytest.mark.slow
@pytest.mark.parametrize("late", [False, True])
def test_a_list_that_is_put_off_may_die_anywhere(late: bool) -> None:
    assert die_around_a_wait(range(1, 10_000), late=late) > 60


def die_around_a_wait(operations: Iterable[int], *, late: bool) -> int:
    """Runs that put a list off and die at one of the operations, until one survives; returns how many died.

    Args:
        late: whether the platform answers later.
    """
    for died, operation in enumerate(operations):
        machine = SyncMachine()
        try:
            if late:
                machine.answers_later()
            machine.sync([], ["ok"], None, None)
            changes: list[tuple[str, Change]] = [
                ("ann", "changes e-mail"),
                ("bob", "asks to be out"),
                ("cat", "leaves"),
            ]
            machine.sync(changes, ["ok", "busy"], operation, None, retries=2, others_wait=True)
            has_survived = machine.fuse.count < operation
            attempts = "select count(*) from segmentloom_sync.runs where status <> 'running'"
            [(ended,)] = machine.warehouse.rows(attempts)
            machine.recover()
            machine.nothing_is_sent_after_an_opt_out()
            machine.ledger_is_a_superset()
        finally:
            machine.warehouse.close()
        if has_survived:
            assert ended == 3, "it was not put off"
            return died
    raise AssertionError("no run survives")
