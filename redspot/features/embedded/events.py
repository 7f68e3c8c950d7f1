"""Events of the keys that are asked for, read by DuckDB, in memory or parted into files by key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from redspot.features.embedded.arrays import Ints
from redspot.features.embedded.block import Coded
from redspot.features.embedded.coding import code_column
from redspot.features.embedded.relation import Relation, kind_of_sql
from redspot.features.errors import InvalidExpressionError, SourceReadError, SourceSchemaError
from redspot.features.expression import quote_name
from redspot.features.group import FeatureGroup
from redspot.features.schema import Kind
from redspot.features.source import ChangeSource

if TYPE_CHECKING:
    import duckdb

TIME = "__redspot_time"
BATCH_ROWS = 1 << 18


@dataclass(frozen=True)
class EventQuery:
    """What is read of a source for a group.

    Attributes
    ----------
    sql
        Gives ``code``, ``time`` (microseconds since 1970) and one column ``c0``, ``c1``, … for each name.
    kinds
        Of each column, by its own name, in that order.
    """

    sql: str
    kinds: Mapping[str, Kind]

    @classmethod
    def of(
        cls,
        connection: duckdb.DuckDBPyConnection,
        relation: Relation,
        group: FeatureGroup,
        columns: tuple[str, ...],
        *,
        unnested: str | None,
        begin_us: int | None,
        end_us: int,
    ) -> EventQuery:
        """Plan the reading.

        Parameters
        ----------
        columns
            Those to read.
        unnested
            A column of lists whose elements become events of their own.
        begin_us, end_us
            Only events with ``begin <= time < end`` matter; None begins with the first.

        Raises
        ------
        SourceSchemaError
            If a column is missing or cannot be read.
        InvalidExpressionError
            If a derived column does not fit the types that it reads.
        """
        read = {*columns, *group.keys} | ({unnested} if unnested else set())
        inner = rows_sql(relation, group, read, begin_us, end_us)
        if unnested is not None:
            inner = f"SELECT * REPLACE (unnest({quote_name(unnested)}) AS {quote_name(unnested)}) FROM ({inner})"
        types = _types(connection, inner, group)
        kinds = {name: _kind(group, name, types[name]) for name in columns}
        picked = ", ".join(
            f"{_value_sql(group, name, kind)} AS c{index}" for index, (name, kind) in enumerate(kinds.items())
        )
        on = " AND ".join(f"e.{quote_name(key)} = k.k{index}" for index, key in enumerate(group.keys))
        conditions = [f"e.{TIME} < {end_us}"] + ([] if begin_us is None else [f"e.{TIME} >= {begin_us}"])
        if group.where_expression is not None:
            names = {column: f"e.{quote_name(column)}" for column in group.where_expression.names}
            conditions.append(group.where_expression.sql(names))
        sql = (
            f"SELECT k.code, e.{TIME} AS time{', ' if picked else ''}{picked} FROM ({inner}) e JOIN redspot_keys k"
            f" ON {on} WHERE {' AND '.join(conditions)}"
        )
        return cls(sql, kinds)

    def batches(self, connection: duckdb.DuckDBPyConnection, name: str) -> Iterator[pa.RecordBatch]:
        """Read, a stretch of events at a time.

        Raises
        ------
        SourceReadError
            If the data cannot be read.
        """
        import duckdb

        try:
            yield from connection.sql(self.sql).to_arrow_reader(BATCH_ROWS)
        except (duckdb.Error, pa.ArrowInvalid, OSError) as error:
            raise SourceReadError(f"{name}: the events cannot be read: {error}") from error


def _types(connection: duckdb.DuckDBPyConnection, sql: str, group: FeatureGroup) -> dict[str, str]:
    import duckdb

    try:
        return {str(row[0]): str(row[1]) for row in connection.execute(f"DESCRIBE {sql}").fetchall()}
    except duckdb.Error as error:
        raise InvalidExpressionError(f"{group.name}: a derived column cannot be computed: {error}") from error


def rows_sql(relation: Relation, group: FeatureGroup, read: set[str], begin_us: int | None, end_us: int) -> str:
    """Return SQL of a source's rows with time and derived columns, of a little more than a stretch of time.

    Raises
    ------
    SourceSchemaError
        If a column that is read is missing.
    """
    derived = dict(group.derived_columns)
    wanted = _closure(read | (group.where_expression.names if group.where_expression else set()), derived)
    if isinstance(group.source, ChangeSource) and group.source.deleted_expression is not None:
        wanted |= group.source.deleted_expression.names
    relation.require(wanted - set(derived), group.name)
    sql = f"SELECT *, {relation.time_sql} AS {TIME} FROM {relation.sql} WHERE {relation.pruning_sql(begin_us, end_us)}"
    for name, expression in group.derived_columns:
        if name in wanted:
            made = expression.sql({column: quote_name(column) for column in expression.names})
            sql = f"SELECT *, {made} AS {quote_name(name)} FROM ({sql})"
    return sql


def stretch_sql(relation: Relation, group: FeatureGroup, columns: Sequence[str], begin_us: int, end_us: int) -> str:
    """Return SQL of keys, time and columns of a group's events in a stretch of time.

    Raises
    ------
    SourceSchemaError
        If a column is missing.
    """
    names = tuple(dict.fromkeys((*group.keys, *columns)))
    rows = rows_sql(relation, group, set(names), begin_us, end_us)
    conditions = [f"{TIME} >= {begin_us}", f"{TIME} < {end_us}"]
    if group.where_expression is not None:
        read = group.where_expression.names
        conditions.append(group.where_expression.sql({column: quote_name(column) for column in read}))
    picked = ", ".join(map(quote_name, names))
    return f"SELECT {picked}, {TIME} FROM ({rows}) WHERE {' AND '.join(conditions)}"


def _closure(read: set[str], derived: Mapping[str, object]) -> set[str]:
    found: set[str] = set()
    waiting = set(read)
    while waiting:
        name = waiting.pop()
        found.add(name)
        if name in derived:
            waiting |= set(derived[name].names) - found  # type: ignore[attr-defined]
    return found


def _kind(group: FeatureGroup, name: str, sql: str) -> Kind:
    found = kind_of_sql(sql)
    if found is None or found.is_list:
        raise SourceSchemaError(f"{group.name}: column {name!r} holds {sql}, which no feature can read.")
    return found.kind


def _value_sql(group: FeatureGroup, name: str, kind: Kind) -> str:
    sql = f"e.{quote_name(name)}"
    if isinstance(group.source, ChangeSource) and (gone := group.source.deleted_expression) is not None:
        test = gone.sql({column: f"e.{quote_name(column)}" for column in gone.names})
        sql = f"CASE WHEN {test} THEN NULL ELSE {sql} END"
    match kind:
        case Kind.FLOAT:
            return f"coalesce(CAST({sql} AS DOUBLE), CAST('NaN' AS DOUBLE))"
        case Kind.INTEGER | Kind.BOOLEAN:
            return f"CAST({sql} AS BIGINT)"
        case Kind.STRING:
            return f"CAST({sql} AS VARCHAR)"
        case _:
            return f"epoch_us(CAST({sql} AS TIMESTAMPTZ))"


@dataclass(frozen=True)
class Part:
    """Events of the keys whose code divided by the number of parts leaves the same rest.

    Attributes
    ----------
    code
        int64, the code divided by the number of parts.
    time
        int64, microseconds since 1970.
    columns
        By name.
    """

    code: Ints
    time: Ints
    columns: dict[str, Coded]


class Events:
    """All events of a query, in parts.

    They stay in memory up to a number of rows; past that they are written into files by part, each of which is then
    read by itself.

    Parameters
    ----------
    query
        What to read.
    folder
        Where parts are written.
    rows_in_memory
        How many events may be held at once.
    """

    def __init__(self, query: EventQuery, folder: Path, rows_in_memory: int, few_parts: int) -> None:
        self._query = query
        self._folder = folder
        self._limit = rows_in_memory
        self._few = few_parts
        self._held: Part | None = None
        self.is_spilled = False
        self.rows = 0

    SPILLED_PARTS = 64

    def read(self, connection: duckdb.DuckDBPyConnection, name: str) -> None:
        """Read everything."""
        held: list[pa.RecordBatch] = []
        with ExitStack() as stack:
            writers: list[pa.ipc.RecordBatchFileWriter] = []
            for batch in self._query.batches(connection, name):
                self.rows += batch.num_rows
                held.append(batch)
                if not writers and self.rows > self._limit:
                    files = [str(self._folder / f"{index}.arrow") for index in range(self.SPILLED_PARTS)]
                    writers = [stack.enter_context(pa.ipc.new_file(file, batch.schema)) for file in files]
                if writers:
                    for one in held:
                        _scatter(one, writers)
                    held = []
        self.is_spilled = bool(writers)
        if not self.is_spilled:
            self._held = self._part(pa.Table.from_batches(held) if held else None)

    @property
    def parts(self) -> int:
        """In how many parts the events lie."""
        return self.SPILLED_PARTS if self.is_spilled else self._few if self.rows > BATCH_ROWS else 1

    def part(self, index: int) -> Part:
        """Return one part."""
        if self._held is None:
            with pa.memory_map(str(self._folder / f"{index}.arrow")) as file:
                part = self._part(pa.ipc.open_file(file).read_all())
            return Part(part.code // self.SPILLED_PARTS, part.time, part.columns)
        if self.parts == 1:
            return self._held
        here = np.flatnonzero(rests(self._held.code, self.parts) == index)
        columns = {
            name: Coded(c.values[here], None if c.valid is None else c.valid[here], c.decode, c.identity)
            for name, c in self._held.columns.items()
        }
        return Part(self._held.code[here] // self.parts, self._held.time[here], columns)

    def _part(self, table: pa.Table | None) -> Part:
        kinds = self._query.kinds
        if table is None:
            nothing = np.zeros(0, np.int64)
            return Part(nothing, nothing, {name: code_column(_nothing(kind), kind) for name, kind in kinds.items()})
        code = table.column(0).to_numpy().astype(np.int64)
        columns = {name: code_column(table.column(n + 2), kind) for n, (name, kind) in enumerate(kinds.items())}
        return Part(code, table.column(1).to_numpy(), columns)


def rests(code: Ints, parts: int) -> Ints:
    """Return what codes divided by a number of parts leave; a power of two needs no division."""
    return code & (parts - 1) if parts & (parts - 1) == 0 else code % parts


def _scatter(batch: pa.RecordBatch, writers: list[pa.ipc.RecordBatchFileWriter]) -> None:
    part = rests(batch.column(0).to_numpy(), len(writers))
    order = np.argsort(part.astype(np.uint8), kind="stable")
    moved = batch.take(pa.array(order))
    ends = np.searchsorted(part[order], np.arange(len(writers) + 1))
    for index, writer in enumerate(writers):
        if ends[index + 1] > ends[index]:
            writer.write_batch(moved.slice(ends[index], ends[index + 1] - ends[index]))


def _nothing(kind: Kind) -> pa.ChunkedArray:
    types = {Kind.STRING: pa.string(), Kind.FLOAT: pa.float64()}
    return pa.chunked_array([pa.array([], types.get(kind, pa.int64()))])
