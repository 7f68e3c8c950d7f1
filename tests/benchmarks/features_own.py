"""Redspot's side of the features benchmark; one measurement per process."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import features_data as data
import numpy as np
import pyarrow as pa

from redspot.features import (
    DailyFeatures,
    EventSource,
    FeatureGroup,
    TrainingSet,
    count,
    maximum,
    mean,
    sum_of,
)
from redspot.features.embedded.engine import EmbeddedEngine
from redspot.features.tile import midnight_us

SHORT = ("10m", "1h", "3h", "432m")
LONG = ("1000m", "100h", "300h", "43200m")  # a hundred times as long
BIG_EVENTS = 100_000_000


def main() -> None:
    """Run one measurement and print it as JSON."""
    action, folder = sys.argv[1], Path(sys.argv[2])
    actions = {
        "backfill": backfill,
        "growth": growth,
        "windows": windows,
        "days": days,
        "write_big": write_big,
        "big": big,
    }
    print(json.dumps(actions[action](folder, *sys.argv[3:])))


def training_set(windows: tuple[str, ...], **place: Any) -> TrainingSet:
    """Return the 16 features of the work."""
    made = [f.over(*windows) for f in (count(), sum_of("amount"), mean("amount"), maximum("amount"))]
    group = FeatureGroup("spending", source=EventSource("events", time="ts", **place), keys=["key"], features=made)
    return TrainingSet("spending", time="ts", groups=[group])


def backfill(folder: Path, kind: str) -> dict[str, Any]:
    """Return the seconds of one backfill after one that warms up, the process's peak of memory, and checksums."""
    events, spine = pa.table(data.events(kind)), pa.table(data.spine(kind))
    made = training_set(tuple(data.WINDOWS), data=events)
    with EmbeddedEngine().session() as session:  # the peers' connections are open, too
        session.build(made, spine)
        began = time.perf_counter()
        table = session.build(made, spine)
        seconds = time.perf_counter() - began
    names = {"count": "count", "sum": "amount_sum", "mean": "amount_mean", "max": "amount_max"}
    columns = {f"{f}_{w}": table.column(f"{names[f]}_{w}").to_numpy() for f in names for w in data.WINDOWS}
    return {"seconds": seconds, "peak_mb": peak_mb(), "sums": data.checksums(columns)}


def growth(folder: Path) -> dict[str, float]:
    """Return how many times as long ten times the events take."""
    spine = pa.table(data.spine("skewed"))
    sizes = [training_set(tuple(data.WINDOWS), data=pa.table(data.events("skewed", n))) for n in (10**6, 10**7)]
    once, ten_times = (min(_seconds(made, spine) for _ in range(2)) for made in sizes)
    return {"growth_10x": ten_times / once}


def windows(folder: Path) -> dict[str, float]:
    """Return how many times as long windows of a hundred times the length take."""
    events, spine = pa.table(data.events("skewed")), pa.table(data.spine("skewed"))
    short, long = (training_set(texts, data=events) for texts in (SHORT, LONG))
    short.build(spine)
    pairs = [(_seconds(short, spine), _seconds(long, spine)) for _ in range(3)]
    return {"window_growth": min(b for _, b in pairs) / min(a for a, _ in pairs)}


def days(folder: Path) -> dict[str, float]:
    """Return one more day's share of all event rows and of the time of a backfill, with events in a file for each day.

    The backfill is that of all days: it leaves the same tiles and features. `incremental_vs_at_once` is the share of
    the time of a single as-of computed of all events at once, which keeps nothing. A row counts as read where its row
    group overlaps the day.
    """
    import pyarrow.parquet as pq

    files = folder / "days"
    files.mkdir(exist_ok=True)
    if not any(files.iterdir()):
        events = data.events("skewed", 10**7)
        order = np.argsort(events["ts"])
        table = pa.table({name: column[order] for name, column in events.items()})
        edges = np.searchsorted(events["ts"][order], data.BEGIN_US + np.arange(data.DAYS + 1) * data.DAY_US)
        for day in range(data.DAYS):
            part = table.slice(edges[day], edges[day + 1] - edges[day])
            pq.write_table(part, files / f"{day:02}.parquet")
    source = EventSource("events", time="ts", path=str(files / "*.parquet"))
    made = [f.over(*data.WINDOWS) for f in (sum_of("amount"), mean("amount"), maximum("amount"))]
    group = FeatureGroup(
        "spending", source=source, keys=["key"], features=[count().over(*data.WINDOWS, "unbounded"), *made]
    )
    start = date(1970, 1, 1) + timedelta(days=data.BEGIN_US // data.DAY_US)
    end = start + timedelta(days=data.DAYS)
    with tempfile.TemporaryDirectory(dir=folder) as home:
        daily = DailyFeatures(group, Path(home), start=start)
        began = time.perf_counter()
        daily.run(end - timedelta(days=1))
        by_days_s = time.perf_counter() - began
        plan = daily.plan(end)
        began = time.perf_counter()
        table = daily.run(end)
        one_day_s = time.perf_counter() - began
    end_us = data.BEGIN_US + data.DAYS * data.DAY_US
    keys = table.select(["key"]).append_column("ts", pa.array([end_us] * len(table)))
    seconds = []
    for _ in range(2):
        began = time.perf_counter()
        exact = TrainingSet("all", time="ts", groups=[group]).build(keys)
        seconds.append(time.perf_counter() - began)
    for name in group.feature_names:
        if not np.allclose(table.column(name).to_numpy(), exact.column(name).to_numpy(), rtol=1e-9, equal_nan=True):
            raise SystemExit(f"{name}: by days and at once disagree.")
    read = sum(_rows_touched(files, daily_us, daily_us + data.DAY_US) for daily_us in map(midnight_us, plan.compute))
    return {
        "incremental_rows_ratio": read / 10**7,
        "incremental_ratio": one_day_s / by_days_s,
        "incremental_vs_at_once": one_day_s / min(seconds),
        "incremental_s": one_day_s,
        "backfill_at_once_s": min(seconds),
        "backfill_by_days_s": by_days_s,
    }


def _rows_touched(files: Path, begin_us: int, end_us: int) -> int:
    import pyarrow.parquet as pq

    rows = 0
    for file in files.iterdir():
        told = pq.read_metadata(file)
        for index in range(told.num_row_groups):
            group = told.row_group(index)
            times = group.column(1).statistics
            rows += group.num_rows if times.max >= begin_us and times.min < end_us else 0
    return rows


def _seconds(made: TrainingSet, spine: pa.Table) -> float:
    began = time.perf_counter()
    made.build(spine)
    return time.perf_counter() - began


def write_big(folder: Path) -> dict[str, float]:
    """Write many events into Parquet files."""
    import pyarrow.parquet as pq

    step = 10_000_000
    for index in range(BIG_EVENTS // step):
        pq.write_table(pa.table(data.events("skewed", step, seed=100 + index)), folder / f"big-{index}.parquet")
    return {}


def big(folder: Path) -> dict[str, float]:
    """Return the process's peak of memory, and the seconds, of a backfill of many events."""
    spine = pa.table(data.spine("skewed"))
    began = time.perf_counter()
    made = training_set(tuple(data.WINDOWS), path=str(folder / "big-*.parquet"))
    engine = EmbeddedEngine(memory_limit="2500MB", spill_dir=folder)
    table = made.build(spine, engine=engine)
    seconds = time.perf_counter() - began
    return {"big_mb": peak_mb(), "big_s": seconds, "rows": len(table)}


def peak_mb() -> float:
    """Return the process's highest resident memory, in MB (Linux)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    kib = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    return kib * 1024 / 1e6


if __name__ == "__main__":
    main()
