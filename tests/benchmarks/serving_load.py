"""Load on one server by ``wrk``, and what it costs the server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from serving_server import Server

SCRIPT = Path(__file__).with_name("serving_load.lua")


@dataclass(frozen=True)
class Load:
    """What one measurement showed.

    Attributes
    ----------
    rate
        Answers per second.
    p50_ms, p99_ms
        Latency in milliseconds.
    cpu_ms
        Processor time of the server per answer, in milliseconds.
    cores
        Cores that server and generator used together.
    """

    rate: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    cores: float


def require_wrk() -> None:
    """End with a sentence when the load generator is not installed."""
    if shutil.which("wrk") is None:
        raise SystemExit("The serving benchmark needs what this machine does not have:\n  - wrk: apt-get install wrk")


def put_load(
    server: Server, path: str, bodies: Path, connections: int, seconds: float, headers: Mapping[str, str]
) -> Load:
    """Ask a server for some whole seconds over a number of connections."""
    lines = "\n".join(f"{name}: {value}" for name, value in headers.items())
    environment = {**os.environ, "BODIES": str(bodies), "HEADERS": lines}
    argv = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "20s", "-s", str(SCRIPT)]
    server_before, own_before = server.cpu_s(), _children_s()
    done = subprocess.run([*argv, server.url + path], env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"wrk: {done.stderr[-500:]}")
    server_s, own_s = server.cpu_s() - server_before, _children_s() - own_before
    seen = json.loads(done.stdout.strip().splitlines()[-1])
    if seen["failed"] or not seen["requests"]:
        raise SystemExit(f"{server.name}{path}: {seen['failed']} of {seen['requests']} requests failed.")
    took = seen["seconds"]
    return Load(
        seen["requests"] / took,
        seen["p50_ms"],
        seen["p99_ms"],
        1e3 * server_s / seen["requests"],
        (server_s + own_s) / took,
    )


def _children_s() -> float:
    return sum(os.times()[2:4])
