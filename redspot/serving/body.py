"""Bodies as JSON: what a client sent is read by one decoder, and refused in one sentence."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from redspot.serving.errors import InvalidBodyError


def read_json(body: bytes) -> Any:
    """Return the value of a JSON body.

    Raises
    ------
    InvalidBodyError
        When it is none; NaN and Infinity are not JSON.
    """
    try:
        return _decode(body.decode())
    except (ValueError, RecursionError) as error:
        raise InvalidBodyError(f"The body is not JSON: {error}.") from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON; a value not known is null")


# Made once: `json.loads` with an option makes a decoder for each call.
_decode = json.JSONDecoder(parse_constant=_refuse_constant).decode
