"""Columns as another type."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.column import NUMERIC, Column, Dtype, Table, Values
from redspot.pipeline.errors import ColumnTypeError
from redspot.pipeline.node import State, Step, Target, require_choice
from redspot.pipeline.rowcode import RowCode, Value
from redspot.pipeline.steps.values import called, made, numeral, require_dtype
from redspot.pipeline.texts import Texts

Kind = Literal["float", "int", "bool", "text", "datetime"]
Invalid = Literal["missing", "error"]

# From one value, a float, a text or microseconds since 1970 UTC, to one of another type; None where there is none.
Conversion = Callable[[Any], Any]

_KINDS: tuple[Kind, ...] = ("float", "int", "bool", "text", "datetime")
_NUMBER = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?")
_TRUTHS: Mapping[str, float] = {
    **dict.fromkeys(("true", "t", "yes", "y", "1"), 1.0),
    **dict.fromkeys(("false", "f", "no", "n", "0"), 0.0),
}
# Seconds whose microseconds fit an int64.
_MAX_SECONDS = 9e12


@dataclass(frozen=True)
class Cast(Step):
    """Turns columns into another type."""

    kind: ClassVar[str] = "cast"

    to: Kind = "float"
    invalid: Invalid = "missing"

    def __post_init__(self) -> None:
        require_choice(self.kind, "to", self.to, _KINDS)
        require_choice(self.kind, "invalid", self.invalid, ("missing", "error"))

    def fit(self, table: Table, target: Target | None) -> State:
        """Learn nothing; check the columns."""
        for column in table.columns:
            require_dtype(self.kind, column, _KINDS)
        return {}

    def apply(self, table: Table, state: State) -> Table:
        """Return the columns as that type; each distinct text, number or time is looked at once."""
        return Table(tuple(self._cast(column) for column in table.columns), table.rows)

    def row(self, code: RowCode, inputs: Sequence[Value], state: State) -> list[Value]:
        """Write down the conversion of each value."""
        outputs = []
        for value in inputs:
            convert = self._converter(value.name, value.dtype)
            if convert is None:
                outputs.append(made(value.name, self.to, numeral(code, value), may_miss=value.may_miss))
                continue
            missing = math.nan if self.to in NUMERIC else None
            if value.dtype in NUMERIC:
                x = numeral(code, value)
                found = code.variable(f"{code.constant(convert)}({x}) if {x} == {x} else {code.literal(missing)}")
            else:
                found = called(code, value, convert, missing)
            outputs.append(made(value.name, self.to, found))
        return outputs

    def names(self, inputs: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the inputs."""
        return inputs

    def _cast(self, column: Column) -> Column:
        convert = self._converter(column.name, column.dtype)
        if convert is None:
            return Column(column.name, self.to, column.data, column.origins)
        codes, distinct = _distinct(column)
        converted = []
        for code, value in enumerate(distinct):
            try:
                converted.append(convert(value))
            except ColumnTypeError as error:
                rows = np.flatnonzero(codes == code)
                if not len(rows):
                    converted.append(None)
                    continue
                row = int(rows[0])
                raise ColumnTypeError(f"Row {row}: {error}", **{**error.facts, "row": row}) from error
        return Column(column.name, self.to, _gathered(self.to, codes, converted), column.origins)

    def _converter(self, name: str, dtype: Dtype) -> Conversion | None:
        """Return the conversion of one value; None where there is nothing to do."""
        if dtype == self.to or (self.to == "float" and dtype in NUMERIC) or (self.to == "int" and dtype == "bool"):
            return None
        source = "bool" if dtype == "bool" else "number" if dtype in NUMERIC else dtype
        convert, target, missing = _CONVERSIONS[source, self.to], self.to, math.nan if self.to in NUMERIC else None

        def converted(value: Any) -> Any:
            found = convert(value)
            if found is not None:
                return found
            if self.invalid == "error":
                shown = value[:40] if isinstance(value, str) else value
                raise ColumnTypeError(f"Column {name!r} has {shown!r}, which is no {target}.", column=name)
            return missing

        return converted


def _distinct(column: Column) -> tuple[NDArray[np.intp], Sequence[Any]]:
    """Return for each row which distinct value it has, -1 for missing, and these values."""
    if isinstance(column.data, Texts):
        return column.data.codes.astype(np.intp), column.data.labels
    is_known = ~column.missing()
    values: Values = column.times().astype(np.int64) if column.dtype == "datetime" else column.floats()
    distinct, inverse = np.unique(values[is_known], return_inverse=True)
    codes = np.full(len(values), -1, dtype=np.intp)
    codes[is_known] = inverse
    return codes, distinct.tolist()


def _gathered(to: Kind, codes: NDArray[np.intp], converted: Sequence[Any]) -> Any:
    """Return the data of a column, given one value per code; -1 is missing."""
    if to == "text":
        known: dict[str, int] = {}
        places = [-1 if text is None else known.setdefault(text, len(known)) for text in converted]
        return Texts(np.array([*places, -1], dtype=np.int32)[codes], tuple(known))
    if to == "datetime":
        times = [np.datetime64("NaT") if micros is None else np.datetime64(micros, "us") for micros in converted]
        return np.array([*times, np.datetime64("NaT")], dtype="datetime64[us]")[codes]
    return np.array([*(math.nan if each is None else each for each in converted), math.nan])[codes]


def _number(text: str) -> float | None:
    number = float(text) if _NUMBER.fullmatch(text := text.strip()) else math.inf
    return number if math.isfinite(number) else None


def _whole(number: float | None) -> float | None:
    return number if number is not None and number.is_integer() else None


def _time(text: str) -> int | None:
    try:
        moment = datetime.fromisoformat(text.strip())
        moment = moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return None
    return int(np.datetime64(moment, "us").astype(np.int64))


def _moment(seconds: float) -> int | None:
    return round(seconds * 1e6) if abs(seconds) < _MAX_SECONDS else None


def _written(number: float) -> str:
    return str(int(number)) if number.is_integer() and abs(number) < 2**53 else repr(number)


def _nothing(_: Any) -> None:
    return None


_CONVERSIONS: Mapping[tuple[str, Kind], Conversion] = {
    ("text", "float"): _number,
    ("text", "int"): lambda text: _whole(_number(text)),
    ("text", "bool"): lambda text: _TRUTHS.get(text.strip().lower()),
    ("text", "datetime"): _time,
    ("number", "int"): _whole,
    ("number", "bool"): lambda number: number + 0.0 if number in (0.0, 1.0) else None,
    ("number", "text"): _written,
    ("number", "datetime"): _moment,
    ("bool", "text"): lambda truth: str(bool(truth)),
    ("bool", "datetime"): _nothing,
    ("datetime", "float"): lambda micros: micros / 1e6,
    ("datetime", "int"): lambda micros: _whole(micros / 1e6),
    ("datetime", "bool"): _nothing,
    ("datetime", "text"): lambda micros: str(np.datetime64(micros, "us")),
}


def cast(to: Kind, *, invalid: Invalid = "missing") -> Cast:
    """Turn columns into another type.

    Numbers, truths, texts and times in, the other type out, under the same names; missing stays missing.

    - To ``float``: texts such as ``-1.5e3`` (for ``$1,234`` use `parse_number`); times become seconds since 1970 UTC.
    - To ``int``: the same, where it is whole; nothing is rounded.
    - To ``bool``: 0 and 1; ``true``, ``t``, ``yes``, ``y``, ``1`` and their opposites, in small or large letters.
    - To ``text``: whole numbers without a point, others with the fewest digits that name them; ``True`` and ``False``;
      times as ``2026-01-31T12:00:00.000000``.
    - To ``datetime``: texts as ISO 8601, UTC where they say no time zone; numbers as seconds since 1970 UTC.

    Parameters
    ----------
    to
        ``float``, ``int``, ``bool``, ``text`` or ``datetime``.
    invalid
        What becomes of a value that is none of that type: ``missing``, or an ``error``.

    Examples
    --------
    >>> from redspot.pipeline import Pipeline, branch
    >>> made = Pipeline(x=branch("beds").then(cast("int"))).fit({"beds": ["1"]})
    >>> made.transform({"beds": ["2", " 3.0", "2.5", "many", None]})
    {'beds': array([ 2.,  3., nan, nan, nan])}
    """
    return Cast(to, invalid)
