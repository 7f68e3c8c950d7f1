"""What can go wrong between a recipe and an image."""

from __future__ import annotations

from redspot.errors import InvalidError, UnavailableError


class RecipeError(InvalidError):
    """A recipe says something that no image can be made of."""

    code = "image-recipe"


class UnresolvedError(InvalidError):
    """No set of packages satisfies what a recipe asks for."""

    code = "image-unresolved"


class WheelError(UnavailableError):
    """A locked package could not be fetched, or is not the one that was locked."""

    code = "image-wheel"


class BuildFailedError(InvalidError):
    """The engine could not build an image; the message ends with what it said last."""

    code = "image-build"
