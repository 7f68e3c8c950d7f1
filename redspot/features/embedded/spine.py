"""The rows that features are asked for: their times, and their keys as whole numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from redspot.features.embedded.arrays import Ints
from redspot.features.embedded.memory import arrow_of
from redspot.features.embedded.relation import Relation, files_sql, kind_of_sql, time_sql
from redspot.features.errors import SpineError
from redspot.features.expression import quote_name
from redspot.features.group import FeatureGroup
from redspot.features.training_set import TrainingSet


def spine_table(connection: duckdb.DuckDBPyConnection, spine: Any) -> pa.Table:
    """Return the rows that ask, from a table in memory or from files.

    Raises
    ------
    SpineError
        If they cannot be read.
    """
    if isinstance(spine, str | Path):
        try:
            return connection.sql(f"SELECT * FROM {files_sql(str(spine))}").to_arrow_table()
        except duckdb.Error as error:
            raise SpineError(f"The spine cannot be read: {error}") from error
    return arrow_of(spine, "spine")


def check_spine(training_set: TrainingSet, rows: pa.Table) -> None:
    """Refuse rows that lack a column, or have one that a feature would be.

    Raises
    ------
    SpineError
        If so; the message lists the columns that are there.
    """
    missing = [name for name in training_set.spine_columns if name not in rows.column_names]
    if missing:
        raise SpineError(
            f"{training_set.name}: the spine has no column {', '.join(map(repr, missing))};"
            f" it has {', '.join(rows.column_names)}."
        )
    taken = sorted(set(rows.column_names) & set(training_set.feature_names))
    if taken:
        raise SpineError(f"{training_set.name}: the spine has {', '.join(taken)} already; drop them or give a prefix.")


def spine_times(connection: duckdb.DuckDBPyConnection, training_set: TrainingSet, rows: pa.Table) -> Ints:
    """Return each row's time, in microseconds since 1970.

    Raises
    ------
    SpineError
        If a row has none, or they cannot be read.
    """
    connection.register("redspot_spine", rows.select([training_set.time]).append_column("row", numbers(len(rows))))
    name = quote_name(training_set.time)
    kind = str(connection.execute("DESCRIBE redspot_spine").fetchall()[0][1])
    try:
        found = connection.sql(
            f"SELECT row, {time_sql(name, kind, 'UTC', 'us')} AS time FROM redspot_spine"
        ).to_arrow_table()
    except duckdb.Error as error:
        raise SpineError(f"{training_set.name}: the times of the spine cannot be read: {error}") from error
    if found.column("time").null_count:
        raise SpineError(f"{training_set.name}: {found.column('time').null_count} rows of the spine have no time.")
    times = np.empty(len(rows), np.int64)
    times[found.column("row").to_numpy()] = found.column("time").to_numpy()
    return times


def numbers(count: int) -> pa.Array:
    """Return 0, 1, … of rows, by which an answer of DuckDB is put back in their order."""
    return pa.array(np.arange(count))


def key_codes(
    connection: duckdb.DuckDBPyConnection, rows: pa.Table, keys: Sequence[str], relation: Relation, group: FeatureGroup
) -> Ints:
    """Return a whole number for each row's key; rows without one have the number of a key without events."""
    table = pa.table({f"k{i}": rows.column(key) for i, key in enumerate(keys)})
    connection.register("redspot_spine", table.append_column("row", numbers(len(rows))))
    kinds = {str(row[0]): str(row[1]) for row in connection.execute("DESCRIBE redspot_spine").fetchall()}
    for index, key in enumerate(group.keys):
        here, there = kind_of_sql(kinds[f"k{index}"]), kind_of_sql(relation.types[key])
        if here != there and len(rows) and table.column(index).null_count < len(rows):
            raise SpineError(
                f"{group.name}: key {keys[index]!r} of the spine holds {kinds[f'k{index}']},"
                f" and {key!r} of {group.source.name} {relation.types[key]}."
            )
    names = ", ".join(f"k{i}" for i in range(len(keys)))
    present = " AND ".join(f"k{i} IS NOT NULL" for i in range(len(keys)))
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE redspot_keys AS SELECT *, CAST(row_number() OVER () - 1 AS INTEGER) AS code"
        f" FROM (SELECT DISTINCT {names} FROM redspot_spine WHERE {present})"
    )
    found = connection.sql(
        f"SELECT s.row, k.code FROM redspot_spine s JOIN redspot_keys k USING ({names})"
    ).to_arrow_table()
    ((count,),) = connection.execute("SELECT count(*) FROM redspot_keys").fetchall()
    codes = np.full(len(rows), count, np.int64)
    codes[found.column("row").to_numpy()] = found.column("code").to_numpy()
    return codes


def sampled(training_set: TrainingSet, rows: pa.Table, times: Ints) -> Ints:
    """Return the rows whose keys and time hash into the sample: the same ones whatever else is in the spine."""
    names = dict.fromkeys(key for group in training_set.all_groups for key in training_set.spine_keys(group))
    columns = [rows.column(name).to_pylist() for name in names]
    bound = int(training_set.sample * 2**64)
    kept = []
    for index, values in enumerate(zip(*columns, times.tolist(), strict=True)):
        digest = hashlib.blake2b("\x1f".join(map(repr, values)).encode(), digest_size=8).digest()
        if int.from_bytes(digest, "big") < bound:
            kept.append(index)
    return np.array(kept, np.int64)
