"""Values that a notebook wants to be known by: `redspot.record("accuracy", 0.97)`.

A record stays in the process and, under IPython, goes into the output of the cell, so that a notebook that ran
as a job carries its records with it.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from typing import Any

from redspot.errors import InvalidError

MIME_TYPE = "application/vnd.redspot.record+json"
MAX_SIZE_BYTES = 1024 * 1024

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_records: dict[str, Any] = {}


class InvalidRecordError(InvalidError):
    """The name or the value cannot be recorded."""

    code = "invalid-record"


def record(name: str, value: object) -> None:
    """Make a value known beyond the notebook.

    Parameters
    ----------
    name
        Letters, digits, ``.``, ``_`` and ``-``, at most 100. A later value under the same name replaces the earlier.
    value
        Anything that JSON can say: numbers, text, truth, None, lists and dicts of them. Scalars and arrays of
        numpy count as the Python values they hold.

    Raises
    ------
    InvalidRecordError
        When the name has other characters, or the value is nothing that JSON can say, or more than 1 MiB.

    Examples
    --------
    >>> record("accuracy", 0.97)
    >>> recorded()
    {'accuracy': 0.97}
    >>> clear()
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidRecordError(
            f"{name!r} is no name for a record: at most 100 letters, digits, '.', '_' and '-', no mark first."
        )
    plain = _plain(name, value)
    text = json.dumps(plain, allow_nan=False)
    if len(text.encode()) > MAX_SIZE_BYTES:
        raise InvalidRecordError(f"The record {name!r} is {len(text)} bytes long; at most {MAX_SIZE_BYTES} are kept.")
    _records[name] = plain
    _display({"name": name, "value": plain}, f"{name} = {text}")


def recorded() -> dict[str, Any]:
    """Return the records of this process by name; a change to what is returned changes nothing."""
    copied: dict[str, Any] = json.loads(json.dumps(_records))
    return copied


def clear() -> None:
    """Forget all records of this process."""
    _records.clear()


def _plain(name: str, value: object) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise InvalidRecordError(f"The record {name!r} holds {value}, which JSON cannot say.")
        return float(value)
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise InvalidRecordError(f"The record {name!r} has the key {key!r}; keys are text.")
        return {key: _plain(name, item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(name, item) for item in value]
    # numpy's scalars and arrays, without importing numpy to know them.
    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        return _plain(name, value.tolist())
    raise InvalidRecordError(
        f"The record {name!r} holds a {type(value).__name__}; numbers, text, lists and dicts can be recorded."
    )


def _display(data: dict[str, Any], text: str) -> None:
    # Only a process that already runs IPython has a cell to display in.
    module = sys.modules.get("IPython")
    shell = None if module is None else module.get_ipython()
    if shell is not None:
        shell.display_pub.publish(data={MIME_TYPE: data, "text/plain": text})
