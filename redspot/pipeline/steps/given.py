"""Steps whose whole meaning is given, not learned: what a fitted transformer of another library becomes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.column import Column, Indicator, Table, listed, unique_names
from redspot.pipeline.errors import ColumnTypeError, InvalidStepError
from redspot.pipeline.node import State, Step, Target, require_choice
from redspot.pipeline.rowcode import Choice, RowCode, Value
from redspot.pipeline.steps.categories import category_code, category_texts

NOTHING = -1
REFUSED = -2


@dataclass(frozen=True)
class _Given(Step):
    def fit(self, table: Table, target: Target | None) -> State:
        """Refuse to learn.

        Raises
        ------
        InvalidStepError
            Always.
        """
        raise InvalidStepError(
            f"{self.kind} was taken over from another library with what it knows; it learns nothing."
        )


@dataclass(frozen=True)
class Indicate(_Given):
    """Columns of 0 and 1 for categories that are given.

    State: for each input ``places`` (category → position; several categories may share one), ``other`` and
    ``missing`` (a position, -1 for none of the columns, -2 for an error) and ``names`` of the columns.
    """

    kind: ClassVar[str] = "indicate"

    def apply(self, table: Table, state: State) -> Table:
        """Return the indicator columns of each input in turn."""
        made: list[Column] = []
        for column, block in zip(table.columns, state["blocks"], strict=True):
            codes = _codes(column, block, self.kind)
            made.extend(
                Column(name, "float", Indicator(codes, index), column.origins)
                for index, name in enumerate(block["names"])
            )
        names = unique_names([column.name for column in made])
        return Table(tuple(replace(c, name=name) for c, name in zip(made, names, strict=True)), table.rows)

    def row(self, code: RowCode, inputs: Sequence[Value], state: State) -> list[Value]:
        """Write down which bit of each block is set."""
        bits: list[Value] = []
        for value, block in zip(inputs, state["blocks"], strict=True):
            source = category_code(code, value)
            _write_refusal(code, source, block, value.name)
            for index, name in enumerate(block["names"]):
                choice = Choice(source, block["places"], block["other"], block["missing"], index)
                bits.append(Value(name, "float", "", is_atom=False, may_miss=False, choice=choice))
        names = unique_names([bit.name for bit in bits])
        return [replace(bit, name=name) for name, bit in zip(names, bits, strict=True)]


@dataclass(frozen=True)
class LookUp(_Given):
    """A number for each category that is given.

    State: for each input ``places`` (category → index into ``numbers``), ``other`` and ``missing`` (an index, or -2
    for an error), and ``numbers``, in which null is a missing number.
    """

    kind: ClassVar[str] = "look_up"

    def names(self, inputs: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the inputs."""
        return inputs

    def apply(self, table: Table, state: State) -> Table:
        """Return the numbers."""
        made = []
        for column, block in zip(table.columns, state["blocks"], strict=True):
            numbers = np.array([math.nan if each is None else each for each in block["numbers"]], dtype=np.float64)
            made.append(column.numeric(numbers[_codes(column, block, self.kind)]))
        return Table(tuple(made), table.rows)

    def row(self, code: RowCode, inputs: Sequence[Value], state: State) -> list[Value]:
        """Write down the look-up of each value."""
        made = []
        for value, block in zip(inputs, state["blocks"], strict=True):
            source = category_code(code, value)
            _write_refusal(code, source, block, value.name)
            numbers = [math.nan if each is None else float(each) for each in block["numbers"]]
            table: dict[str | None, float] = {text: numbers[place] for text, place in block["places"].items()}
            if block["missing"] >= 0:
                table[None] = numbers[block["missing"]]
            other = numbers[block["other"]] if block["other"] >= 0 else math.nan
            found = code.variable(code.looked_up(source, table, other))
            may_miss = any(math.isnan(number) for number in numbers)
            made.append(Value(value.name, "float", found, may_miss=may_miss, base=(found, ())))
        return made


@dataclass(frozen=True)
class Affine(_Given):
    """Multiplies by a number, then adds another, and keeps within bounds where there are any.

    State: float64 arrays ``factors``, ``offsets``, ``lowest``, ``highest``, one entry per column.
    """

    kind: ClassVar[str] = "affine"

    def names(self, inputs: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the inputs."""
        return inputs

    def apply(self, table: Table, state: State) -> Table:
        """Return the moved columns."""
        made = [
            column.numeric(_affine(*numbers)(column.floats()))
            for column, *numbers in zip(table.columns, *_numbers(state), strict=True)
        ]
        return Table(tuple(made), table.rows)

    def row(self, code: RowCode, inputs: Sequence[Value], state: State) -> list[Value]:
        """Write down the move of each value."""
        made = []
        for value, factor, offset, lowest, highest in zip(inputs, *_numbers(state), strict=True):
            text = f"{code.floats(value)} * {code.literal(factor)} + {code.literal(offset)}"
            if lowest > -math.inf or highest < math.inf:
                moved = code.variable(text)
                # A missing value is neither below nor above.
                low, high = code.literal(lowest), code.literal(highest)
                text = f"{low} if {moved} < {low} else {high} if {moved} > {high} else {moved}"
            rising = _affine(factor, offset, lowest, highest) if factor > 0 else None
            made.append(code.number(value, f"({text})", rising=rising))
        return made


@dataclass(frozen=True)
class Elementwise(_Given):
    """A function of each number, known by its name."""

    kind: ClassVar[str] = "elementwise"

    function: str = "log1p"

    def __post_init__(self) -> None:
        require_choice(self.kind, "function", self.function, tuple(FUNCTIONS))

    def names(self, inputs: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the inputs."""
        return inputs

    def apply(self, table: Table, state: State) -> Table:
        """Return the function of each column."""
        with np.errstate(all="ignore"):
            return Table(tuple(c.numeric(FUNCTIONS[self.function](c.floats())) for c in table.columns), table.rows)

    def row(self, code: RowCode, inputs: Sequence[Value], state: State) -> list[Value]:
        """Write down the function of each value."""
        call = code.constant(_one(self.function))
        return [code.number(value, f"{call}({code.floats(value)})", may_miss=True) for value in inputs]


Function = Callable[[NDArray[np.float64]], NDArray[np.float64]]

FUNCTIONS: Mapping[str, Function] = {
    name: getattr(np, name) for name in ("log1p", "log", "log2", "log10", "sqrt", "exp", "expm1", "abs", "square")
}


def _one(name: str) -> Callable[[float], float]:
    exact: Callable[[float], float] = {
        "abs": abs,
        "square": lambda value: value * value,
        "log1p": math.log1p,
        "log": math.log,
        "log2": math.log2,
        "log10": math.log10,
        "sqrt": math.sqrt,
        "exp": math.exp,
        "expm1": math.expm1,
    }[name]
    function = FUNCTIONS[name]

    def call(value: float) -> float:
        try:
            return exact(value)
        except (ValueError, OverflowError):
            # numpy has an answer where Python has an error.
            with np.errstate(all="ignore"):
                return float(function(np.array(value)))

    return call


def _affine(factor: float, offset: float, lowest: float, highest: float) -> Function:
    def moved(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.clip(values * factor + offset, lowest, highest))

    return moved


def _numbers(state: State) -> list[list[float]]:
    return [state[name].tolist() for name in ("factors", "offsets", "lowest", "highest")]


def _codes(column: Column, block: Mapping[str, object], kind: str) -> NDArray[np.int32]:
    places: Mapping[str, int] = block["places"]  # type: ignore[assignment]
    texts = category_texts(column, kind)
    codes = texts.gathered([*(places.get(label, block["other"]) for label in texts.labels), block["missing"]], np.int32)
    if (codes == REFUSED).any():
        row = int(np.flatnonzero(codes == REFUSED)[0])
        code = int(texts.codes[row])
        _refuse(None if code < 0 else texts.labels[code], column.name, list(places), row)
    return codes


def _write_refusal(code: RowCode, source: str, block: Mapping[str, object], name: str) -> None:
    if REFUSED not in (block["other"], block["missing"]):
        return
    places: Mapping[str, int] = block["places"]  # type: ignore[assignment]

    def check(text: str | None) -> None:
        if (block["missing"] if text is None else places.get(text, block["other"])) == REFUSED:
            _refuse(text, name, list(places), None)

    code.line(f"{code.constant(check)}({source})")


def _refuse(text: str | None, name: str, known: Sequence[str], row: int | None) -> None:
    what = "is missing" if text is None else f"has the unknown value {text[:40]!r}"
    where = "" if row is None else f" in row {row}"
    raise ColumnTypeError(f"Column {name!r} {what}{where}; training saw {listed(known)}.", column=name)
