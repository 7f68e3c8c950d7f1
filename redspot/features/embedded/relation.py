"""Sources as DuckDB sees them: what to select from, of which types, and the SQL of their times."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from redspot.features.embedded.memory import arrow_of
from redspot.features.errors import SourceReadError, SourceSchemaError
from redspot.features.expression import quote_name, quote_text
from redspot.features.schema import ColumnType, Kind
from redspot.features.source import TIME_UNITS, EventSource, SnapshotSource
from redspot.features.window import UNITS_US, parse_duration

if TYPE_CHECKING:
    import duckdb

_SQL_TYPES = {Kind.INTEGER: "BIGINT", Kind.FLOAT: "DOUBLE", Kind.STRING: "VARCHAR", Kind.BOOLEAN: "BOOLEAN"}
_KINDS = {
    "BOOLEAN": Kind.BOOLEAN,
    "DATE": Kind.DATE,
    "FLOAT": Kind.FLOAT,
    "DOUBLE": Kind.FLOAT,
    "UBIGINT": Kind.FLOAT,
    "HUGEINT": Kind.FLOAT,
    "UHUGEINT": Kind.FLOAT,
    "VARCHAR": Kind.STRING,
    "UUID": Kind.STRING,
}
_WIDER = {(Kind.FLOAT, Kind.INTEGER), (Kind.FLOAT, Kind.BOOLEAN), (Kind.TIMESTAMP, Kind.DATE)}


def kind_of_sql(text: str) -> ColumnType | None:
    """Return the type of a DuckDB type's name, or None if features cannot read it."""
    if text.endswith("[]"):
        inner = kind_of_sql(text[:-2])
        return None if inner is None or inner.is_list else ColumnType(inner.kind, is_list=True)
    if text in _KINDS:
        return ColumnType(_KINDS[text])
    if text.startswith("TIMESTAMP"):
        return ColumnType(Kind.TIMESTAMP)
    if text.startswith("ENUM"):
        return ColumnType(Kind.STRING)
    if text.startswith("DECIMAL"):
        return ColumnType(Kind.FLOAT)
    return ColumnType(Kind.INTEGER) if re.fullmatch(r"U?(TINY|SMALL|BIG)?INT(EGER)?", text) else None


@dataclass(frozen=True)
class Relation:
    """A source opened in a connection.

    Attributes
    ----------
    sql
        What stands after FROM.
    types
        DuckDB's name of each column's type.
    """

    source: EventSource
    sql: str
    types: Mapping[str, str]

    @classmethod
    def of(cls, connection: duckdb.DuckDBPyConnection, source: EventSource, view: str) -> Relation:
        """Open a source.

        Parameters
        ----------
        connection
            Where it is opened; a table in memory or a database is attached to it under the name `view`.

        Raises
        ------
        SourceReadError
            If the data cannot be opened.
        SourceSchemaError
            If it is not what the schema says; the message lists what is there.
        """
        import duckdb

        try:
            sql = _from(connection, source, view)
            rows = connection.execute(f"DESCRIBE SELECT * FROM {sql}").fetchall()
        except duckdb.Error as error:
            raise SourceReadError(f"{source.name}: the data cannot be read: {error}") from error
        made = cls(source, sql, {str(row[0]): str(row[1]) for row in rows})
        made._check()
        return made

    def _check(self) -> None:
        declared = dict(self.source.columns)
        for name, kind in declared.items():
            if name not in self.types:
                raise SourceSchemaError(
                    f"{self.source.name}: the data has no column {name!r}; it has {', '.join(self.types)}."
                )
            found = kind_of_sql(self.types[name])
            is_same = found == kind or (
                found is not None and found.is_list == kind.is_list and (kind.kind, found.kind) in _WIDER
            )
            if not is_same and not (name == self.source.time and found == ColumnType(Kind.STRING)):
                raise SourceSchemaError(
                    f"{self.source.name}: column {name!r} is declared as {kind} and holds {self.types[name]}."
                )
        if self.source.time not in self.types:
            raise SourceSchemaError(
                f"{self.source.name}: the data has no column {self.source.time!r}; it has {', '.join(self.types)}."
            )

    def require(self, names: Iterable[str], what: str) -> None:
        """Refuse columns that are not there.

        Raises
        ------
        SourceSchemaError
            If one is not; the message lists those that are.
        """
        missing = sorted(set(names).difference(self.types))
        if missing:
            raise SourceSchemaError(
                f"{self.source.name}: {what} reads {', '.join(map(repr, missing))}; there are {', '.join(self.types)}."
            )

    def refuse_missing_times(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Refuse events that do not say when they happened.

        Raises
        ------
        SourceReadError
            If there are any.
        """
        import duckdb

        try:
            ((count,),) = connection.execute(
                f"SELECT count(*) FROM {self.sql} WHERE {quote_name(self.source.time)} IS NULL"
            ).fetchall()
        except duckdb.Error as error:
            raise SourceReadError(f"{self.source.name}: the data cannot be read: {error}") from error
        if count:
            events = "1 event has" if count == 1 else f"{count} events have"
            raise SourceReadError(f"{self.source.name}: {events} no time in {self.source.time!r}; filter them out.")

    @property
    def time_sql(self) -> str:
        """The event time in microseconds since 1970, BIGINT."""
        shift = parse_duration(self.source.available) if isinstance(self.source, SnapshotSource) else 0
        return time_sql(
            quote_name(self.source.time), self.types[self.source.time], self.source.timezone, self.source.time_unit
        ) + (f" + {shift}" if shift else "")

    def pruning_sql(self, begin_us: int | None, end_us: int) -> str:
        """Return a condition on the time column itself, a little wider than asked, that lets files be skipped."""
        name, kind = quote_name(self.source.time), self.types[self.source.time]
        # A time without a zone is up to 14 hours off; all others are only rounded.
        margin = UNITS_US["d"] if self.source.timezone != "UTC" and "ZONE" not in kind else 1
        shift = 0
        if isinstance(self.source, SnapshotSource):
            shift = parse_duration(self.source.available)
        begin, end = (None if begin_us is None else begin_us - shift - margin), end_us - shift + margin
        if (found := kind_of_sql(kind)) is None or found.kind not in (Kind.INTEGER, Kind.TIMESTAMP):
            return "TRUE"
        if found.kind is Kind.INTEGER:
            unit = TIME_UNITS[self.source.time_unit]
            lower, upper = (None if begin is None else str(begin // unit)), str(end // unit + 1)
        else:
            zone = "TIMESTAMPTZ" if "ZONE" in kind else "TIMESTAMP"
            lower = None if begin is None else f"CAST(make_timestamp({begin}) AS {zone})"
            upper = f"CAST(make_timestamp({end}) AS {zone})"
        return f"{name} < {upper}" + ("" if lower is None else f" AND {name} >= {lower}")


def time_sql(name: str, kind: str, timezone: str, unit: str) -> str:
    """Return SQL of a time in microseconds since 1970.

    Parameters
    ----------
    name
        SQL of the column.
    kind
        DuckDB's name of its type.
    timezone
        For times without a zone.
    unit
        Of whole numbers.
    """
    found = kind_of_sql(kind)
    if found == ColumnType(Kind.INTEGER):
        factor = TIME_UNITS[unit]
        return f"CAST({name} AS BIGINT)" + (f" * {factor}" if factor != 1 else "")
    if "WITH TIME ZONE" in kind:
        return f"epoch_us({name})"
    if found in (ColumnType(Kind.TIMESTAMP), ColumnType(Kind.DATE), ColumnType(Kind.STRING)):
        plain = f"CAST({name} AS TIMESTAMP)"
        return f"epoch_us({plain})" if timezone == "UTC" else f"epoch_us(timezone({quote_text(timezone)}, {plain}))"
    raise SourceSchemaError(f"A time is a timestamp, a date or a whole number; column {name} holds {kind}.")


def _from(connection: duckdb.DuckDBPyConnection, source: EventSource, view: str) -> str:
    if source.data is not None:
        connection.register(view, arrow_of(source.data, source.name))
        return quote_name(view)
    if source.table is not None:
        connection.execute(f"ATTACH {quote_text(str(source.database))} AS {quote_name(view)} (READ_ONLY)")
        return ".".join(map(quote_name, (view, *source.table.split("."))))
    if source.path is None:
        raise SourceReadError(f"{source.name}: the source says neither path, table nor data.")
    return files_sql(source.path, source)


def files_sql(path: str, source: EventSource | None = None) -> str:
    """Return what stands after FROM for Parquet or CSV files."""
    if re.search(r"\.(csv|tsv|txt)(\.(gz|zst))?$", path) is None:
        return f"read_parquet({quote_text(path)}, hive_partitioning = false)"
    columns = () if source is None else source.columns
    types = {name: _SQL_TYPES[kind.kind] for name, kind in columns if kind.kind in _SQL_TYPES and not kind.is_list}
    if source is not None and source.time in types:
        del types[source.time]
    if not types:
        return f"read_csv({quote_text(path)})"
    listed = ", ".join(f"{quote_text(name)}: {quote_text(sql)}" for name, sql in types.items())
    return f"read_csv({quote_text(path)}, types = {{{listed}}})"
