"""A recipe: what an image shall hold, declared."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from enum import StrEnum

from packaging.requirements import InvalidRequirement, Requirement

from redspot.images.errors import RecipeError

# An image's id, or a name with an optional registry, tag and digest.
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@-]{0,254}")


class ImageKind(StrEnum):
    """What an image is for; an endpoint's holds no Jupyter."""

    ENDPOINT = "endpoint"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What an image shall hold, on top of a base that has a Python.

    Attributes
    ----------
    base
        Name or id of an image that the engine has or can pull.
    requirements
        What is wanted, as PEP 508 requirements.
    constraints
        ``name==version`` of what is taken when it is needed at all.

    Raises
    ------
    RecipeError
        Naming what cannot be read.
    """

    kind: ImageKind
    base: str
    requirements: tuple[str, ...]
    constraints: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not _REFERENCE.fullmatch(self.base):
            raise RecipeError(f"{self.base!r} is no name of an image.", field="base")
        for field in ("requirements", "constraints"):
            for text in getattr(self, field):
                try:
                    given = Requirement(text)
                except InvalidRequirement as error:
                    raise RecipeError(f"{text!r} in {field} is no requirement: {error}.", field=field) from None
                if given.url is not None:
                    raise RecipeError(f"{text!r} in {field} names an address; name a package.", field=field)

    @property
    def digest(self) -> str:
        """``sha256:…`` of all that it says."""
        text = json.dumps(asdict(self), sort_keys=True)
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
