"""Processes that are killed by SIGKILL while they write a spool, or load it."""

from __future__ import annotations

import subprocess
import sys
import threading

WRITER = """
import sys, threading
from pathlib import Path
from segmentloom_sync.spool.writer import SpoolWriter
from tests.unit.spool.rings import RING, line

start = int(sys.argv[2])
writer = SpoolWriter(Path(sys.argv[1]), keys=RING, free_floor=0, seal_bytes=60_000, seal_seconds=0.3)

def client(first):
    for number in range(first, first + 1_000_000, 8):
        writer.append(line(number)).result()
        sys.stdout.write(f"{number}\\n")
        sys.stdout.flush()

for offset in range(8):
    threading.Thread(target=client, args=(start + offset,)).start()
"""
"""Acknowledges events and prints their numbers; takes the spool and the first number."""


def killed(code: str, *arguments: str, after: float) -> list[str]:
    """What a process printed in whole lines until it was killed, so long after its first line."""
    with subprocess.Popen([sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        timer = threading.Timer(after, process.kill)
        timer.start()
        rest = process.stdout.read()  # meanwhile: a pipe that is full would hold the process up
        timer.join()
    return [text.decode() for text in (first + rest).splitlines(keepends=True) if text.endswith(b"\n")]
