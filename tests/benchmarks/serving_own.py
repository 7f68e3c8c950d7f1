"""Redspot's side of the serving benchmark: the model, a server that answers a constant, and the router's table."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

TOKEN = "a token of the benchmark"


def main() -> None:
    """Run one action."""
    actions = {"train": train, "constant": constant, "table": table}
    actions[sys.argv[1]](Path(sys.argv[2]), *sys.argv[3:])


def train(folder: Path) -> None:
    """Fit and keep the pipeline, and print what it answers for the requests."""
    import pipeline_data as data
    from pipeline_own import pipeline

    frame, target = data.table(20_000)
    fitted = pipeline("linear").fit(frame, target)
    fitted.save(folder / "linear.redspot")
    print(json.dumps([int(fitted.predict_one(row)["prediction"]) for row in data.requests(64)]))


def constant(folder: Path, port: str) -> None:
    """Serve an answer of the size of a real one, from memory: what the HTTP side alone can do."""
    from redspot.serving.answer import Answer
    from redspot.serving.door import TcpDoor
    from redspot.serving.front import Front
    from redspot.serving.program import run, run_loop, serve_front

    answer = Answer(200, (folder / "answer.json").read_bytes())
    front = Front(lambda _request: answer)
    with TcpDoor("127.0.0.1", int(port)).open() as listening:
        sys.exit(run("constant", lambda: run_loop(serve_front(front, listening)), {}))


def table(folder: Path, socket: str) -> None:
    """Write the router's table with one replica."""
    from serving_sides import SECRET, names

    from redspot.registry.endpoint import EndpointState
    from redspot.serving.snapshot import CallerEntry, EndpointEntry, ReplicaEntry, Snapshot, token_hash, write_snapshot

    told = names()
    replica = ReplicaEntry(told["deployment_id"], told["model"], told["version"], socket, SECRET)
    endpoints = {told["endpoint"]: EndpointEntry(EndpointState.LIVE, (replica,))}
    write_snapshot(folder / "table.json", Snapshot(1, {token_hash(TOKEN): CallerEntry("bench")}, endpoints))


if __name__ == "__main__":
    main()
