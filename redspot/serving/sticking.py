"""By what a caller stays in one arm: a header, a column of the first row, or else the caller's own name."""

from __future__ import annotations

from typing import Any

import orjson

from redspot.serving.answer import Request

# Of a larger body the column is not looked for: reading it would keep all other requests waiting.
MAX_BYTES = 1024 * 1024
_ROWS = ("dataframe_records", "instances", "inputs")


def sticky_key(sticky: str, request: Request, caller: str) -> str:
    """Return the key of a request.

    Parameters
    ----------
    sticky
        ``header:NAME`` or ``column:NAME``.
    caller
        Stands for what the request does not have.
    """
    kind, _, name = sticky.partition(":")
    if kind == "header":
        return request.headers.get(name) or caller
    value = _column(request.body, name) if len(request.body) <= MAX_BYTES else None
    # Only what has one way to be written: a list or object is no key.
    return str(value) if isinstance(value, str | int | float) else caller


def _column(body: bytes, name: str) -> Any:
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        # The replica says what is wrong with it.
        return None
    if isinstance(content, list):
        return _of_first(content, name)
    if not isinstance(content, dict):
        return None
    for key in _ROWS:
        if key in content:
            return _of_rows(content[key], name)
    frame = content.get("dataframe_split")
    if isinstance(frame, dict):
        return _of_frame(frame, name)
    return content.get(name)


def _of_rows(rows: Any, name: str) -> Any:
    """Return the value in the first of rows, in columns, or in tensors of the inference protocol."""
    if isinstance(rows, dict):
        column = rows.get(name)
        return column[0] if isinstance(column, list) and column else column
    if isinstance(rows, list):
        tensor = next((each for each in rows if isinstance(each, dict) and each.get("name") == name), None)
        if tensor is not None and isinstance(tensor.get("data"), list):
            data = tensor["data"]
            while isinstance(data, list):
                data = data[0] if data else None
            return data
        return _of_first(rows, name)
    return None


def _of_first(rows: list[Any], name: str) -> Any:
    return rows[0].get(name) if rows and isinstance(rows[0], dict) else None


def _of_frame(frame: dict[str, Any], name: str) -> Any:
    columns, data = frame.get("columns"), frame.get("data")
    if not isinstance(columns, list) or name not in columns or not isinstance(data, list) or not data:
        return None
    place, row = columns.index(name), data[0]
    return row[place] if isinstance(row, list) and place < len(row) else None
