"""One line of JSON a request, without anything of a person: no address, no query, no path of a client's own.

Lines are collected and written once a second, so many at most: a flood of requests does not flood the log.
"""

from __future__ import annotations

import json
import queue
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, Literal

Wanted = Literal["all", "errors", "none"]

MOST_LINES: Final = 1_000
_FIRST_ERROR: Final = 400
_MOST_WAITING: Final = 100
_LAST_WORDS_SECONDS: Final = 2.0


class AccessLog:
    """Collects lines.

    Args:
        wanted: which requests are logged.
        write: takes a text of whole lines.
    """

    def __init__(self, wanted: Wanted, write: Callable[[str], object]) -> None:
        self._first_status = {"all": 0, "errors": _FIRST_ERROR, "none": 1_000}[wanted]
        self._write = write
        self._lines: list[str] = []
        self._left_out = 0

    def request(
        self, route: str, method: str, status: int, milliseconds: float, key: str | None, events: int
    ) -> None:
        """Note a request that was answered."""
        if status < self._first_status:
            return
        if len(self._lines) >= MOST_LINES:
            self._left_out += 1
            return
        self._lines.append(
            _line(
                "request",
                route=route,
                method=method,
                status=status,
                ms=round(milliseconds, 1),
                key=key,
                events=events,
            )
        )

    def note(self, what: str, **facts: Any) -> None:
        """Write a line about the collector itself, now."""
        self._write(_line(what, **facts) + "\n")

    def flush(self) -> None:
        """Write what was collected."""
        if self._left_out:
            self._lines.append(_line("lines_left_out", count=self._left_out))
            self._left_out = 0
        if self._lines:
            self._write("".join(f"{line}\n" for line in self._lines))
            self._lines.clear()


class BackgroundWriter:
    """Writes to stderr in a thread: whoever reads it may be stuck, and no request is to wait for that.

    What comes while a hundred texts wait is thrown away.
    """

    def __init__(self) -> None:
        self._waiting: queue.Queue[str | None] = queue.Queue(_MOST_WAITING)
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def write(self, text: str) -> None:
        """Have a text written soon."""
        self._put(text)

    def close(self) -> None:
        """Wait a little until all is written."""
        self._put(None)
        self._thread.join(_LAST_WORDS_SECONDS)

    def _put(self, text: str | None) -> None:
        try:
            self._waiting.put_nowait(text)
        except queue.Full:
            return

    def _run(self) -> None:
        while (text := self._waiting.get()) is not None:
            try:
                sys.stderr.write(text)
                sys.stderr.flush()
            except OSError:
                return


def _line(what: str, **facts: Any) -> str:
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"time": now, "what": what, **facts}, ensure_ascii=True)
