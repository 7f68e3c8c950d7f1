from __future__ import annotations

from bisect import bisect_left
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redspot.registry.histogram import Bin, added_bins, bins_of, quantile_ms
from redspot.registry.series import Point, Sample, SeriesSpanError, begin_of, step_for
from redspot.registry.signal import Finding, SignalSeverity, sentence_of
from redspot.serving.tally import LE_MS

NOW = datetime(2026, 11, 24, 12, 0, 7, tzinfo=UTC)
durations = st.lists(st.floats(0.01, 200_000), min_size=1, max_size=200)


def counted(values: list[float]) -> tuple[Bin, ...]:
    counts = [0] * (len(LE_MS) + 1)
    for value in values:
        counts[bisect_left(LE_MS, value)] += 1
    return bins_of(LE_MS, counts)


@given(durations, st.sampled_from([0.5, 0.95, 0.99, 1.0]))
def test_a_quantile_lies_in_the_bin_of_the_exact_one(values: list[float], share: float) -> None:
    exact = float(np.quantile(values, share, method="inverted_cdf"))
    low, high = next((each.low_ms, each.high_ms) for each in counted(values) if exact <= (each.high_ms or np.inf))
    found = quantile_ms(counted(values), share)
    assert found is not None
    assert low <= found <= (low if high is None else high)


@given(durations, durations)
def test_counts_that_are_added_are_those_of_all_durations(one: list[float], other: list[float]) -> None:
    assert added_bins((counted(one), counted(other))) == counted(one + other)


def test_nothing_counted_has_no_quantile() -> None:
    assert quantile_ms((), 0.5) is None


def test_a_point_has_the_rates_of_its_seconds_and_no_shares_of_no_request() -> None:
    busy = Point.of(Sample("e", "d", "m@1", NOW, 20.0, requests=40, errors=10, latency=(Bin(1, 2, 40),)))
    assert (busy.requests_per_s, busy.error_share, busy.p50_ms) == (2.0, 0.25, 1.5)
    idle = Point.of(Sample("e", "d", "m@1", NOW, 20.0))
    assert (idle.requests_per_s, idle.error_share, idle.p99_ms) == (0.0, None, None)


def test_joined_stretches_add_counts_and_keep_the_last_state() -> None:
    one = Sample("e", "d", "m@1", NOW, 10.0, 5, 1, in_flight=9, ready=1, share=0.1)
    both = one.joined(Sample("e", "d", "m@1", NOW + timedelta(seconds=10), 10.0, 7, 0, in_flight=2, ready=3, share=0.5))
    assert (both.at, both.seconds, both.requests, both.errors) == (NOW, 20.0, 12, 1)
    assert (both.in_flight, both.ready, both.share) == (9, 3, 0.5)


@pytest.mark.parametrize(("hours", "step_s"), [(0.5, 10), (1, 10), (6, 60), (24, 600), (24 * 20, 600)])
def test_the_finest_step_that_is_kept_and_fits_is_chosen(hours: float, step_s: int) -> None:
    assert step_for(NOW - timedelta(hours=hours), NOW, NOW) == step_s


def test_a_step_that_is_not_kept_and_an_empty_stretch_are_refused() -> None:
    with pytest.raises(SeriesSpanError, match="10, 60, 600"):
        step_for(NOW - timedelta(hours=1), NOW, NOW, 30)
    with pytest.raises(SeriesSpanError, match="not before"):
        step_for(NOW, NOW, NOW)


def test_stretches_begin_at_whole_steps() -> None:
    assert begin_of(NOW, 60) == datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def test_what_users_named_a_column_is_no_form_of_the_sentence() -> None:
    odd = Finding("d", "m@1", "missing-share", "{value} x", SignalSeverity.WARNING, 0.3, 0.1)
    assert sentence_of(odd) == "30 % of {value} x is missing (m@1; limit 10 %)."
