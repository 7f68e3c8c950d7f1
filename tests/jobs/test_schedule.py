from __future__ import annotations

from datetime import UTC, datetime

import pytest

from redspot.jobs.schedule import InvalidCronError, UnknownTimeZoneError, next_fires


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def fires(cron: str, zone: str, after: str, count: int) -> list[str]:
    return [moment.strftime("%m-%dT%H:%M") for moment in next_fires(cron, zone, after=at(after), count=count)]


def test_moments_are_utc_and_in_the_zone_that_was_named() -> None:
    assert fires("30 7 * * *", "Europe/Berlin", "2026-01-01T00:00", 2) == ["01-01T06:30", "01-02T06:30"]


def test_a_fixed_time_that_is_skipped_in_spring_fires_once_right_after() -> None:
    # Berlin, 29 March 2026: 02:00 becomes 03:00 (01:00 UTC).
    assert fires("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00", 2) == ["03-29T01:00", "03-30T00:30"]


def test_a_fixed_time_that_comes_twice_in_autumn_fires_once() -> None:
    # Berlin, 25 October 2026: 03:00 becomes 02:00 (01:00 UTC).
    assert fires("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00", 2) == ["10-25T00:30", "10-26T01:30"]


def test_wildcard_hours_follow_the_clock_through_the_change() -> None:
    found = fires("15 * * * *", "Europe/Berlin", "2026-03-28T23:30", 3)
    assert found == ["03-29T00:15", "03-29T01:15", "03-29T02:15"]


@pytest.mark.parametrize("cron", ["", "* * * *", "* * * * * *", "a b c d e", "61 * * * *", "0 0 30 2 *"])
def test_bad_cron_is_refused_with_a_sentence(cron: str) -> None:
    with pytest.raises(InvalidCronError, match="cron expression|never fires"):
        next_fires(cron, "UTC", after=at("2026-01-01T00:00"))


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "CET\0"])
def test_an_unknown_zone_is_refused_by_name(zone: str) -> None:
    with pytest.raises(UnknownTimeZoneError, match="IANA"):
        next_fires("* * * * *", zone, after=at("2026-01-01T00:00"))
