"""Segmentloom and its rivals, each with a warehouse of its own of the same people, syncing one Meta list.

People come from a Parquet file: `person`, `email` and `place`, their number. Who is a member is a range of
places. What dbt would have computed for Segmentloom is laid where it would be.
"""

from __future__ import annotations

import json
import shutil
import sys
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

import duckdb
import yaml
from measure import Measure, measure
from platform_process import TOKEN, PlatformProcess

HERE = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent
CLI = BIN / "segmentloom-sync"
AUDIENCE = """\
description: Everybody with an address
match: {trait: email, exists: true}
sync:
  - {destination: meta, list: Buyers}
"""
PROFILES = """
delete from segmentloom.int_segmentloom__identity_map;
delete from segmentloom.profiles;
delete from segmentloom.hashed_identifiers;
create or replace table main.people as select * from read_parquet('{file}');
insert into segmentloom.profiles by name
select
    md5(person) as profile_id,
    any_value(email) as email,
    timestamp '2026-01-01' as first_seen_at,
    timestamp '2026-01-01' as last_seen_at,
    2 as event_count,
    2 as identifier_count,
    cast('{{}}' as json) as traits,
    false as is_opted_out,
    false as is_quarantined,
    'granted' as ad_user_data_consent,
    'granted' as ad_personalization_consent
from main.people
group by person;
insert into segmentloom.int_segmentloom__identity_map by name
select
    row_number() over () as identifier_key,
    'email' as identifier_type,
    email as identifier_value,
    profile_id,
    first_seen_at,
    last_seen_at,
    event_count,
    row_number() over () as component_key,
    1 as batch
from segmentloom.profiles;
insert into segmentloom.hashed_identifiers by name
select hash_rule, profile_id, 'email' as identifier_type, sha256(email) as identifier
from segmentloom.profiles
cross join (values ('google'), ('meta'), ('linkedin'), ('tiktok'), ('plain')) as rules(hash_rule);
"""
MEMBERS = """
create or replace temporary table wanted as
select md5(person) as profile_id from main.people where place >= {low} and place < {high};
create or replace temporary table moves as
select profile_id, 'exit' as change from segmentloom.int_segmentloom__members
where profile_id not in (select profile_id from wanted)
union all
select profile_id, 'enter' as change from wanted
where profile_id not in (select profile_id from segmentloom.int_segmentloom__members);
delete from segmentloom.int_segmentloom__publications;
insert into segmentloom.int_segmentloom__publications by name
select 'buyers' as audience, now() at time zone 'UTC' as evaluated_at, '' as generation, 1 as batch;
delete from segmentloom.int_segmentloom__members
where profile_id in (select profile_id from moves where change = 'exit');
insert into segmentloom.int_segmentloom__members by name
select 'buyers' as audience, profile_id, evaluated_at as entered_at
from moves cross join segmentloom.int_segmentloom__publications where change = 'enter';
insert into segmentloom.audience_membership_log by name
select 'buyers' as audience, profile_id, change, evaluated_at as changed_at
from moves cross join segmentloom.int_segmentloom__publications;
"""
TABLES = """
create or replace table people as
select person, sha256(email) as identifier, place from read_parquet('{file}');
"""
VIEW = """
create or replace view members as
select person as customer_id, identifier from people where place >= {low} and place < {high};
"""
DRT_SYNC = """\
name: buyers
model: select identifier from members
destination:
  type: rest_api
  url: "{url}"
  method: POST
  headers: {{Content-Type: application/json}}
  auth: {{type: bearer, token: {token}}}
  body_mode: batch
  batch_template: |
    {{"payload": {{"schema": ["EMAIL"], "data": [
    {{%- for r in rows %}}["{{{{ r.identifier }}}}"]{{% if not loop.last %}},{{% endif %}}{{% endfor -%}}
    ]}}}}
  max_records_per_request: {batch}
sync: {{mode: full, batch_size: {batch}, rate_limit: {{requests_per_second: 1000000}}, on_error: {on_error}}}
"""


class Contender(ABC):
    """One program with its warehouse in a folder.

    Args:
        batch: members per request where the program lets us choose.
    """

    name: ClassVar[str]
    database: Path

    def __init__(self, folder: Path, platform: PlatformProcess, *, batch: int = 10_000) -> None:
        self.folder, self.platform, self.batch = folder / self.name, platform, batch
        self.folder.mkdir()

    @abstractmethod
    def lay(self, file: Path) -> None:
        """Take these people into the warehouse."""

    @abstractmethod
    def members(self, low: int, high: int) -> None:
        """Whoever has a place from `low` on and before `high` is a member now."""

    @abstractmethod
    def command(self) -> list[str | Path]:
        """What a user starts."""

    @abstractmethod
    def said(self, run: Measure) -> str:
        """What a run said of itself, in a few words."""

    @property
    @abstractmethod
    def list_id(self) -> str:
        """The platform's id of the list; KeyError while there is none."""

    @property
    def environment(self) -> dict[str, str]:
        """Variables for the command."""
        return {}

    def sync(self) -> Measure:
        """One run, however it ends."""
        return measure(self.command(), self.folder, accept=None, environment=self.environment)

    def execute(self, sql: str, **names: Any) -> list[tuple[Any, ...]]:
        """Run statements in the warehouse; returns the rows of the last."""
        with duckdb.connect(str(self.database)) as connection:
            rows: list[tuple[Any, ...]] = connection.execute(sql.format(**names)).fetchall()
        return rows


class Segmentloom(Contender):
    """The command line in a project as `init` makes it.

    Args:
        memory: DuckDB's memory_limit.
        template: the folder of another one, which is copied.
        retries: of a request that gets no answer.
    """

    name = "segmentloom"

    def __init__(
        self,
        folder: Path,
        platform: PlatformProcess,
        *,
        batch: int = 10_000,
        memory: str = "",
        template: Path | None = None,
        retries: int = 5,
    ) -> None:
        super().__init__(folder, platform, batch=batch)
        self.project = self.folder / "project"
        self.database = self.project / "warehouse.duckdb"
        if template:
            shutil.copytree(template / "project", self.project)
        else:
            self._build(memory)
        settings = {**platform.settings, "batch_size": batch, "max_retries": retries}
        (self.project / "segmentloom.yml").write_text(yaml.safe_dump({"destinations": {"meta": settings}}))

    def _build(self, memory: str) -> None:
        measure([CLI, "init", self.project], self.folder)
        for file in (self.project / "audiences").glob("*.yml"):
            file.unlink()
        (self.project / "audiences" / "buyers.yml").write_text(AUDIENCE)
        text = yaml.safe_dump({"destinations": {"meta": self.platform.settings}})
        (self.project / "segmentloom.yml").write_text(text)
        if memory:
            profiles = self.project / "profiles.yml"
            limited = f"config_options:\n        memory_limit: {memory}"
            profiles.write_text(profiles.read_text().replace("config_options:", limited))
        measure([CLI, "compile"], self.project)
        only = ["--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]
        measure([BIN / "dbt", "build", *only], self.project)

    def lay(self, file: Path) -> None:
        self.execute(PROFILES, file=file)

    def members(self, low: int, high: int) -> None:
        self.execute(MEMBERS, low=low, high=high)

    def command(self) -> list[str | Path]:
        return [CLI, "run", "buyers", "--no-build", "--json", "--project-dir", self.project]

    @property
    def list_id(self) -> str:
        return self.platform.list_id("Buyers")

    def recreate(self) -> Measure:
        """A run that may make the list anew."""
        return measure([*self.command(), "--recreate"], self.folder, accept=None)

    def said(self, run: Measure) -> str:
        reports = json.loads(run.output)["runs"] if run.output else []
        if not reports:
            return (run.errors.strip().splitlines() or ["nothing"])[0]
        counts = ("accepted", "rejected", "unknown")
        [report] = reports
        return f"{report['status']}, " + ", ".join(f"{report[name]} {name}" for name in counts)


class Condor(Contender):
    """condor-retl with its own Meta connector."""

    name = "condor-retl"

    def __init__(self, folder: Path, platform: PlatformProcess, *, batch: int = 10_000) -> None:
        super().__init__(folder, platform, batch=batch)
        self.database = self.folder / "warehouse.duckdb"
        self._list_id = platform.create_list("Condor")

    def lay(self, file: Path) -> None:
        self.execute(TABLES, file=file)

    def members(self, low: int, high: int) -> None:
        self.execute(VIEW, low=low, high=high)

    def command(self) -> list[str | Path]:
        program = [HERE / ".condor" / "bin" / "python", HERE / "condor_sync.py"]
        return [*program, self.database, self.platform.base_url, self._list_id, str(self.batch)]

    def said(self, run: Measure) -> str:
        kept = ("run=", "status=", "confirmed_rows=", "retryable_rows=", "terminal_rows=", "blocking_rows=")
        words = [word for word in run.output.split() if word.startswith(kept)]
        return " ".join(words) or (run.errors.strip().splitlines() or ["nothing"])[-1]

    @property
    def list_id(self) -> str:
        return self._list_id


class Drt(Contender):
    """drt-core with its destination for any REST API, which is what it has for such a list."""

    name = "drt-core"

    def __init__(
        self, folder: Path, platform: PlatformProcess, *, batch: int = 10_000, on_error: str = "skip"
    ) -> None:
        super().__init__(folder, platform, batch=batch)
        self.database = self.folder / "warehouse.duckdb"
        self._list_id = platform.create_list("Drt")
        (self.folder / "drt_project.yml").write_text('name: shop\nversion: "0.1"\nprofile: local\n')
        (self.folder / ".drt").mkdir()
        profile = {"local": {"type": "duckdb", "database": str(self.database)}}
        (self.folder / ".drt" / "profiles.yml").write_text(yaml.safe_dump(profile))
        (self.folder / "syncs").mkdir()
        url = f"{platform.base_url}/v26.0/{self._list_id}/users"
        text = DRT_SYNC.format(url=url, token=TOKEN, batch=batch, on_error=on_error)
        (self.folder / "syncs" / "buyers.yml").write_text(text)

    def lay(self, file: Path) -> None:
        self.execute(TABLES, file=file)

    def members(self, low: int, high: int) -> None:
        self.execute(VIEW, low=low, high=high)

    def command(self) -> list[str | Path]:
        return [HERE / ".drt" / "bin" / "drt", "run", "--select", "buyers", "--output", "json"]

    @property
    def environment(self) -> dict[str, str]:
        return {"HOME": str(self.folder), "DO_NOT_TRACK": "1"}

    def said(self, run: Measure) -> str:
        [report] = json.loads(run.output)["syncs"]
        return f"{report['status']}, {report['rows_synced']} synced, {report['rows_failed']} failed"

    @property
    def list_id(self) -> str:
        return self._list_id
