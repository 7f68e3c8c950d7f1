"""Bytes made by users."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes made by users: sent sandboxed, never as a page of the platform's own.

    Attributes
    ----------
    inline
        Whether a browser may show it (in a sandbox) instead of saving it.
    """

    data: bytes
    media_type: str
    file_name: str
    inline: bool = False
