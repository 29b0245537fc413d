"""The protocol under a state machine, and mutants of it that the machine must catch."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from segmentloom_sync.sync import batch_sql, batches, intent, lease, list_sync, plan, push
from tests.unit.sync.machine import SyncMachine

Patch = pytest.MonkeyPatch


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


def test_the_protocol_holds_under_faults() -> None:
    run_state_machine_as_test(SyncMachine, settings=profile(25, steps=5))


@pytest.mark.slow
def test_the_protocol_holds_under_many_faults() -> None:
    run_state_machine_as_test(SyncMachine, settings=profile(1500, steps=10))


def acknowledge_before_the_call(patch: Patch) -> None:
    patch.setattr(intent, "_PUT_IN", intent._PUT_IN.replace("'pending'", "'accepted'"))
    patch.setattr(batch_sql, "CONTENT", batch_sql.CONTENT.replace("and state = :state", ""))


def forget_what_has_no_answer(patch: Patch) -> None:
    _in_delta(
        patch, "not ledger.may_hold and ledger.state in ('rejected', 'pending')", "ledger.state <> 'accepted'"
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
    for name in ("_TAKE_OUT",):
        text = getattr(intent, name)
        patch.setattr(
            intent,
            name,
            text.replace("identifier_type || ':' || identifier", "identifier").replace(
                "plan.identifier_type || ':' || plan.identifier", "plan.identifier"
            ),
        )


def let_the_guard_hold_opt_outs(patch: Patch) -> None:
    original = intent.write_intent

    def write(session: object, relation: str, *, only_private: bool = False) -> list[intent.Batch]:
        return [] if only_private else original(session, relation)  # type: ignore[arg-type]  # passed on

    patch.setattr(list_sync, "write_intent", write)


def write_without_a_fence(patch: Patch) -> None:
    patch.setattr(lease.Lease, "condition", property(lambda self: "1 = 1"))
    patch.setattr(lease.Lease, "renew", lambda self: None)


def take_a_rejected_row_for_never_sent(patch: Patch) -> None:
    _in_delta(patch, "not ledger.may_hold and ledger.state in", "ledger.state in")


def _in_delta(patch: Patch, old: str, new: str) -> None:
    assert old in plan.DELTA
    patch.setattr(plan, "DELTA", plan.DELTA.replace(old, new))


@pytest.mark.parametrize(
    "mutate",
    [
        acknowledge_before_the_call,
        forget_what_has_no_answer,
        trust_what_has_no_answer,
        take_a_reply_for_success,
        do_not_ask_again_who_may_be_sent,
        key_the_ledger_without_the_kind,
        let_the_guard_hold_opt_outs,
        write_without_a_fence,
        take_a_rejected_row_for_never_sent,
    ],
)
def test_a_mutant_is_caught(mutate: Callable[[Patch], None], monkeypatch: Patch) -> None:
    mutate(monkeypatch)
    with pytest.raises(AssertionError, match=r"I\d"):
        run_state_machine_as_test(SyncMachine, settings=profile(100, steps=5, shrink=False))
