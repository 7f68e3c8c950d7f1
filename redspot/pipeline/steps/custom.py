"""Steps that are a function of columns, written by the user."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import update_wrapper
from typing import Any, ClassVar, Self

import numpy as np

from redspot.pipeline.column import Column, Dtype, Table, coerce, infer_dtype, listed, merged_origins
from redspot.pipeline.errors import ColumnTypeError, InvalidStepError
from redspot.pipeline.node import State, Step, Target

_DTYPES: Mapping[str, Dtype] = {"f": "float", "i": "int", "u": "int", "b": "bool", "U": "text"}


class StepFunction:
    """A function that was marked with `step`: called with its options, it gives a step.

    Positional parameters of the function are columns, keyword-only parameters are options.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        update_wrapper(self, function)
        self.function = function
        self.name: str = function.__name__
        parameters = inspect.signature(function).parameters.values()
        kinds = inspect.Parameter
        self.columns = tuple(
            p.name for p in parameters if p.kind in (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD)
        )
        self.takes_any = any(p.kind is kinds.VAR_POSITIONAL for p in parameters)
        options = [p for p in parameters if p.kind is kinds.KEYWORD_ONLY]
        self.options = {p.name: p.default for p in options if p.default is not kinds.empty}
        self.required = tuple(p.name for p in options if p.default is kinds.empty)
        if not self.columns and not self.takes_any:
            raise InvalidStepError(f"@step: {self.name} takes no column; give it a positional parameter.")

    @property
    def address(self) -> tuple[str, str]:
        """Module and name under which a file refers to the function."""
        return self.function.__module__, self.function.__qualname__

    def __call__(self, **options: Any) -> CustomStep:
        """Return the step with these options."""
        for name in options:
            if name not in self.options and name not in self.required:
                raise InvalidStepError(
                    f"{self.name} has no option {name!r}; it has {listed((*self.options, *self.required))}."
                )
        for name in self.required:
            if name not in options:
                raise InvalidStepError(f"{self.name} needs the option {name!r}.")
        return CustomStep(self, {**self.options, **options})

    def __repr__(self) -> str:
        return f"<step {'.'.join(self.address)}>"


@dataclass(frozen=True)
class CustomStep(Step):
    """A marked function together with its options."""

    kind: ClassVar[str] = "function"

    function: StepFunction
    options: Mapping[str, Any]

    def fit(self, table: Table, target: Target | None) -> State:
        """Check the number of columns; a function learns nothing."""
        wanted, given = len(self.function.columns), len(table.columns)
        if given < wanted or (given > wanted and not self.function.takes_any):
            raise InvalidStepError(
                f"{self.function.name} takes {wanted} columns ({listed(self.function.columns)}), "
                f"and is given {given} ({listed(table.names)})."
            )
        return {}

    def apply(self, table: Table, state: State) -> Table:
        """Return what the function makes of the columns: one array, or a dict of them by name."""
        # A function that writes into its argument would change what other branches see.
        arguments = [column.values.copy() for column in table.columns]
        result = self.function.function(*arguments, **self.options)
        named = result if isinstance(result, Mapping) else {self.function.name: result}
        origins = merged_origins(table.columns)
        columns = tuple(self._column(str(name), values, table.rows, origins) for name, values in named.items())
        return Table(columns, table.rows)

    def params(self) -> dict[str, Any]:
        """Return the options by name."""
        return dict(self.options)

    def with_params(self, changes: Mapping[str, Any]) -> Self:
        """Return a copy with other options."""
        return type(self)(self.function, self.function(**{**self.options, **changes}).options)

    def _column(self, name: str, values: object, rows: int, origins: tuple[str, ...]) -> Column:
        array = np.asarray(values)
        if array.shape != (rows,):
            raise ColumnTypeError(
                f"{self.function.name} returned shape {array.shape} for {name!r}; one value per row means ({rows},)."
            )
        if array.dtype.kind == "M":
            return Column(name, "datetime", array.astype("datetime64[us]"), origins)
        if array.dtype.kind == "O":
            dtype = infer_dtype(name, array.tolist())
            return Column(name, dtype, coerce(name, dtype, array.tolist()), origins)
        kind = _DTYPES.get(array.dtype.kind)
        if kind is None:
            raise ColumnTypeError(f"{self.function.name} returned {array.dtype} for {name!r}, which no step reads.")
        if kind == "text":
            return Column(name, kind, coerce(name, kind, array.tolist()), origins)
        return Column(name, kind, array.astype(np.float64), origins)


def step(function: Callable[..., Any]) -> StepFunction:
    """Mark a function of columns as a step.

    Positional parameters are columns (arrays of one entry per row: float64 with NaN for missing, or objects with
    None); keyword-only parameters are options. It returns one array, or a dict of arrays by name. It must treat each
    row on its own. A saved pipeline refers to the function by module and name, and loads it again only
    from a module that the caller trusts.

    Examples
    --------
    >>> @step
    ... def ratio(top, bottom, *, least=1e-9):
    ...     return top / np.maximum(bottom, least)
    >>> ratio(least=0.5).params()
    {'least': 0.5}
    """
    if not callable(function) or not hasattr(function, "__qualname__"):
        raise InvalidStepError(f"@step marks a function, not {type(function).__name__}.")
    return StepFunction(function)
