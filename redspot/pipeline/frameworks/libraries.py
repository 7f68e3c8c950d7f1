"""Importing a library that may not be installed."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from redspot.errors import MissingExtraError


def library(name: str, extra: str, who: str) -> Any:
    """Return the module of a library.

    Parameters
    ----------
    name
        Module to import.
    extra
        Extra of Redspot that brings it.
    who
        What needs it, for the message.

    Raises
    ------
    MissingExtraError
        When it is not installed; the message names the extra.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        # A library that is there and lacks a part of its own has another problem, which its own words tell.
        if error.name is None or error.name.partition(".")[0] != name.partition(".")[0]:
            raise
        raise MissingExtraError(f"{who} needs {name}; install redspot[{extra}].", extra=extra) from error
