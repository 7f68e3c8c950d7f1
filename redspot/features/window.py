"""Lengths of time, and the stretches of time that features look at."""

from __future__ import annotations

import re
from dataclasses import dataclass

from redspot.features.errors import InvalidWindowError

UNITS_US = {
    "us": 1,
    "ms": 1_000,
    "s": 1_000_000,
    "m": 60_000_000,
    "h": 3_600_000_000,
    "d": 86_400_000_000,
    "w": 7 * 86_400_000_000,
}
MINUTE_US = UNITS_US["m"]
UNBOUNDED = "unbounded"
LONGEST_US = 200 * 365 * UNITS_US["d"]


def parse_duration(text: str) -> int:
    """Return a length of time in microseconds.

    Parameters
    ----------
    text
        A whole number and a unit: ``us``, ``ms``, ``s``, ``m`` (minutes), ``h``, ``d`` or ``w``.

    Raises
    ------
    InvalidWindowError
        If the text is no such length, or longer than 200 years.

    Examples
    --------
    >>> parse_duration("1h")
    3600000000
    """
    found = re.fullmatch(r"(\d{1,12})(us|ms|s|m|h|d|w)", text) if isinstance(text, str) else None
    if found is None:
        raise InvalidWindowError(f"{text!r} is no length of time: write a number and one of {', '.join(UNITS_US)}.")
    length = int(found[1]) * UNITS_US[found[2]]
    if length > LONGEST_US:
        raise InvalidWindowError(f"{text!r} is longer than 200 years: write {UNBOUNDED!r} for all that ever was.")
    return length


def duration_text(length_us: int) -> str:
    """Return the shortest text of a length of time, in days and below.

    Examples
    --------
    >>> duration_text(7 * 86_400_000_000)
    '7d'
    """
    for unit in ("d", "h", "m", "s", "ms"):
        if length_us % UNITS_US[unit] == 0:
            return f"{length_us // UNITS_US[unit]}{unit}"
    return f"{length_us}us"


@dataclass(frozen=True, slots=True)
class Window:
    """The stretch of time that a feature looks at, seen from a row's time t.

    A window of length w holds the events with ``t - w <= event time < t``. One with a hop begins where its
    beginning falls into a grid of hops since 1970 (``floor((t - w) / hop) * hop``), and still ends at t. A future
    window, for labels, holds ``t <= event time < t + w``.

    Attributes
    ----------
    length_us
        In microseconds; None holds everything before t.
    hop_us
        Grid of the beginning, in microseconds; None slides exactly.
    is_future
        Whether it looks ahead.
    """

    length_us: int | None
    hop_us: int | None = None
    is_future: bool = False

    def __post_init__(self) -> None:
        if self.length_us is not None and self.length_us < MINUTE_US:
            raise InvalidWindowError(f"A window of {duration_text(self.length_us)} is shorter than one minute.")
        if self.length_us is None and (self.hop_us is not None or self.is_future):
            raise InvalidWindowError("An unbounded window has no hop, and does not look ahead.")
        if self.hop_us is not None and (self.is_future or not 0 < self.hop_us <= (self.length_us or 0)):
            raise InvalidWindowError("A hop is at most as long as its window, and no window into the future has one.")

    @classmethod
    def parse(cls, text: str, *, hop: str | None = None) -> Window:
        """Return the window of a text such as ``7d`` or ``unbounded``.

        Raises
        ------
        InvalidWindowError
            If the text is no window.
        """
        if text == UNBOUNDED:
            return cls(None, None if hop is None else parse_duration(hop))
        return cls(parse_duration(text), None if hop is None else parse_duration(hop))

    @property
    def text(self) -> str:
        """What `parse` reads."""
        return UNBOUNDED if self.length_us is None else duration_text(self.length_us)

    @property
    def suffix(self) -> str:
        """The end of a feature's name: ``_7d``, ``_7d_hop_1h``, ``_next_7d``; nothing for an unbounded window."""
        if self.length_us is None:
            return ""
        hop = "" if self.hop_us is None else f"_hop_{duration_text(self.hop_us)}"
        return f"{'_next' if self.is_future else ''}_{self.text}{hop}"
