"""Ways to break the protocol, each a mistake that somebody has made, and a short story that shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from segmentloom_sync.sync import (
    batch_sql,
    batches,
    confirmations,
    intent,
    list_sync,
    plan,
    plan_sql,
    push,
)
from tests.unit.sync.machine import SyncMachine

Patch = pytest.MonkeyPatch
WELL = ["ok"] * 9


@dataclass(frozen=True)
class Mutant:
    """A broken protocol.

    Attributes:
        apply: breaks it.
        story: what happens to the machine until the break shows.
        is_found_at_random: whether the machine finds it within 200 examples, without its story.
    """

    apply: Callable[[Patch], None]
    story: Callable[[SyncMachine], None]
    is_found_at_random: bool = True


def acknowledge_before_the_call(patch: Patch) -> None:
    patch.setattr(intent, "_PUT_IN", intent._PUT_IN.replace("'pending'", "'accepted'"))
    patch.setattr(batch_sql, "CONTENT", batch_sql.CONTENT.replace("and state = :state", ""))


def forget_what_has_no_answer(patch: Patch) -> None:
    _in_delta(
        patch,
        "not ledger.may_hold and ledger.state in ('rejected', 'pending')",
        "ledger.state <> 'accepted'",
    )


def trust_what_has_no_answer(patch: Patch) -> None:
    _in_delta(patch, "held.state in ('pending', 'sent', 'removing')", "held.state in ('pending', 'removing')")


def take_a_reply_for_success(patch: Patch) -> None:
    def took(self: push.BatchPush, members: object, receipt: object) -> None:
        """Ignores who was refused or is unknown."""

    patch.setattr(push.BatchPush, "_took", took)


def do_not_ask_again_who_may_be_sent(patch: Patch) -> None:
    original = batches.read_content

    def read(session: object, batch: object) -> batches.BatchContent:
        content = original(session, batch)  # type: ignore[arg-type]  # passed on as they are
        return batches.BatchContent(content.members, frozenset())

    patch.setattr(batches, "read_content", read)


def key_the_ledger_without_the_kind(patch: Patch) -> None:
    text = intent._TAKE_OUT.replace("plan.identifier_type || ':' || plan.identifier", "plan.identifier")
    patch.setattr(intent, "_TAKE_OUT", text.replace("identifier_type || ':' || identifier", "identifier"))


def let_the_guard_hold_opt_outs(patch: Patch) -> None:
    original = intent.write_intent

    def write(session: object, relation: str, *, only_private: bool = False) -> list[intent.Batch]:
        return [] if only_private else original(session, relation)  # type: ignore[arg-type]  # passed on

    patch.setattr(list_sync, "write_intent", write)


def take_a_rejected_row_for_never_sent(patch: Patch) -> None:
    _in_delta(patch, "not ledger.may_hold and ledger.state in", "ledger.state in")


def remove_only_once_what_overtook_an_addition(patch: Patch) -> None:
    patch.setattr(
        confirmations, "_REMOVED", confirmations._REMOVED.replace("and overtaken_run_id is null", "")
    )


def _in_delta(patch: Patch, old: str, new: str) -> None:
    assert old in plan_sql.DELTA
    patch.setattr(plan, "DELTA", plan_sql.DELTA.replace(old, new))


def a_busy_platform(machine: SyncMachine) -> None:
    machine.sync([], ["busy"], None, None)


def an_answer_is_lost_and_ann_leaves(machine: SyncMachine) -> None:
    machine.sync([], ["lost"], None, None)
    machine.sync([("ann", "leaves")], WELL, None, None)


def half_is_refused(machine: SyncMachine) -> None:
    machine.sync([], ["partial"], None, None)


def bob_opts_out_before_his_batch(machine: SyncMachine) -> None:
    machine.sync([], WELL, None, (20, "bob"))
    machine.nothing_is_sent_after_an_opt_out()


def ann_changes_her_phone(machine: SyncMachine) -> None:
    machine.sync([], WELL, None, None)
    machine.sync([("ann", "changes phone")], WELL, None, None)


def ann_opts_out_while_the_platform_works(machine: SyncMachine) -> None:
    machine.answers_later()
    machine.sync([], WELL, None, None)
    machine.sync([("ann", "opts out")], WELL, None, None)
    machine.finishes_one(newest=True)
    machine.sync([], WELL, None, None)
    machine.recover()


def all_leave_and_one_opts_out(machine: SyncMachine) -> None:
    machine.sync([], WELL, None, None)
    machine.sync([("ann", "leaves"), ("bob", "leaves"), ("cat", "leaves")], WELL, None, None)
    machine.sync([("cat", "opts out")], WELL, None, None)
    machine.run_with_guards()


def a_refusal_after_a_lost_answer(machine: SyncMachine) -> None:
    machine.sync([], ["lost"], None, None)
    machine.sync([], ["partial", "partial"], None, None)
    machine.sync([("ann", "leaves"), ("bob", "leaves"), ("cat", "leaves")], WELL, None, None)


MUTANTS = (
    Mutant(acknowledge_before_the_call, a_busy_platform),
    Mutant(forget_what_has_no_answer, an_answer_is_lost_and_ann_leaves),
    Mutant(trust_what_has_no_answer, a_busy_platform),
    Mutant(take_a_reply_for_success, half_is_refused),
    Mutant(do_not_ask_again_who_may_be_sent, bob_opts_out_before_his_batch),
    Mutant(key_the_ledger_without_the_kind, ann_changes_her_phone),
    Mutant(let_the_guard_hold_opt_outs, all_leave_and_one_opts_out),
    Mutant(take_a_rejected_row_for_never_sent, a_refusal_after_a_lost_answer),
    # Needs late answers, an addition that goes well, an opt-out and an order of finishing, one by one.
    Mutant(
        remove_only_once_what_overtook_an_addition,
        ann_opts_out_while_the_platform_works,
        is_found_at_random=False,
    ),
)
