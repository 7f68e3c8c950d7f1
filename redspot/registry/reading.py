"""Between definitions and plain values: JSON, TOML and the wire are all read by the same rules."""

from __future__ import annotations

import types
from collections.abc import Hashable, Mapping
from dataclasses import fields, is_dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from redspot.registry.policy import DefinitionError

T = TypeVar("T")
_WORDS = {str: "a text", bool: "true or false", int: "a whole number", float: "a number"}


class Fields:
    """The fields of one frozen dataclass, as somebody wrote them.

    Parameters
    ----------
    where
        The name of the field that holds them, with a dot after it; empty for the outermost.
    """

    def __init__(self, content: Any, where: str) -> None:
        if not isinstance(content, Mapping):
            raise DefinitionError(f"Field {where.rstrip('.') or 'definition'!r} is not an object with fields.")
        self._content = content
        self._where = where

    def make(self, kind: type[T]) -> T:
        """Return the dataclass (DefinitionError naming what is wrong)."""
        kinds = _hints(cast("Hashable", kind))
        known = [each.name for each in fields(kind)]  # type: ignore[arg-type] # callers pass dataclasses
        for key in self._content:
            if key not in known:
                listed = ", ".join(known)
                raise DefinitionError(
                    f"Field {self._where + str(key)!r} does not exist; there are {listed}.", field=str(key)
                )
        if "name" in known and "name" not in self._content:
            raise DefinitionError("Field 'name' is missing.", field="name")
        return kind(**{key: _read(value, kinds[key], self._where + key) for key, value in self._content.items()})

    @classmethod
    def told(cls, value: Any) -> Any:
        """Return a value of a definition as JSON values."""
        if is_dataclass(value) and not isinstance(value, type):
            return {each.name: cls.told(getattr(value, each.name)) for each in fields(value)}
        if isinstance(value, Mapping):
            return {key: cls.told(each) for key, each in value.items()}
        if isinstance(value, tuple):
            return [cls.told(each) for each in value]
        return str(value) if isinstance(value, StrEnum) else value


@lru_cache(maxsize=32)
def _hints(kind: Hashable) -> dict[str, Any]:
    return get_type_hints(kind)


def _read(value: Any, kind: Any, where: str) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        if value is None:
            return None
        return _read(value, next(each for each in get_args(kind) if each is not type(None)), where)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise DefinitionError(f"Field {where!r} is {value!r}; it is a list.", field=where)
        return tuple(_read(each, get_args(kind)[0], where) for each in value)
    if origin is not None:
        if not isinstance(value, Mapping):
            raise DefinitionError(f"Field {where!r} is {value!r}; it is an object.", field=where)
        return {str(key): _read(each, get_args(kind)[1], f"{where}.{key}") for key, each in value.items()}
    if isinstance(kind, type) and is_dataclass(kind):
        return Fields(value, f"{where}.").make(kind)
    if issubclass(kind, StrEnum):
        if value not in list(kind):
            raise DefinitionError(f"Field {where!r} is {value!r}; there is {', '.join(kind)}.", field=where)
        return kind(value)
    return _scalar(value, kind, where)


def _scalar(value: Any, kind: type, where: str) -> Any:
    fits = isinstance(value, int | float) and not isinstance(value, bool) if kind is float else type(value) is kind
    # NaN is a number that is unequal to itself.
    if not fits or value != value or (kind is str and len(value) > 2000):
        raise DefinitionError(f"Field {where!r} is {value!r}; it is {_WORDS[kind]}.", field=where)
    return float(value) if kind is float else value
