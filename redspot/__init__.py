"""Redspot: from a notebook to a model in production without a rewrite.

Importing this package is light: numpy, scikit-learn and every other framework are imported
when a name that needs them is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from redspot._version import __version__

if TYPE_CHECKING:
    from redspot.client.recording import record
    from redspot.pipeline import Pipeline, load, step

_HOMES = {
    "Pipeline": "redspot.pipeline",
    "load": "redspot.pipeline",
    "step": "redspot.pipeline",
    "record": "redspot.client.recording",
}

__all__ = ["Pipeline", "__version__", "load", "record", "step"]


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name not in _HOMES:
        raise AttributeError(f"module 'redspot' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return list(__all__)
