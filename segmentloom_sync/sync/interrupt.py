"""Ctrl-C ends a run after the batch in flight, so that what was sent is recorded."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from segmentloom_sync import terminal


@dataclass(slots=True)
class Interrupt:
    """Whether somebody asked the run to end."""

    is_requested: bool = False


@contextmanager
def deferred_interrupt() -> Iterator[Interrupt]:
    """Turn the first SIGINT or SIGTERM into a wish; the second interrupts at once."""
    interrupt = Interrupt()
    if threading.current_thread() is not threading.main_thread():
        yield interrupt
        return

    def request(number: int, frame: FrameType | None) -> None:
        if interrupt.is_requested:
            raise KeyboardInterrupt
        interrupt.is_requested = True
        terminal.say("finishing the batch in flight; press Ctrl-C again to end at once")

    previous = {number: signal.signal(number, request) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interrupt
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
