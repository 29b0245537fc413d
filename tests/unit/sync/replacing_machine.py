"""The state machine of the sync, on a list to which others add people, and which is replaced now and then."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule

from segmentloom_sync.destinations.base import Identifier
from segmentloom_sync.sync.lists import remembered_list
from segmentloom_sync.sync.replacement import replacements_under_way
from tests.unit.sync.faults import Fuse, Killed
from tests.unit.sync.machine import FAULTS, KILLED_AT, SyncMachine
from tests.unit.sync.memory_platform import Fault
from tests.unit.sync.replacing_platform import ReplacingPlatform
from tests.unit.sync.shop import email

BY = "the model"
STRANGERS = frozenset({email("stranger"), email("another stranger")})


class ReplacingMachine(SyncMachine):
    """Nobody of ours may go with the strangers, whenever the platform does what it was asked."""

    platform: ReplacingPlatform

    def _platform(self) -> ReplacingPlatform:
        return ReplacingPlatform(
            self.ledger_is_a_superset, lambda: self.fuse.burn(), self.clock, self.ours_stay
        )

    @rule(stranger=st.sampled_from(sorted(STRANGERS)))
    def others_add(self, stranger: Identifier) -> None:
        """Somebody else has put somebody on the list, an hour ago."""
        self.platform.put(stranger, self.clock.now() - timedelta(hours=1))

    @rule(faults=FAULTS, killed_at=KILLED_AT, others_wait=st.booleans())
    def replaces(self, faults: list[Fault], killed_at: int | None, others_wait: bool = False) -> None:
        """An hour later a person asks for a replacement, in a run that may be killed."""
        self.clock.time += timedelta(minutes=61)
        self.platform.faults = list(faults)
        try:
            retries = 2 * others_wait
            self._run(
                Fuse(killed_at), retries=retries, others_wait=others_wait, released_by=BY, replaced_by=BY
            )
        except Killed:
            self.clock.time += timedelta(seconds=61)
        self.platform.faults = []

    @rule()
    def recover(self) -> None:
        """A replacement comes to its end, and nobody but ours is left."""
        self._finish_replacement()
        if self.platform.members & STRANGERS:
            self._run(Fuse(), released_by=BY, replaced_by=BY)
            self._finish_replacement()
            if remembered_list(self.warehouse, self.target) is None:
                assert not self.shop.wanted(), "I1: a list that is wanted is not known"
                self.platform.take_back(STRANGERS)  # a list that was never ours is not emptied
        assert not self.platform.members & STRANGERS, "I1: a stranger is left behind"
        super().recover()
        removals = self.platform.removals
        self._run(Fuse(), released_by=BY)
        assert self.platform.removals == removals, "I5: a further run removes the others again"

    def _finish_replacement(self) -> None:
        for _ in range(8):
            if not replacements_under_way(self.warehouse):
                return
            self.platform.finish()
            self.clock.time += timedelta(minutes=61)
            self._run(Fuse(), released_by=BY, recreate=not self.platform.names)
        raise AssertionError("I1: a replacement does not end")

    @invariant()
    def ledger_is_a_superset(self) -> None:
        assert self.platform.members - STRANGERS <= self._ledger(), "I4"

    def ours_stay(self, removed: set[Identifier]) -> None:
        """Called with whom the platform removes as it was asked to remove all others."""
        assert not removed & self._ledger("where state = 'accepted'"), "I1: somebody of ours is removed"
