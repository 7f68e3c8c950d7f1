"""Numbers as the ranges in which they fall."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.column import Column, Indicator, Table, unique_names
from redspot.pipeline.errors import InvalidStepError, MissingValueError
from redspot.pipeline.node import State, Step, Target, require_choice
from redspot.pipeline.rowcode import Choice, RowCode, Value
from redspot.pipeline.steps.parameters import require_number, require_whole
from redspot.pipeline.steps.values import made, numeral, table_of, with_unique_names
from redspot.pipeline.telling import listing
from redspot.pipeline.texts import Texts

Strategy = Literal["quantile", "uniform", "edges"]
Output = Literal["one_hot", "text", "number"]


@dataclass(frozen=True)
class Bin(Step):
    """Cuts the line of numbers into ranges; each has its lower edge and not its upper one."""

    kind: ClassVar[str] = "bin"

    strategy: Strategy = "quantile"
    count: int = 5
    edges: tuple[float, ...] | None = None
    output: Output = "one_hot"

    def __post_init__(self) -> None:
        require_choice(self.kind, "strategy", self.strategy, ("quantile", "uniform", "edges"))
        require_choice(self.kind, "output", self.output, ("one_hot", "text", "number"))
        require_whole(self.kind, "count", self.count, 2)
        if (self.edges is not None) != (self.strategy == "edges"):
            raise InvalidStepError("bin: edges go with strategy 'edges', such as bin('edges', edges=[0, 10, 100]).")
        if self.edges is not None:
            edges = tuple(self.edges)
            for edge in edges:
                require_number(self.kind, "edges", edge)
            if not edges or list(edges) != sorted(set(edges)):
                raise InvalidStepError(f"bin: edges are one or more numbers, each above the last, not {list(edges)!r}.")
            object.__setattr__(self, "edges", edges)

    def fit(self, table: Table, target: Target | None) -> State:
        """Learn the edges between the ranges of each column."""
        return {"edges": [self._edges(column) for column in table.columns]}

    def apply(self, table: Table, state: State) -> Table:
        """Return the ranges."""
        columns: list[Column] = []
        for column, edges in zip(table.columns, state["edges"], strict=True):
            columns.extend(self._binned(column, edges))
        return table_of(columns, table.rows)

    def row(self, code: RowCode, inputs: Sequence[Value], state: State) -> list[Value]:
        """Write down in which range each value falls."""
        outputs: list[Value] = []
        for value, edges in zip(inputs, state["edges"], strict=True):
            x, labels = numeral(code, value), range_labels(edges)
            if self.output == "number":
                number = code.variable(f"{code.constant(_placer(edges))}({x}) if {x} == {x} else nan")
                outputs.append(made(value.name, "float", number, may_miss=value.may_miss))
                continue
            text = code.variable(f"{code.constant(_labeller(edges, labels))}({x}) if {x} == {x} else None")
            if self.output == "text":
                outputs.append(made(value.name, "text", text, may_miss=value.may_miss))
                continue
            positions = {label: index for index, label in enumerate(labels)}
            for index, name in enumerate(_bit_names(value.name, labels)):
                choice = Choice(text, positions, len(labels), len(labels), index)
                outputs.append(Value(name, "float", "", is_atom=False, may_miss=False, choice=choice))
        return with_unique_names(outputs)

    def told(self, state: State, names: Sequence[str]) -> list[tuple[str, str]]:
        """Return the ranges of each column."""
        return [(name, listing(range_labels(edges))) for name, edges in zip(names, state["edges"], strict=True)]

    def names(self, inputs: tuple[str, ...]) -> tuple[str, ...] | None:
        """Return the names of the inputs, or of the bits of edges that are given."""
        if self.output != "one_hot":
            return inputs
        if self.edges is None:
            return None
        labels = range_labels(self.edges)
        return tuple(unique_names([bit for name in inputs for bit in _bit_names(name, labels)]))

    def _binned(self, column: Column, edges: Sequence[float]) -> list[Column]:
        numbers = column.floats()
        places: NDArray[np.int32] = np.searchsorted(np.array(edges, dtype=np.float64), numbers, side="right").astype(
            np.int32
        )
        missing = np.isnan(numbers)
        if self.output == "number":
            return [column.numeric(np.where(missing, np.nan, places))]
        labels = range_labels(edges)
        if self.output == "text":
            texts = Texts(np.where(missing, np.int32(-1), places), tuple(labels))
            return [Column(column.name, "text", texts, column.origins)]
        codes = np.where(missing, np.int32(len(labels)), places)
        return [
            Column(name, "float", Indicator(codes, index), column.origins)
            for index, name in enumerate(_bit_names(column.name, labels))
        ]

    def _edges(self, column: Column) -> list[float]:
        numbers = column.floats()
        if self.edges is not None:
            return [float(edge) for edge in self.edges]
        known = numbers[np.isfinite(numbers)]
        if not len(known):
            raise MissingValueError(
                f"Column {column.name!r} has no value to learn ranges from; leave it out or use bin('edges', …).",
                column=column.name,
            )
        if self.strategy == "uniform":
            cuts = np.linspace(known.min(), known.max(), self.count + 1)
        else:
            cuts = np.quantile(known, np.linspace(0.0, 1.0, self.count + 1))
        # The outer ranges are open, and equal quantiles leave no room for a range between them.
        distinct = np.unique(cuts)
        return [float(edge) for edge in distinct[1:-1]]


def range_labels(edges: Sequence[float]) -> list[str]:
    """Return the name of each range.

    Examples
    --------
    >>> range_labels([0.0, 2.5])
    ['below 0', '0 to 2.5', '2.5 or more']
    """
    if not edges:
        return ["any"]
    names = [f"{edge + 0.0:.6g}" for edge in edges]
    if len(set(names)) < len(names):
        names = [repr(float(edge)) for edge in edges]
    between = (f"{low} to {high}" for low, high in pairwise(names))
    return unique_names([f"below {names[0]}", *between, f"{names[-1]} or more"])


def _bit_names(name: str, labels: Sequence[str]) -> list[str]:
    return [*(f"{name}={label}" for label in labels), f"{name} is missing"]


def _placer(edges: Sequence[float]) -> Callable[[float], float]:
    kept = list(edges)
    return lambda value: float(bisect_right(kept, value))


def _labeller(edges: Sequence[float], labels: Sequence[str]) -> Callable[[float], str]:
    kept, names = list(edges), list(labels)
    return lambda value: names[bisect_right(kept, value)]


def bin(
    strategy: Strategy = "quantile",
    *,
    count: int = 5,
    edges: Sequence[float] | None = None,
    output: Output = "one_hot",
) -> Bin:
    """Cut numbers into ranges; a range has its lower edge and not its upper one, and the outer two are open.

    Numbers in; out comes, for each column, one column per range and ``<column> is missing`` (``one_hot``), the name of
    the range as text, or its number from 0 (``number``). Missing stays missing in the latter two.

    Parameters
    ----------
    strategy
        ``quantile``: as many training rows in each range, as far as equal numbers allow; ``uniform``: ranges of equal
        width between the smallest and the largest training number; ``edges``: as given.
    count
        How many ranges, for the first two.
    edges
        Edges between ranges, for ``edges``: n edges make n + 1 ranges.
    output
        ``one_hot``, ``text`` or ``number``.

    Examples
    --------
    >>> from redspot.pipeline import Pipeline, branch
    >>> made = Pipeline(x=branch("nights").then(bin("edges", edges=[7, 30], output="text"))).fit({"nights": [1]})
    >>> made.transform({"nights": [2, 7, 365, None]})["nights"].tolist()
    ['below 7', '7 to 30', '30 or more', None]
    """
    return Bin(strategy, count, None if edges is None else tuple(edges), output)
