"""Loads the spool every so many seconds, in a process of its own: receiving and landing each have a core.

`python -m segmentloom_sync.collector.loader` is that process. It keeps what it has imported, opens the
warehouse for each load only, tells of it in a line of JSON, and ends with its standard input.
"""

from __future__ import annotations

import asyncio
import json
import select
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

from segmentloom_sync.errors import SegmentloomError

_RESTART_SECONDS: Final = 5.0


class LoaderOptions(NamedTuple):
    """What a load is told; paths as text, None where the user named none."""

    spool: str
    every: float
    project_dir: str | None = None
    profiles_dir: str | None = None
    target: str | None = None
    config: str | None = None


class LoaderProcess:
    """The process, from its parent's side.

    Args:
        options: what it is told.
    """

    def __init__(self, options: LoaderOptions) -> None:
        self._options = options

    async def keep_running(self, tell: Callable[[dict[str, Any]], None]) -> None:
        """Run it until cancelled; a process that died or does not start is started again after a while.

        Args:
            tell: hears of each load.
        """
        while True:
            tell({"error": f"the loader {await self._run(tell)}; it is started again"})
            await asyncio.sleep(_RESTART_SECONDS)

    async def _run(self, tell: Callable[[dict[str, Any]], None]) -> str:
        """Start it and pass on what it tells; gives how that ended."""
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "segmentloom_sync.collector.loader",
                json.dumps(self._options),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is the parent's affair
            )
        except OSError as error:
            return f"does not start: {(error.strerror or 'refused').lower()}"
        try:
            async for line in cast(asyncio.StreamReader, process.stdout):  # a pipe, as asked for
                tell(json.loads(line))
            await process.wait()
        except ValueError:  # a library of its printed something; it may be killed at any time
            process.kill()
            await process.wait()
            return "printed what is no report"
        finally:
            if process.returncode is None and process.stdin is not None:
                process.stdin.close()  # it ends after the load that it is at
        return "ended"


def _load(options: LoaderOptions) -> dict[str, Any]:
    from segmentloom_sync.phone_region import configured_phone_region
    from segmentloom_sync.project import Project
    from segmentloom_sync.spool.keys import KEY_VARIABLE, read_keys
    from segmentloom_sync.spool.load import load_spool

    project = Project.find(_path(options.project_dir), _path(options.profiles_dir), options.target)
    region = configured_phone_region(project, _path(options.config))
    loaded = load_spool(project, Path(options.spool), keys=read_keys("preferred"), phone_region=region)
    events = loaded.events
    facts: dict[str, Any] = {
        "segments": loaded.segments,
        "landed": events.landed,
        "duplicates": events.duplicates,
        "rejected": events.rejected,
        "quarantined": loaded.quarantined,
    }
    if loaded.unknown_keys:
        facts["error"] = f"segments wait for keys that {KEY_VARIABLE} lacks: {', '.join(loaded.unknown_keys)}"
    return facts


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)


def main() -> None:
    """Load, tell, wait; until standard input ends."""
    options = LoaderOptions(*json.loads(sys.argv[1]))
    while not select.select([sys.stdin], [], [], options.every)[0]:
        try:
            facts = _load(options)
        except SegmentloomError as error:
            facts = {"error": error.message}
        except Exception as error:  # its text may quote anything
            facts = {"error": f"internal error: {type(error).__name__}"}
        print(json.dumps(facts), flush=True)


if __name__ == "__main__":
    main()
