"""Where events, snapshots and changes of entities come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property
from typing import Any, ClassVar, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from redspot.features.aggregation import check_name, refuse_unknown
from redspot.features.errors import InvalidDefinitionError
from redspot.features.expression import Expression
from redspot.features.schema import ColumnType, Kind, Schema, parse_schema
from redspot.features.window import parse_duration

TIME_UNITS = {"s": 1_000_000, "ms": 1_000, "us": 1}
TimeUnit = Literal["s", "ms", "us"]


@dataclass(frozen=True)
class EventSource:
    """Events that happened once and never change: a table of files, of DuckDB, or in memory.

    Exactly one of `path`, `table` (with `database`) and `data` says where they are.

    Parameters
    ----------
    name
        Lower-case word.
    path
        Parquet or CSV files, with ``*`` and ``**``.
    database, table
        A DuckDB file and the name of a table or view in it (``schema.table`` too).
    data
        A pandas, polars or Arrow table. It is no part of the definition's hash.
    time
        The column of the event time: a timestamp with a zone, one without (read in `timezone`), a date (its first
        instant), or whole numbers of `time_unit` since 1970.
    schema
        Columns and their types (`ColumnType.parse`). What is in memory tells them by itself.
    partition
        A column that files are parted by, such as the day; only told, so far.
    lateness
        How long after its time an event may still arrive: a day's partial results stay open that long.
    order
        Columns that order events of the same time, such as a sequence number.
    timezone
        IANA name, for timestamps without a zone; UTC if none is given.
    time_unit
        Of a time column of whole numbers.
    owner, description, tags
        For people.

    Raises
    ------
    InvalidDefinitionError
        If the parts do not fit together.
    """

    kind: ClassVar[str] = "events"

    name: str
    _: KW_ONLY
    time: str
    path: str | None = None
    database: str | None = None
    table: str | None = None
    data: Any = field(default=None, compare=False, repr=False)
    schema: Mapping[str, str | ColumnType] | None = None
    partition: str | None = None
    lateness: str = "0s"
    order: Sequence[str] = ()
    timezone: str = "UTC"
    time_unit: TimeUnit = "us"
    owner: str = ""
    description: str = ""
    tags: Sequence[str] = ()

    def __post_init__(self) -> None:
        check_name(self.name, "A source")
        places = [self.path is not None, self.table is not None, self.data is not None]
        if sum(places) > 1:
            raise InvalidDefinitionError(f"{self.name}: give one of path, table and data, not several.")
        if self.table is not None and self.database is None:
            raise InvalidDefinitionError(f"{self.name}: a table is in a database; give its file too.")
        if isinstance(self.order, str) or isinstance(self.tags, str):
            raise InvalidDefinitionError(f"{self.name}: order and tags are lists of texts.")
        if self.time_unit not in TIME_UNITS:
            raise InvalidDefinitionError(f"{self.name}: {self.time_unit!r} is no time_unit; there are s, ms, us.")
        parse_duration(self.lateness)
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise InvalidDefinitionError(f"{self.name}: {self.timezone!r} is no time zone of IANA's.") from error
        object.__setattr__(self, "order", tuple(self.order))
        object.__setattr__(self, "tags", tuple(self.tags))
        object.__setattr__(self, "schema", None if self.schema is None else dict(self.columns))
        if self.columns:
            for name in (self.time, *self.order, *([self.partition] if self.partition else [])):
                if name not in dict(self.columns):
                    raise InvalidDefinitionError(
                        f"{self.name}: there is no column {name!r}; there are {', '.join(dict(self.columns))}."
                    )
            kind = dict(self.columns)[self.time]
            if kind.is_list or kind.kind not in (Kind.TIMESTAMP, Kind.DATE, Kind.INTEGER):
                raise InvalidDefinitionError(
                    f"{self.name}: time {self.time!r} holds {kind}, neither timestamp, date nor integer."
                )

    @cached_property
    def columns(self) -> Schema:
        """Columns and their types; empty where they are only known once the data is read."""
        if self.schema is not None:
            return parse_schema(self.schema)
        if self.data is not None:
            from redspot.features.embedded.memory import schema_of

            return schema_of(self.data, self.name)
        return ()

    def to_dict(self) -> dict[str, Any]:
        """Return the definition as JSON values, without data."""
        found: dict[str, Any] = {"kind": self.kind, "name": self.name}
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            if name in ("name", "data", "_") or value in (None, "", (), self.__dataclass_fields__[name].default):
                continue
            found[name] = list(value) if isinstance(value, tuple) else str(value)
        if self.columns:
            found["schema"] = {name: str(kind) for name, kind in self.columns}
        return found


@dataclass(frozen=True)
class SnapshotSource(EventSource):
    """The state of entities, written whole once a day.

    `time` is the day of a snapshot (a date). It is known `available` after that day began, by default one day: a row
    sees it from then on, strictly after. Only `last` makes sense of it: the row of the latest snapshot that has the
    entity, whatever is missing in it.
    """

    kind: ClassVar[str] = "snapshots"

    _: KW_ONLY
    available: str = "1d"

    def __post_init__(self) -> None:
        super().__post_init__()
        parse_duration(self.available)


@dataclass(frozen=True)
class ChangeSource(EventSource):
    """A log of changes to entities: each row is an entity as it was after a change.

    Only `last` makes sense of it: the state after the latest change before the row, whatever is missing in it.

    Parameters
    ----------
    deleted
        Expression that is true for a change that removed the entity: all is missing from then on.
    """

    kind: ClassVar[str] = "changes"

    _: KW_ONLY
    deleted: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.deleted is not None:
            parsed = Expression.parse(self.deleted)
            object.__setattr__(self, "deleted", parsed.text)
            if self.columns:
                parsed.check(dict(self.columns), self.name)

    @cached_property
    def deleted_expression(self) -> Expression | None:
        """What is true of a change that removed the entity, read."""
        return None if self.deleted is None else Expression.parse(self.deleted)


@dataclass(frozen=True)
class StreamSource(EventSource):
    """Events that arrive on a topic, whose past is kept as a table (`path`, `table` or `data`).

    The backfill reads the past; the topic is for the online side.
    """

    kind: ClassVar[str] = "stream"

    _: KW_ONLY
    topic: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.topic:
            raise InvalidDefinitionError(f"{self.name}: a stream has a topic.")


Source = EventSource
SOURCES: Mapping[str, type[EventSource]] = {
    kind.kind: kind for kind in (EventSource, SnapshotSource, ChangeSource, StreamSource)
}


def source_of_dict(data: Mapping[str, Any]) -> EventSource:
    """Return the source that `to_dict` wrote.

    Raises
    ------
    InvalidDefinitionError
        If it is anything else.
    """
    kind = SOURCES.get(str(data.get("kind"))) if isinstance(data, Mapping) else None
    if kind is None:
        raise InvalidDefinitionError(f"A source's kind is one of {', '.join(SOURCES)}.")
    rest = {name: value for name, value in data.items() if name != "kind"}
    refuse_unknown(rest, [name for name in kind.__dataclass_fields__ if name not in ("data", "_")], "A source")
    if "name" not in rest or "time" not in rest:
        raise InvalidDefinitionError("A source has a name and a time.")
    return kind(rest.pop("name"), **rest)
