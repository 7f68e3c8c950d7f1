from __future__ import annotations

import subprocess
import sys
from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from redspot.serving.splitting import Split, point_of, spread_points

CALLERS = [f"caller-{number}" for number in range(2000)]


def arms_of(shares: list[float]) -> list[int]:
    split = Split(shares)
    return [split.at(point_of("penguins", caller)) for caller in CALLERS]


@settings(max_examples=50, deadline=None)
@given(st.floats(0, 1), st.floats(0, 1))
def test_a_growing_canary_only_takes_callers_in(one: float, other: float) -> None:
    small, large = sorted((one, other))
    before, after = arms_of([1 - small, small]), arms_of([1 - large, large])
    assert not [caller for caller in range(len(CALLERS)) if before[caller] == 1 and after[caller] == 0]


def test_callers_are_split_by_the_shares() -> None:
    seen = Counter(arms_of([0.5, 0.3, 0.2]))
    # Three standard deviations of a binomial of 2,000 are at most 67.
    for arm, share in enumerate((0.5, 0.3, 0.2)):
        assert abs(seen[arm] - share * len(CALLERS)) < 67


def test_without_a_key_a_share_holds_soon() -> None:
    split = Split([0.95, 0.05])
    for start in (0.0, 0.3, 0.77):
        to_canary = sum(split.at(point) for point in spread_points(start, 200))
        assert 9 <= to_canary <= 11


@given(st.lists(st.integers(0, 5), min_size=1, max_size=6).filter(any), st.floats(0, 1, exclude_max=True))
def test_an_arm_without_a_share_gets_nothing(parts: list[int], point: float) -> None:
    shares = [part / sum(parts) for part in parts]
    assert shares[Split(shares).at(point)] > 0


def test_a_key_has_its_place_in_every_process() -> None:
    script = "from redspot.serving.splitting import point_of; print(repr(point_of('penguins', 'å\\ud800')))"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert float(told) == point_of("penguins", "å\ud800")
    assert 0 <= float(told) < 1
    assert point_of("others", "å\ud800") != point_of("penguins", "å\ud800")
