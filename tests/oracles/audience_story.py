"""What happens to a shop: events, merges, other audiences, and time; each step compared with plain Python."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, Self

from tests.killable_dbt import KillableDbt
from tests.oracles.audience_checks import check_commands, check_conditions, check_members
from tests.oracles.audience_generator import EVENTS
from tests.oracles.audience_history import AudienceHistory, Dbt
from tests.oracles.condition_state import ConditionState
from tests.oracles.window_edges import KINDS, around, deciding_times, edges, is_counted
from tests.workspace import Workspace

START = datetime(2026, 3, 27, 12, 30, tzinfo=UTC)
"""Two days before clocks change in Berlin, nineteen after they did in New York."""
CALENDAR: dict[str, dict[str, Any]] = {
    "week": {
        "match": {"event": EVENTS[0], "count": ">= 2", "within": "7 calendar days"},
        "time_zone": "Europe/Berlin",
    },
    "month": {
        "match": {"event": EVENTS[2], "count": "<= 1", "within": "30 calendar days"},
        "time_zone": "America/New_York",
    },
}
"""Windows that clocks change in, whatever other audiences there are."""


class Advance(Protocol):
    """One of the ways in which a history goes on: `build`, `evaluate` or `slide`."""

    def __call__(self, history: AudienceHistory, dbt: Dbt, as_of: datetime, /, *arguments: str) -> None: ...


class Story:
    """What happens to a shop, each step compared with plain Python. Use it in a with statement."""

    def __init__(
        self,
        workspace: Workspace,
        seed: int,
        audiences: int,
        open_dbt: Callable[[Workspace], AbstractContextManager[Dbt]] = KillableDbt,
    ) -> None:
        self.history = AudienceHistory(workspace, seed)
        self._open_dbt = open_dbt
        self.times: list[datetime] = []
        self.gone_over: set[str] = set()
        self._open = ExitStack()
        self._ask({**CALENDAR, **self.history.more_audiences(audiences)})
        self.history.land(400, START)
        self._go_to(START, AudienceHistory.build)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def change_everything(self) -> None:
        """Events come, late and known ones too, some count no more; people merge and split."""
        at = self._later()
        self.history.land(40, at + timedelta(hours=1))  # some of them have not happened yet
        self.history.displace(8)
        self.history.merge(2)
        if self.history.overrides:
            self.history.remerge(1)
        self.history.unmerge(4)
        self._go_to(at, AudienceHistory.build)

    def slide_over(self, *kinds: str) -> None:
        """Go by an edge of each kind, a microsecond at a time: what is counted changes there."""
        for kind in kinds:
            counts = []
            for time in around(self.history.random.choice(self._next_edges(kind))):
                self._go_to(time, AudienceHistory.slide)
                counts.append(self._state.expected_counts())
            assert counts[0] != counts[1]
            self.gone_over.add(kind)

    def coming(self, *kinds: str) -> list[str]:
        """Those of which there is an edge ahead: chance may have put none there."""
        return [kind for kind in kinds if self._next_edges(kind)]

    def rarest(self) -> str:
        """A kind that it has not gone over yet where one is coming, or else any that is."""
        coming = self.coming(*KINDS)
        return next((kind for kind in coming if kind not in self.gone_over), coming[-1])

    def slide_over_other_answers(self) -> None:
        """Go by a moment at which an answer changes that no count gives, a microsecond at a time."""
        for _ in range(5):
            changing = self._next_other_answer()
            if changing is not None:
                break
            self.change_everything()
        assert changing is not None
        for time in around(changing):
            self._go_to(time, AudienceHistory.slide)

    def _next_other_answer(self) -> datetime | None:
        world, after = self.history.world(), self.history.as_of + timedelta(seconds=1)
        direct = [one for one in self._state.asked if "trait" not in one.leaf and not is_counted(one.leaf)]
        times = {time for one in direct for time in deciding_times(world, one.leaf, one.zone) if time > after}

        def answers(time: datetime) -> list[set[str]]:
            then = replace(world, as_of=time)
            return [then.holding(one.leaf, one.zone) for one in direct]

        return next((time for time in sorted(times) if answers(around(time)[0]) != answers(time)), None)

    def ask_otherwise(self, count: int, advance: Advance) -> None:
        """Two audiences go, one becomes another, some are new; the next evaluation is of these."""
        *others, changed, first_gone, second_gone = [
            name for name in self.history.files if name.startswith("a")
        ]
        assert others
        files = {
            name: file for name, file in self.history.files.items() if name not in {first_gone, second_gone}
        }
        self.history.files = {**files, changed: self.history.generator.file()}
        self._ask(self.history.more_audiences(count))
        # Until a build retires what is asked no more, its views stand, and their conditions with them.
        AudienceHistory.build(self.history, self._dbt, self._later())
        check_members(self.history, published=True)
        self._go_to(self._later(), advance)

    def delete_events(self) -> None:
        """Some events go from where they were landed: that takes a build of everything."""
        self.history.delete(25)
        self._go_to(self._later(), AudienceHistory.build, "--full-refresh")

    def look_back(self) -> None:
        """Evaluate as of an earlier time."""
        self._go_to(self.history.as_of - timedelta(days=2, hours=5), AudienceHistory.slide)

    def count_anew(self, advance: Advance) -> None:
        """A full refresh changes nothing."""
        answers, counts = self._state.answers(), self._state.counts()
        self._go_to(self.history.as_of, advance, "--full-refresh")
        assert (self._state.answers(), self._state.counts()) == (answers, counts)

    def _next_edges(self, kind: str) -> list[datetime]:
        found = edges(self.history.world(), self.history.files)
        after = self.history.as_of + timedelta(seconds=1)
        return sorted({edge.at for edge in found if edge.kind == kind and edge.at > after})[:10]

    def _later(self) -> datetime:
        return self.history.as_of + timedelta(hours=self.history.random.choice([1, 12, 24]))

    def _ask(self, files: dict[str, dict[str, Any]]) -> None:
        self._open.close()
        self.history.ask(files)
        self._dbt = self._open.enter_context(self._open_dbt(self.history.workspace))
        self._is_asked_anew = True

    def _go_to(self, time: datetime, advance: Advance, *arguments: str) -> None:
        advance(self.history, self._dbt, time, *arguments)
        self.times.append(time)
        if self._is_asked_anew:
            self._state = ConditionState(self.history)
            self._is_asked_anew = False
        check_members(self.history, published=advance is not AudienceHistory.slide)
        check_conditions(self._state, self.history)
        check_commands(self.history)
