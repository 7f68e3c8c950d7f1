"""Leaving out what must not be kept: the values of some columns, in inputs and outputs alike."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from redspot.serving.events.rows import PREDICT, input_rows, output_rows


def redact(form: str, body: bytes, answer: bytes, columns: Collection[str]) -> tuple[str, bytes, bytes]:
    """Return form, inputs and outputs without the values of `columns`; the form of what is returned is by row.

    What cannot be read by row is left out whole: a value that nobody found must not be kept either.
    """
    return PREDICT, _inputs(form, body, columns), _outputs(form, answer, columns)


def _inputs(form: str, body: bytes, columns: Collection[str]) -> bytes:
    try:
        rows = input_rows(form, json.loads(body))
    except (ValueError, RecursionError):
        return b"null"  # such as CSV
    return b"null" if rows is None else _dump([without(row, columns) for row in rows])


def _outputs(form: str, answer: bytes, columns: Collection[str]) -> bytes:
    rows = output_rows(form, json.loads(answer))
    return b"null" if rows is None else _dump({"predictions": [without(row, columns) for row in rows]})


def without(value: Any, columns: Collection[str]) -> Any:
    """Return JSON with null for whatever is under one of these names, at any depth.

    Examples
    --------
    >>> without({"beds": 2, "why": {"name": "Ada"}}, {"name"})
    {'beds': 2, 'why': {'name': None}}
    """
    if isinstance(value, dict):
        return {name: None if name in columns else without(each, columns) for name, each in value.items()}
    return [without(each, columns) for each in value] if isinstance(value, list) else value


def _dump(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
