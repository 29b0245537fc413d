"""The dialect checkers refuse what the real engines would refuse and let pass what they take."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.engines.dialects import check

TABLE = "create table `p.d.t` (id int64, name string, props json, seen timestamp)"

BIGQUERY_RIGHT = [
    TABLE,
    TABLE.replace("p.d.t", "p.d.w"),
    "select json_value(props, '$.a') as a from `p`.`d`.`t`",
    "select id from `p.d.t` where true qualify row_number() over (order by id) = 1",
    "create or replace view `p.d.v` as select props as p2 from `p.d.t`",
    "select json_query(p2, '$.a') as a from `p.d.v`",
    "alter table `p.d.t` add column if not exists more bigint",
    "merge into `p.d.t` as a using (select 1 as id) as b on a.id = b.id when matched then delete",
    "delete from `p`.`d`.`t` where exists (select 1 from (select 1 as id) as gone where gone.id = t.id)",
    "delete from `p.d.t` where t.id in (select v.id + v.id from `p.d.w` as v where v.id = t.id)",
    "begin transaction; delete from `p.d.t` where name = 'é;'; update `p.d.t` set id = 1 where true; commit",
    f"select {' || '.join(['name'] * 100)} as deep from `p.d.t`",
]
BIGQUERY_WRONG = [
    "select missing from `p.d.t`",
    "select name ilike 'a' from `p.d.t`",
    "select id from `p.d.t` union all select name from `p.d.t`",
    "select name::string from `p.d.t`",
    "select cast(id as varchar) from `p.d.t`",
    "select regexp_matches(name, 'a') from `p.d.t`",
    "delete from `p.d.t`",
    "select * from `p.d.missing`",
    "begin transaction; delete from `p.d.t` where name = 1; commit transaction;",
    "delete from `p`.`d`.`t` where exists (select 1 from (select 1 as id) as gone where gone.id = u.id)",
    "begin transaction; insert into `p.d.t` (missing) select 1; commit transaction;",
]
SNOWFLAKE_RIGHT = [
    "select a.props:plan::string as plan from db.s.t as a, lateral flatten(input => a.props) as f",
    "create table if not exists db.s.t (id number(38, 0) not null, props variant)",
    "insert into db.s.t (id, props) select 1, parse_json('{}')",
    "merge into db.s.t as d using s on d.i = s.i when not matched then insert (i, j) values (s.i, s.j)",
    f"select {'coalesce(' * 60}name{', 0)' * 60} as deep from db.s.t",
]
SNOWFLAKE_WRONG_NAMES = [
    "select regexp_matches(a, 'b') from t",
    "select list_aggregate(a, 'sum') from t",
    "select a::hugeint from t",
    "select json_value(a, '$.b') from t",
]
NO_GRAMMAR = ["select from where", "select unnest(a for b) from t"]


def journal(path: Path, statements: Sequence[str]) -> Path:
    """A journal of statements that the emulator took."""
    lines = [{"statement": n, "sql": sql, "parameters": []} for n, sql in enumerate(statements)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def refused(done: subprocess.CompletedProcess[str]) -> int:
    """How many statements a checker refused, by its last line."""
    assert done.stdout, done.stderr
    return int(done.stdout.splitlines()[-1].split(", ")[1].split()[0])


@pytest.mark.parametrize(
    ("checker", "options", "right", "wrong"),
    [
        ("googlesql", [], BIGQUERY_RIGHT, BIGQUERY_WRONG),
        ("snowflake_names", [], SNOWFLAKE_RIGHT, SNOWFLAKE_WRONG_NAMES),
        ("sqlfluff_parse", ["snowflake"], SNOWFLAKE_RIGHT, NO_GRAMMAR),
        ("sqlfluff_parse", ["bigquery"], BIGQUERY_RIGHT, NO_GRAMMAR),
    ],
    ids=["googlesql", "snowflake names", "snowflake grammar", "bigquery grammar"],
)
def test_checker_has_teeth(
    checker: str, options: list[str], right: list[str], wrong: list[str], tmp_path: Path
) -> None:
    passed = check(checker, *options, str(journal(tmp_path / "right.jsonl", right)))
    assert passed.returncode == 0, passed.stdout + passed.stderr

    caught = check(checker, *options, str(journal(tmp_path / "wrong.jsonl", [*right, *wrong])))
    assert caught.returncode == 1
    assert refused(caught) == len(wrong), caught.stdout


def test_the_analyser_knows_the_fields_of_records(tmp_path: Path) -> None:
    items = [["sku", "STRING", "NULLABLE"], ["count", "INT64", "NULLABLE"]]
    table = json.dumps({"table": "p.d.carts", "columns": [["items", items, "REPEATED"]]})
    right = "select lower(items[offset(0)].sku) as sku from `p.d.carts`"
    wrong = [right.replace(".sku", ".price"), right.replace(".sku", ".count")]
    path = journal(tmp_path / "journal.jsonl", [right, *wrong])
    path.write_text(f"{table}\n{path.read_text()}")
    assert refused(check("googlesql", str(path))) == len(wrong)
