"""Cron: five fields in an IANA time zone."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from redspot.errors import InvalidError


class InvalidCronError(InvalidError):
    """A cron expression cannot be read, or never fires."""

    code = "invalid-cron"


class UnknownTimeZoneError(InvalidError):
    """A time zone is not an IANA name."""

    code = "unknown-time-zone"


def parse_time_zone(name: str) -> ZoneInfo:
    """Return the zone called `name`.

    Raises
    ------
    UnknownTimeZoneError
        When the IANA database has no such name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnknownTimeZoneError(
            f"{name!r} is not a time zone: use an IANA name such as 'Europe/Berlin' or 'UTC'.", time_zone=name
        ) from None


def next_fires(cron: str, time_zone: str, *, after: datetime, count: int = 1) -> tuple[datetime, ...]:
    """Return the next `count` moments (UTC) strictly after `after` at which `cron` fires in `time_zone`.

    Daylight-saving time follows Debian cron, as cronsim implements it: a fixed time that is skipped
    fires once right after the change, one that comes twice fires once; wildcard times follow the clock.

    Raises
    ------
    InvalidCronError
        When `cron` does not have five readable fields, or names a day that never comes.
    UnknownTimeZoneError
        When `time_zone` is not an IANA name.

    Examples
    --------
    >>> next_fires("30 7 * * *", "UTC", after=datetime(2026, 1, 1, tzinfo=UTC))[0].isoformat()
    '2026-01-01T07:30:00+00:00'
    """
    from cronsim import CronSim, CronSimError

    zone = parse_time_zone(time_zone)
    if len(cron.split()) != 5:
        raise InvalidCronError(
            f"{cron!r} is not a cron expression: it has {len(cron.split())} fields and needs five"
            " (minute, hour, day of month, month, day of week), e.g. '0 7 * * MON'.",
            cron=cron,
        )
    try:
        moments = CronSim(cron, after.astimezone(zone))
        fires = tuple(next(moments).astimezone(UTC) for _ in range(count))
    except CronSimError as error:
        raise InvalidCronError(f"{cron!r} is not a cron expression: {error}.", cron=cron) from None
    except StopIteration:
        raise InvalidCronError(f"{cron!r} never fires: no such day exists.", cron=cron) from None
    return fires
