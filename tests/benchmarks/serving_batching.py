"""What batching gains with a real PyTorch network: ``python tests/benchmarks/serving_batching.py``.

Prints, for one server that batches and one that does not, answers a second and latency at several connections; its
last line is JSON.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from machine import median  # noqa: E402  a script's neighbour
from serving_load import Load, put_load, require_wrk  # noqa: E402
from serving_server import Server, free_port  # noqa: E402
from serving_sides import SECRET, names  # noqa: E402

_HEADERS = {"X-Redspot-Replica-Secret": SECRET}
_CONNECTIONS = (1, 16)
_ROUNDS, _SECONDS = 2, 3


def main() -> None:
    """Fit, serve both ways, and print."""
    require_wrk()
    with tempfile.TemporaryDirectory(prefix="redspot-bench-") as folder, ExitStack() as running:
        file, bodies = fitted(Path(folder))
        servers = {mode: served(mode, file, running) for mode in ("off", "auto")}
        seen: dict[tuple[str, int], list[Load]] = {}
        for _ in range(_ROUNDS):
            for connections in _CONNECTIONS:
                for mode, server in servers.items():
                    load = put_load(server, "/predict", bodies, connections, _SECONDS, _HEADERS)
                    seen.setdefault((mode, connections), []).append(load)
    line: dict[str, float] = {}
    for (mode, connections), loads in seen.items():
        figures = {name: median([getattr(each, name) for each in loads]) for name in ("rate", "p50_ms", "p99_ms")}
        print(f"{connections:3} connections, {mode:4}", *(f"{name} {value:.1f}" for name, value in figures.items()))
        line[f"{mode}_{connections}_rate"] = round(figures["rate"], 1)
    print(json.dumps(line))


def fitted(folder: Path) -> tuple[Path, Path]:
    """Fit the network on the work of the other benchmarks; return its file and the bodies of requests."""
    import pipeline_data as data
    from serving_attention import Attention

    from redspot.pipeline import Pipeline, TorchClassifier, branch, estimate, impute, one_hot, scale

    frame, target = data.table(2000)
    estimator: Any = TorchClassifier(Attention, epochs=1, progress=False)
    pipeline = Pipeline(
        numbers=branch(*data.NUMBERS).then(impute("median")).then(scale()),
        words=branch(*data.WORDS).then(impute("most_frequent")).then(one_hot()),
        model=estimate(estimator),
    )
    pipeline.fit(frame, target).save(folder / "attention.redspot")
    bodies = folder / "bodies"
    bodies.write_text("".join(json.dumps(row) + "\n" for row in data.requests(64)))
    return folder / "attention.redspot", bodies


def served(mode: str, file: Path, running: ExitStack) -> Server:
    """Start a server of the network."""
    port = free_port()
    config = file.with_name(f"{mode}.json")
    content = {**names(), "pipeline": str(file), "port": port, "batching": mode}
    config.write_text(json.dumps({**content, "trusted_modules": ["serving_attention"]}))
    argv = [sys.executable, "-m", "redspot.serving.replica", str(config)]
    paths = os.pathsep.join(filter(None, (str(HERE), os.environ.get("PYTHONPATH"))))
    # One thread for each operation: with more, those of both servers and other programs wait for each other.
    env = {**os.environ, "OMP_NUM_THREADS": "1", "REDSPOT_REPLICA_SECRET": SECRET, "PYTHONPATH": paths}
    server = Server(mode, argv, port, env=env, folder=file.parent, log=file.with_name(f"{mode}.log"))
    running.callback(server.stop)
    server.ready_s("/v2/health/ready", _HEADERS)
    return server


if __name__ == "__main__":
    main()
