"""Peers' side of the features benchmark: DuckDB, polars and NumPy by hand; one measurement per process."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import features_data as data
import numpy as np

SLOW_S = 3.0
FUNCTIONS = {"count": "count", "sum": "sum", "mean": "avg", "max": "max"}


def main() -> None:
    """Run one way, a second time where it is fast, and print the seconds of the last time and checksums."""
    way, kind = sys.argv[3], sys.argv[4]
    ways = {"window_sql": window_sql, "range_join": range_join, "polars": polars_rolling, "numpy": numpy_by_hand}
    run = ways[way](data.events(kind), data.spine(kind))
    seconds = SLOW_S
    for turn in range(2):
        if turn and seconds > SLOW_S:
            break
        began = time.perf_counter()
        columns = run()
        seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "sums": data.checksums(columns)}))


def _connected(events: data.Columns, spine: data.Columns) -> Any:
    import duckdb
    import pyarrow as pa

    connection = duckdb.connect()
    connection.register("events_", pa.table(events))
    connection.register("spine_", pa.table(spine))
    connection.execute("CREATE TABLE events AS SELECT * FROM events_")
    connection.execute("CREATE TABLE spine AS SELECT * FROM spine_")
    return connection


def window_sql(events: data.Columns, spine: data.Columns) -> Any:
    """Window frames of SQL over events and rows in one table."""
    connection = _connected(events, spine)
    frames = ", ".join(
        f"w{name} AS (PARTITION BY key ORDER BY ts RANGE BETWEEN {us} PRECEDING AND 1 PRECEDING)"
        for name, us in data.WINDOWS.items()
    )
    columns = ", ".join(f"{sql}(amount) OVER w{w} AS {f}_{w}" for w in data.WINDOWS for f, sql in FUNCTIONS.items())
    query = (
        "WITH joined AS (SELECT -1 AS row, key, ts, amount FROM events"
        " UNION ALL SELECT row, key, ts, NULL FROM spine)"
        f" SELECT * FROM (SELECT row, {columns} FROM joined WINDOW {frames}) WHERE row >= 0 ORDER BY row"
    )
    return lambda: connection.execute(query).df()


def range_join(events: data.Columns, spine: data.Columns) -> Any:
    """Join the longest window, then filter the others out of it."""
    connection = _connected(events, spine)
    columns = ", ".join(
        f"{sql}(e.amount) FILTER (e.ts >= s.ts - {us}) AS {f}_{w}"
        for w, us in data.WINDOWS.items()
        for f, sql in FUNCTIONS.items()
    )
    query = (
        f"SELECT s.row, {columns} FROM spine s LEFT JOIN events e ON e.key = s.key AND e.ts < s.ts"
        f" AND e.ts >= s.ts - {max(data.WINDOWS.values())} GROUP BY s.row ORDER BY s.row"
    )
    return lambda: connection.execute(query).df()


def polars_rolling(events: data.Columns, spine: data.Columns) -> Any:
    """Rolling windows that are closed on the left, over events and rows together, once per window."""
    import polars as pl

    happened, asked, amount = pl.DataFrame(events), pl.DataFrame(spine), pl.col("amount")

    def run() -> Any:
        nothing = pl.lit(None, pl.Float64).alias("amount")
        marked = happened.select(pl.lit(-1, pl.Int64).alias("row"), "key", "ts", "amount")
        both = pl.concat([marked, asked.select("row", "key", "ts", nothing)]).sort("key", "ts")
        made = asked.select("row")
        for name, us in data.WINDOWS.items():
            rolled = both.rolling("ts", period=f"{us}i", closed="left", group_by="key").agg(
                amount.count().alias(f"count_{name}"),
                amount.sum().alias(f"sum_{name}"),
                amount.mean().alias(f"mean_{name}"),
                amount.max().alias(f"max_{name}"),
            )
            rows = rolled.with_columns(both["row"]).filter(pl.col("row") >= 0).drop("key", "ts")
            made = made.join(rows, on="row", how="left")
        return made

    return run


def numpy_by_hand(events: data.Columns, spine: data.Columns) -> Any:
    """Sort once; two binary searches per window, running sums, and a table of maxima over powers of two."""

    def run() -> data.Columns:
        order = np.lexsort((events["ts"], events["key"]))
        span = 2 * data.DAYS * data.DAY_US
        at = events["key"][order] * span + events["ts"][order] - data.BEGIN_US + data.DAYS * data.DAY_US // 2
        amount = events["amount"][order]
        running = np.concatenate([[0.0], np.cumsum(amount)])
        levels = [amount]
        while len(levels[-1]) > (half := 1 << (len(levels) - 1)):
            levels.append(np.maximum(levels[-1][:-half], levels[-1][half:]))
        want = spine["key"] * span + spine["ts"] - data.BEGIN_US + data.DAYS * data.DAY_US // 2
        hi = np.searchsorted(at, want)
        made: data.Columns = {}
        for name, us in data.WINDOWS.items():
            lo = np.searchsorted(at, want - us)
            count, total = hi - lo, running[hi] - running[lo]
            largest = np.full(len(count), np.nan)
            level = np.where(count > 0, np.log2(np.maximum(count, 1)).astype(int), -1)
            for step in range(level.max() + 1):
                here = level == step
                largest[here] = np.maximum(levels[step][lo[here]], levels[step][hi[here] - (1 << step)])
            mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
            made |= {f"count_{name}": count, f"sum_{name}": total, f"mean_{name}": mean, f"max_{name}": largest}
        return made

    return run


if __name__ == "__main__":
    main()
