"""Who entered an audience and who left, of millions: one pass over both sides, beside the usual ways.

    python benchmarks/member_diff.py [--members 1e7]

The members of a model and those that are published, 0.5 % of each not in the other, with profile ids as they
are: 32 hexadecimal digits in no order. The pass is what publication runs, from the package's macro. The
others give the same moves, which are compared. The last is publication, too, in a run before which 1 % of the
profiles changed. All write their moves into a table, each in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import duckdb
import jinja2

REPOSITORY = Path(__file__).resolve().parent.parent
MEMBERS = "select profile_id from members"
KNOWN = "select profile_id from known where audience = 'buyers'"
CHANGED = " {} profile_id in (select profile_id from changed)"
LAID = """
create table members as select md5(range::varchar) as profile_id
from range({out}, {members} + {out}) order by hash(range);
create table known as select 'buyers' as audience, md5(range::varchar) as profile_id
from range({members}) order by hash(range, 1);
create table changed as select md5(range::varchar) as profile_id
from range({out}) union all select md5(range::varchar) from range({members}, {members} + {out});
"""
MISSING = "select 'buyers' as audience, profile_id, '{change}' as change from ({here}) as here where "
ANTI_JOIN = MISSING + "not exists (select 1 from ({there}) as there where there.profile_id = here.profile_id)"
NOT_IN = MISSING + "profile_id not in ({there})"
LEFT_JOIN = (
    "select 'buyers' as audience, here.profile_id, '{change}' as change from ({here}) as here"
    " left join ({there}) as there on there.profile_id = here.profile_id where there.profile_id is null"
)
EXCEPT = "select 'buyers' as audience, *, '{change}' as change from ({here} except all {there})"
LIMIT = f"select 'limit', max(profile_id), count(*)::varchar from ({MEMBERS} union all {KNOWN})"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--members", type=float, default=1e7)
    parser.add_argument("--memory", default="8GB", help="DuckDB's memory_limit")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--one", nargs=2, metavar=("WAREHOUSE", "SQL"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        _one(*asked.one, asked.memory)
        return
    members = int(asked.members)
    with tempfile.TemporaryDirectory() as folder:
        warehouse = Path(folder) / "members.duckdb"
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute(LAID.format(members=members, out=members // 200))
        ways = {
            "one pass": moves_between(MEMBERS, KNOWN),
            "two anti-joins: exists": both_ways(ANTI_JOIN),
            "two anti-joins: in": both_ways(NOT_IN),
            "two left joins": both_ways(LEFT_JOIN),
            "except, both ways": both_ways(EXCEPT),
            "reading both": LIMIT,
            "one pass over 1 %": moves_between(
                MEMBERS + CHANGED.format("where"), KNOWN + CHANGED.format("and")
            ),
        }
        print(f"{members:,} members on either side, {2 * (members // 200):,} moves")
        ours, answers = 0.0, set()
        for name, sql in ways.items():
            took = [_measured(warehouse, sql, asked.memory) for _ in range(asked.repeat)]
            cpu = sorted(run["cpu"] for run in took)[len(took) // 2]
            ours = ours or cpu
            peak = max(run["peak"] for run in took)
            print(f"{name:<24}{cpu:>8.2f} CPU s{cpu / ours:>7.2f}x{peak:>9,.0f} MB", flush=True)
            answers |= {run["moves"] for run in took} if sql is not LIMIT else set()
        assert len(answers) == 1, "they do not agree"


def both_ways(missing: str) -> str:
    """Who entered and who left, by a way to find who is missing elsewhere."""
    sides = (("enter", MEMBERS, KNOWN), ("exit", KNOWN, MEMBERS))
    return " union all ".join(
        missing.format(change=change, here=here, there=there) for change, here, there in sides
    )


def moves_between(members: str, known: str) -> str:
    """The statement of the package, as publication renders it."""
    macros = (REPOSITORY / "macros" / "publish" / "find_moves.sql").read_text()
    # It makes SQL: nothing is escaped for HTML.
    module: Any = jinja2.Environment(extensions=["jinja2.ext.do"]).from_string(macros).module  # noqa: S701
    return str(module.moves_between(members, known, "'buyers'"))


def _measured(warehouse: Path, sql: str, memory: str) -> dict[str, Any]:
    command = [sys.executable, __file__, "--memory", memory, "--one", str(warehouse), sql]
    return dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def _one(warehouse: str, sql: str, memory: str) -> None:
    with duckdb.connect(warehouse, config={"threads": 2, "memory_limit": memory}) as connection:
        began = time.process_time()
        connection.execute(f"create temp table moves as {sql}")
        took = time.process_time() - began
        moves = connection.execute(
            "select count(*) || ' ' || bit_xor(hash(columns(*))) from moves"
        ).fetchall()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"cpu": took, "peak": peak, "moves": str(moves)}))


if __name__ == "__main__":
    main()
