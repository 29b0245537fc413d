"""What Segmentloom and its rivals do when something goes wrong, at the same simulator.

    python benchmarks/faults.py
    python benchmarks/faults.py --only condor-retl --cases killed

Prints what each run said of itself, the requests that reached the platform, and how far the list is from who
is wanted. docs/fault-matrix.md is written from it.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from contenders import Condor, Contender, Drt, Segmentloom
from fault_cases import CASES, Bench
from platform_process import PlatformProcess, running

NAMES = [case.__name__ for case in CASES]
PROGRAMS = ["segmentloom", "condor-retl", "drt-core", "drt-core (fail)"]


def main() -> None:
    """Run the cases and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=PROGRAMS, default=PROGRAMS[:3])
    parser.add_argument(
        "--batch", type=int, default=8, help="people in a request; there are three times as many"
    )
    parser.add_argument("--cases", nargs="+", choices=NAMES, default=NAMES)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with running(folder) as platform:
            template = folder / "template"
            template.mkdir()
            if "segmentloom" in chosen.only:
                Segmentloom(template, platform)
            for case in CASES:
                if case.__name__ not in chosen.cases:
                    continue
                print(f"\n{case.__name__}: {(case.__doc__ or '').strip()}", flush=True)
                for program in chosen.only:
                    place = folder / f"{case.__name__} {program}"
                    place.mkdir()
                    bench = Bench(contender(program, place, platform, template, chosen.batch), place)
                    case(bench)
                    platform.no_faults()
                    platform.delete_lists()
                    for told in bench.told:
                        print(f"  {program:<12} {told}", flush=True)


def contender(program: str, place: Path, platform: PlatformProcess, template: Path, batch: int) -> Contender:
    """A program with an empty warehouse and a list of its own."""
    if program == "segmentloom":
        return Segmentloom(place, platform, batch=batch, retries=2, template=template / Segmentloom.name)
    if program == "condor-retl":
        return Condor(place, platform, batch=batch)
    return Drt(place, platform, batch=batch, on_error="fail" if program.endswith("(fail)") else "skip")


if __name__ == "__main__":
    os.environ.setdefault("NO_COLOR", "1")
    main()
