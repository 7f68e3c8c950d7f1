"""What both sides of the features benchmark compute: 16 features of events over 90 days, by the same windows."""

from __future__ import annotations

from typing import Any

import numpy as np

HOUR_US = 3_600_000_000
DAY_US = 24 * HOUR_US
BEGIN_US = 20_254 * DAY_US
WINDOWS = {"1h": HOUR_US, "1d": DAY_US, "7d": 7 * DAY_US, "30d": 30 * DAY_US}
KEYS = 10_000
DAYS = 90
KINDS = ("skewed", "uniform")
Columns = dict[str, Any]


def events(kind: str, count: int = 1_000_000, seed: int = 5) -> Columns:
    """Return key, ts (microseconds) and amount of events; skewed: the busiest key has about 4.6 % of them."""
    random = np.random.default_rng(seed)
    return {
        "key": _keys(random, kind, count),
        "ts": BEGIN_US + random.integers(0, DAYS * DAY_US, count),
        "amount": random.gamma(2.0, 20.0, count).round(2),
    }


def spine(kind: str, count: int = 100_000, seed: int = 6) -> Columns:
    """Return row, key and ts of the rows that ask, in the last 60 days."""
    random = np.random.default_rng(seed)
    keys = _keys(random, kind, count)
    return {"row": np.arange(count), "key": keys, "ts": BEGIN_US + random.integers(30 * DAY_US, DAYS * DAY_US, count)}


def _keys(random: np.random.Generator, kind: str, count: int) -> Any:
    return (KEYS * random.random(count) ** (3 if kind == "skewed" else 1)).astype(np.int64)


def checksums(columns: Columns) -> dict[str, float]:
    """Return the sum of each feature over all rows, by which two sides are compared; nothing of an empty window."""
    return {
        f"{function}_{window}": float(np.nansum(np.asarray(columns[f"{function}_{window}"], np.float64)))
        for window in WINDOWS
        for function in ("count", "sum", "mean", "max")
    }
