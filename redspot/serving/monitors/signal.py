"""What a monitor says: one number, how bad it is, and since when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum


class Severity(IntEnum):
    """How bad a number is, in ascending order."""

    OK = 0
    WARNING = 1
    CRITICAL = 2


@dataclass(frozen=True, slots=True)
class Span:
    """From when, inclusive, to when, exclusive; aware, UTC."""

    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Signal:
    """What one monitor found in one window.

    Attributes
    ----------
    name
        Such as ``input-drift``; see `redspot.serving.monitors.thresholds.Thresholds`.
    subject
        The column or metric that it is about; empty where there is but one.
    value
        In the unit that the name says.
    threshold
        What was reached, or, when all is well, what would be the first to worry about; None where there is none.
    window
        What was looked at.
    since
        Since when it has been as bad as this, or worse.
    """

    name: str
    subject: str
    severity: Severity
    value: float
    threshold: float | None
    window: Span
    since: datetime


def carried(signals: Iterable[Signal], before: Iterable[Signal]) -> tuple[Signal, ...]:
    """Return signals that remember since when they stand, by those of the window before."""
    known = {(signal.name, signal.subject): signal for signal in before}
    return tuple(_carry(signal, known.get((signal.name, signal.subject))) for signal in signals)


def _carry(signal: Signal, before: Signal | None) -> Signal:
    if before is None or before.severity < signal.severity:
        return signal
    # All is well only since it was not bad any more.
    if signal.severity is Severity.OK and before.severity is not Severity.OK:
        return signal
    return replace(signal, since=before.since)
