"""Bodies as JSON, refused in one sentence when they are none."""

from __future__ import annotations

from typing import Any

import orjson

from redspot.serving.errors import InvalidBodyError

_NO_JSON = ("NaN", "Infinity")


def read_json(body: bytes) -> Any:
    """Return the value of a JSON body.

    Raises
    ------
    InvalidBodyError
        When it is none; NaN and Infinity are not JSON.
    """
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        word = next((each for each in _NO_JSON if error.doc[error.pos :].startswith(each)), None)
        told = str(error) if word is None else f"{word} is no JSON; a value not known is null"
        raise InvalidBodyError(f"The body is not JSON: {told}.") from error
