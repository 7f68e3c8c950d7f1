"""The embedded engine: training sets of sources that DuckDB reads, on all cores, within a limit of memory."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pyarrow as pa

from redspot.features.aggregation import TRAITS
from redspot.features.embedded.arrays import Ints
from redspot.features.embedded.block import Block
from redspot.features.embedded.evaluating import evaluate
from redspot.features.embedded.events import EventQuery, Events, rests, stretch_sql
from redspot.features.embedded.relation import Relation, kind_of_sql
from redspot.features.embedded.spine import check_spine, key_codes, numbers, sampled, spine_table, spine_times
from redspot.features.errors import InvalidDefinitionError, SourceReadError, SourceSchemaError, SpineError
from redspot.features.expression import quote_name
from redspot.features.group import Feature, FeatureGroup
from redspot.features.schema import NUMBERS
from redspot.features.source import ChangeSource, SnapshotSource
from redspot.features.training_set import TrainingSet

if TYPE_CHECKING:
    from redspot.features.derivation import Derivations

EVENT_BYTES = 160  # what one event takes while its windows are computed, all arrays together
UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 2**10, "MIB": 2**20, "GIB": 2**30}


@dataclass(frozen=True)
class EmbeddedEngine:
    """Computes features in this process.

    Parameters
    ----------
    memory_limit
        About how much memory it may take beside the spine and the result, such as ``2GB``; what does not fit is parted
        by key into files. At least 256 MB.
    threads
        At most this many at a time; all cores, if none is given.
    spill_dir
        Where such files are written, in a folder that is removed; the system's place for temporary files, if
        none is given.

    Raises
    ------
    InvalidDefinitionError
        If a limit is none.
    """

    memory_limit: str = "2GB"
    threads: int | None = None
    spill_dir: Path | None = None

    def __post_init__(self) -> None:
        if self.memory_bytes < 256 * 10**6:
            raise InvalidDefinitionError(f"memory_limit is at least 256MB, not {self.memory_limit!r}.")
        if self.threads is not None and self.threads < 1:
            raise InvalidDefinitionError(f"threads is at least 1, not {self.threads}.")

    @property
    def memory_bytes(self) -> int:
        """The limit in bytes."""
        text = self.memory_limit.strip().upper().replace(" ", "")
        unit = next((unit for unit in ("KIB", "MIB", "GIB", "KB", "MB", "GB") if text.endswith(unit)), None)
        number = text.removesuffix(unit or "")
        if unit is None or not number.replace(".", "", 1).isdigit():
            raise InvalidDefinitionError(f"{self.memory_limit!r} is no amount of memory such as 2GB or 512MiB.")
        return int(float(number) * UNITS[unit])

    def build(self, training_set: TrainingSet, spine: Any) -> pa.Table:
        """Return a spine with all features of a training set; see `TrainingSet.build`."""
        with self.session() as session:
            return session.build(training_set, spine)

    @property
    def workers(self) -> int:
        """How many threads it uses."""
        return self.threads or len(os.sched_getaffinity(0))

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Open a database in memory and a folder for what does not fit; both are gone at the end."""
        with tempfile.TemporaryDirectory(prefix="redspot-features-", dir=self.spill_dir) as folder:
            config: dict[str, str | bool | int | float | list[str]] = {
                "memory_limit": f"{self.memory_bytes // 3}B",
                "temp_directory": str(Path(folder) / "duckdb"),
                "threads": str(self.workers),
                "preserve_insertion_order": "false",
                "autoinstall_known_extensions": "false",
            }
            with duckdb.connect(config=config) as connection:
                connection.execute("SET TimeZone = 'UTC'")
                yield Session(self, connection, Path(folder))


@dataclass
class Session:
    """An engine at work, for several questions one after another."""

    engine: EmbeddedEngine
    connection: duckdb.DuckDBPyConnection
    folder: Path
    opened: int = 0

    def build(self, training_set: TrainingSet, spine: Any) -> pa.Table:
        """Return a spine with all features of a training set; see `TrainingSet.build`."""
        rows = spine_table(self.connection, spine)
        check_spine(training_set, rows)
        times = spine_times(self.connection, training_set, rows)
        if training_set.sample < 1:
            kept = sampled(training_set, rows, times)
            rows, times = rows.take(pa.array(kept)), times[kept]
        made: dict[str, pa.ChunkedArray] = {}
        for group, features, derived, shift in _asked(training_set):
            with self._relation(group) as (relation, folder):
                work = _GroupWork(self.engine, self.connection, folder, group, features)
                found = work.run(relation, rows, training_set.spine_keys(group), times - shift)
                made |= _derive(self.connection, found, derived, group.lead)
        result = rows
        for name, column in made.items():
            result = result.append_column(name, column)
        there = {name: result.column(name) for name in result.column_names}
        for name, column in _derive(self.connection, there, training_set.on_demand_features).items():
            if name not in there:
                result = result.append_column(name, column)
        return result

    def derive(self, group: FeatureGroup, columns: dict[str, pa.ChunkedArray]) -> dict[str, pa.ChunkedArray]:
        """Return a group's features with those that are derived of them."""
        return _derive(self.connection, columns, group.derived_features, group.lead)

    def read_events(self, group: FeatureGroup, columns: Sequence[str], begin_us: int, end_us: int) -> pa.Table:
        """Return the events of a group that happened in a stretch of time.

        Parameters
        ----------
        columns
            Which to read beside keys and time; derived ones too.
        begin_us, end_us
            ``begin <= event time < end``, in microseconds since 1970.

        Returns
        -------
        pa.Table
            The keys, `TIME` (microseconds since 1970, int64), and the columns, in no order.

        Raises
        ------
        SourceSchemaError, SourceReadError
            If the source is not what the group says.
        """
        with self._relation(group) as (relation, _):
            relation.refuse_missing_times(self.connection)
            sql = stretch_sql(relation, group, columns, begin_us, end_us)
            try:
                return self.connection.sql(sql).to_arrow_table()
            except duckdb.Error as error:
                raise SourceReadError(f"{group.source.name}: the events cannot be read: {error}") from error

    @contextmanager
    def _relation(self, group: FeatureGroup) -> Iterator[tuple[Relation, Path]]:
        """Open a group's source under a name of its own, with a folder that is gone afterwards."""
        self.opened += 1
        name = f"source_{self.opened}"
        folder = self.folder / name
        folder.mkdir()
        try:
            yield Relation.of(self.connection, group.source, name), folder
        finally:
            shutil.rmtree(folder)
            if group.source.table is not None:
                self.connection.execute(f"DETACH DATABASE IF EXISTS {quote_name(name)}")
            elif group.source.data is not None:
                self.connection.unregister(name)


def _asked(training_set: TrainingSet) -> Iterator[tuple[FeatureGroup, tuple[Feature, ...], Derivations, int]]:
    for group in training_set.groups:
        yield group, group.expanded, group.derived_features, training_set.offset_us
    for label in training_set.future:
        yield label.group, label.expanded, (), 0


@dataclass(frozen=True)
class _GroupWork:
    """One group's features for one spine."""

    engine: EmbeddedEngine
    connection: duckdb.DuckDBPyConnection
    folder: Path
    group: FeatureGroup
    features: tuple[Feature, ...]

    def run(self, relation: Relation, rows: pa.Table, keys: Sequence[str], times: Ints) -> dict[str, pa.ChunkedArray]:
        """Return the features of each row, in the rows' order."""
        relation.require(self.group.keys, self.group.name)
        relation.refuse_missing_times(self.connection)
        codes = key_codes(self.connection, rows, keys, relation, self.group)
        by_rows: dict[str | None, list[Feature]] = {}
        for feature in self.features:
            name = feature.aggregation.column
            found = None if name is None or name not in relation.types else kind_of_sql(relation.types[name])
            by_rows.setdefault(name if found is not None and found.is_list else None, []).append(feature)
        made: dict[str, pa.ChunkedArray] = {}
        for index, (unnested, features) in enumerate(by_rows.items()):
            made |= self._of_rows(relation, unnested, features, codes, times, self.folder / str(index))
        return {feature.name: made[feature.name] for feature in self.features}

    def _of_rows(
        self,
        relation: Relation,
        unnested: str | None,
        features: Sequence[Feature],
        codes: Ints,
        times: Ints,
        folder: Path,
    ) -> dict[str, pa.ChunkedArray]:
        folder.mkdir()
        order = tuple(self.group.source.order)
        read = [name for f in features for name in (f.aggregation.column, f.aggregation.bucket) if name is not None]
        begin, end = _range(features, times)
        query = EventQuery.of(
            self.connection,
            relation,
            self.group,
            tuple(dict.fromkeys((*read, *order))),
            unnested=unnested,
            begin_us=begin,
            end_us=end,
        )
        for feature in features:
            made = feature.aggregation
            kind = None if made.column is None else query.kinds[made.column]
            if kind is not None and TRAITS[made.function].needs == "number" and kind not in NUMBERS:
                raise SourceSchemaError(
                    f"{self.group.name}: {made.function} needs numbers and {made.column!r} holds {kind}."
                )
        limit = self.engine.memory_bytes // 2 // EVENT_BYTES
        events = Events(query, folder, limit, self.engine.workers)
        events.read(self.connection, self.group.source.name)
        parts = events.parts
        whole_rows = isinstance(self.group.source, SnapshotSource | ChangeSource)

        def of_part(index: int) -> tuple[Ints, list[pa.Array]]:
            part = events.part(index)
            here = np.flatnonzero(rests(codes, parts) == index)
            block = Block(part.code, part.time, part.columns, codes[here] // parts, times[here], order)
            found = [evaluate(block, f.aggregation, f.window, whole_rows=whole_rows) for f in features]
            return here[block.query_sorting], found

        with ThreadPoolExecutor(self.engine.workers) as pool:
            done = list(pool.map(of_part, range(parts)))
        back = np.zeros(len(codes), np.int64)
        back[np.concatenate([here for here, _ in done])] = np.arange(len(codes))
        indices = pa.array(back)
        return {
            feature.name: pa.chunked_array([pa.concat_arrays([found[i] for _, found in done]).take(indices)])
            for i, feature in enumerate(features)
        }


def _range(features: Sequence[Feature], times: Ints) -> tuple[int | None, int]:
    """Return between which times events matter to any query."""
    if not len(times):
        return 0, 0
    begin: int | None = int(times.min())
    end = int(times.max())
    ahead = 0
    for feature in features:
        window = feature.window
        if window.is_future:
            ahead = max(ahead, window.length_us or 0)
        elif window.length_us is None:
            begin = None
        elif begin is not None:
            begin = min(begin, int(times.min()) - window.length_us - (window.hop_us or 0))
    return begin, end + ahead


def _derive(
    connection: duckdb.DuckDBPyConnection,
    columns: dict[str, pa.ChunkedArray],
    derivations: Derivations,
    lead: str = "",
) -> dict[str, pa.ChunkedArray]:
    """Return columns with those that are derived of them; expressions leave out what stands before every name."""
    made = dict(columns)
    for name, expression in derivations:
        missing = sorted(read for read in expression.names if lead + read not in made)
        if missing:
            raise SpineError(f"{name!r} reads {', '.join(map(repr, missing))}; there are {', '.join(made)}.")
        columns = {read: made[lead + read] for read in sorted(expression.names)}
        rows = len(next(iter(made.values())))
        table = pa.table({**columns, "redspot_row": numbers(rows)})
        connection.register("redspot_made", table)
        sql = expression.sql({column: quote_name(column) for column in columns})
        try:
            found = connection.sql(f"SELECT redspot_row, {sql} AS found FROM redspot_made").to_arrow_table()
        except duckdb.Error as error:
            raise InvalidDefinitionError(f"{name!r} cannot be computed: {error}") from error
        back = np.empty(rows, np.int64)
        back[found.column("redspot_row").to_numpy()] = np.arange(rows)
        made[lead + name] = found.column("found").take(pa.array(back))
    return made
