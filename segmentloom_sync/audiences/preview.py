"""Who an audience would have now, counted in the warehouse without building or writing anything."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from segmentloom_sync.audiences.breakdown import Breakdown
from segmentloom_sync.audiences.definition import SyncSpec
from segmentloom_sync.audiences.evaluation import Evaluation
from segmentloom_sync.audiences.library import Audience
from segmentloom_sync.audiences.parts import condition_texts, leaves, step_text
from segmentloom_sync.audiences.preview_figures import ConditionCount, DestinationCounts, FunnelStep, Preview
from segmentloom_sync.audiences.preview_notes import dated_counts, failing_tests
from segmentloom_sync.audiences.preview_published import OVERLAP_COLUMNS, PublishedState
from segmentloom_sync.audiences.unseen_names import is_suspicious, unseen_names
from segmentloom_sync.errors import ConfigError
from segmentloom_sync.warehouse.base import Statement, Warehouse
from segmentloom_sync.warehouse.parameters import with_prefix

if TYPE_CHECKING:
    from segmentloom_sync.project import Project

Rows = list[tuple[Any, ...]]
SYNC_COLUMNS = ("identifier_type", "wanted", "adds", "removes")
MEMBERS = Statement("select profile_id from counted_members")
"""How the further questions of a preview read the members; see the macro `audience_preview`."""


class _TooDear(Exception):
    """A further query would read more than it may."""


class CountsDestinations(Protocol):
    """Counts what a sync would send for a query of members."""

    def question(self, spec: SyncSpec, members: Statement) -> Statement:
        """The query of one sync, with the columns SYNC_COLUMNS."""
        ...

    def counts(self, spec: SyncSpec, rows: Rows) -> DestinationCounts:
        """What its rows say."""
        ...


class Previewer:
    """Counts audiences of one project in its warehouse.

    Args:
        project: gives the macros.
        warehouse: an open connection; nothing is written through it.
        audiences: by name, for audiences that use others: those are counted from their files as they are now.
        as_of: the end of all windows.

    Raises:
        ConfigError: the warehouse does not have the events and profiles yet.
    """

    def __init__(
        self, project: Project, warehouse: Warehouse, audiences: Mapping[str, Audience], as_of: datetime
    ) -> None:
        self._warehouse = warehouse
        self._as_of = as_of
        self._evaluation = Evaluation(project, warehouse, audiences, as_of)

    def preview(self, audience: Audience, destinations: CountsDestinations | None = None) -> Preview:
        """Count an audience, its leaf conditions, and its syncs when there is a way to count them."""
        return self.prepare(audience, destinations).count()

    def prepare(self, audience: Audience, destinations: CountsDestinations | None = None) -> PreparedPreview:
        """The queries of a preview, so that their cost can be asked for first."""
        return PreparedPreview(self._warehouse, self._evaluation, audience, self._as_of, destinations)


class PreparedPreview:
    """The queries of one preview, not run yet.

    Args:
        warehouse: an open connection; nothing is written through it.
        evaluation: gives the SQL.
        audience: who is counted.
        as_of: the end of all windows.
        destinations: counts the syncs; without it they are left out.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        evaluation: Evaluation,
        audience: Audience,
        as_of: datetime,
        destinations: CountsDestinations | None,
    ) -> None:
        self._warehouse = warehouse
        self._evaluation = evaluation
        self._audience = audience
        self._as_of = as_of
        self._destinations = destinations
        self._estimate: int | None = None
        self._limit: int | None = None
        self._published = PublishedState(warehouse, audience.name)
        self._syncs = audience.sync if destinations else ()
        self._breakdown = Breakdown(audience.definition)
        self._funnel = self._breakdown.funnel()
        self._left_out = {
            number: judgement
            for number in range(1, self._breakdown.leaf_count + 1)
            if (judgement := self._breakdown.left_out(number)) is not None
        }
        self._columns: list[tuple[str, ...]] = []
        self._statements = [self._counts(evaluation), *self._published.history()]

    def estimated_bytes(self, limit: int | None = None) -> int | None:
        """What the engine says that the queries will read; None when it does not say.

        Raises:
            ConfigError: it is more than the limit, or there is a limit and the engine does not say.
        """
        self._limit = limit
        estimates = [self._warehouse.estimated_bytes(statement) for statement in self._statements]
        known = [estimate for estimate in estimates if estimate is not None]
        self._estimate = sum(known) if len(known) == len(estimates) else None
        if limit is not None and self._estimate is None:
            raise ConfigError(
                f"{self._warehouse.engine} does not say beforehand how much a query reads",
                hint="leave --max-bytes out; BigQuery alone estimates bytes",
            )
        if limit is not None and self._estimate is not None and self._estimate > limit:
            raise ConfigError(
                f"the preview would read {self._estimate:,} bytes, more than --max-bytes {limit:,}",
                hint="nothing was read; shorten the windows, or raise --max-bytes",
            )
        return self._estimate

    def count(self) -> Preview:
        """Run the queries, and those for names that nobody ever sent where a condition makes one think so."""
        counted, *histories = [
            self._warehouse.rows(statement.sql, **statement.parameters) for statement in self._statements
        ]
        [(_, _, *figures)] = [row for row in counted if row[0] == 0]
        profiles, members, *counts = map(int, figures)
        alone, counts = counts[: self._breakdown.leaf_count], counts[self._breakdown.leaf_count :]
        without = dict(zip(self._left_out, counts, strict=False))
        passed = counts[len(self._left_out) :]
        answers = iter(self._answers(counted))
        published, overlaps, history = self._published.read(
            [next(answers) for _ in histories], histories, members
        )
        by_destination: tuple[DestinationCounts, ...] = ()
        if self._destinations:
            by_destination = tuple(
                self._destinations.counts(spec, rows) for spec, rows in zip(self._syncs, answers, strict=True)
            )
        return Preview(
            audience=self._audience.name,
            profiles=profiles,
            members=members,
            as_of=self._as_of,
            conditions=tuple(
                ConditionCount(text, count, without[number] - members if number in without else None)
                for number, (text, count) in enumerate(
                    zip(condition_texts(self._audience), alone, strict=True), start=1
                )
            ),
            funnel=tuple(
                FunnelStep(step_text(self._audience, step), number)
                for step, number in zip(self._funnel, passed, strict=True)
            ),
            by_destination=by_destination,
            published=published,
            overlaps=overlaps,
            history=history,
            estimated_bytes=self._estimate,
            notes=(
                *failing_tests(self._audience.file.tests, members),
                *self._unseen_names(alone, profiles),
                *dated_counts(by_destination),
            ),
        )

    def _unseen_names(self, alone: list[int], profiles: int) -> list[str]:
        """What to tell of wrong names; nothing is asked while no condition makes one think of them."""
        suspicious = [
            leaf
            for (_, leaf), members in zip(leaves(self._audience), alone, strict=True)
            if is_suspicious(leaf, members, profiles)
        ]
        try:
            return unseen_names(suspicious, self._warehouse, self._evaluation, self._ask)
        except _TooDear:
            return ["names were not looked up: that would read more than --max-bytes"]

    def _ask(self, question: Statement) -> Rows:
        """Run a further query, unless all together would read too much."""
        if self._limit is not None:
            self._limit -= self._warehouse.estimated_bytes(question) or 0
            if self._limit < (self._estimate or 0):
                raise _TooDear
        return self._warehouse.rows(question.sql, **question.parameters)

    def _counts(self, evaluation: Evaluation) -> Statement:
        """Everything that asks who the members are, as one statement."""
        questions: list[tuple[Statement, tuple[str, ...]]] = [
            (question, OVERLAP_COLUMNS) for question in self._published.overlaps(MEMBERS)
        ]
        if self._destinations:
            questions += [(self._destinations.question(spec, MEMBERS), SYNC_COLUMNS) for spec in self._syncs]
        parameters: dict[str, Any] = {}
        answers = []
        for number, (question, columns) in enumerate(questions, start=1):
            renamed = with_prefix(question, f"answer_{number}_")
            parameters |= renamed.parameters
            self._columns.append(columns)
            answers.append({"sql": renamed.sql, "columns": columns})
        judgements = [*self._left_out.values(), *(step.judgement for step in self._funnel)]
        sql = evaluation.render("audience_preview", self._audience.definition, judgements, answers)
        return Statement(sql, parameters)

    def _answers(self, counted: Rows) -> list[Rows]:
        """The rows of each further question."""
        lengths = [len(columns) for columns in self._columns]
        return [
            [tuple(row[1 : 1 + length]) for row in counted if row[0] == part]
            for part, length in enumerate(lengths, start=1)
        ]
