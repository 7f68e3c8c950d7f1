"""How objects show themselves in a cell: static for every reader, and live where somebody can draw that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from redspot.plugins import Registry

Picture = Literal["evaluation", "pipeline", "step_view", "training_data"]

# Whoever can draw one of these in a cell registers here, by its name; the library itself knows only static pictures.
PICTURES: Registry[Callable[[object], Mapping[str, Any]]] = Registry("redspot.pictures")


def bundle(
    picture: Picture, shown: object, static: Mapping[str, Any], exclude: Iterable[str] | None = None
) -> dict[str, Any]:
    """Return what a notebook shows and keeps, by media type: the static picture, and over it the live one."""
    made = dict(static)
    if picture in PICTURES.names():
        made.update(PICTURES.load(picture)(shown))
    return {kind: value for kind, value in made.items() if kind not in set(exclude or ())}
