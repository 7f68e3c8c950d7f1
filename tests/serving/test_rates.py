from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redspot.serving.errors import RateLimitedError
from redspot.serving.rates import Bucket, Rates
from redspot.serving.snapshot import CallerEntry


@given(st.lists(st.floats(0, 5), min_size=1, max_size=100), st.floats(0.1, 50), st.integers(1, 20))
def test_no_more_is_let_through_than_burst_and_rate_allow(pauses: list[float], rate: float, burst: int) -> None:
    bucket, now, taken = Bucket(rate, burst, 0.0), 0.0, 0
    for pause in pauses:
        now += pause
        taken += bucket.take(now) == 0
    assert 0 < taken <= burst + rate * now + 1e-6


@given(st.floats(0.1, 50), st.integers(1, 5))
def test_who_waits_as_told_is_let_through(rate: float, burst: int) -> None:
    bucket = Bucket(rate, burst, 0.0)
    for _ in range(burst):
        assert bucket.take(0.0) == 0
    wait_s = bucket.take(0.0)
    assert wait_s > 0
    assert bucket.take(wait_s * (1 + 1e-9)) == 0


def test_each_token_has_a_bucket_of_its_own_that_outlives_a_table() -> None:
    rates, ada = Rates(), CallerEntry("ada", rate_per_s=0.01, burst=2)
    for digest in ("a", "b"):
        rates.take(digest, ada)
        rates.take(digest, ada)
    rates.keep({"a": ada})
    with pytest.raises(RateLimitedError) as caught:
        rates.take("a", ada)
    assert caught.value.facts["retry_after_s"] == 100
    rates.take("a", CallerEntry("ada", rate_per_s=5.0))
    for _ in range(1000):
        rates.take("c", CallerEntry("grace"))
