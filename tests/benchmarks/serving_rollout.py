"""Roll-outs under steady load: three versions swapped, one replica killed, and how many requests noticed.

Part of ``make bench NAME=serving``; alone: ``python tests/benchmarks/serving_rollout.py``.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import json
import os
import random
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from machine import Bystanders, median  # noqa: E402  a script's neighbour
from table import print_table, rounded  # noqa: E402

THREADS = 16
ENDPOINT = "bench"
BARS = {"rollout_failed": ("≤", 0), "rollback_s": ("≤", 10)}


@dataclass(frozen=True)
class Asked:
    """One request of a client that does not retry; `status` 0 is no answer. Times are of `time.perf_counter`."""

    sent_at: float
    ended_at: float
    status: int


@dataclass
class Generator:
    """Sends requests at moments that do not wait for answers, over connections that are kept.

    Parameters
    ----------
    rate
        Requests each second; each of the threads sends its part of them.
    """

    port: int
    token: str
    rate: float
    asked: list[Asked] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def start(self) -> None:
        """Begin; returns at once."""
        self._ending = threading.Event()
        self._began = time.perf_counter()
        self._threads = [threading.Thread(target=self._send, args=(number,)) for number in range(THREADS)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End, and wait for the last answers."""
        self._ending.set()
        for thread in self._threads:
            thread.join()

    def _send(self, number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        turn, numbers = 0, random.Random(number)
        while not self._ending.is_set():
            due = self._began + (turn * THREADS + number) / self.rate
            turn += 1
            if (pause := due - time.perf_counter()) > 0:
                time.sleep(pause)
            sent_at, status = time.perf_counter(), 0
            try:
                body = json.dumps({"a": float(numbers.randrange(1, 40))})
                connection.request("POST", f"/endpoints/{ENDPOINT}/predict", body, headers)
                answer = connection.getresponse()
                content = answer.read()
                status = answer.status
                if status != 200:
                    self.failures.append(content.decode(errors="replace")[:200])
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                connection.close()
            self.asked.append(Asked(sent_at, time.perf_counter(), status))
        connection.close()


def measured_rollout(*, seconds: float = 60.0, rate: float = 200.0) -> dict[str, Any]:
    """Return the figures of one run with the real service, router and two replicas of a small model.

    ``rollout_failed`` counts failures but for requests that were under way when the replica was killed, which
    ``rollout_failed_in_flight`` counts.
    """
    from redspot_server.child import join_or_start
    from redspot_server.down import stop_everything

    from redspot.client.service import ServiceClient
    from redspot.config import Config

    with tempfile.TemporaryDirectory(prefix="redspot-bench-") as folder:
        config = Config(state_dir=Path(folder) / "state", router_port=_free_port())
        child = join_or_start(config)
        try:
            with ServiceClient(socket=config.socket) as client:
                return _swap(client, config, seconds, rate)
        finally:
            stop_everything(config, grace_s=10.0)
            if child is not None:
                child.wait()


def _swap(client: Any, config: Any, seconds: float, rate: float) -> dict[str, Any]:
    from redspot.compute.process import ProcessBackend
    from redspot.registry.definition import EndpointDefinition
    from redspot.registry.policy import RolloutPolicy, Strategy

    for slope in (1.0, 1.001, 1.002, 1.003):
        _register(client, slope)
    canary = RolloutPolicy(Strategy.CANARY, (0.2, 1.0), step_s=seconds / 20, min_requests=20)
    definition = {"name": ENDPOINT, "min_replicas": 2, "max_replicas": 2}
    client.apply(EndpointDefinition.from_dict({**definition, "model": "bench@1"}))
    _await(client, "bench@1")
    generator = Generator(config.router_port, client.make_token("bench").token, rate)
    time.sleep(2)  # the router reads its table every half second
    generator.start()
    began = time.perf_counter()

    def at(share: float, doing: Callable[[], object]) -> None:
        time.sleep(max(0.0, began + share * seconds - time.perf_counter()))
        doing()

    swapped: list[float] = []

    def swap(number: int, policy: RolloutPolicy) -> None:
        begin = time.perf_counter()
        wanted = EndpointDefinition.from_dict({**definition, "model": f"bench@{number}"})
        client.apply(replace(wanted, rollout=policy))
        _await(client, f"bench@{number}")
        swapped.append(time.perf_counter() - begin)

    killed: list[float] = []

    def kill() -> None:
        (arm,) = client.endpoint(ENDPOINT).arms
        pid = ProcessBackend(config.units_dir).observe(f"{arm.deployment_id}-1").pid
        killed.append(time.perf_counter())
        os.kill(pid, signal.SIGKILL)

    try:
        at(0.1, lambda: swap(2, RolloutPolicy()))
        at(0.3, lambda: swap(3, canary))
        at(0.6, kill)
        at(0.75, lambda: swap(4, RolloutPolicy()))
        at(1.0, lambda: None)
    finally:
        generator.stop()
    begin = time.perf_counter()
    client.roll_back(ENDPOINT)
    _await(client, "bench@3")
    back_s = time.perf_counter() - begin
    return _figures(generator, killed[0], swapped, back_s, seconds)


def _figures(
    generator: Generator, killed_at: float, swapped: Sequence[float], back_s: float, seconds: float
) -> dict[str, Any]:
    failed = [each for each in generator.asked if each.status != 200]
    in_flight = [each for each in failed if each.sent_at <= killed_at <= each.ended_at]
    times = sorted(each.ended_at - each.sent_at for each in generator.asked if each.status == 200)
    for sentence in generator.failures[:5]:
        print(f"… failed: {sentence}", file=sys.stderr)
    return {
        "rollout_failed": float(len(failed) - len(in_flight)),
        "rollout_failed_in_flight": float(len(in_flight)),
        "rollout_requests": float(len(generator.asked)),
        "rollout_rate": len(generator.asked) / seconds,
        "rollout_p50_ms": 1e3 * times[len(times) // 2],
        "rollout_p99_ms": 1e3 * times[int(0.99 * len(times))],
        "rollout_swap_s": (median(swapped), min(swapped), max(swapped)),
        "rollback_s": back_s,
    }


def _register(client: Any, slope: float) -> None:
    from sklearn.linear_model import LinearRegression

    from redspot.contracts.requests import VersionIn
    from redspot.pipeline import Pipeline, branch, estimate, impute
    from redspot.registry.model import Version

    inputs = [float(number) for number in range(40)]
    pipeline = Pipeline(numbers=branch("a").then(impute("mean")), value=estimate(LinearRegression()))
    pipeline.fit({"a": inputs}, [slope * value for value in inputs])
    body = VersionIn(pipeline=base64.b64encode(pipeline.dumps()).decode())
    client.call(Version, "POST", f"models/{ENDPOINT}/versions", body=body)


def _await(client: Any, version: str) -> None:
    over = client.wait(
        lambda: client.endpoint(ENDPOINT),
        lambda seen: seen.rollout.stage.is_over,
        timeout_s=90,
        what=f"the roll-out of {version}",
    )
    if over.serving != version:
        raise SystemExit(f"The roll-out of {version} went back: {over.rollout.reason}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=200.0, help="requests each second")
    options = parser.parse_args()
    bystanders = Bystanders()
    figures = measured_rollout(seconds=options.seconds, rate=options.rate)
    figures["others_pct"] = bystanders.percent()
    print_table(figures, BARS)
    print(json.dumps({name: rounded(value) for name, value in figures.items()}))


if __name__ == "__main__":
    main()
