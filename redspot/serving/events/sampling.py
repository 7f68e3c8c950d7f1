"""Which requests become events: always the same ones, wherever and whenever one asks."""

from __future__ import annotations

from hashlib import blake2b

_WHOLE = 1 << 64


def is_sampled(request_id: str, sample: float) -> bool:
    """Return whether a request is among the share `sample`; one that is, is so for every larger share too.

    Examples
    --------
    >>> is_sampled("a", 1.0), is_sampled("a", 0.0)
    (True, False)
    """
    if sample >= 1 or sample <= 0:
        return sample >= 1
    return int.from_bytes(blake2b(request_id.encode(), digest_size=8).digest(), "big") < sample * _WHOLE
