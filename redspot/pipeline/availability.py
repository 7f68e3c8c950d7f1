"""Methods that only some objects have, as scikit-learn's tools expect it."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from types import MethodType
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, cast, overload

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S")


class _Method(Generic[S, P, R]):
    """A method that an object has when a check raises nothing."""

    def __init__(self, function: Callable[Concatenate[S, P], R], check: Callable[[S], None]) -> None:
        self._function, self._check = function, check
        update_wrapper(cast("Any", self), function)

    @overload
    def __get__(self, owner: None, kind: type[S]) -> Callable[Concatenate[S, P], R]: ...
    @overload
    def __get__(self, owner: S, kind: type[S] | None = None) -> Callable[P, R]: ...
    def __get__(self, owner: Any, kind: Any = None) -> Any:
        if owner is None:
            return self._function
        self._check(owner)
        return MethodType(self._function, owner)


def available(
    check: Callable[[Any], None],
) -> Callable[[Callable[Concatenate[S, P], R]], _Method[S, P, R]]:
    """Let a method exist only for objects for which `check` raises no AttributeError."""
    return lambda function: _Method(function, check)
