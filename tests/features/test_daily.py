from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from redspot.features import (
    DailyFeatures,
    EventSource,
    FeatureGroup,
    InvalidDefinitionError,
    TrainingSet,
    count,
    distinct,
    first,
    last,
    maximum,
    mean,
    minimum,
    sum_of,
    time_since_last,
)
from redspot.features.embedded.engine import Session
from redspot.features.tile import midnight_us

START = date(2024, 2, 20)
DAYS = 14
MADE = [
    *(f.over("1d", "7d", "unbounded") for f in (count(), time_since_last())),
    *(f("x").over("3d", "7d") for f in (count, sum_of, mean, minimum, maximum, first, last)),
    *(f.over("1h", "90m") for f in (count(), mean("x"), last("word"))),
    last("word"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    random = np.random.default_rng(2)
    for n in range(DAYS):
        size = 0 if n == 5 else 400
        x = random.normal(size=size)
        x[random.random(size) < 0.1] = np.nan
        x[random.random(size) < 0.01] = np.inf
        x[random.random(size) < 0.01] = -np.inf
        table = {
            "key": random.integers(0, 40, size),
            "t": midnight_us(START + timedelta(days=n)) + random.integers(0, 86_400_000_000, size),
            "x": x,
            "word": random.choice(["a", "b", "c"], size).astype(object),
        }
        schema = pa.schema([("key", pa.int64()), ("t", pa.int64()), ("x", pa.float64()), ("word", pa.string())])
        pq.write_table(pa.table(table, schema=schema), tmp_path / f"day-{n:02}.parquet")
    return tmp_path


def group_of(folder: Path, **more: str) -> FeatureGroup:
    source = EventSource("events", path=str(folder / "day-*.parquet"), time="t", **more)
    return FeatureGroup(
        "group", source=source, keys=["key"], features=MADE, derivations={"twice": "count_1d * 2"}, prefix="my"
    )


def test_features_kept_up_by_days_are_those_of_a_backfill(folder: Path) -> None:
    group = group_of(folder)
    daily = DailyFeatures(group, folder / "kept", start=START)
    for n in (6, 10, DAYS):  # of the last day before the first, there are no events
        as_of = START + timedelta(days=n)
        found = daily.run(as_of)
        spine = found.select(["key"]).append_column("now", pa.array([midnight_us(as_of)] * len(found)))
        exact = TrainingSet("rows", time="now", groups=[group]).build(spine)
        assert len(found) == 40
        for name in group.feature_names:
            here, there = found.column(name).to_pylist(), exact.column(name).to_pylist()
            if "sum" in name or "mean" in name:
                assert [value is None for value in here] == [value is None for value in there], name
                pairs = [(a, b) for a, b in zip(here, there, strict=True) if b is not None]
                assert [a for a, _ in pairs] == pytest.approx([b for _, b in pairs], rel=1e-9, abs=1e-9, nan_ok=True)
            else:
                assert here == there, name


def test_each_day_reads_one_day(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    daily = DailyFeatures(group_of(folder), folder / "kept", start=START)
    daily.run(START + timedelta(days=9))
    plan = daily.plan(START + timedelta(days=10))
    assert plan.compute == (START + timedelta(days=9),)
    assert "read 1 of 10 days of events" in str(plan)
    read: list[int] = []
    original = Session.read_events

    def counted(self: Session, *arguments: object) -> pa.Table:
        table = original(self, *arguments)  # type: ignore[arg-type]
        read.append(len(table))
        return table

    monkeypatch.setattr(Session, "read_events", counted)
    daily.run(START + timedelta(days=10))
    assert read == [400]
    assert daily.plan(START + timedelta(days=10)).compute == ()


def test_the_same_as_of_gives_the_same_bytes_later_and_elsewhere(folder: Path) -> None:
    def bytes_of(home: Path, days: tuple[int, ...]) -> str:
        daily = DailyFeatures(group_of(folder), folder / home, start=START)
        for n in days:
            daily.run(START + timedelta(days=n))
        (file,) = (daily.home / "features").glob(f"as_of={START + timedelta(days=12)}.parquet")
        return hashlib.sha256(file.read_bytes()).hexdigest()

    assert bytes_of(Path("a"), (12,)) == bytes_of(Path("b"), (8, 12, 14, 12))


def test_a_run_that_was_cut_off_goes_on_and_shows_no_half_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    daily = DailyFeatures(group_of(folder), folder / "kept", start=START)
    original = pq.write_table
    written: list[object] = []

    def crash(table: pa.Table, where: object, **more: object) -> None:
        if len(written) == 3:
            Path(str(where)).write_bytes(b"PAR1 half")
            raise OSError("no space")
        written.append(where)
        original(table, where, **more)

    monkeypatch.setattr(pq, "write_table", crash)
    with pytest.raises(OSError, match="no space"):
        daily.run(START + timedelta(days=8))
    monkeypatch.undo()
    files = sorted(path.name for path in (daily.home / "tiles").iterdir())
    assert files == [f"day={START + timedelta(days=n)}.parquet" for n in range(3)]
    assert len(daily.plan(START + timedelta(days=8)).compute) == 5
    assert len(daily.run(START + timedelta(days=8))) == 40


def test_a_day_stays_open_for_late_events(tmp_path: Path) -> None:
    today = datetime.now(UTC).date()
    event = {"key": [1], "t": [midnight_us(today) - 5], "x": [1.0], "word": ["a"]}
    pq.write_table(pa.table(event), tmp_path / "day-0.parquet")
    start = today - timedelta(days=3)
    open_ = DailyFeatures(group_of(tmp_path, lateness="36h"), tmp_path / "open", start=start)
    open_.run(today)
    assert open_.plan(today).compute == (today - timedelta(days=1),)
    pq.write_table(pa.table({**event, "t": [midnight_us(today) - 9]}), tmp_path / "day-1.parquet")
    assert open_.run(today).column("my_count_1d").to_pylist() == [2]


def test_what_cannot_be_merged_is_refused_by_name(folder: Path) -> None:
    source = EventSource("events", path=str(folder / "day-*.parquet"), time="t")
    group = FeatureGroup(
        "group", source=source, keys=["key"], features=[count().over("1d", "30h"), distinct("x").over("7d")]
    )
    with pytest.raises(InvalidDefinitionError, match="count_30h, x_distinct_7d cannot be merged"):
        DailyFeatures(group, folder / "kept")
    with pytest.raises(InvalidDefinitionError, match="start"):
        DailyFeatures(group_of(folder), folder / "kept")
