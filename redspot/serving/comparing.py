"""Whether two versions gave the same answer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import orjson

TOLERANCE = 1e-6
# Below this, numbers are the same whatever their ratio: a probability of 1e-12 is none.
_LEAST = 1e-9
# What tells two versions apart although they answer the same.
_NAMES = ("model", "version", "model_name", "model_version", "id")


@dataclass(frozen=True, slots=True)
class Comparison:
    """What comparing two answers showed.

    Attributes
    ----------
    is_equal
        Whether they have the same shape and texts, and numbers within `TOLERANCE` of each other, relatively.
    difference
        Largest absolute difference of two numbers at the same place; 0 without any.
    """

    is_equal: bool
    difference: float


def compare_answers(live: bytes, shadow: bytes) -> Comparison:
    """Compare the bodies of two answers; the names of model and version do not count.

    Examples
    --------
    >>> compare_answers(b'{"predictions": [1.5], "version": "1"}', b'{"predictions": [2.0], "version": "2"}')
    Comparison(is_equal=False, difference=0.5)
    """
    try:
        one, other = orjson.loads(live), orjson.loads(shadow)
    except orjson.JSONDecodeError:
        # Such as tensors in binary form.
        return Comparison(live == shadow, 0.0)
    return _compared(_without_names(one), _without_names(other))


def _without_names(value: Any) -> Any:
    return {key: each for key, each in value.items() if key not in _NAMES} if isinstance(value, dict) else value


def _compared(one: Any, other: Any) -> Comparison:
    is_equal, largest = True, 0.0
    pairs = [(one, other)]
    while pairs:
        left, right = pairs.pop()
        if isinstance(left, dict) and isinstance(right, dict):
            is_equal &= left.keys() == right.keys()
            pairs.extend((left[key], right[key]) for key in left.keys() & right.keys())
        elif isinstance(left, list) and isinstance(right, list):
            is_equal &= len(left) == len(right)
            pairs.extend(zip(left, right, strict=False))
        elif _is_number(left) and _is_number(right):
            largest = max(largest, abs(left - right))
            is_equal &= math.isclose(left, right, rel_tol=TOLERANCE, abs_tol=_LEAST)
        else:
            is_equal &= type(left) is type(right) and left == right
    return Comparison(is_equal, float(largest))


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)
