"""Redspot's side of the features benchmark; one measurement per process."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import features_data as data  # noqa: E402  a script's neighbour
import pyarrow as pa  # noqa: E402

from redspot.features import EventSource, FeatureGroup, TrainingSet, count, maximum, mean, sum_of  # noqa: E402
from redspot.features.embedded.engine import EmbeddedEngine  # noqa: E402

SHORT = ("10m", "1h", "3h", "432m")
LONG = ("1000m", "100h", "300h", "43200m")  # a hundred times as long
BIG_EVENTS = 100_000_000


def main() -> None:
    """Run one measurement and print it as JSON."""
    action, folder = sys.argv[1], Path(sys.argv[2])
    actions = {"backfill": backfill, "growth": growth, "windows": windows, "write_big": write_big, "big": big}
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
    made.build(spine)
    began = time.perf_counter()
    table = made.build(spine)
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
