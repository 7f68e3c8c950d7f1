from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pyarrow as pa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from redspot.features import (
    Aggregation,
    EventSource,
    FeatureGroup,
    FutureLabel,
    TrainingSet,
    approx_distinct,
    bottom_k,
    count,
    distinct,
    first,
    first_k,
    histogram,
    kurtosis,
    last,
    last_k,
    maximum,
    mean,
    minimum,
    quantile,
    skew,
    std,
    sum_of,
    time_since_last,
    top_k,
    variance,
)
from redspot.features.embedded.engine import EmbeddedEngine
from tests.features.oracle import agrees, answer

MINUTE = 60_000_000
WINDOWS = ("1m", "3m", "1h", "unbounded")
NUMBERS = ("x", "n")
MADE: list[Aggregation] = [
    count(),
    time_since_last(),
    *(f(c) for f in (count, minimum, maximum, first, last, distinct, approx_distinct) for c in ("x", "n", "s", "b")),
    *(f(c) for f in (sum_of, mean, variance, std, skew, kurtosis) for c in NUMBERS),
    *(f(c, 2) for f in (first_k, last_k, top_k, bottom_k) for c in ("x", "s")),
    *(quantile(c, share) for c in NUMBERS for share in (0.0, 0.5, 0.9)),
    histogram("x", [-10, 0, 0.5, 10]),
    count().by("s"),
    *(f("x").by("s") for f in (sum_of, maximum, last)),
    mean("x").by("b"),
    *(f("l") for f in (count, sum_of, maximum, distinct)),
]

times = st.one_of(
    st.integers(0, 12).map(lambda minute: minute * MINUTE + 500_000_000),
    st.integers(500_000_000, 500_000_000 + 5 * MINUTE),
    st.sampled_from([-(2**52), 2**53]),
)
floats = st.one_of(
    st.sampled_from([0.0, 0.1, 0.1, 1.0, -3.5, 1e-300, 1e150, -1e150, math.inf, -math.inf, math.nan, None]),
    st.floats(-100, 100),
)
whole = st.one_of(st.integers(-5, 5), st.none(), st.sampled_from([2**62, -(2**62), 2**53 + 1]))
events = st.fixed_dictionaries(
    {
        "k": st.integers(0, 2),
        "name": st.one_of(st.none(), st.sampled_from(["", "SFO", "Zürich", "it's"])),
        "t": times,
        "seq": st.integers(0, 2),
        "x": floats,
        "n": whole,
        "s": st.one_of(st.none(), st.sampled_from(["a", "b", "ab", ""])),
        "b": st.one_of(st.none(), st.booleans()),
        "l": st.one_of(st.none(), st.lists(st.one_of(st.none(), st.floats(-10, 10)), max_size=3)),
    }
)
rows = st.fixed_dictionaries(
    {"k": st.integers(0, 3), "name": st.sampled_from([None, "SFO", "Zürich", "none"]), "t": times}
)

EVENTS = pa.schema(
    [
        ("k", pa.int64()),
        ("name", pa.string()),
        ("t", pa.int64()),
        ("seq", pa.int64()),
        ("x", pa.float64()),
        ("n", pa.int64()),
        ("s", pa.string()),
        ("b", pa.bool_()),
        ("l", pa.list_(pa.float64())),
    ]
)
SPINE = pa.schema([("k", pa.int64()), ("name", pa.string()), ("t", pa.int64())])
CAREFUL = settings(
    max_examples=25,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # an example takes too long for shrinking
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def check(
    happened: list[dict[str, Any]], asked: list[dict[str, Any]], keys: list[str], made: list[Aggregation]
) -> None:
    source = EventSource("events", data=pa.Table.from_pylist(happened, EVENTS), time="t", order=["seq"])
    group = FeatureGroup("group", source=source, keys=keys, features=made)
    spine = pa.Table.from_pylist(asked, SPINE)
    table = TrainingSet("rows", time="t", groups=[group]).build(spine, engine=EmbeddedEngine(threads=2))
    assert table.select(SPINE.names).equals(spine)
    for feature in group.expanded:
        found = table.column(feature.name).to_pylist()
        for row, value in zip(asked, found, strict=True):
            key = tuple(row[name] for name in keys)
            expected = answer(happened, key, keys, row["t"], feature.aggregation, feature.window)
            assert agrees(value, expected), (feature.name, row, value, expected)


@CAREFUL
@given(st.lists(events, max_size=30), st.lists(rows, max_size=8), st.sampled_from([["k"], ["name"], ["k", "name"]]))
def test_every_aggregation_over_every_window_is_what_plain_python_says(
    happened: list[dict[str, Any]], asked: list[dict[str, Any]], keys: list[str]
) -> None:
    check(happened, asked, keys, [made.over(*WINDOWS) for made in MADE])


@CAREFUL
@given(st.lists(events, max_size=30), st.lists(rows, max_size=8))
def test_windows_with_a_hop_begin_on_its_grid(happened: list[dict[str, Any]], asked: list[dict[str, Any]]) -> None:
    check(happened, asked, ["k"], [f.over("5m", "1h", hop="2m") for f in (count(), sum_of("x"), last("s"))])


@CAREFUL
@given(st.lists(events, max_size=30), st.lists(rows, max_size=8))
def test_labels_hold_what_happens_from_the_row_on(happened: list[dict[str, Any]], asked: list[dict[str, Any]]) -> None:
    source = EventSource("events", data=pa.Table.from_pylist(happened, EVENTS), time="t", order=["seq"])
    group = FeatureGroup("group", source=source, keys=["k"], features=[count().over("1h")])
    labels = [FutureLabel(group, f.over("2m", "1h")) for f in (count(), sum_of("x"), first("s"))]
    training_set = TrainingSet("rows", time="t", groups=[group], future=labels, offset="1m")
    table = training_set.build(pa.Table.from_pylist(asked, SPINE))
    for feature, back in [(f, 0) for label in labels for f in label.expanded] + [(group.expanded[0], MINUTE)]:
        for row, value in zip(asked, table.column(feature.name).to_pylist(), strict=True):
            expected = answer(happened, (row["k"],), ["k"], row["t"] - back, feature.aggregation, feature.window)
            assert agrees(value, expected), (feature.name, row, value, expected)


@CAREFUL
@given(st.lists(events, min_size=1, max_size=30), st.lists(rows, min_size=1, max_size=8), st.randoms())
def test_where_events_stand_in_their_table_changes_no_bit(
    happened: list[dict[str, Any]], asked: list[dict[str, Any]], random: Any
) -> None:
    made = [f.over("3m", "unbounded") for f in (sum_of("x"), mean("x"), variance("x"), last("s"), last_k("x", 3))]

    def build() -> pa.Table:
        source = EventSource("events", data=pa.Table.from_pylist(happened, EVENTS), time="t")
        group = FeatureGroup("group", source=source, keys=["k"], features=made)
        return TrainingSet("rows", time="t", groups=[group]).build(pa.Table.from_pylist(asked, SPINE))

    before = build()
    random.shuffle(happened)
    assert repr(build().to_pylist()) == repr(before.to_pylist())


def test_times_that_are_too_far_apart_for_one_number_with_the_key_are_ranked() -> None:
    far = 2**60
    happened = [
        {"k": k, "name": "SFO", "t": t, "seq": 0, "x": float(k), "n": 1, "s": "a", "b": True, "l": [1.0]}
        for k in range(5)
        for t in (-far, -far, 0, MINUTE, far)
    ]
    asked = [
        {"k": k, "name": "SFO", "t": t} for k in range(6) for t in (-far, -far + 1, 1, MINUTE, MINUTE + 1, far + 1)
    ]
    check(happened, asked, ["k"], [f.over(*WINDOWS) for f in (count(), sum_of("x"), last("s"), time_since_last())])


def test_the_oracle_itself_can_tell_a_wrong_answer() -> None:
    happened = [{"k": 1, "t": 10, "seq": 0, "x": 2.0}]
    feature = replace(sum_of("x"))
    assert agrees(2.0, answer(happened, (1,), ["k"], 11, feature, feature.windows[0]))
    assert not agrees(2.1, answer(happened, (1,), ["k"], 11, feature, feature.windows[0]))
    assert not agrees(2.0, answer(happened, (1,), ["k"], 10, feature, feature.windows[0]))
