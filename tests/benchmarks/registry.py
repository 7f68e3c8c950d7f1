"""Records beside MLflow's tracking server: the same data below HTTP on both sides, the same questions by wrk.

``make bench NAME=registry``; the last line is JSON. Both keep SQLite on the same disk and wait for it at every commit
(``synchronous=FULL``; Redspot in WAL mode, MLflow in the mode it makes its database in). Rounds alternate.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.benchmarks.machine import Bystanders, median, timed
from tests.benchmarks.registry_seed import seed_curve, seed_mlflow, seed_redspot

HERE = Path(__file__).parent
SEARCH = {"max_results": 100, "filter": "metrics.m0 > 0.5", "order_by": ["metrics.m1 DESC"]}
BATCH = {
    "run_id": f"{1_000_000:032x}",
    "metrics": [{"key": f"b{j}", "value": 0.5, "timestamp": 1, "step": 0} for j in range(10)],
    "tags": [{"key": "t", "value": "1"}],
}


@dataclass
class Side:
    """One server."""

    name: str
    url: str
    token: str
    process: subprocess.Popen[bytes]
    ready_s: float

    def stop(self) -> None:
        """End it and its workers."""
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(60)

    def pss_mib(self) -> float:
        """Return the memory of its processes, shared pages in parts (MiB)."""
        total = 0
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if os.getpgid(int(folder.name)) == self.process.pid:
                    found = re.search(r"^Pss:\s+(\d+)", (folder / "smaps_rollup").read_text(), re.MULTILINE)
                    total += int(found[1]) if found else 0
            except (OSError, ProcessLookupError):
                continue  # it has ended meanwhile
        return round(total / 1024, 1)


def start(
    name: str, command: list[Any], url: str, folder: Path, environment: dict[str, str], token: Path | None
) -> Side:
    """Start a server and wait until it answers."""
    began = time.perf_counter()
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True)
    while time.perf_counter() - began < 180:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=2):
                break
        except OSError:
            time.sleep(0.02)
    ready = time.perf_counter() - began
    return Side(name, url, token.read_text() if token else "", process, round(ready, 2))


def wrk(
    side: Side, method: str, path: str, body: dict[str, Any] | None, *, clients: int, seconds: int
) -> dict[str, float]:
    """Return p50 and p99 (ms) and the rate (1/s) of one request sent over and over."""
    script = [f'wrk.method = "{method}"', 'wrk.headers["Content-Type"] = "application/json"']
    if side.token:
        script.append(f'wrk.headers["Authorization"] = "Bearer {side.token}"')
    if body is not None:
        script.append(f"wrk.body = [==[{json.dumps(body)}]==]")
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write("\n".join(script))
        file.flush()
        command = [
            "wrk",
            "-t",
            "1",
            "-c",
            str(clients),
            "-d",
            f"{seconds}s",
            "--latency",
            "--timeout",
            "30s",
            "-s",
            file.name,
        ]
        said = subprocess.run([*command, side.url + path], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said:
        raise RuntimeError(f"{side.name} refuses {path}: {said}")
    units = {"us": 0.001, "ms": 1.0, "s": 1000.0}
    percentiles = {
        name: float(value) * units[unit] for name, value, unit in re.findall(r"(\d+)%\s+([\d.]+)(us|ms|s)", said)
    }
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    return {"p50": percentiles["50"], "p99": percentiles["99"], "rate": float(rate[1]) if rate else 0.0}


def measure(arguments: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Return all figures."""
    few = 1 if arguments.quick else 3
    sides = [redspot(folder, arguments), *([mlflow(folder, arguments)] if arguments.mlflow.exists() else [])]
    figures: dict[str, Any] = {f"{side.name}_ready_s": side.ready_s for side in sides}
    api, found = "/api/2.0/mlflow/", {}
    try:
        for _ in range(few):
            for side in sides:
                for name, experiment in (("search", 1), ("small", 2), ("large", 3)):
                    if name == "search" or side.name == "redspot":
                        body = {**SEARCH, "experiment_ids": [str(experiment)]}
                        found.setdefault((side.name, name), []).append(
                            wrk(side, "POST", f"{api}runs/search", body, clients=1, seconds=arguments.seconds)
                        )
                versions = f"{api}model-versions/search?max_results=100"
                for name, path in (("versions", versions), ("of_model", f"{versions}&filter=name%3D%27model3%27")):
                    found.setdefault((side.name, name), []).append(
                        wrk(side, "GET", path, None, clients=1, seconds=arguments.seconds)
                    )
                found.setdefault((side.name, "batch"), []).append(
                    wrk(side, "POST", f"{api}runs/log-batch", BATCH, clients=8, seconds=arguments.seconds)
                )
        for side in sides:
            figures[f"{side.name}_pss_mib"] = side.pss_mib()
    finally:
        for side in sides:
            side.stop()
    for (side_name, name), rounds in found.items():
        for figure in ("p50", "p99", "rate"):
            figures[f"{side_name}_{name}_{figure}"] = round(median([each[figure] for each in rounds]), 2)
    return figures


def redspot(folder: Path, arguments: argparse.Namespace) -> Side:
    """Seed and start ours."""
    from redspot.stores.database import Database

    state = folder / "redspot"
    state.mkdir(mode=0o700)
    Database.open(f"sqlite:///{state}/redspot.db").dispose()
    seed_redspot(state / "redspot.db", 1, arguments.runs, arguments.models, 10)
    seed_redspot(state / "redspot.db", 2, 1000, 0, 0)
    seed_redspot(state / "redspot.db", 3, 10 * arguments.runs, 0, 0)
    seed_curve(state / "redspot.db", 1_000_000, 1_000_000)
    environment = {**os.environ, "REDSPOT_STATE_DIR": str(state)}
    command = [sys.executable, HERE / "registry_server.py", "service", "--port", str(arguments.port)]
    url = f"http://127.0.0.1:{arguments.port}/mlflow"
    return start("redspot", command, url, state, environment, state / "http.token")


def mlflow(folder: Path, arguments: argparse.Namespace) -> Side:
    """Let MLflow make its database, seed that, and start its server."""
    state = folder / "mlflow"
    state.mkdir()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "1",
        "PATH": f"{arguments.mlflow.parent}:{os.environ['PATH']}",
    }
    subprocess.run(
        [arguments.mlflow, "db", "upgrade", f"sqlite:///{state}/mlflow.db"],
        env=environment,
        cwd=state,
        check=True,
        capture_output=True,
    )
    seed_mlflow(state / "mlflow.db", 1, arguments.runs, arguments.models, 10)
    port = arguments.port + 1
    command = [arguments.mlflow, "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--backend-store-uri", f"sqlite:///{state}/mlflow.db", "--artifacts-destination", state / "artifacts"]
    return start("mlflow", command, f"http://127.0.0.1:{port}", state, environment, None)


def curve_ms(folder: Path) -> float:
    """Return how long a million steps take as a thousand buckets (ms), out of the store."""
    from redspot.stores.recording.points import read_curve

    engine = create_engine(f"sqlite:///{folder}/redspot/redspot.db")
    with engine.connect() as connection:
        seconds = timed(lambda: read_curve(connection, 1_000_000, "long", 1000), 10)
    engine.dispose()
    return round(median(seconds) * 1000, 1)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, default=Path(".peers"))
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--port", type=int, default=5710)
    parser.add_argument("--quick", action="store_true", help="one round")
    arguments = parser.parse_args()
    arguments.mlflow = (arguments.peers / "registry" / "bin" / "mlflow").absolute()
    bystanders = Bystanders()
    folder = Path(tempfile.mkdtemp(prefix="redspot-registry-"))
    try:
        figures = measure(arguments, folder)
        figures["curve_1m_ms"] = curve_ms(folder)
    finally:
        shutil.rmtree(folder)
    figures |= {"p99_ms": figures["redspot_search_p99"], "ready_s": figures["redspot_ready_s"]}
    figures["growth_100k"] = round(figures["redspot_large_p50"] / figures["redspot_small_p50"], 2)
    if "mlflow_search_p50" in figures:
        ratios = {
            "search_runs_speedup": figures["mlflow_search_p50"] / figures["redspot_search_p50"],
            "search_versions_speedup": min(
                figures[f"mlflow_{name}_p50"] / figures[f"redspot_{name}_p50"] for name in ("versions", "of_model")
            ),
            "log_batch_speedup": figures["redspot_batch_rate"] / max(0.1, figures["mlflow_batch_rate"]),
            "memory_ratio": figures["redspot_pss_mib"] / figures["mlflow_pss_mib"],
        }
        figures |= {name: round(value, 2) for name, value in ratios.items()}
    figures["others_pct"] = bystanders.percent()
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
