"""Checks of parameters, made when a step is written down and not when it first meets data."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from redspot.pipeline.column import listed
from redspot.pipeline.errors import InvalidStepError, UnknownColumnError


def require_whole(kind: str, parameter: str, value: object, least: int = 1, most: int | None = None) -> None:
    """Refuse what is no whole number from `least` to `most`.

    Raises
    ------
    InvalidStepError
        Naming the step and the parameter.
    """
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if not is_whole or value < least or (most is not None and value > most):  # type: ignore[operator]
        span = f"a whole number, {least} or more" if most is None else f"a whole number from {least} to {most}"
        raise InvalidStepError(f"{kind}: {parameter} is {span}, not {value!r}.", parameter=parameter)


def require_number(kind: str, parameter: str, value: object, least: float = -math.inf, most: float = math.inf) -> None:
    """Refuse what is no finite number from `least` to `most`.

    Raises
    ------
    InvalidStepError
        Naming the step and the parameter.
    """
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if not is_number or not least <= value <= most:  # type: ignore[operator]
        span = "a number" if math.isinf(least) and math.isinf(most) else f"a number from {least:g} to {most:g}"
        span = f"a number, {least:g} or more" if math.isinf(most) and not math.isinf(least) else span
        raise InvalidStepError(f"{kind}: {parameter} is {span}, not {value!r}.", parameter=parameter)


def require_support(kind: str, max_categories: object, min_support: object) -> None:
    """Refuse limits of categories that are no whole numbers of 1 or more; there may be no limit to their number.

    Raises
    ------
    InvalidStepError
        Naming the step and the parameter.
    """
    if max_categories is not None:
        require_whole(kind, "max_categories", max_categories)
    require_whole(kind, "min_support", min_support)


def require_names(kind: str, parameter: str, names: tuple[object, ...]) -> None:
    """Refuse what is no list of one or more texts, each once.

    Raises
    ------
    InvalidStepError
        Naming the step and the parameter.
    """
    if not names or len(set(map(repr, names))) != len(names) or not all(isinstance(name, str) for name in names):
        raise InvalidStepError(
            f"{kind}: {parameter} are one or more texts, each once, not {list(names)!r}.", parameter=parameter
        )


def require_columns(kind: str, columns: Iterable[str], inputs: Sequence[str]) -> None:
    """Refuse a parameter that names a column which is not among the inputs.

    Raises
    ------
    UnknownColumnError
        Naming the step, the column and those that exist.
    """
    for name in columns:
        if name not in inputs:
            raise UnknownColumnError(f"{kind}: no column {name!r}; there are {listed(inputs)}.", column=name)
