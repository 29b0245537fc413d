"""BigQuery, through the client library: queries as jobs, rows in by load jobs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from segmentloom_sync.errors import ConfigError, TryAgainLater, WarehouseAccessError
from segmentloom_sync.project import Project
from segmentloom_sync.warehouse import arrow
from segmentloom_sync.warehouse.base import Area, Columns, Engine, Statement
from segmentloom_sync.warehouse.bigquery_credentials import google_credentials
from segmentloom_sync.warehouse.bigquery_load import TYPES, load
from segmentloom_sync.warehouse.parameters import bind, changes_rows, with_prefix
from segmentloom_sync.warehouse.refusal import refusal

if TYPE_CHECKING:
    import pyarrow as pa
    from google.cloud import bigquery

_PARAMETER_TYPES: Mapping[type, str] = {
    bool: "BOOL",
    int: "INT64",
    float: "FLOAT64",
    str: "STRING",
    bytes: "BYTES",
    Decimal: "NUMERIC",
    datetime: "TIMESTAMP",
    date: "DATE",
}
_OVER_QUOTA = frozenset({"quotaExceeded", "rateLimitExceeded", "jobRateLimitExceeded"})
_BATCH_KEYS = ("destination", "list_id", "run_id", "batch_number")
_REQUEST_SECONDS = 60.0
_RETRY_SECONDS = 120.0


def connect_bigquery(project: Project) -> BigQuery:
    """Make the client for a project's target; the first statement is the first call.

    Raises:
        ConfigError: the target lacks a setting.
        WarehouseAccessError: there are no credentials.
    """
    from google.cloud import bigquery

    output = project.output
    name = output.get("project") or output.get("database")
    if not name:
        raise ConfigError(f"target {project.target!r} has no `project`")
    endpoint = output.get("api_endpoint")
    client = bigquery.Client(
        project=str(output.get("execution_project") or name),
        credentials=google_credentials(project),
        location=output.get("location"),
        default_query_job_config=bigquery.QueryJobConfig(
            maximum_bytes_billed=output.get("maximum_bytes_billed"),
            priority=str(output.get("priority") or "interactive").upper(),
        ),
        client_options={
            **({"api_endpoint": endpoint} if endpoint else {}),
            **({"quota_project_id": output["quota_project"]} if output.get("quota_project") else {}),
        },
    )
    return BigQuery(client, str(name), project.schema)


class BigQuery:
    """`Warehouse` on BigQuery.

    Args:
        client: the client library's.
        project: the Google Cloud project that holds the data.
        schema: the dbt target's dataset.
    """

    engine: ClassVar[Engine] = "bigquery"

    def __init__(self, client: bigquery.Client, project: str, schema: str) -> None:
        self.schema = schema
        self._client = client
        self._project = project

    def relation(self, name: str, area: Area = "") -> str:
        return f"`{self._project}`.`{self._dataset(area)}`.`{name}`"

    def rows(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        with _refusals("a query"):
            result = self._query(sql, parameters).result(timeout=None)
            kinds = [field.field_type for field in result.schema]
            return [
                tuple(_outgoing(value, kind) for value, kind in zip(row.values(), kinds, strict=True))
                for row in result
            ]

    def estimated_bytes(self, query: Statement) -> int | None:
        with _refusals("a dry run"):
            job = self._query(query.sql, query.parameters, dry_run=True)
            return int(job.total_bytes_processed or 0)

    def batches(self, sql: str, size: int, **parameters: Any) -> Iterator[pa.RecordBatch]:
        with _refusals("a query"):
            result = self._query(sql, parameters).result(page_size=size)
            yield from arrow.exactly(map(arrow.plain, result.to_arrow_iterable()), size)

    def execute(self, sql: str, **parameters: Any) -> int:
        with _refusals("a statement"):
            job = self._query(sql, parameters)
            job.result()
            return int(job.num_dml_affected_rows or 0) if changes_rows(sql) else 0

    def apply(self, statements: Sequence[Statement]) -> None:
        parameters: dict[str, Any] = {}
        texts = []
        for number, statement in enumerate(statements):
            renamed = with_prefix(statement, f"statement_{number}_")
            texts.append(renamed.sql)
            parameters.update(renamed.parameters)
        script = ";\n".join(["begin transaction", *texts, "commit transaction"])
        with _refusals("a change"):
            self._query(f"{script};", parameters).result()

    def ensure_table(self, name: str, area: Area, columns: Columns) -> None:
        relation = self.relation(name, area)
        declared = [f"`{column}` {TYPES[kind]}" for column, kind in columns.items()]
        # Increments read by load time; without partitions each would be billed for the whole table.
        partition = " partition by timestamp_trunc(loaded_at, day)" if "loaded_at" in columns else ""
        # A batch finds its rows among those of all lists.
        keys = [f"`{column}`" for column in _BATCH_KEYS]
        cluster = f" cluster by {', '.join(keys)}" if columns.keys() >= set(_BATCH_KEYS) else ""
        with _refusals(f"making {relation}"):
            self._create_dataset(area)
            self._query(
                f"create table if not exists {relation} ({', '.join(declared)}){partition}{cluster}", {}
            ).result()
            known = {field.name for field in self._client.get_table(self._table_id(name, area)).schema}
            for column, text in zip(columns, declared, strict=True):
                if column not in known:
                    self._query(f"alter table {relation} add column if not exists {text}", {}).result()

    def exists(self, name: str, area: Area = "") -> bool:
        from google.api_core.exceptions import NotFound

        with _refusals(f"looking for {name}"):
            try:
                self._client.get_table(self._table_id(name, area), timeout=_REQUEST_SECONDS)
            except NotFound:
                return False
            return True

    def stage(self, name: str, area: Area, columns: Columns, batches: Iterable[pa.RecordBatch]) -> str:
        with _refusals(f"staging {name}"):
            self._create_dataset(area)
            load(self._client, self._table_id(name, area), columns, batches)
        return self.relation(name, area)

    def scratch_table_as(self, name: str, area: Area, query: Statement) -> str:
        relation = self.relation(name, area)
        with _refusals(f"filling {name}"):
            self._create_dataset(area)
            self._query(
                f"create or replace table {relation} "
                "options (expiration_timestamp = timestamp_add(current_timestamp(), interval 1 day)) "
                f"as {query.sql}",
                query.parameters,
            ).result()
        return relation

    def drop(self, relation: str) -> None:
        with _refusals(f"dropping {relation}"):
            self._query(f"drop table if exists {relation}", {}).result()

    def drop_schema(self, area: Literal["plan"]) -> None:
        dataset = f"`{self._project}`.`{self._dataset(area)}`"
        with _refusals(f"dropping {dataset}"):
            self._query(f"drop schema if exists {dataset} cascade", {}).result()

    def json_from_text(self, expression: str) -> str:
        # Without rounding, one number that no double holds exactly fails the whole statement.
        return f"parse_json({expression}, wide_number_mode => 'round')"

    def sha256_hex(self, expression: str) -> str:
        return f"to_hex(sha256({expression}))"

    def close(self) -> None:
        self._client.close()

    def _dataset(self, area: Area) -> str:
        return f"{self.schema}_{area}" if area else self.schema

    def _table_id(self, name: str, area: Area) -> str:
        return f"{self._project}.{self._dataset(area)}.{name}"

    def _create_dataset(self, area: Area) -> None:
        self._query(f"create schema if not exists `{self._project}`.`{self._dataset(area)}`", {}).result()

    def _query(self, sql: str, parameters: Mapping[str, Any], *, dry_run: bool = False) -> bigquery.QueryJob:
        from google.cloud import bigquery
        from google.cloud.bigquery.retry import DEFAULT_RETRY

        text, names = bind(
            sql,
            parameters,
            # A parameter needs a type, which None does not tell.
            lambda name: "null" if parameters[name] is None else f"@{name}",
            backslash_escapes=True,
        )
        values = [_parameter(name, parameters[name]) for name in dict.fromkeys(names)]
        config = bigquery.QueryJobConfig(query_parameters=[value for value in values if value is not None])
        if dry_run:
            # An answer that BigQuery still has would be free, and the next one not.
            config.dry_run, config.use_query_cache = True, False
        return self._client.query(
            text,
            job_config=config,
            timeout=_REQUEST_SECONDS,
            retry=DEFAULT_RETRY.with_timeout(_RETRY_SECONDS),
        )


def _parameter(name: str, value: Any) -> bigquery.ScalarQueryParameter | None:
    from google.cloud import bigquery

    if value is None:
        return None
    kind = _PARAMETER_TYPES[type(value)]
    return bigquery.ScalarQueryParameter(name, kind, value.astimezone(UTC) if kind == "TIMESTAMP" else value)


def _outgoing(value: Any, kind: str) -> Any:
    if kind == "JSON" and value is not None:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return value


@contextmanager
def _refusals(doing: str) -> Iterator[None]:
    import requests
    from google.api_core.exceptions import Forbidden, GoogleAPIError, Unauthenticated
    from google.auth.exceptions import GoogleAuthError

    try:
        yield
    except (Unauthenticated, GoogleAuthError):
        raise WarehouseAccessError(
            "Google refused the credentials of the target",
            hint="check `method` and its settings in profiles.yml",
        ) from None
    except Forbidden as error:
        reason = str(error.errors[0].get("reason", "")) if error.errors else ""
        if reason in _OVER_QUOTA:
            raise TryAgainLater(
                f"BigQuery refused {doing}: {reason}", hint="wait, or raise the quota of the project"
            ) from None
        raise WarehouseAccessError(
            str(refusal(error, doing=doing)), hint="grant the account BigQuery Data Editor and Job User"
        ) from None
    except (GoogleAPIError, requests.RequestException) as error:
        raise refusal(error, doing=doing) from None
