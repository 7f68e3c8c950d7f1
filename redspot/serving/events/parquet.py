"""Events and labels as Parquet."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from redspot.errors import MissingExtraError

if TYPE_CHECKING:
    import pyarrow as pa

# Name and type of each column; times are microseconds in UTC. Inputs and outputs are JSON: their columns change
# from version to version, and one table holds them all.
EVENTS: Mapping[str, str] = {
    "request_id": "string",
    "row": "int32",
    "time": "time",
    "endpoint": "string",
    "deployment": "string",
    "model": "string",
    "version": "string",
    "caller": "string",
    "status": "int16",
    "error": "string",
    "latency_us": "int64",
    "redacted": "strings",
    "shadow": "bool",
    "inputs": "string",
    "outputs": "string",
}
LABELS: Mapping[str, str] = {"request_id": "string", "row": "int32", "time": "time", "label": "string"}


def require_pyarrow() -> None:
    """Check that the library is there.

    Raises
    ------
    MissingExtraError
    """
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("Events are kept with pyarrow; install redspot[events].", extra="events") from error


def table_of(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> pa.Table:
    """Return rows as an Arrow table; each row has a value for every column."""
    require_pyarrow()
    import pyarrow as pa

    types = {
        "bool": pa.bool_(),
        "string": pa.string(),
        "int16": pa.int16(),
        "int32": pa.int32(),
        "int64": pa.int64(),
        "strings": pa.list_(pa.string()),
        "time": pa.timestamp("us", tz="UTC"),
    }
    schema = pa.schema([(name, types[kind]) for name, kind in columns.items()])
    return pa.table([pa.array([row[field.name] for row in rows], type=field.type) for field in schema], schema=schema)


def parquet_of(table: pa.Table) -> bytes:
    """Return the bytes of a Parquet file."""
    import pyarrow.parquet as pq

    target = io.BytesIO()
    pq.write_table(table, target, compression="zstd")
    return target.getvalue()


def read_parquet(data: bytes) -> pa.Table:
    """Return the table in a Parquet file."""
    require_pyarrow()
    import pyarrow.parquet as pq

    return pq.read_table(io.BytesIO(data))


def concatenated(tables: Iterable[pa.Table], columns: Mapping[str, str]) -> pa.Table:
    """Return tables of the same columns as one; a column that a file of an earlier version lacks is null there."""
    import pyarrow as pa

    return pa.concat_tables([table_of((), columns), *tables], promote_options="default")
