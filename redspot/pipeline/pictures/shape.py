"""What JSON a picture can be drawn from, and one clear sentence about JSON from which it cannot."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from redspot.errors import InvalidError


class InvalidPictureError(InvalidError):
    """What was given cannot be drawn; the message names the place and what belongs there."""

    code = "invalid-picture"


# A check looks at a value and raises; the text says where the value is.
Check = Callable[[Any, str], None]


def _wrong(value: Any, place: str, wanted: str) -> InvalidPictureError:
    text = repr(value)
    return InvalidPictureError(f"{place} is {text if len(text) <= 60 else text[:59] + '…'}; it has to be {wanted}.")


def _number(value: Any, place: str) -> None:
    # JSON has no word for NaN and infinity, and a browser refuses the whole message for one of them.
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _wrong(value, place, "a finite number")


def _text(value: Any, place: str) -> None:
    if not isinstance(value, str):
        raise _wrong(value, place, "a text")


def _anything(value: Any, place: str) -> None:
    if isinstance(value, float):
        _number(value, place)
    elif value is not None and not isinstance(value, bool | int | str | list | tuple | Mapping):
        raise _wrong(value, place, "JSON")


def _one_of(*words: str) -> Check:
    def check(value: Any, place: str) -> None:
        if value not in words:
            raise _wrong(value, place, "one of " + ", ".join(words))

    return check


def _maybe(inner: Check) -> Check:
    def check(value: Any, place: str) -> None:
        if value is not None:
            inner(value, place)

    return check


def _list(inner: Check) -> Check:
    def check(value: Any, place: str) -> None:
        if not isinstance(value, list | tuple):
            raise _wrong(value, place, "a list")
        for index, item in enumerate(value):
            inner(item, f"{place}[{index}]")

    return check


def _tuple(*inner: Check) -> Check:
    def check(value: Any, place: str) -> None:
        if not isinstance(value, list | tuple) or len(value) != len(inner):
            raise _wrong(value, place, f"a list of {len(inner)}")
        for index, (each, item) in enumerate(zip(inner, value, strict=True)):
            each(item, f"{place}[{index}]")

    return check


def _mapping(inner: Check) -> Check:
    def check(value: Any, place: str) -> None:
        if not isinstance(value, Mapping):
            raise _wrong(value, place, "an object")
        for name, item in value.items():
            _text(name, f"a name in {place}")
            inner(item, f"{place}.{name}")

    return check


def _record(needed: Mapping[str, Check], optional: Mapping[str, Check]) -> Check:
    """Return a check of an object; fields that it does not know are let through."""

    def check(value: Any, place: str) -> None:
        if not isinstance(value, Mapping):
            raise _wrong(value, place, "an object with " + ", ".join(needed))
        missing = [name for name in needed if name not in value]
        if missing:
            raise InvalidPictureError(f"{place} lacks {', '.join(missing)}.")
        for name, inner in {**needed, **{name: _maybe(inner) for name, inner in optional.items()}}.items():
            if name in value:
                inner(value[name], f"{place}.{name}")

    return check


def _both(first: Check, second: Check) -> Check:
    def check(value: Any, place: str) -> None:
        first(value, place)
        second(value, place)

    return check


def _edges_fit(value: Any, place: str) -> None:
    edges, counts = value["edges"], value["counts"]
    if len(edges) != len(counts) + 1 and not (len(edges) == len(counts) == 0):
        raise InvalidPictureError(f"{place} has {len(edges)} edges for {len(counts)} counts; it has to be one more.")


def _square(value: Any, place: str) -> None:
    size = len(value["labels"])
    if len(value["counts"]) != size or any(len(row) != size for row in value["counts"]):
        raise InvalidPictureError(f"{place}.counts has to be {size} lists of {size}, as there are {size} labels.")


def _same_length(*names: str) -> Check:
    def check(value: Any, place: str) -> None:
        if len({len(value[name]) for name in names}) > 1:
            raise InvalidPictureError(f"{' and '.join(names)} of {place} differ in length.")

    return check


_NUMBERS = _list(_number)
_HISTOGRAM = _both(_record({"edges": _NUMBERS, "counts": _NUMBERS}, {}), _edges_fit)
_DRIFT = _record({"verdict": _one_of("none", "some", "strong")}, {"psi": _number, "ks": _number})
_COLUMN = _record(
    {"name": _text, "dtype": _text, "rows": _number, "missing": _number},
    {
        "distinct": _number,
        "histogram": _HISTOGRAM,
        "top": _list(_tuple(_anything, _number)),
        "quantiles": _mapping(_number),
        "mean": _number,
        "std": _number,
        "target": _record({"kind": _text, "value": _number}, {}),
        "drift": _DRIFT,
    },
)
_PROFILE = _record({"rows": _number, "columns": _list(_COLUMN)}, {})
_COMPARISON = _record({"train": _PROFILE}, {"serve": _PROFILE})
_STEP = _record(
    {"step": _text, "title": _text, "before": _PROFILE, "after": _PROFILE},
    {
        "rows": _number,
        "vocabulary": _list(_tuple(_text, _number)),
        "categories": _mapping(_list(_tuple(_anything, _anything))),
    },
)
_METRICS = _mapping(_number)
_EVALUATION = _record(
    {"task": _text, "rows": _number, "metrics": _METRICS},
    {
        "intervals": _mapping(_tuple(_number, _number)),
        "slices": _list(_record({"column": _text, "value": _text, "rows": _number, "metrics": _METRICS}, {})),
        "confusion": _both(_record({"labels": _list(_text), "counts": _list(_NUMBERS)}, {}), _square),
        "calibration": _record(
            {
                "label": _text,
                "bins": _list(_record({"mean_predicted": _number, "fraction": _number, "rows": _number}, {})),
            },
            {"brier": _number, "ece": _number},
        ),
        "roc": _both(_record({"fpr": _NUMBERS, "tpr": _NUMBERS}, {}), _same_length("fpr", "tpr")),
        "residuals": _HISTOGRAM,
        "predicted_actual": _both(
            _record({"predicted": _NUMBERS, "actual": _NUMBERS}, {}), _same_length("predicted", "actual")
        ),
    },
)


def checked_comparison(data: object) -> dict[str, Any]:
    """Return a comparison; a profile alone is that of the training data.

    Raises
    ------
    InvalidPictureError
        When it is neither.
    """
    if isinstance(data, Mapping) and "train" not in data and "columns" in data:
        data = {"train": data, "serve": None}
    return _checked(_COMPARISON, data, "the comparison")


def checked_step(data: object) -> dict[str, Any]:
    """Return the view of a step, or raise `InvalidPictureError`."""
    return _checked(_STEP, data, "the step")


def checked_evaluation(data: object) -> dict[str, Any]:
    """Return an evaluation, or raise `InvalidPictureError`."""
    return _checked(_EVALUATION, data, "the evaluation")


def _checked(check: Check, data: Any, place: str) -> dict[str, Any]:
    check(data, place)
    return dict(data)
