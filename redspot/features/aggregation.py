"""What is computed of the events in a window."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from typing import Any, Literal

from redspot.features.errors import InvalidDefinitionError
from redspot.features.schema import NUMBERS, ColumnType, Kind
from redspot.features.window import UNBOUNDED, Window


class Function(StrEnum):
    """The aggregations that there are."""

    COUNT = "count"
    SUM = "sum"
    MEAN = "mean"
    MIN = "min"
    MAX = "max"
    VARIANCE = "variance"
    STD = "std"
    SKEW = "skew"
    KURTOSIS = "kurtosis"
    FIRST = "first"
    LAST = "last"
    FIRST_K = "first_k"
    LAST_K = "last_k"
    TOP_K = "top_k"
    BOTTOM_K = "bottom_k"
    DISTINCT = "distinct"
    APPROX_DISTINCT = "approx_distinct"
    HISTOGRAM = "histogram"
    QUANTILE = "quantile"
    TIME_SINCE_LAST = "time_since_last"


Needs = Literal["none", "any", "number"]
ANY_K = 1000


@dataclass(frozen=True, slots=True)
class Traits:
    """What is true of an aggregation, whatever column it reads.

    Attributes
    ----------
    needs
        The column it reads: none, of any kind, or a number.
    is_deletable
        Whether events that leave a window can be taken out of what is kept. Those where they cannot be keep one
        partial result for each hop, which are merged anew.
    """

    needs: Needs
    is_deletable: bool


TRAITS: Mapping[Function, Traits] = {
    Function.COUNT: Traits("none", True),
    Function.SUM: Traits("number", True),
    Function.MEAN: Traits("number", True),
    Function.MIN: Traits("any", False),
    Function.MAX: Traits("any", False),
    Function.VARIANCE: Traits("number", True),
    Function.STD: Traits("number", True),
    Function.SKEW: Traits("number", True),
    Function.KURTOSIS: Traits("number", True),
    Function.FIRST: Traits("any", False),
    Function.LAST: Traits("any", False),
    Function.FIRST_K: Traits("any", False),
    Function.LAST_K: Traits("any", False),
    Function.TOP_K: Traits("any", False),
    Function.BOTTOM_K: Traits("any", False),
    Function.DISTINCT: Traits("any", False),
    Function.APPROX_DISTINCT: Traits("any", False),
    Function.HISTOGRAM: Traits("number", True),
    Function.QUANTILE: Traits("number", False),
    Function.TIME_SINCE_LAST: Traits("none", False),
}


@dataclass(frozen=True, slots=True)
class Aggregation:
    """One function of one column, over windows; made by `count`, `mean` and their neighbours.

    Attributes
    ----------
    function
        What is computed.
    column
        The column it reads; None for `count()` and `time_since_last()`, which look at events.
    windows
        Where it looks; one feature for each.
    k
        How many values, for first_k, last_k, top_k and bottom_k.
    share
        The quantile, from 0 to 1.
    edges
        Ascending edges of a histogram's bins; a bin holds ``edge <= value < next edge``, the last one also its end.
    bucket
        A column whose values each have a result of their own, as a map.
    stem
        The beginning of its features' names, in place of the one made of column and function.
    description, unit, tags
        For people.
    """

    function: Function
    column: str | None = None
    windows: tuple[Window, ...] = (Window(None),)
    k: int | None = None
    share: float | None = None
    edges: tuple[float, ...] = ()
    bucket: str | None = None
    stem: str | None = None
    description: str = ""
    unit: str = ""
    tags: tuple[str, ...] = ()

    def over(self, *windows: str, hop: str | None = None) -> Aggregation:
        """Return the same over windows such as ``1h``, ``7d`` or ``unbounded``; with a hop they begin on a grid.

        Raises
        ------
        InvalidWindowError
            If a text is no window.
        InvalidDefinitionError
            If there is no window or one twice.
        """
        parsed = tuple(Window.parse(text, hop=None if text == UNBOUNDED else hop) for text in windows)
        if not parsed or len(set(parsed)) < len(parsed):
            raise InvalidDefinitionError("over(…) takes at least one window, and none twice.")
        return replace(self, windows=parsed)

    def by(self, bucket: str) -> Aggregation:
        """Return the same apart for each value of a column: a map from its values to results."""
        return replace(self, bucket=bucket)

    def named(self, stem: str) -> Aggregation:
        """Return the same with another beginning of its features' names."""
        return replace(self, stem=check_name(stem, "A feature"))

    def described(self, description: str, *, unit: str | None = None, tags: Sequence[str] = ()) -> Aggregation:
        """Return the same with a description, the unit of its values and tags."""
        return replace(self, description=description, unit=self.unit if unit is None else unit, tags=tuple(tags))

    @property
    def words(self) -> str:
        """Column and function as one word: ``delay_mean``, ``count``, ``delay_p99_9``, ``airline_top_3``."""
        if self.stem is not None:
            return self.stem
        word = str(self.function)
        if self.k is not None:
            word = f"{word.removesuffix('_k')}_{self.k}"
        if self.share is not None:
            word = "p" + f"{self.share * 100:.10g}".replace(".", "_")
        column = None if self.column is None else re.sub(r"\W+", "_", self.column).strip("_")
        bucket = "" if self.bucket is None else "_by_" + re.sub(r"\W+", "_", self.bucket).strip("_")
        return (word if column is None else f"{column}_{word}") + bucket

    @property
    def names(self) -> tuple[str, ...]:
        """Its features' names: its words and each window, as in ``delay_mean_7d``."""
        return tuple(self.words + window.suffix for window in self.windows)

    def check(self, columns: Mapping[str, ColumnType], place: str) -> None:
        """Refuse a column that is not there or not of the right kind.

        Raises
        ------
        InvalidDefinitionError
            If so; the message lists the columns that fit.
        """
        needs = TRAITS[self.function].needs
        for name in (self.column, self.bucket):
            if name is not None and name not in columns:
                raise InvalidDefinitionError(
                    f"{place}: {self.words} reads {name!r}; there are {', '.join(columns) or 'no columns'}."
                )
        if self.column is not None and needs == "number" and columns[self.column].kind not in NUMBERS:
            fitting = ", ".join(name for name, found in columns.items() if found.kind in NUMBERS)
            raise InvalidDefinitionError(
                f"{place}: {self.function} needs numbers and {self.column!r} holds {columns[self.column]};"
                f" numbers are in {fitting or 'no column'}."
            )
        if self.bucket is not None and columns[self.bucket].is_list:
            raise InvalidDefinitionError(f"{place}: {self.words} goes by {self.bucket!r}, which holds lists.")
        if self.bucket is not None and self.column is not None and columns[self.column].is_list:
            raise InvalidDefinitionError(f"{place}: {self.words} goes by a column, so {self.column!r} holds no lists.")

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values; `from_dict` reads them."""
        data: dict[str, Any] = {"function": str(self.function), "windows": [window_dict(w) for w in self.windows]}
        for name in ("column", "k", "share", "bucket", "stem", "description", "unit"):
            if getattr(self, name) not in (None, ""):
                data[name] = getattr(self, name)
        if self.edges:
            data["edges"] = list(self.edges)
        if self.tags:
            data["tags"] = list(self.tags)
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Aggregation:
        """Return what `to_dict` wrote.

        Raises
        ------
        InvalidDefinitionError
            If it is anything else.
        """
        refuse_unknown(data, cls.__dataclass_fields__, "an aggregation")
        try:
            function = Function(data["function"])
            windows = tuple(window_of_dict(window) for window in data["windows"])
        except (KeyError, ValueError, TypeError) as error:
            raise InvalidDefinitionError(f"An aggregation cannot be read: {error!r}.") from error
        rest = {name: value for name, value in data.items() if name not in ("function", "windows")}
        rest |= {name: tuple(rest[name]) for name in ("edges", "tags") if name in rest}
        return checked(cls(function, windows=windows, **rest))


def checked(made: Aggregation) -> Aggregation:
    """Return an aggregation whose own parts fit together.

    Raises
    ------
    InvalidDefinitionError
        If they do not.
    """
    needs = TRAITS[made.function].needs
    if needs != "none" and not made.column:
        raise InvalidDefinitionError(f"{made.function} needs a column.")
    if made.function is Function.TIME_SINCE_LAST and made.column is not None:
        raise InvalidDefinitionError("time_since_last looks at events and takes no column.")
    if made.function.endswith("_k") and (type(made.k) is not int or not 1 <= made.k <= ANY_K):
        raise InvalidDefinitionError(f"{made.function} takes a whole number from 1 to {ANY_K}, not {made.k!r}.")
    share = made.share
    if made.function is Function.QUANTILE and not (isinstance(share, int | float) and 0 <= share <= 1):
        raise InvalidDefinitionError(f"A quantile is a number from 0 to 1, not {share!r}.")
    if made.function is Function.HISTOGRAM:
        is_rising = all(isinstance(edge, int | float) for edge in made.edges) and all(
            a < b for a, b in pairwise(made.edges)
        )
        if len(made.edges) < 2 or not is_rising:
            raise InvalidDefinitionError("A histogram takes at least two edges, each greater than the one before.")
    if made.function is Function.TIME_SINCE_LAST and any(window.is_future for window in made.windows):
        raise InvalidDefinitionError("time_since_last does not look into the future.")
    if made.bucket is not None and made.function in (Function.TIME_SINCE_LAST, *LISTS):
        raise InvalidDefinitionError(f"{made.function} cannot go by a column.")
    return made


LISTS = (Function.FIRST_K, Function.LAST_K, Function.TOP_K, Function.BOTTOM_K, Function.HISTOGRAM)


def check_name(name: object, what: str) -> str:
    """Return a name that can stand in tables, files and requests.

    Raises
    ------
    InvalidDefinitionError
        If it is no lower-case word of letters, digits and underscores that begins with a letter.
    """
    if not isinstance(name, str) or re.fullmatch(r"[a-z][a-z0-9_]{0,99}", name) is None:
        raise InvalidDefinitionError(f"{what}'s name is lower-case letters, digits and underscores, not {name!r}.")
    return name


def refuse_unknown(data: object, known: Mapping[str, object] | Sequence[str], what: str) -> None:
    """Refuse what is no mapping of known fields.

    Raises
    ------
    InvalidDefinitionError
        If it is none; the message lists the fields.
    """
    if not isinstance(data, Mapping):
        raise InvalidDefinitionError(f"{what} is written as an object, not as {type(data).__name__}.")
    unknown = sorted(set(data).difference(known))
    if unknown:
        raise InvalidDefinitionError(f"{what} has no field {', '.join(map(repr, unknown))}; it has {', '.join(known)}.")


def window_dict(window: Window) -> dict[str, Any]:
    """Return a window as JSON values."""
    data: dict[str, Any] = {"length_us": window.length_us}
    if window.hop_us is not None:
        data["hop_us"] = window.hop_us
    if window.is_future:
        data["is_future"] = True
    return data


def window_of_dict(data: Mapping[str, Any]) -> Window:
    """Return the window that `window_dict` wrote.

    Raises
    ------
    InvalidDefinitionError
        If it is anything else.
    """
    refuse_unknown(data, Window.__dataclass_fields__, "A window")
    return Window(data["length_us"], data.get("hop_us"), data.get("is_future", False))


def is_number_kind(kind: Kind) -> bool:
    """Return whether values of a kind can be summed."""
    return kind in NUMBERS
