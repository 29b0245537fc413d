"""Ways to break the protocol, each a mistake that somebody has made, and a short story that shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from segmentloom_sync.privacy import request
from segmentloom_sync.sync import (
    batch_sql,
    batches,
    confirmations,
    intent,
    lease,
    list_sync,
    opted_out_sql,
    plan,
    plan_sql,
    push,
)
from segmentloom_sync.warehouse.base import Statement
from segmentloom_sync.warehouse.duckdb_open import SCRATCH
from tests.unit.sync.machine import NAMES, SyncMachine

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
    for name in ("CONTENT", "BARRED"):
        patch.setattr(batch_sql, name, getattr(batch_sql, name).replace("and state = :state", ""))


def acknowledge_after_the_call(patch: Patch) -> None:
    """What is being added is in the ledger only once the outcome is known."""
    read, record = batches.read_content, batches.record
    rows = f"where {batch_sql._ROWS}"

    def take_out(session: Any, batch: Any, basis: Any) -> batches.BatchContent:
        content = read(session, batch, basis)
        if batch.operation == "add":
            query = session.statement(f"select * from {{ledger}} {rows}", batch_number=batch.number)
            session.warehouse.scratch_table_as("taken_out", "sync", query)
            session.apply([session.statement(f"delete from {{ledger}} {rows}", batch_number=batch.number)])
        return content

    def put_in(session: Any, batch: Any, outcome: Any) -> None:
        if batch.operation == "add":
            taken_out = f"{SCRATCH}.main.segmentloom_sync__taken_out"
            session.apply([session.statement(f"insert into {{ledger}} select * from {taken_out}")])
        record(session, batch, outcome)

    patch.setattr(batches, "read_content", take_out)
    patch.setattr(batches, "record", put_in)


def let_who_was_overtaken_go_on(patch: Patch) -> None:
    patch.setattr(lease.Lease, "condition", property(lambda lease: "true"))
    for name in ("check", "renew"):
        patch.setattr(lease.Lease, name, lambda lease: None)


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

    def read(session: Any, batch: Any, basis: Any) -> batches.BatchContent:
        content = original(session, batch, basis)
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


def let_the_guard_hold_requests(patch: Patch) -> None:
    _in_delta(
        patch,
        "or opted_out.identifier is not null\n        or refusing.profile_id is not null",
        "or coalesce(owners.is_opted_out, false)",
    )


def suppress_only_known_profiles(patch: Patch) -> None:
    original = request._entries

    def entries(warehouse: Any, identifier: Any, profile_id: str | None, hashes: Any) -> Statement:
        if profile_id is not None:
            return original(warehouse, identifier, profile_id, hashes)
        return Statement("select '' as identifier_type, '' as identifier_value where false")

    patch.setattr(request, "_entries", entries)


def suppress_only_the_named_identifier(patch: Patch) -> None:
    original = request._entries
    patch.setattr(
        request,
        "_entries",
        lambda warehouse, identifier, profile_id, hashes: original(warehouse, identifier, None, hashes),
    )


def ask_for_suppressions_at_the_plan_only(patch: Patch) -> None:
    patch.setattr(batches, "opted_out", partial(opted_out_sql.opted_out, asks_requests=False))


def take_a_rejected_row_for_never_sent(patch: Patch) -> None:
    _in_delta(patch, "not ledger.may_hold and ledger.state in", "ledger.state in")


def remove_only_once_what_overtook_an_addition(patch: Patch) -> None:
    patch.setattr(
        confirmations, "_REMOVED", confirmations._REMOVED.replace("and overtaken_run_id is null", "")
    )


def _in_delta(patch: Patch, old: str, new: str) -> None:
    assert old in plan_sql.DELTA
    patch.setattr(plan, "DELTA", plan_sql.DELTA.replace(old, new))


def all_goes_well(machine: SyncMachine) -> None:
    machine.sync([], WELL, None, None)


def another_run_adds_cat_while_one_sleeps(machine: SyncMachine) -> None:
    machine.sync([], ["ok", "busy"], None, (28, "another run"))
    machine.sync([("cat", "leaves")], WELL, None, None)


def a_busy_platform(machine: SyncMachine) -> None:
    machine.sync([], ["busy"], None, None)


def an_answer_is_lost_and_ann_leaves(machine: SyncMachine) -> None:
    machine.sync([], ["lost"], None, None)
    machine.sync([("ann", "leaves")], WELL, None, None)


def half_is_refused(machine: SyncMachine) -> None:
    machine.sync([], ["partial"], None, None)


def bob_opts_out_before_his_batch(machine: SyncMachine) -> None:
    machine.sync([], WELL, None, (26, "bob"))
    machine.nothing_is_sent_after_an_opt_out()


def bob_asks_by_an_address_that_he_gets_later(machine: SyncMachine) -> None:
    machine.sync([("bob", "leaves"), ("bob", "asks by a new e-mail")], WELL, None, None)
    machine.sync([("bob", "changes e-mail"), ("bob", "joins")], WELL, None, None)


def bob_asks_and_changes_his_address(machine: SyncMachine) -> None:
    machine.sync([("bob", "asks to be out")], WELL, None, None)
    machine.sync([("bob", "changes e-mail")], WELL, None, None)


def all_leave_and_one_asks(machine: SyncMachine) -> None:
    machine.sync([], WELL, None, None)
    machine.run_with_guards(leaves=NAMES, opts_out="cat", asks=True)


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
    Mutant(acknowledge_after_the_call, all_goes_well),
    Mutant(let_who_was_overtaken_go_on, another_run_adds_cat_while_one_sleeps),
    Mutant(forget_what_has_no_answer, an_answer_is_lost_and_ann_leaves),
    Mutant(trust_what_has_no_answer, a_busy_platform),
    Mutant(take_a_reply_for_success, half_is_refused),
    Mutant(do_not_ask_again_who_may_be_sent, bob_opts_out_before_his_batch),
    Mutant(key_the_ledger_without_the_kind, ann_changes_her_phone),
    Mutant(let_the_guard_hold_opt_outs, all_leave_and_one_opts_out),
    Mutant(let_the_guard_hold_requests, all_leave_and_one_asks),
    Mutant(suppress_only_known_profiles, bob_asks_by_an_address_that_he_gets_later),
    Mutant(suppress_only_the_named_identifier, bob_asks_and_changes_his_address),
    Mutant(ask_for_suppressions_at_the_plan_only, bob_opts_out_before_his_batch),
    Mutant(take_a_rejected_row_for_never_sent, a_refusal_after_a_lost_answer),
    # Needs late answers, an addition that goes well, an opt-out and an order of finishing, one by one.
    Mutant(
        remove_only_once_what_overtook_an_addition,
        ann_opts_out_while_the_platform_works,
        is_found_at_random=False,
    ),
)
