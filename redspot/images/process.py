"""The process environment: what is installed where this Python runs, and the hash that names it."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distributions

NAME = "process"


@dataclass(frozen=True, slots=True)
class ProcessImage:
    """The software of the running environment.

    Attributes
    ----------
    lock
        ``sha256:…`` of `requirements`, the Python version and the platform; equal locks mean equal software.
    requirements
        ``name==version`` of every installed distribution, sorted.
    """

    name: str
    lock: str
    python: str
    platform: str
    requirements: tuple[str, ...]


@cache
def running_image() -> ProcessImage:
    """Return the image of the running process; worked out once."""
    found = {
        f"{distribution.metadata['Name'].lower().replace('_', '-')}=={distribution.version}"
        for distribution in distributions()
        if distribution.metadata["Name"]
    }
    requirements = tuple(sorted(found))
    python = platform.python_version()
    system = f"{platform.system().lower()}-{platform.machine()}"
    text = "\n".join((*requirements, f"python=={python}", f"platform=={system}"))
    return ProcessImage(NAME, f"sha256:{hashlib.sha256(text.encode()).hexdigest()}", python, system, requirements)
