"""Powers that make a skewed column look more like a bell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.column import Column, Table
from redspot.pipeline.errors import ColumnTypeError
from redspot.pipeline.node import State, Step, Target, require_choice
from redspot.pipeline.rowcode import RowCode, Value
from redspot.pipeline.steps.values import numeral
from redspot.pipeline.telling import figure

Method = Literal["box_cox", "yeo_johnson"]

# Outside of this an exponent says only that the column has one value far from all others.
_BOUND = 10.0


@dataclass(frozen=True)
class Power(Step):
    """Raises each column to the power under which it looks most like a normal distribution."""

    kind: ClassVar[str] = "power"

    method: Method = "yeo_johnson"

    def __post_init__(self) -> None:
        require_choice(self.kind, "method", self.method, ("box_cox", "yeo_johnson"))

    def fit(self, table: Table, target: Target | None) -> State:
        """Learn the exponent of each column by maximum likelihood."""
        return {"lambdas": np.array([self._exponent(column) for column in table.columns], dtype=np.float64)}

    def apply(self, table: Table, state: State) -> Table:
        """Return the powers."""
        raised = _box_cox if self.method == "box_cox" else _yeo_johnson
        made = (
            column.numeric(raised(column.floats(), exponent))
            for column, exponent in zip(table.columns, state["lambdas"].tolist(), strict=True)
        )
        return Table(tuple(made), table.rows)

    def row(self, code: RowCode, inputs: Sequence[Value], state: State) -> list[Value]:
        """Write down the power of each value."""
        of_one = _box_cox_of_one if self.method == "box_cox" else _yeo_johnson_of_one
        may_miss = True if self.method == "box_cox" else None
        return [
            code.number(
                value, f"{code.constant(of_one)}({numeral(code, value)}, {code.literal(exponent)})", may_miss=may_miss
            )
            for value, exponent in zip(inputs, state["lambdas"].tolist(), strict=True)
        ]

    def told(self, state: State, names: Sequence[str]) -> list[tuple[str, str]]:
        """Return the exponent of each column."""
        return [(name, f"exponent {figure(each)}") for name, each in zip(names, state["lambdas"].tolist(), strict=True)]

    def names(self, inputs: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the inputs."""
        return inputs

    def invert(self, values: NDArray[np.float64], state: State) -> NDArray[np.float64]:
        """Undo the power; missing where no number has that power."""
        exponent = float(state["lambdas"][0])
        if self.method == "box_cox":
            return np.exp(_logarithm(values, exponent))
        is_below = values < 0.0
        logs = np.where(is_below, _logarithm(-values, 2.0 - exponent), _logarithm(values, exponent))
        with np.errstate(over="ignore"):
            return np.asarray(np.where(is_below, -1.0, 1.0) * np.expm1(logs))

    def invert_row(self, code: RowCode, expression: str, state: State) -> str:
        """Write down the undoing for one number."""
        exponent = float(state["lambdas"][0])

        def undo(value: float) -> float:
            found = self.invert(np.array([value]), {"lambdas": np.array([exponent])})
            return float(found[0])

        return f"{code.constant(undo)}({expression})"

    def _exponent(self, column: Column) -> float:
        known = column.floats()
        known = known[np.isfinite(known)]
        if self.method == "box_cox" and (known <= 0.0).any():
            raise ColumnTypeError(
                f"Column {column.name!r} has numbers of 0 or less, which power('box_cox') cannot raise; "
                "use power('yeo_johnson').",
                column=column.name,
            )
        # All exponents do equally well with equal numbers; the power of 1 leaves them as they are.
        if len(known) < 2 or np.ptp(known) == 0.0:
            return 1.0
        return _likeliest(known, self.method)


def _likeliest(known: NDArray[np.float64], method: Method) -> float:
    """Return the exponent of the highest profile likelihood."""
    from scipy.optimize import minimize_scalar

    raised = _box_cox if method == "box_cox" else _yeo_johnson
    # The logarithm of the derivative of the transform, but for the factor (exponent - 1).
    slope = float((np.log(known) if method == "box_cox" else np.sign(known) * np.log1p(np.abs(known))).sum())

    def loss(exponent: float) -> float:
        with np.errstate(all="ignore"):
            variance = float(np.var(raised(known, exponent)))
        if not math.isfinite(variance) or variance <= 0.0:
            return math.inf
        return len(known) / 2.0 * math.log(variance) - (exponent - 1.0) * slope

    # The likelihood is smooth with one top, and infinite where a power overflows; a coarse look comes first.
    grid = np.linspace(-_BOUND, _BOUND, 81)
    best = int(np.argmin([loss(float(exponent)) for exponent in grid]))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    found = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-8})
    return float(found.x)


def _box_cox(values: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
    with np.errstate(over="ignore"):
        logs = np.log(np.where(values > 0.0, values, np.nan))
        return logs if exponent == 0.0 else np.expm1(exponent * logs) / exponent


def _yeo_johnson(values: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
    # Below zero it is the same with an exponent of 2 - λ, mirrored.
    is_below = values < 0.0
    sign = np.where(is_below, -1.0, 1.0)
    powers = np.where(is_below, 2.0 - exponent, exponent)
    logs = np.log1p(np.abs(values))
    is_log = powers == 0.0
    with np.errstate(over="ignore"):
        return np.asarray(sign * np.where(is_log, logs, np.expm1(powers * logs) / np.where(is_log, 1.0, powers)))


def _logarithm(values: NDArray[np.float64], exponent: float) -> NDArray[np.float64]:
    """Return the logarithm of what was raised; the power of a logarithm is expm1(exponent * logarithm) / exponent."""
    if exponent == 0.0:
        return values
    with np.errstate(all="ignore"):
        return np.asarray(np.log1p(np.where(values * exponent > -1.0, values * exponent, np.nan)) / exponent)


def _box_cox_of_one(value: float, exponent: float) -> float:
    if not value > 0.0:
        return math.nan
    return _raised(math.log(value), exponent)


def _yeo_johnson_of_one(value: float, exponent: float) -> float:
    if value < 0.0:
        return -_raised(math.log1p(-value), 2.0 - exponent)
    return _raised(math.log1p(value), exponent)


def _raised(logarithm: float, exponent: float) -> float:
    if exponent == 0.0:
        return logarithm
    try:
        return math.expm1(exponent * logarithm) / exponent
    except OverflowError:
        return math.inf / exponent


def power(method: Method = "yeo_johnson") -> Power:
    """Raise numbers to the power that makes them look most like a normal distribution.

    Numbers in, float out, under the same names; missing stays missing. ``box_cox`` is (x^λ - 1)/λ, and log x for λ = 0
    (Box and Cox, 1964); it reads numbers above 0, refuses others in training and makes them missing later.
    ``yeo_johnson`` is the same of 1 + x, and mirrored with 2 - λ below 0 (Yeo and Johnson, 2000). Each column's λ,
    from -10 to 10, is the one of maximum likelihood. The result is not centred: put `scale` behind it.

    Parameters
    ----------
    method
        ``yeo_johnson`` or ``box_cox``.

    Examples
    --------
    >>> from redspot.pipeline import Pipeline, branch
    >>> made = Pipeline(x=branch("price").then(power("box_cox"))).fit({"price": [1.0, 10.0, 100.0]})
    >>> bool(abs(made.learned("power")["lambdas"][0]) < 1e-6)  # the logarithm
    True
    """
    return Power(method)
