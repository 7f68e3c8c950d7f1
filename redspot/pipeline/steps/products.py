"""Products of numbers, for models that only add."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, combinations_with_replacement
from typing import ClassVar

import numpy as np

from redspot.pipeline.column import Column, Table, listed, merged_origins, unique_names
from redspot.pipeline.errors import InvalidStepError
from redspot.pipeline.node import State, Step, Target
from redspot.pipeline.rowcode import RowCode, Value
from redspot.pipeline.steps.parameters import require_columns, require_whole
from redspot.pipeline.steps.values import made, numeral, table_of, with_unique_names

# A product of all subsets would be too many long before it fills memory.
MAX_PRODUCTS = 20_000


@dataclass(frozen=True)
class _Products(Step):
    """Multiplies columns; missing when one of them is."""

    def fit(self, table: Table, target: Target | None) -> State:
        """Check the columns."""
        for column in table.columns:
            column.floats()
        self.names(table.names)
        return {}

    def names(self, inputs: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the products."""
        products = self._products(inputs)
        if len(products) > MAX_PRODUCTS:
            raise InvalidStepError(
                f"{self.kind} would give {len(products)} columns from {len(inputs)}; at most {MAX_PRODUCTS}."
            )
        return tuple(unique_names([_name(inputs, factors) for factors in products]))

    def apply(self, table: Table, state: State) -> Table:
        """Return the products, multiplied from left to right."""
        columns = []
        for factors in self._products(table.names):
            members = [table.columns[index] for index in factors]
            if len(members) == 1:
                columns.append(members[0])
                continue
            values = members[0].floats()
            with np.errstate(over="ignore", invalid="ignore"):
                for member in members[1:]:
                    values = values * member.floats()
            columns.append(Column(_name(table.names, factors), "float", values, merged_origins(members)))
        return table_of(columns, table.rows)

    def row(self, code: RowCode, inputs: Sequence[Value], state: State) -> list[Value]:
        """Write down each product."""
        names = [value.name for value in inputs]
        outputs = []
        for factors in self._products(names):
            if len(factors) == 1:
                outputs.append(inputs[factors[0]])
                continue
            product = " * ".join(numeral(code, inputs[index]) for index in factors)
            # A product of two large numbers may be infinite, and that times zero is missing.
            outputs.append(made(_name(names, factors), "float", f"({product})", is_atom=False))
        return with_unique_names(outputs)

    def _products(self, names: Sequence[str]) -> list[tuple[int, ...]]:
        """Return the positions of the factors of each product."""
        raise NotImplementedError


def _name(names: Sequence[str], factors: tuple[int, ...]) -> str:
    powers = {index: factors.count(index) for index in factors}
    return "*".join(names[index] if count == 1 else f"{names[index]}^{count}" for index, count in powers.items())


@dataclass(frozen=True)
class Polynomial(_Products):
    """The columns themselves and their products up to a degree."""

    kind: ClassVar[str] = "polynomial"

    degree: int = 2
    interaction_only: bool = False

    def __post_init__(self) -> None:
        require_whole(self.kind, "degree", self.degree, 2, 10)

    def _products(self, names: Sequence[str]) -> list[tuple[int, ...]]:
        chosen = combinations if self.interaction_only else combinations_with_replacement
        return [each for degree in range(1, self.degree + 1) for each in chosen(range(len(names)), degree)]


@dataclass(frozen=True)
class Interact(_Products):
    """Products of pairs of columns, and nothing else."""

    kind: ClassVar[str] = "interact"

    pairs: tuple[tuple[str, str], ...] | None = None

    def __post_init__(self) -> None:
        if self.pairs is None:
            return
        pairs = tuple(tuple(pair) for pair in self.pairs)
        if not pairs or any(len(pair) != 2 or not all(isinstance(name, str) for name in pair) for pair in pairs):
            raise InvalidStepError("interact: give pairs of column names, such as interact(('beds', 'baths')).")
        object.__setattr__(self, "pairs", pairs)

    def names(self, inputs: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the products."""
        require_columns(self.kind, (name for pair in self.pairs or () for name in pair), inputs)
        if len(inputs) < 2 and self.pairs is None:
            raise InvalidStepError(f"interact needs two columns or more, and is given {listed(inputs)}.")
        return super().names(inputs)

    def _products(self, names: Sequence[str]) -> list[tuple[int, ...]]:
        if self.pairs is None:
            return list(combinations(range(len(names)), 2))
        places = {name: index for index, name in enumerate(names)}
        return [tuple(places[name] for name in pair) for pair in self.pairs]


def polynomial(degree: int = 2, *, interaction_only: bool = False) -> Polynomial:
    """Add products of columns up to a degree.

    Numbers in; out come the columns themselves, then as float products of two, then of three, …, called ``a^2``,
    ``a*b``. A product is missing when one of its factors is. The order is that of scikit-learn's
    `PolynomialFeatures` without its column of ones.

    Parameters
    ----------
    degree
        Most factors of a product, from 2 to 10.
    interaction_only
        Whether to leave out products in which a column occurs twice.

    Examples
    --------
    >>> from redspot.pipeline import Pipeline, branch
    >>> made = Pipeline(x=branch("a", "b").then(polynomial())).fit({"a": [1.0], "b": [2.0]})
    >>> {name: values.tolist() for name, values in made.transform({"a": [2.0], "b": [3.0]}).items()}
    {'a': [2.0], 'b': [3.0], 'a^2': [4.0], 'a*b': [6.0], 'b^2': [9.0]}
    """
    return Polynomial(degree, interaction_only)


def interact(*pairs: tuple[str, str]) -> Interact:
    """Multiply pairs of columns, and keep only the products.

    Numbers in; out comes one float column ``a*b`` per pair, missing when one of the two is.

    Parameters
    ----------
    *pairs
        Pairs of column names; all pairs of different columns when none is given.

    Examples
    --------
    >>> from redspot.pipeline import Pipeline, branch
    >>> made = Pipeline(x=branch("beds", "baths").then(interact())).fit({"beds": [1], "baths": [2]})
    >>> made.transform({"beds": [3, None], "baths": [2, 1]})
    {'beds*baths': array([ 6., nan])}
    """
    return Interact(pairs or None)
