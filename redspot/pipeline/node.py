"""What a step is: parameters that never change, and a state that fitting returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.column import Table, listed
from redspot.pipeline.errors import InvalidStepError

if TYPE_CHECKING:
    from redspot.pipeline.rowcode import RowCode, Value

# Arrays and JSON only, so that every state can be written without pickle; the one exception is the
# estimator of `estimate`, which goes through skops.
State = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Target:
    """What the pipeline learns to predict.

    Attributes
    ----------
    values
        One-dimensional: text labels, int64, bool or float64.
    """

    values: NDArray[np.generic]


@dataclass(frozen=True)
class Step:
    """One operation on columns.

    A step is only its parameters. `fit` returns what was learned, and `apply` uses it, so that one step
    can be part of many pipelines. `apply` must treat each row on its own: the same row gives the same
    result alone and among a million. What it does to one row alone, without tables, it may write down in `row`.
    """

    kind: ClassVar[str]
    explains: ClassVar[bool] = False

    @property
    def predicts(self) -> bool:
        """Whether it predicts, and so ends a pipeline."""
        return False

    @property
    def title(self) -> str:
        """What people call it."""
        return self.kind

    def cloned(self) -> Self:
        """Return a step that shares nothing with this one that training could change."""
        return self

    def fit(self, table: Table, target: Target | None) -> State:
        """Learn from training columns and return what was learned."""
        raise NotImplementedError

    def apply(self, table: Table, state: State) -> Table:
        """Return the output columns for input columns, using what was learned."""
        raise NotImplementedError

    def fit_apply(self, table: Table, target: Target | None) -> tuple[State, Table]:
        """Learn, and return with it the output columns of the training rows.

        A step that looks at the target overrides this: what a training row gets must not have been learned from the
        target of that same row.
        """
        state = self.fit(table, target)
        return state, self.apply(table, state)

    def row(self, code: RowCode, inputs: Sequence[Value], state: State) -> list[Value] | None:
        """Write down what the step does to one row, and return the outputs; None when it can only `apply`."""
        return None

    def names(self, inputs: tuple[str, ...]) -> tuple[str, ...] | None:
        """Return the output names where they are known before fitting, or None.

        Raises
        ------
        UnknownColumnError, InvalidStepError
            When a parameter names a column that is not among the inputs; the message lists those that are.
        """
        return None

    def invert(self, values: NDArray[np.float64], state: State) -> NDArray[np.float64] | None:
        """Undo on numbers what the step did to a single column; None where that cannot be undone.

        Parameters
        ----------
        values
            float64, one-dimensional; NaN stays NaN.
        state
            What the step learned, from one column.
        """
        return None

    def invert_row(self, code: RowCode, expression: str, state: State) -> str | None:
        """Write down `invert` for one number, given as an expression, and return an expression; None as there."""
        return None

    def told(self, state: State, names: Sequence[str]) -> list[tuple[str, str]]:
        """Return what was learned as pairs of a name and a short text, for the step's card in a picture.

        Parameters
        ----------
        state
            What `fit` returned, or a file gave back: lists may have become tuples, and the other way round.
        names
            Names of the input columns.
        """
        from redspot.pipeline.telling import told_of_state

        return told_of_state(state, names)

    def params(self) -> dict[str, Any]:
        """Return the parameters by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def with_params(self, changes: Mapping[str, Any]) -> Self:
        """Return a copy with other parameters.

        Raises
        ------
        InvalidStepError
            For a name that is not a parameter; the message lists those that are.
        """
        for name in changes:
            if name not in self.params():
                raise InvalidStepError(f"{self.kind} has no parameter {name!r}; it has {listed(self.params())}.")
        return replace(self, **changes)


def require_choice(kind: str, parameter: str, value: object, choices: tuple[str, ...]) -> None:
    """Refuse a parameter value that is not one of the choices.

    Raises
    ------
    InvalidStepError
        The message lists the choices.
    """
    if value not in choices:
        raise InvalidStepError(f"{kind}: {parameter} is one of {listed(choices)}, not {value!r}.", parameter=parameter)
