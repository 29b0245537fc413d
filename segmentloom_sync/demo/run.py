"""The story: a shop's events become audiences, and these reach three platforms, twice."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from segmentloom_sync import terminal
from segmentloom_sync.demo.commands import CommandFailed, Commands
from segmentloom_sync.demo.deliveries import Counts
from segmentloom_sync.demo.lists import ListCheck, check_lists
from segmentloom_sync.demo.previews import preview_all
from segmentloom_sync.demo.shop import DayAfter, Shop
from segmentloom_sync.demo.truth import Agreement, compare
from segmentloom_sync.errors import ConfigError
from segmentloom_sync.project import Project
from segmentloom_sync.simulators import PLATFORMS, SimulatorClock, running, snapshot
from segmentloom_sync.simulators.platform import Platform

AUDIENCES = Path(__file__).resolve().parent / "audiences"
MARK = ".segmentloom-demo"
"""A file in every folder that we made and may therefore clear."""
STATE = "simulators.json"
FIRST_PORT = 8800
"""The ports that `segmentloom-sync simulate` takes too, so that it can go on where the demo ended."""
UNTIL_ANSWERED = timedelta(days=1)
"""How far the platforms' clock moves on after the first sync: a removal waits for the additions before it."""
UNTIL_REPORTED = timedelta(days=2)
"""How far the platforms' clock moves on, so that they report match rates."""


@dataclass(frozen=True, slots=True)
class Landing:
    """One load against what the shop's truth says of its files."""

    written: Counts
    read: int
    landed: int
    duplicates: int
    rejected: int

    @property
    def is_right(self) -> bool:
        """Whether every line ended where it belongs."""
        found = (self.read, self.landed, self.duplicates, self.rejected)
        return found == (
            self.written.lines,
            self.written.events,
            self.written.duplicates,
            self.written.rejected,
        )


@dataclass(slots=True)
class Story:
    """All that happened, for the report."""

    directory: Path
    landings: list[Landing] = field(default_factory=list)
    previews: list[dict[str, Any]] = field(default_factory=list)
    syncs: list[list[dict[str, Any]]] = field(default_factory=list)
    lists: list[ListCheck] = field(default_factory=list)
    refused: list[tuple[str, str, int]] = field(default_factory=list)
    sizes: list[tuple[str, int]] = field(default_factory=list)
    match_rates: list[dict[str, Any]] = field(default_factory=list)
    agreement: Agreement | None = None
    day: DayAfter | None = None
    left_to_send: int = 0

    @property
    def is_right(self) -> bool:
        """Whether everything is as the shop's truth has it."""
        return (
            all(landing.is_right for landing in self.landings)
            and self.agreement is not None
            and self.agreement.unexplained == 0
            and all(check.is_right for check in self.lists)
            and self.left_to_send == 0
        )


def tell(directory: Path, *, fresh: bool, seed: int, persons: int, events: int) -> Story:
    """Tell the story.

    Args:
        directory: the project's folder.
        fresh: clear the folder first, if an earlier demo made it.
        seed: the same seed gives the same shop.
        persons, events: its size.

    Raises:
        ConfigError: the folder is there and is not ours to clear, or the size is too small.
        CommandFailed: a step failed; what it said is on stderr.
    """
    directory = directory.expanduser().resolve()
    _make_room(directory, fresh=fresh)
    yesterday = datetime.now(UTC) - timedelta(days=1)
    try:
        shop = Shop(seed=seed, end=yesterday, persons=persons, events=events)
    except ValueError as error:
        raise ConfigError(str(error), hint="give --persons and --events larger numbers") from error
    clock = SimulatorClock()
    with _simulators(clock) as platforms:
        commands = _project(directory, platforms)
        story = Story(directory)
        _first_sync(story, shop, commands, platforms)
        clock.advance(UNTIL_ANSWERED.total_seconds())
        commands.run("match-rates", "--refresh")
        _day_after(story, shop, commands, platforms)
        clock.advance(UNTIL_REPORTED.total_seconds())
        story.match_rates = commands.run("match-rates", "--refresh")["match_rates"]
        snapshot.save(directory / STATE, platforms)
    return story


@contextmanager
def _simulators(clock: SimulatorClock) -> Iterator[Mapping[str, Platform]]:
    """The platforms, on the ports of `simulate` where these are free."""
    with ExitStack() as stack:
        ports = {name: FIRST_PORT + number for number, name in enumerate(PLATFORMS)}
        try:
            platforms = stack.enter_context(running(clock=clock, ports=ports))
        except OSError:
            platforms = stack.enter_context(running(clock=clock))
        yield platforms


def _first_sync(story: Story, shop: Shop, commands: Commands, platforms: Mapping[str, Platform]) -> None:
    with terminal.progress("opening the shop"):
        shop.write_history(story.directory / "events" / "history")
    _land(story, shop, commands, "events/history", before=Counts())
    _build(story.directory)
    story.previews = preview_all(Project.find(story.directory, story.directory, "duckdb"))
    story.syncs.append(commands.run("run", "--no-build")["runs"])
    _look(story, shop, platforms)


def _day_after(story: Story, shop: Shop, commands: Commands, platforms: Mapping[str, Platform]) -> None:
    before = shop.counts.copy()
    with terminal.progress("the day after"):
        _, story.day = shop.write_day_after(story.directory / "events" / "day_after")
    _land(story, shop, commands, "events/day_after", before=before)
    story.syncs.append(commands.run("run")["runs"])
    _look(story, shop, platforms)
    planned = commands.run("plan")["runs"]
    story.left_to_send = sum(run["adds"] + run["removes"] for run in planned)


def _make_room(directory: Path, *, fresh: bool) -> None:
    if fresh and (directory / MARK).is_file():
        shutil.rmtree(directory)
    if directory.exists() and any(directory.iterdir()):
        is_ours = (directory / MARK).is_file()
        raise ConfigError(
            f"{directory} is not empty",
            hint="--fresh clears the demo there" if is_ours else "name another folder with --dir",
        )
    directory.mkdir(parents=True, exist_ok=True)
    (directory / MARK).write_text("Made by `segmentloom-sync demo`, which may clear this folder.\n")


def _project(directory: Path, platforms: Mapping[str, Platform]) -> Commands:
    """A project as `init` makes it, with the demo's audiences and the running simulators."""
    commands = Commands(directory)
    commands.run("init")
    (directory / "audiences" / "example.yml").unlink()
    for path in AUDIENCES.glob("*.yml"):
        shutil.copy(path, directory / "audiences" / path.name)
    destinations = {name: platform.settings() for name, platform in platforms.items()}
    text = f"# Simulators: `segmentloom-sync simulate --state {STATE}` brings them back as they were.\n"
    text += yaml.safe_dump({"destinations": destinations}, sort_keys=False)
    (directory / "segmentloom.yml").write_text(text)
    return commands


def _land(story: Story, shop: Shop, commands: Commands, folder: str, before: Counts) -> None:
    # Some of the shop's lines are broken, so that status 1 (some were rejected) is right here.
    answer = commands.run("load", folder, accept=(0, 1))
    counts = (answer["read"], answer["landed"], answer["duplicates"], answer["rejected"])
    story.landings.append(Landing(shop.counts.minus(before), *counts))


def _build(directory: Path) -> None:
    """`compile` and `dbt build`, so that previews have profiles to count."""
    from segmentloom_sync.audiences.compile import compile_audiences
    from segmentloom_sync.dbt import Dbt
    from segmentloom_sync.warehouse.lock import warehouse_lock

    project = Project.find(directory, directory, "duckdb")
    compile_audiences(project)
    terminal.say("$ dbt build")
    with warehouse_lock(project):
        results = Dbt(directory, profiles_dir=directory, target="duckdb").run("build", label="building")
    failed = [result.unique_id for result in results if result.failed]
    if failed:
        raise CommandFailed(
            f"dbt could not build {', '.join(failed)}", hint=f"run `dbt build` in {directory}"
        )


def _look(story: Story, shop: Shop, platforms: Mapping[str, Platform]) -> None:
    """Judge profiles by the truth, and the lists at the platforms by what they ought to hold."""
    from segmentloom_sync.warehouse.connect import connect

    project = Project.find(story.directory, story.directory, "duckdb")
    warehouse = connect(project, read_only=True)
    try:
        identifiers = warehouse.rows(
            f"select identifier_type, identifier_value, profile_id from {warehouse.relation('identifiers')}"
        )
        story.agreement = compare(shop.truth, identifiers)
        story.lists = check_lists(warehouse, project, platforms)
        story.refused = warehouse.rows(
            f"""
            select rule, identifier_type, count(distinct identifier_value)
            from {warehouse.relation("identity_conflicts")}
            group by 1, 2
            order by 1, 2
            """
        )
        story.sizes = warehouse.rows(
            f"""
            select audience, count(*)
            from {warehouse.relation("audience_membership")}
            group by 1
            order by 1
            """
        )
    finally:
        warehouse.close()
