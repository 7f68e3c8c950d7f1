"""A group's features as of each midnight, kept up day by day: each day reads that day's events only.

What is kept of a day is one tile, a Parquet file with one row per key: partial results that merge. The features as of
a midnight are merged from the tiles of their windows, so a day costs its own events and as many tiles as the longest
window has days. Every file is written beside its place and then renamed, so a reader sees a whole one or none, and
a run that was cut off goes on where it was.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redspot.clock import Clock, SystemClock
from redspot.features.aggregation import TRAITS, Aggregation, Function
from redspot.features.errors import InvalidDefinitionError
from redspot.features.group import Feature, FeatureGroup
from redspot.features.source import EventSource, StreamSource
from redspot.features.tile import (
    DAY_US,
    INPUTS,
    LAST_EVENT,
    TILED,
    TIME,
    final_value,
    is_short,
    is_tiled,
    merges,
    midnight_us,
)
from redspot.features.training_set import TrainingSet
from redspot.features.window import Window, parse_duration

if TYPE_CHECKING:
    import pyarrow as pa

    from redspot.features.embedded.engine import EmbeddedEngine, Session


@dataclass(frozen=True)
class DailyPlan:
    """What a run would do, before it does it.

    Attributes
    ----------
    as_of
        The midnight (UTC) that begins this day; events before it count.
    compute
        Days whose events are read and whose tiles are written.
    keep
        Days whose tiles are there and final.
    lines
        The plan in words.
    """

    as_of: date
    compute: tuple[date, ...]
    keep: tuple[date, ...]
    lines: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join(self.lines)


@dataclass(frozen=True)
class DailyFeatures:
    """A group's features as of midnights (UTC), in a folder.

    Parameters
    ----------
    group
        Of events or of a stream. Its aggregations are those of `TILED`; windows of a day or more are whole days, and
        shorter ones look at the last day's own events.
    folder
        Where tiles and features are kept, in a folder for each version of the group.
    start
        The first day with events; unbounded windows begin there, and no day before it is read.
    clock
        Tells whether a day is still open for late events.

    Raises
    ------
    InvalidDefinitionError
        If the group cannot be kept up by days; the message lists the features that cannot.
    """

    group: FeatureGroup
    folder: Path
    start: date | None = None
    clock: Clock = field(default=SystemClock(), repr=False, compare=False)

    def __post_init__(self) -> None:
        source = self.group.source
        if type(source) not in (EventSource, StreamSource):
            raise InvalidDefinitionError(f"{self.group.name}: only events are kept up by days, not {source.kind}.")
        lists = {name for name, kind in source.columns if kind.is_list}
        refused = [feature.name for feature in self.group.expanded if not is_tiled(feature, lists)]
        if refused:
            raise InvalidDefinitionError(
                f"{self.group.name}: {', '.join(refused)} cannot be merged from days; those can be whose function"
                f" is one of {', '.join(sorted(TILED))}, of no list or bucket, over whole days or less than one."
            )
        if self.start is None and any(feature.window.length_us is None for feature in self.group.expanded):
            raise InvalidDefinitionError(f"{self.group.name}: an unbounded window needs the first day as start.")

    @property
    def home(self) -> Path:
        """The folder of this version of the group."""
        return self.folder / f"{self.group.name}@{self.group.version}"

    def plan(self, as_of: date) -> DailyPlan:
        """Return what `run` would do; it reads no event.

        A day's tile is final once the source's lateness had passed when it was made; one that is not is made anew.
        """
        days = self._days(as_of)
        keep = tuple(day for day in days if self._is_final(day))
        compute = tuple(day for day in days if day not in set(keep))
        source, group = self.group.source, self.group
        by_tile = [feature.name for feature in self._merged]
        direct = [feature.name for feature in self._direct]
        lines = [
            f"{group.name}@{group.version} as of {as_of.isoformat()} 00:00 UTC, by {', '.join(group.keys)}",
            f"read {len(compute)} of {len(days)} days of {source.name}"
            + (f" ({compute[0].isoformat()} … {compute[-1].isoformat()})" if compute else ""),
            f"keep {len(keep)} tiles that are final (lateness {source.lateness})",
        ]
        if by_tile:
            lines.append(f"merge {', '.join(by_tile)} from days")
            functions = {feature.aggregation.function for feature in self._merged}
            deletable = sorted(function for function in functions if TRAITS[function].is_deletable)
            rest = sorted(functions.difference(deletable))
            lines.append(f"deletable: {', '.join(deletable) or 'none'}; not deletable: {', '.join(rest) or 'none'}")
        if direct:
            lines.append(f"compute {', '.join(direct)} from the last day's events")
        lines.append(f"write {self._values_file(as_of)}")
        return DailyPlan(as_of, compute, keep, tuple(lines))

    def run(self, as_of: date, *, engine: EmbeddedEngine | None = None) -> pa.Table:
        """Compute what the plan says, write the features as of a midnight, and return them.

        Returns
        -------
        pa.Table
            One row for each key with an event in the days looked at, in the order of keys; the file has the same.

        Raises
        ------
        SourceSchemaError, SourceReadError
            If the source is not what the group says.
        """
        from redspot.features.embedded.engine import EmbeddedEngine

        with (engine or EmbeddedEngine()).session() as session:
            table = self._run(as_of, session)
        _write(table, self._values_file(as_of))
        return table

    def _run(self, as_of: date, session: Session) -> pa.Table:
        plan = self.plan(as_of)
        direct = None
        for day in plan.compute:
            events = self._read_day(day, session)
            self._write_tile(day, events, session)
        if self._direct:
            last_day = as_of - timedelta(days=1)
            if last_day not in plan.compute:
                events = self._read_day(last_day, session)
            made = tuple(replace(feature.aggregation, windows=(feature.window,)) for feature in self._direct)
            direct = self._of_day(last_day, made, events, session)
        return self._merge(as_of, session, direct)

    def _days(self, as_of: date) -> list[date]:
        first = as_of
        for feature in self._merged:
            length = feature.window.length_us
            begin = self.start if length is None else as_of - timedelta(days=length // DAY_US)
            assert begin is not None  # noqa: S101  refused at the beginning
            first = min(first, begin)
        if self._direct:
            first = min(first, as_of - timedelta(days=1))
        if self.start is not None:
            first = max(first, self.start)
        return [first + timedelta(days=n) for n in range((as_of - first).days)]

    @cached_property
    def _merged(self) -> tuple[Feature, ...]:
        return tuple(f for f in self.group.expanded if not is_short(f.window))

    @cached_property
    def _direct(self) -> tuple[Feature, ...]:
        return tuple(f for f in self.group.expanded if is_short(f.window))

    @cached_property
    def _partials(self) -> tuple[Aggregation, ...]:
        found = {
            (function, made.column): Aggregation(function, made.column, (Window(DAY_US),))
            for made in (feature.aggregation for feature in self._merged)
            for function in INPUTS.get(made.function, (made.function,))
        }
        return tuple(found.values()) or (Aggregation(Function.COUNT, None, (Window(DAY_US),)),)

    def _tile_file(self, day: date) -> Path:
        return self.home / "tiles" / f"day={day.isoformat()}.parquet"

    def _values_file(self, as_of: date) -> Path:
        return self.home / "features" / f"as_of={as_of.isoformat()}.parquet"

    def _is_final(self, day: date) -> bool:
        import pyarrow.parquet as pq

        file = self._tile_file(day)
        if not file.exists():
            return False
        made_us = int((pq.read_schema(file).metadata or {}).get(b"made_us", b"0"))
        return made_us >= midnight_us(day) + DAY_US + parse_duration(self.group.source.lateness)

    def _write_tile(self, day: date, events: pa.Table, session: Session) -> None:
        import pyarrow as pa
        import pyarrow.compute as pc

        made_us = (self.clock.now() - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        found = self._of_day(day, self._partials, events, session)
        since = f"{Function.TIME_SINCE_LAST}_1d"
        if since in found.column_names:
            micros = pc.cast(pc.round(pc.multiply(found.column(since), 1e6)), pa.int64())
            last = pc.subtract(pa.scalar(midnight_us(day) + DAY_US), micros)
            found = found.drop_columns([since]).append_column(LAST_EVENT, last)
        # A final tile of the same events is the same file, whenever it was made.
        final_us = midnight_us(day) + DAY_US + parse_duration(self.group.source.lateness)
        told = {"group": self.group.hash, "made_us": str(min(made_us, final_us))}
        _write(found.replace_schema_metadata(told), self._tile_file(day))

    def _read_day(self, day: date, session: Session) -> pa.Table:
        made = [*self._partials, *(feature.aggregation for feature in self._direct)]
        columns = [name for one in made if (name := one.column) is not None]
        begin = midnight_us(day)
        return session.read_events(self.group, [*columns, *self.group.source.order], begin, begin + DAY_US)

    def _of_day(self, day: date, made: tuple[Aggregation, ...], events: pa.Table, session: Session) -> pa.Table:
        """Return aggregations of a day's events as of its end, a row for each key, in the order of keys."""
        source = EventSource("day", data=events, time=TIME, order=self.group.source.order)
        inner = FeatureGroup("day", source=source, keys=self.group.keys, features=made)
        return _as_of(inner, events, midnight_us(day) + DAY_US, session)

    def _merge(self, as_of: date, session: Session, direct: pa.Table | None) -> pa.Table:
        import pyarrow as pa
        import pyarrow.compute as pc
        import pyarrow.parquet as pq

        tiles = []
        for day in self._days(as_of):
            tile = pq.read_table(self._tile_file(day), partitioning=None)
            tiles.append(tile.append_column(TIME, pa.array([midnight_us(day)] * len(tile), pa.int64())))
        table = pa.concat_tables([tile.replace_schema_metadata(None) for tile in tiles])
        merged: dict[tuple[Function, str, Window], Aggregation] = {}
        for feature in self._merged:
            for function, column in merges(feature.aggregation):
                merged[function, column, feature.window] = Aggregation(function, column, (feature.window,))
        now = midnight_us(as_of)
        found = table.select(list(self.group.keys)).group_by(list(self.group.keys)).aggregate([])
        found = _without_missing(found, self.group.keys)
        if merged:
            source = EventSource("tiles", data=table, time=TIME)
            inner = FeatureGroup("tiles", source=source, keys=self.group.keys, features=tuple(merged.values()))
            found = _as_of(inner, table, now, session)
        if direct is not None:  # which gives the rows another order
            found = found.join(direct, keys=list(self.group.keys), join_type="left outer")
        result = found.select(list(self.group.keys))
        for feature in self.group.expanded:
            if feature in self._direct:
                column = found.column(feature.aggregation.words + feature.window.suffix)
                if feature.aggregation.function is Function.COUNT:  # of keys without an event on the last day
                    column = pc.fill_null(column, 0)
            else:
                column = final_value(found, feature, now)
            result = result.append_column(feature.name, column)
        derived = session.derive(self.group, {name: result.column(name) for name in result.column_names})
        for name in self.group.feature_names[len(self.group.expanded) :]:
            result = result.append_column(name, derived[name])
        return result.sort_by([(key, "ascending") for key in self.group.keys])


def _without_missing(table: pa.Table, keys: Any) -> pa.Table:
    return table.select(list(keys)).drop_null()


def _as_of(group: FeatureGroup, events: pa.Table, now_us: int, session: Session) -> pa.Table:
    """Return a group's features at one instant, a row for each key of a table, in the order of keys."""
    import pyarrow as pa

    keys = _without_missing(events.group_by(list(group.keys)).aggregate([]), group.keys)
    keys = keys.sort_by([(key, "ascending") for key in group.keys])
    spine = keys.append_column(TIME, pa.array([now_us] * len(keys), pa.int64()))
    return session.build(TrainingSet("keys", time=TIME, groups=[group]), spine).drop_columns([TIME])


def _write(table: pa.Table, file: Path) -> None:
    """Write a Parquet file that is there whole or not at all."""
    import pyarrow.parquet as pq

    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".", suffix=".partial")
    os.close(handle)
    try:
        pq.write_table(table, name, compression="zstd")
        os.replace(name, file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
