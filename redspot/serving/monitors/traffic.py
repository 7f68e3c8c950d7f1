"""How many requests came, how many failed and how long they took."""

from __future__ import annotations

import numpy as np

from redspot.serving.monitors.signal import Signal
from redspot.serving.monitors.thresholds import Thresholds, judged
from redspot.serving.monitors.window import Window


def watch_traffic(window: Window, thresholds: Thresholds) -> tuple[Signal, ...]:
    """Return ``requests``, ``rows``, ``error-share``, ``refusal-share``, ``p50-ms``, ``p95-ms`` and ``p99-ms``.

    Quantiles are interpolated linearly. Shares and quantiles of no request are not told.
    """
    span, requests = window.span, len(window.statuses)
    counts = (judged("requests", requests, None, span), judged("rows", window.rows, None, span))
    if not requests:
        return counts
    failed = float((window.statuses >= 500).mean())
    refused = float(((window.statuses >= 400) & (window.statuses < 500)).mean())
    p50, p95, p99 = np.quantile(window.latencies_ms, (0.5, 0.95, 0.99)).tolist()
    return (
        *counts,
        judged("error-share", failed, thresholds.error_share, span),
        judged("refusal-share", refused, thresholds.refusal_share, span),
        judged("p50-ms", p50, thresholds.p50_ms, span),
        judged("p95-ms", p95, thresholds.p95_ms, span),
        judged("p99-ms", p99, thresholds.p99_ms, span),
    )
