"""Parameters as JSON, for pictures and files that people read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

MAX_TEXT = 200


def json_params(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters as JSON; what JSON has no word for becomes its `repr`."""
    return {name: _json(value) for name, value in params.items()}


def _json(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if value == value and abs(value) != float("inf") else repr(value)
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]
    if isinstance(value, Mapping):
        return {str(key): _json(item) for key, item in value.items()}
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        return _json(value.item())
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, PurePath):
        # Where it lay is nobody else's business.
        return value.name
    if callable(value) and hasattr(value, "__qualname__"):
        return value.__qualname__
    # An address in memory would make the same pipeline look different every time.
    text = type(value).__name__ if " at 0x" in repr(value) else repr(value)
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"
