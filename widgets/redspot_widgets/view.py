"""What all widgets share: the built front end, and the static picture beside the live one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from redspot.errors import RedspotError
from redspot.pipeline.pictures import InvalidPictureError

_FOLDER = Path(__file__).parent
_FRONT_END = (_FOLDER / "pictures.js", _FOLDER / "pictures.css")


class FrontEndMissingError(RedspotError):
    """The widgets' JavaScript was not built; a wheel always has it, a fresh checkout has not."""

    code = "front-end-missing"


def is_built() -> bool:
    """Return whether the front end is there."""
    return all(path.is_file() for path in _FRONT_END)


class View(anywidget.AnyWidget):
    """A picture in a cell, drawn by the front end that the trait `picture` names.

    Raises
    ------
    FrontEndMissingError
        In a checkout in which nothing was built.
    """

    _esm = _FRONT_END[0] if is_built() else ""
    _css = _FRONT_END[1] if is_built() else ""

    picture = traitlets.Unicode(read_only=True).tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        if not is_built():
            raise FrontEndMissingError("The widgets' front end is not built; run: make setup")
        super().__init__(**traits)

    def _static(self) -> dict[str, Any]:
        """Return what shows the same where no widget runs, by media type."""
        raise NotImplementedError

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        # The static picture stays beside the live one: a saved notebook is read where no widget can run.
        view = super()._repr_mimebundle_(**options)
        data, metadata = view if view is not None else ({}, {})
        return {**data, **self._static()}, dict(metadata)


def live(make: Callable[[], View]) -> dict[str, Any]:
    """Return how an object shows itself in a cell; empty where no widget can live and the static picture has to do.

    That is outside of a kernel, and in a checkout whose front end is not built.
    """
    module = sys.modules.get("IPython")
    shell = None if module is None else module.get_ipython()
    if getattr(shell, "kernel", None) is None or not is_built():
        return {}
    return make()._repr_mimebundle_()[0]


def json_of(source: object, what: str) -> Mapping[str, Any]:
    """Return JSON as it is, or what an object's `to_json` gives.

    Raises
    ------
    InvalidPictureError
        When it is neither a mapping nor an object with that method.
    """
    method = getattr(source, "to_json", None)
    # An Evaluation is a mapping of its metrics too, so the method comes first.
    data = method() if callable(method) else source
    if not isinstance(data, Mapping):
        raise InvalidPictureError(f"{what} is JSON or an object whose to_json() gives it, not {type(source).__name__}.")
    return data
