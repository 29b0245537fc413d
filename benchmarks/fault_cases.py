"""The faults, one function each: what it does to a contender, and what follows.

Some people, in three batches. A case says what the run said and how far the list is from who is wanted,
after the fault and again after the next run, when the fault is over.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

import duckdb
from contenders import Contender, Segmentloom
from measure import Measure

BATCHES = 3
SECONDS = 60


class Bench:
    """A contender, its people, and what it said."""

    def __init__(self, contender: Contender, folder: Path) -> None:
        self.contender, self.platform = contender, contender.platform
        self._file = folder / "people.parquet"
        self.people = BATCHES * contender.batch
        self.emails = [f"person-{number}@example.com" for number in range(self.people)]
        self.told: list[str] = []
        self.places = (0, self.people)

    def lay(self, low: int = 0, high: int | None = None) -> None:
        """Give it the people as they are now; members are those of these places, default: all."""
        high = self.people if high is None else high
        rows = [(f"person-{place}", email, place) for place, email in enumerate(self.emails)]
        with duckdb.connect() as connection:
            names, emails, places = (list(column) for column in zip(*rows, strict=True))
            connection.execute(
                "create table people as"
                " select unnest($1) as person, unnest($2) as email, unnest($3) as place",
                [names, emails, places],
            )
            connection.execute(f"copy people to '{self._file}' (format parquet)")
        self.places = (low, high)
        self.contender.lay(self._file)
        self.contender.members(low, high)

    def run(self, when: str) -> Measure:
        """One run; what it said and how the list is then is told."""
        before = self.platform.calls()
        run = self.contender.sync()
        self.tell(f"{when}: {self.said(run)}; {self.platform.calls() - before} calls; {self.state()}")
        return run

    def tell(self, text: str) -> None:
        """Add a line."""
        self.told.append(text)

    def said(self, run: Measure) -> str:
        """What a run said of itself, in a few words."""
        return f"{self.contender.said(run)}, exit {run.status}"

    def state(self) -> str:
        """How far the list is from who is wanted."""
        wanted = {sha256(email.encode()).hexdigest() for email in self.emails[slice(*self.places)]}
        held = self.platform.members(self.contender.list_id)
        missing, extra = len(wanted - held), len(held - wanted)
        if not missing and not extra:
            return f"list right ({len(held)})"
        return f"list has {len(held)}: {missing} missing, {extra} too many"


def server_error(bench: Bench) -> None:
    """The second of three requests and all later ones get 500, until the run has ended."""
    bench.lay()
    bench.platform.fault(kind="status", status=500, path="/users", skip=1, count=1000)
    bench.run("fault")
    bench.platform.no_faults()
    bench.run("next run")
    bench.run("one more")


def too_many_requests(bench: Bench) -> None:
    """The second request gets 429 with Retry-After: 3, once."""
    bench.lay()
    bench.platform.fault(
        kind="status", status=429, headers={"Retry-After": "3"}, body="", path="/users", skip=1
    )
    began = time.monotonic()
    bench.run("fault")
    bench.tell(f"took {time.monotonic() - began:.0f} s")
    bench.run("next run")


def reset_before(bench: Bench) -> None:
    """The connection of the second request breaks before the platform has applied it; later ones, too."""
    bench.lay()
    bench.platform.fault(kind="reset", when="before", path="/users", skip=1, count=1000)
    bench.run("fault")
    bench.platform.no_faults()
    bench.run("next run")


def reset_after(bench: Bench) -> None:
    """The same after the platform has applied it; then one of the people leaves."""
    bench.lay()
    bench.platform.fault(kind="reset", when="after", path="/users", skip=1, count=1000)
    bench.run("fault")
    bench.platform.no_faults()
    bench.lay(1)
    bench.run("one left, next run")


def killed(bench: Bench) -> None:
    """kill -9 while the second request is on its way; the platform applies it."""
    bench.lay()
    before = bench.platform.users_calls()
    bench.platform.fault(kind="delay", seconds=6, path="/users", skip=1)
    with start(bench.contender) as child:
        wait_until(lambda: bench.platform.users_calls() > before)
        time.sleep(1)  # within that the second is on its way; it is answered after six
        os.kill(child.pid, signal.SIGKILL)
    wait_until(lambda: bench.platform.users_calls() > before + 1)
    bench.tell(f"killed: {bench.state()}")
    bench.lay(1)
    bench.run("one left, next run")


def half_invalid(bench: Bench) -> None:
    """The second request is answered 200 with half of its rows invalid, and those are not applied."""
    bench.lay()
    bench.platform.fault(kind="half_invalid", path="/users", skip=1)
    bench.run("fault")
    bench.run("next run")


def changed_email(bench: Bench) -> None:
    """A member changes her address; later she leaves."""
    bench.lay()
    bench.contender.sync()
    bench.emails[0] = "new@example.com"
    bench.lay()
    bench.run("changed")
    bench.lay(1)
    bench.run("left")


def shared_email(bench: Bench) -> None:
    """Two members have one address; one of them leaves, then the other."""
    bench.emails[1] = bench.emails[0]
    bench.lay()
    bench.contender.sync()
    bench.lay(1)
    bench.run("one left")
    bench.lay(2)
    bench.run("both left")


def empty_source(bench: Bench) -> None:
    """Nobody is a member any more, as when a table was emptied by mistake."""
    bench.lay()
    bench.contender.sync()
    before = bench.platform.size(bench.contender.list_id)
    bench.contender.members(0, 0)
    run = bench.contender.sync()
    after = bench.platform.size(bench.contender.list_id)
    bench.tell(f"emptied: {bench.said(run)}; the list had {before} and has {after}")


def token_expired(bench: Bench) -> None:
    """From the second request on the token is refused (401, code 190); then there is another one."""
    bench.lay()
    bench.platform.fault(kind="status", status=401, code=190, path="/users", skip=1, count=1000)
    bench.run("fault")
    bench.platform.no_faults()
    bench.run("new token")
    bench.run("one more")


def list_deleted(bench: Bench) -> None:
    """Somebody deletes the list at the platform; then somebody enters the audience."""
    bench.lay(0, bench.people - 1)
    bench.contender.sync()
    bench.platform.delete_list(bench.contender.list_id)
    bench.lay()
    run = bench.contender.sync()
    bench.tell(f"deleted: {bench.said(run)}")
    if isinstance(bench.contender, Segmentloom):
        bench.tell(f"--recreate: {bench.said(bench.contender.recreate())}; {bench.state()}")


def two_at_once(bench: Bench) -> None:
    """Two runs are started at the same moment."""
    bench.lay()
    before = bench.platform.users_calls()
    bench.platform.fault(kind="delay", seconds=4, path="/users")
    with start(bench.contender) as first, start(bench.contender) as second:
        codes = sorted((first.wait(), second.wait()))
    bench.platform.no_faults()
    calls = bench.platform.users_calls() - before
    bench.tell(f"exit codes {codes[0]} and {codes[1]}; {calls} requests with people; {bench.state()}")


CASES: Sequence[Callable[[Bench], None]] = (
    server_error,
    too_many_requests,
    reset_before,
    reset_after,
    killed,
    half_invalid,
    changed_email,
    shared_email,
    empty_source,
    token_expired,
    list_deleted,
    two_at_once,
)


def start(contender: Contender) -> subprocess.Popen[bytes]:
    """Its command, running."""
    return subprocess.Popen(
        contender.command(),
        cwd=contender.folder,
        env={**os.environ, **contender.environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def wait_until(holds: Callable[[], bool]) -> None:
    """Look until it does; raises TimeoutError after a while."""
    deadline = time.monotonic() + SECONDS
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.1)
