"""The features benchmark: Redspot beside DuckDB, polars, NumPy by hand and Feast, in turns, on the same work.

Run by ``make bench NAME=features``; prints a table, and as its last line one JSON object.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import features_data as data  # noqa: E402  a script's neighbour
from machine import Bystanders, median  # noqa: E402
from pipeline import Side, note  # noqa: E402
from table import print_table, rounded  # noqa: E402

OWN_ROUNDS = 2  # of what has no peer
WAYS = ("window_sql", "range_join", "polars", "numpy")
NOT_YET = (
    "online_p50_us",
    "online_p99_us",
    "redis_speedup",
    "multiget_ratio",
    "stream_events_per_s",
    "stream_visible_s",
    "online_offline_mismatch",
)


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--peers", type=Path, required=True, help="folder of the peers' environments")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--without-big", action="store_true", help="leave out the 100,000,000 events")
    options = parser.parse_args()
    bystanders = Bystanders()
    with tempfile.TemporaryDirectory(prefix="redspot-bench-") as folder:
        figures = measured(options.peers, Path(folder), options.rounds, is_big=not options.without_big)
    figures["others_pct"] = bystanders.percent()
    print_table(figures, BARS)
    print(f"not measured yet: {', '.join(NOT_YET)}")
    print(json.dumps({name: rounded(value) for name, value in figures.items()}))


def measured(peers: Path, folder: Path, rounds: int, *, is_big: bool) -> dict[str, Any]:
    """Return all figures; the sides take turns in every round."""
    own = Side(Path(sys.executable), HERE / "features_own.py", folder)
    peer = Side(peers / "features" / "bin" / "python", HERE / "peers" / "features_peer.py", folder)
    feast_python = peers / "features-feast" / "bin" / "python"
    feast = Side(feast_python, HERE / "peers" / "features_feast.py", folder) if feast_python.exists() else None
    seen: dict[str, list[float]] = {}

    def keep(name: str, value: float) -> None:
        seen.setdefault(name, []).append(value)

    for turn in range(rounds):
        note(f"round {turn + 1} of {rounds}")
        worst: list[float] = []
        for kind in data.KINDS:
            mine: dict[str, Any] = own.run("backfill", kind)
            keep(f"backfill_s_{kind}", mine["seconds"])
            keep("peak_mb", mine["peak_mb"])
            theirs = {way: _agreeing(peer.run("backfill", way, kind), mine) for way in WAYS}
            for way, seconds in theirs.items():
                keep(f"{way}_s_{kind}", seconds)
            worst.append(min(theirs.values()) / mine["seconds"])
            if kind == "skewed":
                keep("backfill_vs_window_sql", theirs["window_sql"] / mine["seconds"])
            elif feast is not None:  # its join of skewed keys takes more memory than there is
                joined = feast.run("join", "-", kind)["seconds"]
                keep("feast_s_uniform", joined)
                keep("backfill_vs_feast", joined / mine["seconds"])
        keep("backfill_vs_best", min(worst))
        for action in ("growth", "windows", "days") if turn < OWN_ROUNDS else ():
            for name, value in own.run(action).items():
                keep(name, value)
    if is_big:
        note("100,000,000 events")
        own.run("write_big")
        found = own.run("big")
        for name in ("big_mb", "big_s"):
            keep(name, found[name])
    figures: dict[str, Any] = {name: (median(values), min(values), max(values)) for name, values in seen.items()}
    figures["peak_mb"] = max(seen["peak_mb"])
    return figures


def _agreeing(theirs: dict[str, Any], mine: dict[str, Any]) -> float:
    """Return a peer's seconds, if its features have the same sums as ours."""
    for name, value in mine["sums"].items():
        if abs(theirs["sums"][name] - value) > 1e-6 * abs(value):
            raise SystemExit(f"{name}: the sides disagree: {value} and {theirs['sums'][name]}.")
    return float(theirs["seconds"])


BARS = {
    "backfill_vs_best": ("≥", 1.2),
    "backfill_vs_window_sql": ("≥", 5),
    "backfill_vs_feast": ("≥", 6),
    "peak_mb": ("≤", 1000),
    "growth_10x": ("≤", 12),
    "window_growth": ("≤", 1.3),
    "big_mb": ("≤", 4000),
    "incremental_ratio": ("≤", 0.1),
    "incremental_rows_ratio": ("≤", 0.02),
}


if __name__ == "__main__":
    main()
