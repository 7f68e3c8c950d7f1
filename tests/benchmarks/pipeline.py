"""The pipeline benchmark: Redspot beside scikit-learn and ONNX Runtime, in turns, on the same work.

Run by ``make bench NAME=pipeline``; prints a table, and as its last line one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from machine import Bystanders, median  # noqa: E402  a script's neighbour
from table import print_table, rounded  # noqa: E402

KINDS = ("linear", "trees")


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--peers", type=Path, required=True, help="folder of the peers' environments")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    bystanders = Bystanders()
    with tempfile.TemporaryDirectory(prefix="redspot-bench-") as folder:
        sides = {
            "own": Side(Path(sys.executable), HERE / "pipeline_own.py", Path(folder)),
            "peer": Side(
                options.peers / "pipeline" / "bin" / "python", HERE / "peers" / "pipeline_peer.py", Path(folder)
            ),
        }
        figures = measured(sides, options.rounds)
    figures["others_pct"] = bystanders.percent()
    print_table(figures, BARS)
    print(json.dumps({name: rounded(value) for name, value in figures.items()}))


class Side:
    """One of the two sides: an interpreter and a script."""

    def __init__(self, python: Path, script: Path, folder: Path) -> None:
        self.python, self.script, self.folder = python, script, folder
        self.environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def run(self, action: str, *words: str) -> dict[str, float]:
        """Return what one measurement printed."""
        done = subprocess.run(
            [str(self.python), str(self.script), action, str(self.folder), *words],
            capture_output=True,
            text=True,
            env=self.environment,
        )
        if done.returncode:
            raise SystemExit(f"{self.script.name} {action}: {done.stderr[-2000:]}")
        result: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
        return result

    def seconds(self, *words: str) -> float:
        """Return how long a whole process takes."""
        began = time.perf_counter()
        subprocess.run([str(self.python), *words], check=True, capture_output=True, env=self.environment)
        return time.perf_counter() - began


def measured(sides: Mapping[str, Side], rounds: int) -> dict[str, Any]:
    """Return all figures; the sides take turns in every round."""
    own, peer = sides["own"], sides["peer"]
    for side in (own, peer):
        note(f"training ({side.script.stem})")
        side.run("train")
    seen: dict[str, list[float]] = {}

    def keep(name: str, value: float) -> None:
        seen.setdefault(name, []).append(value)

    for turn in range(rounds):
        note(f"round {turn + 1} of {rounds}")
        for kind in KINDS:
            mine, theirs = own.run("rows", kind), peer.run("rows", kind)
            keep(f"row_us_{kind}", mine["us"])
            keep(f"sklearn_row_us_{kind}", theirs["sklearn_us"])
            keep(f"onnx_row_us_{kind}", theirs["onnx_us"])
            keep(f"row_speedup_{kind}", theirs["sklearn_us"] / mine["us"])
            keep(f"onnx_ratio_{kind}", theirs["onnx_us"] / mine["us"])
            mine, theirs = own.run("batch", kind), peer.run("batch", kind)
            keep(f"batch_s_{kind}", mine["seconds"])
            keep(f"sklearn_batch_s_{kind}", theirs["seconds"])
            keep(f"batch_speedup_{kind}", theirs["seconds"] / mine["seconds"])
            keep(f"batch_memory_mib_{kind}", mine["memory_mib"])
            keep(f"sklearn_batch_memory_mib_{kind}", theirs["memory_mib"])
            keep(f"batch_memory_ratio_{kind}", mine["memory_mib"] / theirs["memory_mib"])
            first = [side.seconds(str(side.script), "first", str(side.folder), kind) for side in (own, peer)]
            keep(f"first_prediction_s_{kind}", first[0])
            keep(f"sklearn_first_prediction_s_{kind}", first[1])
            keep(f"first_prediction_ratio_{kind}", first[0] / first[1])
        mine, theirs = own.run("listings"), peer.run("listings")
        keep("row_us_listings", mine["us"])
        keep("sklearn_row_us_listings", theirs["us"])
        keep("row_speedup_listings", theirs["us"] / mine["us"])
        keep("batch_speedup_listings", theirs["seconds"] / mine["seconds"])
        keep("diff_sklearn_listings", mine["diff"])
        mine, theirs = own.run("fit"), peer.run("fit")
        keep("fit_s", mine["seconds"])
        keep("sklearn_fit_s", theirs["seconds"])
        keep("fit_ratio", mine["seconds"] / theirs["seconds"])
        empty = min(own.seconds("-c", "pass") for _ in range(3))
        numpy_s = min(own.seconds("-c", "import numpy") for _ in range(3)) - empty
        library_s = min(own.seconds("-c", "from redspot.pipeline import Pipeline, load") for _ in range(3)) - empty
        keep("import_s", library_s)
        keep("import_ratio", library_s / numpy_s)
        grown = own.run("growth")
        for name, value in grown.items():
            keep(f"growth_{name}", value)
    figures: dict[str, Any] = {name: (median(values), min(values), max(values)) for name, values in seen.items()}
    memory = [figures[f"batch_memory_ratio_{kind}"] for kind in KINDS]
    figures["batch_memory_ratio"] = max(memory)
    note("comparing answers")
    each = {kind: own.run("differences", kind) for kind in KINDS}
    for kind, values in each.items():
        for name, value in values.items():
            figures[f"diff_{name}_{kind}"] = value
    found = [each[kind][name] for kind in KINDS for name in ("sklearn", "framework", "row")]
    figures["max_rel_diff"] = max(*found, figures["diff_sklearn_listings"][2])
    return figures


def note(text: str) -> None:
    """Say on standard error what is going on."""
    print(f"… {text}", file=sys.stderr, flush=True)


BARS = {
    "row_speedup_linear": ("≥", 1000),
    "row_speedup_trees": ("≥", 150),
    "onnx_ratio_linear": ("≥", 10),
    "onnx_ratio_trees": ("≥", 1),
    "batch_speedup_linear": ("≥", 3),
    "batch_speedup_trees": ("≥", 2),
    "batch_memory_ratio": ("≤", 0.5),
    "fit_ratio": ("≤", 0.5),
    "max_rel_diff": ("≤", 1e-9),
    "first_prediction_ratio_linear": ("≤", 0.5),
    "first_prediction_ratio_trees": ("≤", 0.5),
    "import_ratio": ("≤", 1.5),
    "growth_rows": ("≤", 1.2),
    "growth_columns": ("≤", 1.0),
    "growth_trees": ("≤", 1.0),
}


if __name__ == "__main__":
    main()
