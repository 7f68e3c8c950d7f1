"""How much one request may ask of a replica, as its configuration says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

from redspot.serving.errors import ReplicaConfigError


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one replica.

    Attributes
    ----------
    body_bytes
        Size of a body.
    rows
        Rows of one request.
    waiting
        Requests of several slices that are under way at once; more of them would only slow each other down.
    seconds
        How long a request may take. It is looked at between slices; a worker that is held up for longer by a single
        one ends, and is replaced (see `redspot.serving.watchdog`).
    """

    body_bytes: int = 16 * 1024 * 1024
    rows: int = 200_000
    waiting: int = 64
    seconds: float = 60.0

    @classmethod
    def read(cls, content: object) -> Self:
        """Return the limits of a configuration; what is left out keeps its default.

        Raises
        ------
        ReplicaConfigError
            Naming the limit that is wrong, and those that exist.
        """
        names = [field.name for field in fields(cls)]
        if not isinstance(content, Mapping) or not set(content) <= set(names):
            raise ReplicaConfigError(f"'limits' is not an object of {', '.join(names)}.", key="limits")
        for name, value in content.items():
            is_number = type(value) is int or (name == "seconds" and type(value) is float)
            if not is_number or value <= 0:
                raise ReplicaConfigError(
                    f"The limit {name!r} is {value!r}, not a number above 0.", key=f"limits.{name}"
                )
        return cls(**content)
