from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from redspot.features import (
    ChangeSource,
    EventSource,
    FeatureGroup,
    InvalidDefinitionError,
    InvalidExpressionError,
    SnapshotSource,
    SourceReadError,
    SourceSchemaError,
    SpineError,
    TrainingSet,
    count,
    distinct,
    last,
    last_k,
    maximum,
    mean,
    sum_of,
    variance,
)
from redspot.features.embedded.engine import EmbeddedEngine
from redspot.features.embedded.events import Events

NOON = datetime(2024, 3, 31, 12, tzinfo=UTC)
EVENTS = pa.table(
    {
        "who": ["a", "a", "b", "a"],
        "at": pa.array([datetime(2024, 3, 31, h) for h in (9, 10, 11, 13)], pa.timestamp("us")),
        "x": [1.0, 2.0, 3.0, 4.0],
        "ok": [True, True, False, True],
    }
)
SPINE = pa.table({"who": ["a", "b", "c"], "now": pa.array([NOON] * 3, pa.timestamp("us", "UTC"))})


def sums(source: EventSource, **more: Any) -> list[float | None]:
    group = FeatureGroup("g", source=source, keys=["who"], features=[sum_of("x").over("1d")], **more)
    found: list[float | None] = TrainingSet("t", time="now", groups=[group]).build(SPINE).column("x_sum_1d").to_pylist()
    return found


@pytest.mark.parametrize("place", ["arrow", "pandas", "polars", "parquet", "csv", "csv.gz", "duckdb"])
def test_a_source_may_be_anywhere(place: str, tmp_path: Path) -> None:
    given: dict[str, Any] = {}
    if place in ("arrow", "pandas", "polars"):
        given["data"] = {"arrow": EVENTS, "pandas": EVENTS.to_pandas(), "polars": pl.from_arrow(EVENTS)}[place]
    elif place == "parquet":
        pq.write_table(EVENTS.slice(0, 2), tmp_path / "1.parquet")
        pq.write_table(EVENTS.slice(2), tmp_path / "it's 2.parquet")
        given["path"] = str(tmp_path / "*.parquet")
    elif place == "duckdb":
        with duckdb.connect(str(tmp_path / "my.duckdb")) as connection:
            connection.register("given", EVENTS)
            connection.execute('CREATE SCHEMA "s x"; CREATE TABLE "s x".events AS SELECT * FROM given')
        given = {"database": str(tmp_path / "my.duckdb"), "table": "s x.events"}
    else:
        EVENTS.to_pandas().to_csv(tmp_path / f"e.{place}", index=False)
        given["path"] = str(tmp_path / f"e.{place}")
        given["schema"] = {"who": "string", "at": "timestamp", "x": "float", "ok": "boolean"}
    assert sums(EventSource("e", time="at", **given)) == [3.0, 3.0, None]


def test_times_without_a_zone_are_of_the_sources_zone_in_summer_too() -> None:
    local = EVENTS.set_column(1, "at", pa.array([datetime(2024, 3, 31, h) for h in (1, 4, 13, 14)], pa.timestamp("us")))
    source = EventSource("e", data=local, time="at", timezone="Europe/Rome")
    group = FeatureGroup("g", source=source, keys=["who"], features=[count().over("11h", "661m", "721m")])
    times = pa.array([NOON, NOON], pa.timestamp("us", "UTC"))
    table = TrainingSet("t", time="now", groups=[group]).build(pa.table({"who": ["a", "b"], "now": times}))
    # In UTC: 00:00, after the clocks went forward 02:00 and 11:00, and 12:00, which is not before noon.
    assert table.column("count_11h").to_pylist() == [1, 1]
    assert table.column("count_661m").to_pylist() == [1, 1]
    assert table.column("count_721m").to_pylist() == [2, 1]


@pytest.mark.parametrize("unit", ["s", "ms", "us"])
def test_times_may_be_whole_numbers(unit: Any) -> None:
    factor = {"s": 1, "ms": 1000, "us": 10**6}[unit]
    numbers = [int(t.replace(tzinfo=UTC).timestamp()) * factor for t in EVENTS.column("at").to_pylist()]
    source = EventSource("e", data=EVENTS.set_column(1, "at", pa.array(numbers)), time="at", time_unit=unit)
    assert sums(source) == [3.0, 3.0, None]


def test_a_filter_and_derived_columns_see_each_event() -> None:
    source = EventSource("e", data=EVENTS, time="at")
    assert sums(source, where="ok") == [3.0, None, None]
    assert sums(source, where="x > 1 and not (who in ['b'])") == [2.0, None, None]
    group = FeatureGroup(
        "g",
        source=source,
        keys=["who"],
        where="big",
        derive={"double": "x * 2", "big": "double >= 4"},
        features=[sum_of("double").over("1d"), last("big")],
        derivations={"half": "double_sum_1d / 2", "quarter": "half / 2"},
    )
    made = TrainingSet("t", time="now", groups=[group], on_demand={"more": "quarter + length(who)"}).build(SPINE)
    assert made.column("double_sum_1d").to_pylist() == [4.0, 6.0, None]
    assert made.column("big_last").to_pylist() == [True, True, None]
    assert made.column("more").to_pylist() == [2.0, 2.5, None]


def test_a_snapshot_is_seen_once_its_day_is_over() -> None:
    days = pa.table({"home": [1, 1, 1], "day": [date(2024, 1, n) for n in (1, 2, 3)], "price": [10.0, None, 30.0]})
    group = FeatureGroup(
        "homes", source=SnapshotSource("s", data=days, time="day"), keys=["home"], features=[last("price")]
    )
    moments = [
        datetime(2024, 1, 1, 23, tzinfo=UTC),
        datetime(2024, 1, 2, 1, tzinfo=UTC),
        datetime(2024, 1, 3, 1, tzinfo=UTC),
    ]
    moments.append(datetime(2024, 1, 4, 0, 0, 0, 1, tzinfo=UTC))
    found = TrainingSet("t", time="now", groups=[group]).build(pa.table({"home": [1] * 4, "now": moments}))
    assert found.column("price_last").to_pylist() == [None, 10.0, None, 30.0]


def test_a_change_replaces_the_state_and_a_removal_ends_it() -> None:
    log = pa.table(
        {
            "home": [1, 1, 1],
            "t": [10, 20, 30],
            "op": ["I", "U", "D"],
            "price": [5, None, 7],
        }
    )
    source = ChangeSource("s", data=log, time="t", deleted="op == 'D'")
    group = FeatureGroup("homes", source=source, keys=["home"], features=[last("price"), last("op")])
    table = TrainingSet("t", time="now", groups=[group]).build(pa.table({"home": [1] * 4, "now": [10, 11, 21, 31]}))
    assert table.column("price_last").to_pylist() == [None, 5, None, None]
    assert table.column("op_last").to_pylist() == [None, "I", "U", None]


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ({"at": "timestamp", "who": "string", "cost": "float"}, "no column 'cost'; it has who, at, x, ok"),
        ({"at": "timestamp", "who": "integer", "x": "float"}, "'who' is declared as integer and holds VARCHAR"),
        ({"at": "timestamp", "who": "string", "x": "integer"}, "'x' is declared as integer and holds DOUBLE"),
    ],
)
def test_a_schema_that_has_changed_is_named(schema: dict[str, str], says: str, tmp_path: Path) -> None:
    pq.write_table(EVENTS, tmp_path / "e.parquet")
    source = EventSource("e", path=str(tmp_path / "e.parquet"), time="at", schema=schema)
    group = FeatureGroup("g", source=source, keys=["who"], features=[count().over("1d")])
    with pytest.raises(SourceSchemaError, match=says):
        TrainingSet("t", time="now", groups=[group]).build(SPINE)


def test_what_cannot_be_read_is_an_error_with_a_name(tmp_path: Path) -> None:
    with pytest.raises(SourceReadError, match="e: the data cannot be read"):
        sums(EventSource("e", path=str(tmp_path / "absent-*.parquet"), time="at"))
    (tmp_path / "e.csv").write_text("who,at,x\na,2024-03-31 10:00:00,1\na,yesterday,2\n")
    with pytest.raises(SourceReadError, match="yesterday"):
        sums(EventSource("e", path=str(tmp_path / "e.csv"), time="at"))
    without = EVENTS.set_column(1, "at", pa.array([None, *EVENTS.column("at").to_pylist()[1:]], pa.timestamp("us")))
    with pytest.raises(SourceReadError, match="1 event has no time"):
        sums(EventSource("e", data=without, time="at"))


def test_types_that_only_the_data_tells_are_checked_before_anything_is_computed(tmp_path: Path) -> None:
    pq.write_table(EVENTS, tmp_path / "e.parquet")
    source = EventSource("e", path=str(tmp_path / "e.parquet"), time="at")

    def build(**more: Any) -> None:
        TrainingSet("t", time="now", groups=[FeatureGroup("g", source=source, keys=["who"], **more)]).build(SPINE)

    with pytest.raises(SourceSchemaError, match="sum needs numbers and 'who' holds string"):
        build(features=[sum_of("who").over("1d")])
    with pytest.raises(SourceSchemaError, match="mean needs numbers and 'name' holds string"):
        build(derive={"name": "lower(who)"}, features=[mean("name")])
    with pytest.raises(InvalidExpressionError, match="g: a derived column cannot be computed"):
        build(derive={"name": "hour(ok)"}, features=[last("name")])
    with pytest.raises(SourceSchemaError, match="g reads 'cost'; there are who, at, x, ok"):
        build(features=[sum_of("cost")])


def test_a_spine_that_lacks_something_is_an_error_with_a_name() -> None:
    group = FeatureGroup("g", source=EventSource("e", data=EVENTS, time="at"), keys=["who"], features=[count()])
    made = TrainingSet("t", time="now", groups=[group])
    with pytest.raises(SpineError, match="no column 'who'; it has now"):
        made.build(SPINE.drop_columns(["who"]))
    with pytest.raises(SpineError, match="1 rows? of the spine ha(s|ve) no time"):
        made.build(pa.table({"who": ["a", "b"], "now": pa.array([NOON, None], pa.timestamp("us", "UTC"))}))
    with pytest.raises(SpineError, match="holds BIGINT, and 'who' of e VARCHAR"):
        made.build(pa.table({"who": [1], "now": [NOON]}))
    with pytest.raises(SpineError, match="has count already"):
        made.build(SPINE.append_column("count", pa.array([1, 2, 3])))


@pytest.mark.parametrize("library", ["pandas", "polars", "file"])
def test_a_spine_may_be_a_table_of_any_library_or_a_file_and_keeps_its_rows(library: str, tmp_path: Path) -> None:
    group = FeatureGroup("g", source=EventSource("e", data=EVENTS, time="at"), keys=["who"], features=[count()])
    pq.write_table(SPINE, tmp_path / "spine.parquet")
    spine = {"pandas": SPINE.to_pandas(), "polars": pl.from_arrow(SPINE), "file": tmp_path / "spine.parquet"}[library]
    table = TrainingSet("t", time="now", groups=[group]).build(spine)
    assert table.column("count").to_pylist() == [2, 1, 0]
    assert table.column("who").to_pylist() == ["a", "b", "c"]


def test_a_sample_depends_on_keys_and_time_alone() -> None:
    group = FeatureGroup("g", source=EventSource("e", data=EVENTS, time="at"), keys=["who"], features=[count()])
    spine = pa.table({"who": ["a"] * 1000, "now": list(range(1000))})
    made = TrainingSet("t", time="now", groups=[group], sample=0.3)
    kept = made.build(spine).column("now").to_pylist()
    assert 220 < len(kept) < 380
    assert made.build(spine.take(pa.array(range(999, -1, -1)))).column("now").to_pylist() == kept[::-1]


def test_what_does_not_fit_into_memory_gives_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(4)
    size = 30_000
    keys = np.where(random.random(size) < 0.9, 7, random.integers(0, 500, size))  # one key has nearly all
    events = {
        "k": keys,
        "t": random.integers(0, 10**11, size),
        "x": random.normal(size=size),
        "w": random.choice(["p", "q"], size),
    }
    pq.write_table(pa.table(events), tmp_path / "e.parquet", row_group_size=1000)
    source = EventSource("e", path=str(tmp_path / "e.parquet"), time="t")
    functions = (sum_of("x"), mean("x"), maximum("x"), variance("x"), distinct("w"), last("w"), last_k("w", 3))
    group = FeatureGroup("g", source=source, keys=["k"], features=[f.over("1h", "unbounded") for f in functions])
    made = TrainingSet("t", time="t", groups=[group])
    spine = pa.table({"k": random.integers(0, 510, 2000), "t": random.integers(0, 10**11, 2000)})
    held = made.build(spine)
    limits: list[bool] = []
    original = Events.read

    def small(self: Events, *arguments: Any) -> None:
        self._limit = 5000
        original(self, *arguments)
        limits.append(self.is_spilled)

    monkeypatch.setattr(Events, "read", small)
    parted = made.build(spine, engine=EmbeddedEngine(memory_limit="256MB", spill_dir=tmp_path))
    assert limits == [True]
    assert repr(parted.to_pylist()) == repr(held.to_pylist())
    assert [path.name for path in tmp_path.iterdir()] == ["e.parquet"]


def test_no_events_and_no_rows_are_fine() -> None:
    group = FeatureGroup(
        "g",
        source=EventSource("e", data=EVENTS.slice(0, 0), time="at"),
        keys=["who"],
        features=[f.over("1d") for f in (count(), sum_of("x"), last("who"), last_k("who", 2), count().by("who"))],
    )
    made = TrainingSet("t", time="now", groups=[group])
    assert made.build(SPINE).to_pylist()[0]["count_1d"] == 0
    assert len(made.build(SPINE.slice(0, 0))) == 0


def test_a_limit_of_memory_is_an_amount() -> None:
    for text in ("much", "2", "10MB", "GB"):
        with pytest.raises(InvalidDefinitionError):
            EmbeddedEngine(memory_limit=text)
    assert EmbeddedEngine(memory_limit="1.5 GiB").memory_bytes == 3 * 2**29


def test_flights_see_the_delays_before_their_departure(data_dir: Path) -> None:
    path = str(data_dir / "flights-2001q1.csv.gz")
    source = EventSource("flights", path=path, time="date", timezone="America/New_York")
    groups = [
        FeatureGroup(
            "_".join((*keys, "delays")),
            source=source,
            keys=keys,
            features=[mean("delay").over("1h", "1d", "7d", "30d")],
            prefix="route" if len(keys) == 2 else keys[0],
        )
        for keys in (["origin"], ["destination"], ["origin", "destination"])
    ]
    frame = pd.read_csv(path, parse_dates=["date"])
    spine = frame.assign(date=frame["date"].dt.tz_localize("America/New_York")).iloc[::40]
    table = TrainingSet("delays", time="date", label="delay", groups=groups).build(spine).to_pandas()
    for keys, prefix in ((["origin"], "origin"), (["origin", "destination"], "route")):
        for row, found in zip(spine.iloc[::25].itertuples(), table[f"{prefix}_delay_mean_7d"].iloc[::25], strict=True):
            moment = row.date.tz_localize(None)
            here = frame[(frame["date"] < moment) & (frame["date"] >= moment - pd.Timedelta("7D"))]
            for key in keys:
                here = here[here[key] == getattr(row, key)]
            assert found == pytest.approx(here["delay"].mean(), nan_ok=True)
    assert table["origin_delay_mean_30d"].notna().mean() > 0.9
