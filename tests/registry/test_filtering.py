from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redspot.registry.filtering import RUNS, Comparison, FilterError, Order, parse_filter, parse_orders


def test_comparisons_are_read_with_their_kinds_keys_and_values() -> None:
    text = "metrics.rmse < 1e-1 and params.`a b` != 'x' AND tags.mlflow.user LIKE \"a%\" AND run_id NOT IN ('p', 'q')"
    assert parse_filter(text, RUNS) == (
        Comparison("metric", "rmse", "<", 0.1),
        Comparison("param", "a b", "!=", "x"),
        Comparison("tag", "mlflow.user", "LIKE", "a%"),
        Comparison("attribute", "run_id", "NOT IN", ("p", "q")),
    )
    assert parse_filter("params.x IS NOT NULL", RUNS) == (Comparison("param", "x", "IS NOT NULL", None),)


def test_orders_are_read_with_their_directions() -> None:
    assert parse_orders(["metrics.`a b` DESC", "start_time"], RUNS) == (
        Order("metric", "a b", False),
        Order("attribute", "start_time", True),
    )


@pytest.mark.parametrize(
    "text",
    [
        "metrics.a > 'x'",
        "params.a = 1",
        "foo.a = 1",
        "a",
        "run_id IN ()",
        "metrics.a IS NULL",
        "status > 'a'",
        "x = 'a' OR 1",
    ],
)
def test_what_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(FilterError):
        parse_filter(text, RUNS)


@given(st.text(max_size=80))
def test_any_text_is_read_or_refused_with_a_sentence(text: str) -> None:
    try:
        parse_filter(text, RUNS)
    except FilterError as error:
        message = error.message
    else:
        message = "read"
    assert message
