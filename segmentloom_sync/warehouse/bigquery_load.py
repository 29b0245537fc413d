"""Loads rows into a BigQuery table by one load job."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import IO, TYPE_CHECKING, Any

from segmentloom_sync.warehouse import arrow
from segmentloom_sync.warehouse.base import Columns, LogicalType

if TYPE_CHECKING:
    import pyarrow as pa
    from google.cloud import bigquery

_LIFETIME = timedelta(days=1)
TYPES: Mapping[LogicalType, str] = {
    "string": "STRING",
    "integer": "INT64",
    "number": "FLOAT64",
    "boolean": "BOOL",
    "timestamp": "TIMESTAMP",
    "date": "DATE",
    "json": "JSON",
}
_ATTEMPTS = 100


def load(client: bigquery.Client, table_id: str, columns: Columns, batches: Iterable[pa.RecordBatch]) -> None:
    """Fill a scratch table, replacing what it held.

    The job's id is derived from the table and the rows, so that a request whose answer was lost, sent again,
    is the same job and not a second one. The table ends by itself after a day, should nobody drop it.

    Raises:
        google.api_core.exceptions.GoogleAPIError: the job was refused or failed.
    """
    # Without a name in the file system, so that a killed run leaves no rows behind.
    with tempfile.TemporaryFile() as file:
        digest = hashlib.sha256(table_id.encode())
        for line in _lines(columns, batches):
            digest.update(line)
            file.write(line)
        if file.tell():
            _run(client, table_id, columns, file, f"segmentloom_{digest.hexdigest()}")
        else:
            _make_empty(client, table_id, columns)
    table = client.get_table(table_id)
    table.expires = datetime.now(UTC) + _LIFETIME
    client.update_table(table, ["expires"])


def _make_empty(client: bigquery.Client, table_id: str, columns: Columns) -> None:
    from google.cloud import bigquery

    client.delete_table(table_id, not_found_ok=True)
    client.create_table(bigquery.Table(table_id, schema=_schema(columns)))


def _schema(columns: Columns) -> list[bigquery.SchemaField]:
    from google.cloud import bigquery

    return [
        bigquery.SchemaField(name, TYPES["string" if kind == "json" else kind])
        for name, kind in columns.items()
    ]


def _run(client: bigquery.Client, table_id: str, columns: Columns, file: IO[bytes], job_id: str) -> None:
    from google.api_core.exceptions import Conflict, NotFound
    from google.cloud import bigquery

    config = bigquery.LoadJobConfig(
        source_format=bigquery.SourceFormat.NEWLINE_DELIMITED_JSON,
        write_disposition=bigquery.WriteDisposition.WRITE_TRUNCATE,
        schema=_schema(columns),
    )
    # An earlier job with these rows must not count: since then the table may have got others.
    client.delete_table(table_id, not_found_ok=True)
    for attempt in range(_ATTEMPTS):
        identifier = f"{job_id}_{attempt}"
        try:
            job = client.load_table_from_file(
                file, table_id, job_id=identifier, job_config=config, rewind=True, timeout=300.0
            )
        except Conflict:
            job = client.get_job(identifier)
        try:
            job.result()
            client.get_table(table_id)
        except NotFound:
            continue  # an earlier run made the table by this very job and dropped it
        return
    raise RuntimeError(f"{table_id} vanished after {_ATTEMPTS} load jobs")


def _lines(columns: Columns, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    wanted = arrow.schema(columns)
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_text).encode
    for batch in batches:
        values = [batch.column(name).to_pylist() for name in wanted.names]
        for row in zip(*values, strict=True):
            present = {
                name: value for name, value in zip(wanted.names, row, strict=True) if value is not None
            }
            yield encode(present).encode() + b"\n"


def _text(value: Any) -> str:
    text: str = value.isoformat()
    return text
