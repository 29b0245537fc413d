"""Ends a server with the test run that started it: however that dies, the standard input closes."""

from __future__ import annotations

import os
import signal
import sys
import threading


def end_with_parent() -> None:
    """From a thread of its own, wait for the end of standard input, then end this process as SIGTERM does."""
    threading.Thread(target=_watch, name="parent", daemon=True).start()


def _watch() -> None:
    sys.stdin.buffer.read()
    os.kill(os.getpid(), signal.SIGTERM)
