"""The fields of a request, parsed into types; what is wrong is told as MLflow's server tells it."""

from __future__ import annotations

import base64
import binascii
import json
import math
import posixpath
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson

from redspot.registry.recorded_run import MetricPoint, finite
from redspot_server.mlflow.problems import FieldError

MAX_KEY, MAX_PARAM, MAX_TAG, MAX_MODEL_TAG, MAX_EXPERIMENT_TAG = 250, 6000, 8000, 100_000, 20_000
_NAME = re.compile(r"^[/\w.\- :]*$")
_SEE = "See the API docs for more information about request parameters."
_INT64 = 2**63


class Fields:
    """What a request holds: the object of a body, or the arguments of a query.

    Parameters
    ----------
    values
        Field → value; a query's are lists of texts.
    """

    def __init__(self, values: Mapping[str, Any], *, query: bool = False) -> None:
        self._values, self._query = values, query

    def raw(self, name: str) -> Any:
        """Return the value as it came, or None."""
        value = self._values.get(name)
        return value[-1] if self._query and isinstance(value, list) else value

    def text(self, name: str, default: str = "") -> str:
        """Return a text, `default` when it is not there (FieldError)."""
        value = self.raw(name)
        if value is None:
            return default
        if not isinstance(value, str):
            raise _wrong(name, value, f" Hint: Value was of type '{type(value).__name__}'. {_SEE}")
        return value

    def needed(self, name: str, *others: str) -> str:
        """Return a text that must be there, under this name or an older one (FieldError)."""
        for spelling in (name, *others):
            value = self.text(spelling)
            if value:
                return value
        raise FieldError(f"Missing value for required parameter '{name}'. {_SEE}", field=name)

    def whole(self, name: str, default: int | None = None) -> int | None:
        """Return a whole number of 64 bits, or `default` (FieldError)."""
        value = self.raw(name)
        return default if value is None else whole(value, name)

    def limit(self, default: int, most: int) -> int:
        """Return ``max_results`` (FieldError when it is not from 1 to `most`)."""
        value = self.whole("max_results", default)
        if value is None or not 0 < value <= most:
            raise _wrong(
                "max_results", value, f" It must be a positive integer of at most {most}, but got {value}. {_SEE}"
            )
        return value

    def texts(self, name: str) -> list[str]:
        """Return a list of texts (FieldError)."""
        values = self._list(name)
        for value in values:
            if not isinstance(value, str):
                raise _wrong(name, values, f" Hint: its items are texts. {_SEE}")
        return values

    def objects(self, name: str) -> list[Fields]:
        """Return a list of objects (FieldError)."""
        values = self._list(name)
        for value in values:
            if not isinstance(value, dict):
                raise _wrong(name, values, f" Hint: its items are objects. {_SEE}")
        return [Fields(value) for value in values]

    def object(self, name: str) -> Fields:
        """Return an object, an empty one when it is not there (FieldError)."""
        value = self.raw(name)
        if not isinstance(value, dict | None):
            raise _wrong(name, value, f" Hint: it is an object. {_SEE}")
        return Fields(value or {})

    def _list(self, name: str) -> list[Any]:
        value = self._values.get(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise _wrong(name, value, f" Hint: Value was of type '{type(value).__name__}'. {_SEE}")
        return value

    def flag(self, name: str) -> bool:
        """Return a truth value, False when it is not there."""
        return self.raw(name) in (True, "true", "True", "1")

    def offset(self) -> int:
        """Return where the page begins, out of ``page_token`` (FieldError)."""
        token = self.text("page_token")
        if not token:
            return 0
        try:
            offset = int(json.loads(base64.b64decode(token, validate=True))["offset"])
        except (binascii.Error, ValueError, TypeError, KeyError, RecursionError):
            raise FieldError("Invalid page token, could not base64-decode", field="page_token") from None
        if not 0 <= offset < _INT64:
            raise FieldError("Invalid page token, its offset is out of range", field="page_token")
        return offset

    def pairs(self, name: str, most: int, *, cut: bool = False) -> dict[str, str]:
        """Return key → value of a list of such objects (FieldError).

        Parameters
        ----------
        most
            How many characters a value may have.
        cut
            Whether a longer one is cut off there, as MLflow does with what runs log, and not refused.
        """
        found: dict[str, str] = {}
        for place, item in enumerate(self.objects(name)):
            key = check_key(item.text("key"), f"{name}[{place}].key")
            value = item.text("value")
            found[key] = check_length(f"{name}[{place}].value", value[:most] if cut else value, most)
        return found


def page_token(offset: int) -> str:
    """Return the token of the page that begins at `offset`."""
    return base64.b64encode(orjson.dumps({"offset": offset})).decode()


def whole(value: Any, name: str) -> int:
    """Return a whole number of 64 bits; a text of digits is one too (FieldError)."""
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d{1,19}", value):
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not -_INT64 <= value < _INT64:
        raise _wrong(name, value, f" Hint: Value was of type '{type(value).__name__}'. {_SEE}")
    return value


def number(value: Any, name: str) -> float:
    """Return a float; protobuf's JSON writes those that are not finite as texts (FieldError)."""
    if isinstance(value, str) and value in ("NaN", "Infinity", "-Infinity"):
        return finite(float(value))
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(name, value, "Please specify value as a valid double (64-bit floating point)")
    try:
        return finite(float(value))
    except OverflowError:
        raise _wrong(name, value, "Please specify value as a valid double (64-bit floating point)") from None


def point_of(fields: Fields, path: str) -> MetricPoint:
    """Return one point of a metric (FieldError)."""
    value, at = fields.raw("value"), fields.raw("timestamp")
    key = fields.text("key")
    for name, given in (("key", key), ("value", value), ("timestamp", at)):
        if given is None or given == "":
            raise FieldError(f"Missing value for required parameter '{path}{name}'. {_SEE}", field=name)
    time_ms = whole(at, f"{path}timestamp")
    if time_ms < 0:
        raise _wrong(f"{path}timestamp", time_ms, "Timestamp must be a nonnegative long (64-bit integer) ")
    return MetricPoint(
        check_key(key, f"{path}name"),
        number(value, f"{path}value"),
        time_ms,
        whole(fields.raw("step") or 0, f"{path}step"),
        fields.text("model_id"),
        fields.text("dataset_name"),
        fields.text("dataset_digest"),
    )


@lru_cache(maxsize=4096)
def check_key(key: str, path: str) -> str:
    """Return the name of a metric, parameter or tag when it is one (FieldError)."""
    if not key:
        raise _wrong(path, key, "A key name must be provided.")
    if not _NAME.match(key) or "\n" in key:
        raise _wrong(
            path,
            key,
            "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:)"
            " and slashes (/).",
        )
    norm = posixpath.normpath(key)
    if norm != key or norm == "." or norm.startswith(("..", "/")):
        raise _wrong(
            path,
            key,
            "Names may be treated as files in certain cases, and must not resolve to other names"
            f" when treated as such. This name would resolve to {norm!r}",
        )
    return check_length(path, key, MAX_KEY)


def check_length(name: str, value: str, most: int) -> str:
    """Return a text of at most `most` characters (FieldError)."""
    if len(value) > most:
        raise FieldError(f"'{name}' exceeds the maximum length of {most} characters", field=name)
    if "\x00" in value:
        raise FieldError(f"'{name}' holds a NUL character, which no text may.", field=name)
    return value


def _wrong(name: str, value: Any, why: str) -> FieldError:
    shown = repr(value)[:200] if not isinstance(value, float) or math.isfinite(value) else str(value)
    return FieldError(f"Invalid value {shown} for parameter '{name}' supplied: {why}", field=name)


def experiment_id(text: str) -> int:
    """Return the number of an experiment (FieldError)."""
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise FieldError(f"Invalid experiment ID '{text[:80]}'. Experiment ID must be a valid integer.")
    return int(text)
