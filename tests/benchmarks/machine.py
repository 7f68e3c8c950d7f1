"""What a benchmark needs to know of the machine: time, memory, and what other processes took."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path


def median(values: Sequence[float]) -> float:
    """Return the median."""
    return statistics.median(values)


def timed(function: Callable[[], object], calls: int, *, warm: int = 1, budget_s: float = 30.0) -> list[float]:
    """Return the seconds of each of up to `calls` calls, within a budget, after some that are not measured."""
    for _ in range(warm):
        function()
    seconds: list[float] = []
    end = time.perf_counter() + budget_s
    while len(seconds) < calls and (not seconds or time.perf_counter() < end):
        began = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - began)
    return seconds


def peak_memory_mib(function: Callable[[], object]) -> float:
    """Return by how much the process's resident memory rose above what it was, at most, in MiB (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")  # the high-water mark starts anew
    before = _status_kib("VmRSS")
    function()
    return (_status_kib("VmHWM") - before) / 1024


def _status_kib(key: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{key}:"):
            return int(line.split()[1])
    raise LookupError(key)


@dataclass
class Bystanders:
    """What processes other than ours took of the machine since this object was made."""

    _busy: int = field(default_factory=lambda: _busy_and_all()[0])
    _all: int = field(default_factory=lambda: _busy_and_all()[1])
    _ours: float = field(default_factory=lambda: sum(os.times()[:4]))

    def percent(self) -> float:
        """Return their share of all processor time, in percent; our ended children count as ours."""
        busy, total = _busy_and_all()
        ours = (sum(os.times()[:4]) - self._ours) * os.sysconf("SC_CLK_TCK")
        return round(100 * max(0.0, busy - self._busy - ours) / max(1, total - self._all), 1)


def _busy_and_all() -> tuple[int, int]:
    values = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    return sum(values) - values[3] - values[4], sum(values)
