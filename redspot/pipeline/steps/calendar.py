"""The calendar: what a clock and a calendar show at a time, in UTC or in a time zone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.errors import InvalidStepError

SECOND = 1_000_000
DAY = 86_400 * SECOND

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# datetime knows the years 1 to 9999, and a shift by a time zone must stay inside.
_FIRST, _LAST = 2, 9998


class Calendar:
    """Times, in whole microseconds since 1970 UTC, as the calendar of one time zone shows them.

    Attributes
    ----------
    micros
        int64, shifted to the zone.
    days
        datetime64[D] in the zone.
    """

    def __init__(self, micros: NDArray[np.int64], zone: str | None) -> None:
        self.micros = micros if zone is None else micros + offsets(micros, zone)
        self.days = self.micros.astype("datetime64[us]").astype("datetime64[D]")
        self.years = self.days.astype("datetime64[Y]")
        self.months = self.days.astype("datetime64[M]")

    @property
    def day_of_year(self) -> NDArray[np.int64]:
        """Days since 1 January."""
        return _whole(self.days - self.years.astype("datetime64[D]"))

    @property
    def days_in_year(self) -> NDArray[np.int64]:
        """365 or 366."""
        following = (self.years + np.timedelta64(1, "Y")).astype("datetime64[D]")
        return _whole(following - self.years.astype("datetime64[D]"))

    @property
    def month(self) -> NDArray[np.int64]:
        """Months since January."""
        return _whole(self.months - self.years.astype("datetime64[M]"))

    @property
    def weekday(self) -> NDArray[np.int64]:
        """Days since Monday; 1970 began on a Thursday."""
        return (self.days.astype(np.int64) + 3) % 7

    @property
    def week(self) -> NDArray[np.int64]:
        """Number of the week by ISO 8601: that of the year in which its Thursday lies."""
        thursday = self.days + (3 - self.weekday)
        return _whole(thursday - thursday.astype("datetime64[Y]").astype("datetime64[D]")) // 7 + 1

    @property
    def of_day(self) -> NDArray[np.int64]:
        """Microseconds since midnight by the clock."""
        return self.micros % DAY


def _whole(spans: NDArray[Any]) -> NDArray[np.int64]:
    return spans.astype(np.int64)


PARTS: Mapping[str, Callable[[Calendar], NDArray[Any]]] = {
    "year": lambda at: at.years.astype(np.int64) + 1970,
    "quarter": lambda at: at.month // 3 + 1,
    "month": lambda at: at.month + 1,
    "day": lambda at: _whole(at.days - at.months.astype("datetime64[D]")) + 1,
    "weekday": lambda at: at.weekday,
    "hour": lambda at: at.of_day // (3600 * SECOND),
    "minute": lambda at: at.of_day // (60 * SECOND) % 60,
    "day_of_year": lambda at: at.day_of_year + 1,
    "week": lambda at: at.week,
    "is_weekend": lambda at: at.weekday >= 5,
}

# The same from Python's own calendar, for one time.
PARTS_OF_ONE: Mapping[str, Callable[[datetime], int]] = {
    "year": lambda at: at.year,
    "quarter": lambda at: (at.month - 1) // 3 + 1,
    "month": lambda at: at.month,
    "day": lambda at: at.day,
    "weekday": lambda at: at.weekday(),
    "hour": lambda at: at.hour,
    "minute": lambda at: at.minute,
    "day_of_year": lambda at: at.timetuple().tm_yday,
    "week": lambda at: at.isocalendar().week,
    "is_weekend": lambda at: at.weekday() >= 5,
}

# How much of a period has passed, from 0 up to, not including, 1.
PHASES: Mapping[str, Callable[[Calendar], NDArray[np.float64]]] = {
    "hour": lambda at: at.of_day / DAY,
    "weekday": lambda at: (at.weekday * DAY + at.of_day) / (7 * DAY),
    "month": lambda at: at.month / 12,
    "day_of_year": lambda at: (at.day_of_year * DAY + at.of_day) / (at.days_in_year * DAY),
}

PHASES_OF_ONE: Mapping[str, Callable[[datetime], float]] = {
    "hour": lambda at: _of_day(at) / DAY,
    "weekday": lambda at: (at.weekday() * DAY + _of_day(at)) / (7 * DAY),
    "month": lambda at: (at.month - 1) / 12,
    "day_of_year": lambda at: ((at.timetuple().tm_yday - 1) * DAY + _of_day(at)) / (_days_in_year(at.year) * DAY),
}


def _of_day(at: datetime) -> int:
    return (at.hour * 3600 + at.minute * 60 + at.second) * SECOND + at.microsecond


def _days_in_year(year: int) -> int:
    return 366 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 365


def require_zone(kind: str, zone: object) -> None:
    """Refuse what is no name of a time zone.

    Raises
    ------
    InvalidStepError
        Naming the step and an example.
    """
    if zone is None:
        return
    try:
        ZoneInfo(zone)  # type: ignore[arg-type]
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError) as error:
        raise InvalidStepError(
            f"{kind}: zone is the IANA name of a time zone, such as 'Europe/Berlin', not {zone!r}.", parameter="zone"
        ) from error


def require_moment(kind: str, parameter: str, text: object) -> int:
    """Return the microseconds since 1970 UTC of a time in ISO 8601, UTC where it says no time zone.

    Raises
    ------
    InvalidStepError
        When it is no such text; naming the step and the parameter.
    """
    try:
        moment = datetime.fromisoformat(text)  # type: ignore[arg-type]
        moment = moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidStepError(
            f"{kind}: {parameter} is a time such as '2026-01-31T12:00:00', not {text!r}.", parameter=parameter
        ) from error
    return int(np.datetime64(moment, "us").astype(np.int64))


def local_datetime(micros: int, zone: ZoneInfo | None) -> datetime | None:
    """Return a time as Python's datetime in the zone; None outside of the years that it knows."""
    try:
        moment = _EPOCH + timedelta(microseconds=micros)
    except OverflowError:
        return None
    if not _FIRST <= moment.year <= _LAST:
        return None
    return moment if zone is None else moment.astimezone(zone)


def offsets(micros: NDArray[np.int64], zone: str) -> NDArray[np.int64]:
    """Return how far the clocks of a zone are ahead of UTC: int64 microseconds, one per time."""
    seconds = micros // SECOND
    years = micros.astype("datetime64[us]").astype("datetime64[Y]").astype(np.int64) + 1970
    found = np.zeros(len(micros), dtype=np.int64)
    for year in np.unique(years).tolist():
        rows = np.flatnonzero(years == year)
        starts, ahead = _changes(zone, min(max(year, _FIRST), _LAST))
        place = np.searchsorted(starts, seconds[rows], side="right") - 1
        found[rows] = np.array(ahead, dtype=np.int64)[np.maximum(place, 0)] * SECOND
    return found


@cache
def _changes(zone: str, year: int) -> tuple[list[int], list[int]]:
    """Return the seconds since 1970 at which the clocks of a zone change in a year, and how far ahead they are then.

    The first entry is the beginning of the year, in UTC.
    """
    info = ZoneInfo(zone)

    def ahead_at(second: int) -> int:
        offset = (_EPOCH + timedelta(seconds=second)).astimezone(info).utcoffset()
        return 0 if offset is None else int(offset.total_seconds())

    first, end = ((datetime(each, 1, 1, tzinfo=UTC) - _EPOCH) // timedelta(seconds=1) for each in (year, year + 1))
    starts, ahead = [first], [ahead_at(first)]
    # No zone has ever changed its clocks twice in half a day.
    step = 43_200
    for low in range(first, end, step):
        high = min(low + step, end - 1)
        if ahead_at(high) == ahead[-1]:
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if ahead_at(middle) == ahead[-1] else (low, middle)
        starts.append(high)
        ahead.append(ahead_at(high))
    return starts, ahead
