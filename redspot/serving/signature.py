"""Who called, said by the router in a way that the replica can check."""

from __future__ import annotations

import base64
import hashlib
import hmac

SECRET_HEADER = "X-Redspot-Replica-Secret"
CALLER_HEADER = "X-Redspot-Caller"


def sign_caller(name: str, secret: str) -> str:
    """Return the caller's name and its HMAC-SHA256 under the replica's secret, safe in a header.

    Examples
    --------
    >>> read_caller(sign_caller("ada", "s"), "s")
    'ada'
    """
    raw = name.encode()
    return f"{base64.urlsafe_b64encode(raw).decode()}.{_digest(raw, secret)}"


def read_caller(signed: str, secret: str) -> str | None:
    """Return the name, or None when the signature does not hold."""
    encoded, _, digest = signed.partition(".")
    try:
        raw = base64.urlsafe_b64decode(encoded.encode("ascii"))
        name = raw.decode()
    except ValueError:
        return None
    return name if is_same(digest, _digest(raw, secret)) else None


def is_same(given: str, expected: str) -> bool:
    """Compare two secrets in a time that tells nothing about them."""
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode())


def _digest(name: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), b"redspot-caller\n" + name, hashlib.sha256).hexdigest()
