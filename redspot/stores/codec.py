"""Between the domain's dataclasses and JSON columns."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter

T = TypeVar("T")


@lru_cache(maxsize=128)
def _cached_adapter(kind: Hashable) -> TypeAdapter[Any]:
    return TypeAdapter(cast("Any", kind))


def _adapter(kind: Any) -> TypeAdapter[Any]:
    return _cached_adapter(kind)


def to_json(value: Any) -> Any:
    """Return a dataclass (or None) as JSON values."""
    return None if value is None else _adapter(type(value)).dump_python(value, mode="json")


def from_json(kind: type[T], value: Any) -> T:
    """Return the dataclass that was stored; None only where `kind` is never asked to be more."""
    made: T = _adapter(kind).validate_python(value)
    return made


def maybe_from_json(kind: type[T], value: Any) -> T | None:
    """Return the dataclass that was stored, or None."""
    return None if value is None else from_json(kind, value)
