"""Versions to roll out, and clients that watch an endpoint meanwhile."""

from __future__ import annotations

import base64
import random
import threading
import time
from collections import Counter
from functools import lru_cache
from types import TracebackType
from typing import Self

import httpx

from redspot.client.service import ServiceClient
from redspot.config import Config
from redspot.contracts.requests import VersionIn
from redspot.pipeline import Pipeline, branch, estimate, impute
from redspot.registry.model import Version


@lru_cache
def pipeline_file(slope: float) -> bytes:
    """Return a pipeline that answers about `slope` times its input."""
    from sklearn.linear_model import LinearRegression

    inputs = [float(i) for i in range(40)]
    pipeline = Pipeline(numbers=branch("a").then(impute("mean")), value=estimate(LinearRegression()))
    pipeline.fit({"a": inputs}, [slope * value for value in inputs])
    return pipeline.dumps()


def register(client: ServiceClient, model: str, slope: float) -> Version:
    """Register such a pipeline as the next version."""
    body = VersionIn(pipeline=base64.b64encode(pipeline_file(slope)).decode())
    return client.call(Version, "POST", f"models/{model}/versions", body=body)


class SteadyClient:
    """Asks an endpoint all the time and never retries; counts what it is answered.

    Attributes
    ----------
    statuses
        How many answers had each status; 0 is none at all.
    slopes
        What each answer was a multiple of, newest last; see `pipeline_file`.
    """

    def __init__(self, config: Config, token: str, endpoint: str, *, pause_s: float = 0.01) -> None:
        self._url = f"http://{config.router_host}:{config.router_port}/endpoints/{endpoint}/predict"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._pause_s = pause_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)
        self.statuses: Counter[int] = Counter()
        self.slopes: list[float] = []
        self.failures: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join(timeout=60)

    def _ask(self) -> None:
        with httpx.Client(headers=self._headers, timeout=40, trust_env=False) as http:
            numbers = random.Random(1)
            while not self._ended.is_set():
                row = {"a": float(numbers.randrange(1, 40))}
                try:
                    answer = http.post(self._url, json=row)
                except httpx.HTTPError as error:
                    self.statuses[0] += 1
                    self.failures.append(repr(error))
                    continue
                self.statuses[answer.status_code] += 1
                if answer.status_code == 200:
                    self.slopes.append(round(answer.json()["predictions"][0]["prediction"] / row["a"], 3))
                else:
                    self.failures.append(answer.text[:300])
                time.sleep(self._pause_s)
