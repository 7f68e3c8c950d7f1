"""The serving benchmark: one model behind HTTP, Redspot beside MLflow, BentoML, MLServer and FastAPI, in turns.

Run by ``make bench NAME=serving``; prints a table, and as its last line one JSON object.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from machine import Bystanders, median  # noqa: E402  a script's neighbour
from serving_load import Load, put_load, require_wrk  # noqa: E402
from serving_models import many_models  # noqa: E402
from serving_own import TOKEN  # noqa: E402
from serving_rollout import measured_rollout  # noqa: E402
from serving_server import Server, ServerFailedError, free_port  # noqa: E402
from serving_sides import Side, own_side, peer_sides  # noqa: E402
from table import print_table, rounded  # noqa: E402

STARTS = 3
# Rows of a request, and connections.
WORK = {"row": (1, 1), "rows16": (1, 16), "hundred": (100, 16)}
LEFT_OUT = {
    "logging_cost": "events are not logged yet",
}

BARS = {
    "p50_ratio": ("≤", 0.1),
    "p99_ratio": ("≤", 0.2),
    "throughput_ratio": ("≥", 20),
    "echo_ratio": ("≥", 0.7),
    "batch100_ratio": ("≥", 8),
    "cpu_per_request_2_vs_1": ("≤", 1.15),
    "two_core_use": ("≥", 0.85),
    "memory_ratio": ("≤", 0.4),
    "ready_s": ("≤", 0.8),
    "many_models_mb": ("≤", 1.5),
    "routing_us": ("≤", 50),
    "router_added_ms": ("≤", 0.5),
    "rollout_failed": ("≤", 0),
}

Seen = dict[str, list[float]]


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--peers", type=Path, required=True, help="folder of the peers' environments")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="of each measurement")
    parser.add_argument("--rollout-seconds", type=float, default=60.0, help="of the roll-outs under load")
    options = parser.parse_args()
    require_wrk()
    bystanders = Bystanders()
    with tempfile.TemporaryDirectory(prefix="redspot-bench-") as folder:
        # A Unix socket must lie in a folder that is closed to others, and its path be short.
        figures, absent = measured(options.peers, Path(folder), options.rounds, options.seconds)
    note("roll-outs under load")
    figures |= measured_rollout(seconds=options.rollout_seconds)
    figures["others_pct"] = bystanders.percent()
    print_table(figures, BARS)
    for name, reason in {**absent, **LEFT_OUT}.items():
        print(f"not measured: {name}: {reason}")
    line = {name: rounded(value) for name, value in figures.items()}
    print(json.dumps({**line, "not_measured": {**absent, **LEFT_OUT}}))


def measured(environments: Path, folder: Path, rounds: int, seconds: int) -> tuple[dict[str, Any], dict[str, str]]:
    """Return all figures, and the peers that are not among them with the reason."""
    own, two = own_side(), own_side("redspot2", workers=2)
    routed = own_side("routed", socket=str(folder / "run" / "r"), port=None)
    absent: dict[str, str] = {}
    sides = [own]
    for peer in peer_sides(environments):
        if peer.is_installed:
            sides.append(peer)
        else:
            absent[peer.name] = f"its environment is not installed: make bench-peers NAME={peer.python.parts[-3]}"
    seen: Seen = {}
    with ExitStack() as running:
        servers: dict[str, Server] = {}
        for side in sides:
            try:
                servers[side.name] = started(side, folder, seen, running)
            except ServerFailedError as error:
                absent[side.name] = str(error)
        sides = [side for side in sides if side.name in servers]
        if len(sides) < 2 or own.name not in servers:
            raise SystemExit(f"Nothing to compare: {absent}")
        for extra in (two, routed):
            extra.prepare(folder)
        constant = start_constant(own, servers[own.name], running)
        router, headers = start_router(routed, folder, running)
        doubled = two.start()
        running.callback(doubled.stop)
        doubled.ready_s(two.ready, two.headers)
        asked = [(side, servers[side.name]) for side in sides]
        for side, server in (*asked, (two, doubled), (own, constant)):
            warm(server, side)
        for turn in range(rounds):
            note(f"round {turn + 1} of {rounds}")
            for side, server in asked:
                for work, (rows, connections) in WORK.items():
                    keep(seen, side.name, work, loaded(server, side, rows, connections, seconds))
            keep(seen, "constant", "rows16", loaded(constant, own, 1, 16, seconds))
            keep(seen, "two", "hundred", loaded(doubled, two, 100, 16, seconds))
            through = put_load(router, "/endpoints/bench/predict", own.bodies(1), 1, seconds, headers)
            keep(seen, "routed", "row", through)
            keep(seen, "direct", "row", loaded(servers[own.name], own, 1, 1, seconds))
        for side, server in asked:
            seen.setdefault(f"{side.name}_pss_mib", []).append(server.pss_mib())
    note("many models in one server")
    return ratios(seen, [side.name for side in sides if side is not own]) | many_models(own), absent


def started(side: Side, folder: Path, seen: Seen, running: ExitStack) -> Server:
    """Train a side, start its server some times, and see that its answers are its library's own."""
    note(f"training and starting {side.name}")
    wanted = side.prepare(folder)
    for turn in range(STARTS):
        server = side.start()
        try:
            seen.setdefault(f"{side.name}_ready_s", []).append(server.ready_s(side.ready, side.headers))
        except ServerFailedError:
            server.stop()
            raise
        if turn < STARTS - 1:
            server.stop()
    running.callback(server.stop)
    got = side.answers(server)
    if got != wanted:
        same = sum(one == other for one, other in zip(got, wanted, strict=True))
        raise SystemExit(f"{side.name} answers only {same} of {len(wanted)} requests as its library does.")
    return server


def start_constant(own: Side, server: Server, running: ExitStack) -> Server:
    """Start the server that answers a constant of the size of a real answer."""
    body = own.bodies(1).read_text().splitlines()[0]
    answer = json.dumps(server.ask(own.path, body, own.headers), separators=(",", ":"))
    (own.folder / "answer.json").write_text(answer)
    port = free_port()
    argv = [str(own.python), str(HERE / "serving_own.py"), "constant", str(own.folder), str(port)]
    log = own.folder / "constant.log"
    started = Server("constant", argv, port, env=own.environment(), folder=own.folder, log=log)
    running.callback(started.stop)
    started.ready_s("/", {})
    return started


def start_router(side: Side, folder: Path, running: ExitStack) -> tuple[Server, Mapping[str, str]]:
    """Start a replica on a Unix socket and the router before it; return the router and what it wants to be sent."""
    socket = str(folder / "run" / "r")
    replica = side.start()
    running.callback(replica.stop)
    env = side.environment()
    script = [str(side.python), str(HERE / "serving_own.py"), "table", str(side.folder), socket]
    subprocess.run(script, check=True, env=env)
    port = free_port()
    argv = [str(side.python), "-m", "redspot.serving.router", "--snapshot", "table.json", "--port", str(port)]
    router = Server("router", argv, port, env=env, folder=side.folder, log=side.folder / "router.log")
    running.callback(router.stop)
    headers = {"Authorization": f"Bearer {TOKEN}"}
    router.ready_s("/endpoints/bench/v2/health/ready", headers)
    return router, headers


def warm(server: Server, side: Side) -> None:
    """Let a server do the work once, so that no round pays for what is made at first use."""
    for rows, connections in WORK.values():
        loaded(server, side, rows, connections, 1)


def loaded(server: Server, side: Side, rows: int, connections: int, seconds: int) -> Load:
    """Put load on a server with the bodies of its side."""
    return put_load(server, side.path, side.bodies(rows), connections, seconds, side.headers)


def keep(seen: Seen, side: str, work: str, load: Load) -> None:
    """Keep what one measurement showed."""
    for name in ("rate", "p50_ms", "p99_ms", "cpu_ms", "cores"):
        seen.setdefault(f"{side}_{work}_{name}", []).append(getattr(load, name))


def ratios(seen: Seen, peers: Sequence[str]) -> dict[str, Any]:
    """Return medians with ranges, and how Redspot does beside the best peer of each figure."""
    figures: dict[str, Any] = {name: (median(values), min(values), max(values)) for name, values in seen.items()}

    def of(side: str, figure: str) -> float:
        return float(figures[f"{side}_{figure}"][0])

    def least(figure: str) -> float:
        return of("redspot", figure) / min(of(peer, figure) for peer in peers)

    def most(figure: str) -> float:
        return of("redspot", figure) / max(of(peer, figure) for peer in peers)

    figures |= {
        "p50_ratio": least("row_p50_ms"),
        "p99_ratio": least("row_p99_ms"),
        "throughput_ratio": most("rows16_rate"),
        "batch100_ratio": most("hundred_rate"),
        "echo_ratio": of("redspot", "rows16_rate") / of("constant", "rows16_rate"),
        "memory_ratio": least("pss_mib"),
        "ready_s": figures["redspot_ready_s"],
        "router_added_ms": of("routed", "row_p50_ms") - of("direct", "row_p50_ms"),
        "cpu_per_request_2_vs_1": of("two", "hundred_cpu_ms") / of("redspot", "hundred_cpu_ms"),
        "two_core_use": of("two", "hundred_cores") / 2,
    }
    return figures


def note(text: str) -> None:
    """Say on standard error what is going on."""
    print(f"… {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
