"""Definitions as bytes, and their hash."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def canonical_json(data: Any) -> bytes:
    """Return JSON values in one fixed way of writing: sorted keys, no spaces, UTF-8.

    Examples
    --------
    >>> canonical_json({"b": 1, "a": [2.5]})
    b'{"a":[2.5],"b":1}'
    """
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def content_hash(data: Any) -> str:
    """Return the SHA-256 of JSON values, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical_json(data)).hexdigest()
