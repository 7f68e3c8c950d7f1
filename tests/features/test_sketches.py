from __future__ import annotations

import numpy as np
import pytest

from redspot.features import InvalidDefinitionError
from redspot.features.sketches import DistinctSketch, QuantileSketch
from redspot.features.sketches.distinct import STANDARD_ERROR, hash_numbers, hash_texts
from redspot.features.sketches.quantile import RANK_ERROR


@pytest.mark.parametrize("count", [0, 1, 100, 5_000, 20_000, 300_000])
def test_distinct_values_are_estimated_within_four_standard_errors(count: int) -> None:
    sketch = DistinctSketch()
    values = np.arange(count) * 7
    sketch.add(hash_numbers(values))
    sketch.add(hash_numbers(values[::2]))
    assert abs(sketch.estimate() - count) <= 4 * STANDARD_ERROR * count


def test_sketches_of_parts_are_the_sketch_of_the_whole() -> None:
    hashes = hash_texts([f"w{n % 900}" for n in range(2000)])
    whole, a, b = DistinctSketch(), DistinctSketch(), DistinctSketch()
    whole.add(hashes)
    a.add(hashes[:700])
    b.add(hashes[700:])
    assert a.merge(b).to_bytes() == whole.to_bytes()
    assert DistinctSketch.from_bytes(whole.to_bytes()).estimate() == whole.estimate()
    with pytest.raises(InvalidDefinitionError):
        DistinctSketch.from_bytes(b"short")
    with pytest.raises(InvalidDefinitionError):
        DistinctSketch.from_bytes(b"\xff" * 4096)


def test_few_quantiles_are_exact() -> None:
    values = np.random.default_rng(0).normal(size=400)
    sketch = QuantileSketch()
    sketch.add(np.append(values, np.nan))
    assert [sketch.quantile(q) for q in (0.0, 0.33, 1.0)] == pytest.approx(np.quantile(values, [0, 0.33, 1]).tolist())
    assert QuantileSketch().quantile(0.5) is None


@pytest.mark.parametrize("order", ["random", "rising", "falling"])
def test_many_quantiles_are_within_the_stated_share_of_ranks(order: str) -> None:
    values = np.random.default_rng(1).lognormal(size=200_000)
    if order != "random":
        values = np.sort(values)[:: 1 if order == "rising" else -1]
    parts = np.array_split(values, 37)
    merged = QuantileSketch()
    for part in parts:
        one = QuantileSketch()
        one.add(part)
        merged = merged.merge(QuantileSketch.from_json(one.to_json()))
    ordered = np.sort(values)
    assert merged.count == len(values)
    for q in (0.01, 0.25, 0.5, 0.75, 0.99):
        found = merged.quantile(q)
        assert found is not None
        assert abs(np.searchsorted(ordered, found) / len(values) - q) <= RANK_ERROR
    assert len(merged.to_json()) < 60_000


def test_a_damaged_sketch_is_refused() -> None:
    for text in ("", "{}", '{"count":3,"turns":0,"levels":[["0x1p+0"]]}', '{"count":1,"turns":0,"levels":[["x"]]}'):
        with pytest.raises(InvalidDefinitionError):
            QuantileSketch.from_json(text)
