from __future__ import annotations

import json
from typing import Any

import pytest

from redspot.serving.comparing import Comparison, compare_answers


def compared(one: Any, other: Any) -> Comparison:
    return compare_answers(json.dumps(one).encode(), json.dumps(other).encode())


@pytest.mark.parametrize(
    ("one", "other", "is_equal", "difference"),
    [
        ({"version": "1", "predictions": ["a"]}, {"version": "2", "predictions": ["a"]}, True, 0.0),
        ({"predictions": ["a"]}, {"predictions": ["b"]}, False, 0.0),
        ({"predictions": [1.0]}, {"predictions": [1.0 + 5e-7]}, True, 5e-7),
        ({"predictions": [1.0]}, {"predictions": [1.0 + 5e-6]}, False, 5e-6),
        ({"predictions": [1e-12]}, {"predictions": [3e-12]}, True, 2e-12),
        ({"predictions": [1, 2.0, 3]}, {"predictions": [1.0, 4, 3]}, False, 2.0),
        ({"predictions": [1, 2]}, {"predictions": [1]}, False, 0.0),
        ({"predictions": [{"a": 1}]}, {"predictions": [{"b": 1}]}, False, 0.0),
        ({"predictions": [True]}, {"predictions": [1]}, False, 0.0),
        ({"predictions": [None]}, {"predictions": [0]}, False, 0.0),
        ({"predictions": [None]}, {"predictions": [None]}, True, 0.0),
        ([1], {"0": 1}, False, 0.0),
    ],
)
def test_answers_are_compared_by_what_they_say(one: Any, other: Any, is_equal: bool, difference: float) -> None:
    for found in (compared(one, other), compared(other, one)):
        assert found.is_equal is is_equal
        assert found.difference == pytest.approx(difference, rel=1e-6)


def test_what_is_no_json_is_compared_byte_by_byte() -> None:
    assert compare_answers(b"\x00\x01", b"\x00\x01") == Comparison(True, 0.0)
    assert compare_answers(b"\x00\x01", b"\x00\x02") == Comparison(False, 0.0)


def test_deep_answers_are_compared_too() -> None:
    deep = b"[" * 500 + b"1" + b"]" * 500
    assert compare_answers(deep, deep.replace(b"1", b"2")) == Comparison(False, 1.0)
