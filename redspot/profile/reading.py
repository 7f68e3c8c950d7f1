"""Profiles as JSON, read with a look at every value."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, NoReturn, cast, get_args

from redspot.profile.column import Association, AssociationKind, ColumnProfile, Drift, Histogram, Verdict
from redspot.profile.distribution import SHARES
from redspot.profile.errors import InvalidProfileError
from redspot.profile.values import Dtype

MAX_LISTED = 1000

_DTYPES = (*get_args(Dtype), "list")
_FIELDS = frozenset(ColumnProfile.__dataclass_fields__)


def column_of_json(data: Any) -> ColumnProfile:
    """Return the profile that `ColumnProfile.to_json` wrote.

    Raises
    ------
    InvalidProfileError
        When anything in it is not what belongs there.
    """
    if not isinstance(data, Mapping) or set(data) != _FIELDS:
        _refuse("the profile of a column", "an object of the fields of a profile")
    name, dtype = data["name"], data["dtype"]
    if not isinstance(name, str) or dtype not in _DTYPES:
        _refuse("name or dtype of a column", f"a text and one of {', '.join(_DTYPES)}")
    rows, missing = whole(data["rows"], "rows"), whole(data["missing"], "missing")
    if missing > rows or type(data["distinct_exact"]) is not bool:
        _refuse(f"missing or distinct_exact of {name!r}", "no more than rows, and true or false")
    return ColumnProfile(
        name=name,
        dtype=cast("Dtype", dtype),
        rows=rows,
        missing=missing,
        distinct=whole(data["distinct"], "distinct"),
        distinct_exact=data["distinct_exact"],
        histogram=_histogram(data["histogram"]),
        top=_top(data["top"]),
        quantiles=_quantiles(data["quantiles"]),
        mean=_maybe_number(data["mean"], "mean"),
        std=_maybe_number(data["std"], "std"),
        target=_association(data["target"]),
        drift=_drift(data["drift"]),
    )


def whole(value: Any, place: str) -> int:
    """Return a whole number of 0 or more."""
    if type(value) is not int or value < 0:
        _refuse(place, "a whole number, 0 or more")
    return value


def _histogram(value: Any) -> Histogram | None:
    if value is None:
        return None
    edges = tuple(_number(edge, "an edge") for edge in _list(_field(value, {"edges", "counts"}, "edges"), "edges"))
    counts = tuple(whole(count, "a count") for count in _list(value["counts"], "counts"))
    if len(edges) != len(counts) + 1 or any(low > high for low, high in pairwise(edges)):
        _refuse("edges", "ascending, and one more than counts")
    return Histogram(edges, counts)


def _top(value: Any) -> tuple[tuple[str, int], ...] | None:
    if value is None:
        return None
    pairs = []
    for pair in _list(value, "top"):
        if not isinstance(pair, list | tuple) or len(pair) != 2 or not isinstance(pair[0], str):
            _refuse("an entry of top", "a text and a count")
        pairs.append((pair[0], whole(pair[1], "a count")))
    return tuple(pairs)


def _quantiles(value: Any) -> Mapping[str, float] | None:
    if value is None:
        return None
    _field(value, set(SHARES), "0")
    # In the order of the shares, whatever order the file has them in.
    return {name: _number(value[name], "a quantile") for name in SHARES}


def _association(value: Any) -> Association | None:
    if value is None:
        return None
    kind = _field(value, {"kind", "value"}, "kind")
    if kind not in get_args(AssociationKind):
        _refuse("the kind of an association", f"one of {', '.join(get_args(AssociationKind))}")
    return Association(cast("AssociationKind", kind), _number(value["value"], "an association"))


def _drift(value: Any) -> Drift | None:
    if value is None:
        return None
    verdict = _field(value, {"psi", "ks", "verdict"}, "verdict")
    if verdict not in get_args(Verdict):
        _refuse("a verdict", f"one of {', '.join(get_args(Verdict))}")
    return Drift(_number(value["psi"], "psi"), _maybe_number(value["ks"], "ks"), cast("Verdict", verdict))


def _field(value: Any, wanted: set[str], name: str) -> Any:
    if not isinstance(value, Mapping) or set(value) != wanted:
        _refuse("a part of a column", f"an object of {', '.join(sorted(wanted))}")
    return value[name]


def _list(value: Any, place: str) -> list[Any]:
    if not isinstance(value, list | tuple) or len(value) > MAX_LISTED:
        _refuse(place, f"a list of at most {MAX_LISTED}")
    return list(value)


def _maybe_number(value: Any, place: str) -> float | None:
    return None if value is None else _number(value, place)


def _number(value: Any, place: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        _refuse(place, "a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        _refuse(place, "a finite number")
    return number


def _refuse(place: str, wanted: str) -> NoReturn:
    raise InvalidProfileError(f"The profile does not hold together: {place} has to be {wanted}.")
