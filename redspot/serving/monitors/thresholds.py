"""From when on a number is bad."""

from __future__ import annotations

from dataclasses import dataclass

from redspot.profile.drifting import SOME, STRONG
from redspot.serving.monitors.signal import Severity, Signal, Span


@dataclass(frozen=True, slots=True)
class Threshold:
    """Values from which on, inclusive, something is a warning or critical."""

    warning: float
    critical: float

    def raised(self, by: float) -> Threshold:
        """Return a threshold that is higher."""
        return Threshold(self.warning + by, self.critical + by)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The thresholds of one endpoint, with defaults that suit many.

    Attributes
    ----------
    error_share
        Share of the requests that failed by our fault (status 500 and above): 1 % and 5 %.
    refusal_share
        Share that was refused by the caller's fault (status 400 to 499): 5 % and 25 %.
    p50_ms, p95_ms, p99_ms
        Latency within the replica, in milliseconds; only the last has a default, of 250 and 1,000.
    missing_rise
        How much larger the share of missing values of a column is than in training: 0.05 and 0.2.
    unseen_share
        Share of a column's known texts that training has not seen: 2 % and 10 %.
    input_psi, score_psi
        Population stability index of a column, or of the predictions: the customary 0.1 and 0.25, raised by what
        chance alone gives with so few rows, ``10 * (1 / rows + 1 / reference rows)``.
    metric_drop
        How much worse the live headline metric is than the one the pipeline was evaluated with: 0.05 and 0.1.
    min_rows, min_labels
        With fewer nothing is said of columns and scores, or of the metric: 100 and 30.
    """

    error_share: Threshold = Threshold(0.01, 0.05)
    refusal_share: Threshold = Threshold(0.05, 0.25)
    p50_ms: Threshold | None = None
    p95_ms: Threshold | None = None
    p99_ms: Threshold | None = Threshold(250, 1000)
    missing_rise: Threshold = Threshold(0.05, 0.2)
    unseen_share: Threshold = Threshold(0.02, 0.1)
    input_psi: Threshold = Threshold(SOME, STRONG)
    score_psi: Threshold = Threshold(SOME, STRONG)
    metric_drop: Threshold = Threshold(0.05, 0.1)
    min_rows: int = 100
    min_labels: int = 30


def judged(
    name: str, value: float, threshold: Threshold | None, span: Span, *, subject: str = "", by: float | None = None
) -> Signal:
    """Return a signal; `by` is what is compared with the threshold where that is not the value itself."""
    measure = value if by is None else by
    if threshold is None:
        return Signal(name, subject, Severity.OK, value, None, span, span.begin)
    severity, reached = Severity.OK, threshold.warning
    if measure >= threshold.critical:
        severity, reached = Severity.CRITICAL, threshold.critical
    elif measure >= threshold.warning:
        severity = Severity.WARNING
    return Signal(name, subject, severity, value, reached, span, span.begin)
