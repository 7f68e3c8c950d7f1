"""Linear models: a weighted sum per output, without ever writing out a one-hot or sparse block."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self, cast

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.column import Indicator, Table, require_readable
from redspot.pipeline.compiled.links import Link
from redspot.pipeline.compiled.missing import refuse_missing
from redspot.pipeline.compiled.model import Arrays
from redspot.pipeline.errors import CorruptPipelineError
from redspot.pipeline.rowcode import Choice, RowCode, Value
from redspot.pipeline.sparse import SparseBlock, SparseMember
from redspot.pipeline.telling import figure, written

# A very long expression would exceed the interpreter's nesting.
_TERMS_PER_LINE = 20

MAX_WEIGHTS = 10


@dataclass(frozen=True)
class LinearModel:
    """Weights and an intercept per output.

    Attributes
    ----------
    weights
        float64, shape (outputs, columns).
    intercepts
        float64, shape (outputs,).
    link
        From sums to answers.
    """

    kind: ClassVar[str] = "linear"

    weights: NDArray[np.float64]
    intercepts: NDArray[np.float64]
    link: Link

    @property
    def width(self) -> int:
        """Number of columns that it reads."""
        return int(self.weights.shape[1])

    @property
    def outputs(self) -> int:
        """Number of sums per row."""
        return int(self.weights.shape[0])

    def sums(self, table: Table) -> NDArray[np.float64]:
        """Return float64, shape (rows, outputs)."""
        sums = np.empty((self.outputs, table.rows))
        sums[:] = self.intercepts[:, np.newaxis]
        blocks: dict[int, tuple[NDArray[np.int32], list[tuple[int, int]]]] = {}
        bags: dict[int, tuple[SparseBlock, NDArray[np.float64]]] = {}
        numbers = []
        for index, column in enumerate(table.columns):
            if isinstance(column.data, Indicator):
                codes = column.data.codes
                blocks.setdefault(id(codes), (codes, []))[1].append((column.data.position, index))
                continue
            if isinstance(column.data, SparseMember):
                block = column.data.block
                if id(block) not in bags:
                    bags[id(block)] = (block, np.zeros((self.outputs, block.width)))
                bags[id(block)][1][:, column.data.position] += self.weights[:, index]
                continue
            values = column.floats()
            numbers.append(index)
            for output in range(self.outputs):
                sums[output] += values * self.weights[output, index]
        for codes, members in blocks.values():
            looked_up = np.zeros((self.outputs, int(codes.max(initial=0)) + 2))
            for position, index in members:
                if position < looked_up.shape[1]:
                    looked_up[:, position] += self.weights[:, index]
            for output in range(self.outputs):
                sums[output] += looked_up[output][codes]
        for block, weights in bags.values():
            for output in range(self.outputs):
                sums[output] += block.dot(weights[output])
        if not np.isfinite(sums.sum()):
            columns = [table.columns[index] for index in numbers]
            matrix = np.stack([column.floats() for column in columns], axis=1) if columns else np.empty((0, 0))
            require_readable(matrix, [column.name for column in columns], "The model", allow_missing=False)
        return cast("NDArray[np.float64]", sums.T)

    def row(self, code: RowCode, inputs: Sequence[Value]) -> list[str]:
        """Write down the sums of one row, and return their variables."""
        refuse_missing(code, inputs)
        terms: list[list[str]] = [[code.literal(value)] for value in self.intercepts]
        blocks: dict[tuple[str, int], tuple[Choice, NDArray[np.float64]]] = {}
        bags: dict[str, NDArray[np.float64]] = {}
        for index, value in enumerate(inputs):
            if value.bag is not None:
                if value.bag.source not in bags:
                    bags[value.bag.source] = np.zeros((self.outputs, value.bag.width))
                bags[value.bag.source][:, value.bag.position] += self.weights[:, index]
                continue
            choice = value.choice
            if choice is None:
                number = code.atom(value) if self.outputs > 1 else f"({value.code})"
                for output in range(self.outputs):
                    weight = float(self.weights[output, index])
                    terms[output].append(f"{number} * {code.literal(weight)}")
                continue
            key = (choice.source, id(choice.positions))
            if key not in blocks:
                size = max(choice.other, choice.missing, *choice.positions.values(), 0) + 1
                blocks[key] = (choice, np.zeros((self.outputs, size)))
            blocks[key][1][:, choice.position] += self.weights[:, index]
        for choice, weights in blocks.values():
            self._write_block(code, choice, weights, terms)
        for source, weights in bags.items():
            self._write_bag(code, source, weights, terms)
        return [_summed(code, each) for each in terms]

    def _write_block(self, code: RowCode, choice: Choice, weights: NDArray[np.float64], terms: list[list[str]]) -> None:
        # The last entry is for a value that sets no bit.
        at = [tuple(column) for column in weights.T.tolist()] + [(0.0,) * self.outputs]
        places = choice.places()
        if self.outputs == 1:
            table = {text: at[place][0] for text, place in places.items()}
            terms[0].append(code.looked_up(choice.source, table, at[choice.other][0]))
            return
        found = code.variable(code.looked_up(choice.source, {t: at[p] for t, p in places.items()}, at[choice.other]))
        for output, each in enumerate(terms):
            each.append(f"{found}[{output}]")

    def _write_bag(self, code: RowCode, source: str, weights: NDArray[np.float64], terms: list[list[str]]) -> None:
        for each, function in zip(terms, map(_weigher, weights.tolist()), strict=True):
            each.append(f"{code.constant(function)}({source})")

    def told(self, names: Sequence[str]) -> list[tuple[str, str]]:
        """Return the number of weights, the intercepts, and the largest weights."""
        told = [("coefficients", f"{self.weights.size:,}"), ("intercept", written(self.intercepts))]
        # Of several outputs, the weight that is furthest from zero.
        furthest = np.abs(self.weights).argmax(axis=0)
        weights = self.weights[furthest, np.arange(self.width)]
        for place in np.argsort(-np.abs(weights), kind="stable")[:MAX_WEIGHTS].tolist():
            told.append((names[place], figure(float(weights[place]))))
        return told

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return what a file keeps as arrays."""
        return {"weights": self.weights, "intercepts": self.intercepts}

    def document(self) -> dict[str, Any]:
        """Return what a file keeps as JSON."""
        return {"kind": self.kind, "link": self.link}

    @classmethod
    def restored(cls, document: Mapping[str, Any], arrays: Arrays) -> Self:
        """Return the model of a file.

        Raises
        ------
        CorruptPipelineError
            When the arrays do not belong together.
        """
        weights, intercepts = arrays["weights"], arrays["intercepts"]
        is_sound = (
            weights.dtype == np.float64
            and intercepts.dtype == np.float64
            and weights.ndim == 2
            and intercepts.shape == weights.shape[:1]
            and np.isfinite(weights).all()
            and np.isfinite(intercepts).all()
        )
        if not is_sound:
            raise CorruptPipelineError("The file's linear model has weights that do not belong together.")
        return cls(
            cast("NDArray[np.float64]", weights),
            cast("NDArray[np.float64]", intercepts),
            cast("Link", document["link"]),
        )


def _weigher(weights: list[float]) -> Callable[[Mapping[int, float]], float]:
    def weigh(bag: Mapping[int, float]) -> float:
        total = 0.0
        for position, value in bag.items():
            total += value * weights[position]
        return total

    return weigh


def _summed(code: RowCode, terms: Sequence[str]) -> str:
    name = code.fresh()
    code.line(f"{name} = {' + '.join(terms[:_TERMS_PER_LINE])}")
    for start in range(_TERMS_PER_LINE, len(terms), _TERMS_PER_LINE):
        code.line(f"{name} += {' + '.join(terms[start : start + _TERMS_PER_LINE])}")
    return name
