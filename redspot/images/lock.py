"""A lock: every package of an image, with the hash of the very file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True, order=True)
class LockedPackage:
    """One package.

    Attributes
    ----------
    sha256
        Of the wheel, in hexadecimal.
    """

    name: str
    version: str
    sha256: str

    @property
    def line(self) -> str:
        """The line of a requirements file that takes this file and no other."""
        return f"{self.name}=={self.version} --hash=sha256:{self.sha256}"


@dataclass(frozen=True, slots=True)
class Lock:
    """All packages, by name, and the platform that the files are for.

    Attributes
    ----------
    python
        ``3.11``.
    platform
        ``linux-x86_64``.
    """

    packages: tuple[LockedPackage, ...]
    python: str
    platform: str

    @property
    def digest(self) -> str:
        """``sha256:…``; equal locks make equal images on an equal base."""
        return f"sha256:{hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()}"

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Self:
        """Read what `to_dict` gave."""
        return cls(tuple(LockedPackage(**each) for each in given["packages"]), given["python"], given["platform"])
