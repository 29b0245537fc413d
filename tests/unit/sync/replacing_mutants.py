"""Ways to break a replacement, and a short story that shows each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from segmentloom_sync.sync import replacement_sql
from tests.unit.sync.memory_platform import Fault
from tests.unit.sync.replacing_machine import STRANGERS, ReplacingMachine

Patch = pytest.MonkeyPatch
WELL: list[Fault] = ["ok"] * 9


@dataclass(frozen=True)
class ReplacingMutant:
    """A broken replacement.

    Attributes:
        apply: breaks it.
        story: what happens to the machine until the break shows.
    """

    apply: Callable[[Patch], None]
    story: Callable[[ReplacingMachine], None]


def do_not_wait_for_who_has_no_answer(patch: Patch) -> None:
    _in_rest(patch, "when ledger.state = 'sent' then 1", "when ledger.state = 'sent' then 0")


def do_not_wait_for_who_was_not_sent(patch: Patch) -> None:
    _in_rest(patch, "= 'pending' and ledger.may_hold then 1", "= 'pending' then 0")


def do_not_wait_for_answers(patch: Patch) -> None:
    _in_rest(patch, "and state = 'processing'", "and state = 'nothing'")


def send_nobody_anew(patch: Patch) -> None:
    text = replacement_sql.SEND_ANEW
    assert "state = 'accepted'" in text
    patch.setattr(replacement_sql, "SEND_ANEW", text.replace("state = 'accepted'", "state = 'nothing'"))


def _in_rest(patch: Patch, old: str, new: str) -> None:
    assert old in replacement_sql.REST
    patch.setattr(replacement_sql, "REST", replacement_sql.REST.replace(old, new))


def _a_filled_list_with_a_stranger(machine: ReplacingMachine) -> None:
    machine.sync([], WELL, None, None)
    machine.answers_later()
    machine.others_add(min(STRANGERS))


def it_is_replaced(machine: ReplacingMachine) -> None:
    _a_filled_list_with_a_stranger(machine)
    machine.replaces(WELL, None)
    machine.sync([], WELL, None, None)
    machine.recover()


def a_run_is_killed_with_its_last_request(machine: ReplacingMachine) -> None:
    """The next run sends that one anew, and must not have the others removed yet."""
    _killed(machine, 55, leaves="sent")


def a_run_is_killed_before_its_last_request(machine: ReplacingMachine) -> None:
    """As above."""
    _killed(machine, 51, leaves="pending")


def _killed(machine: ReplacingMachine, at: int, leaves: str) -> None:
    _a_filled_list_with_a_stranger(machine)
    machine.replaces(WELL, at)
    ledger = machine.warehouse.relation("ledger", "sync")
    states = machine.warehouse.rows(f"select distinct state from {ledger} order by state")
    assert states == [("accepted",), (leaves,)], "it dies elsewhere"
    machine.finishes_one(newest=True)
    machine.sync([], WELL, None, None)
    machine.recover()


REPLACING_MUTANTS = (
    ReplacingMutant(do_not_wait_for_who_has_no_answer, a_run_is_killed_with_its_last_request),
    ReplacingMutant(do_not_wait_for_who_was_not_sent, a_run_is_killed_before_its_last_request),
    ReplacingMutant(do_not_wait_for_answers, it_is_replaced),
    ReplacingMutant(send_nobody_anew, it_is_replaced),
)
