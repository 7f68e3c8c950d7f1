"""What a replica serves, and under which names."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Served:
    """What is served under which names."""

    endpoint: str
    deployment_id: str
    model: str
    version: str


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One version of a model that a replica may load.

    Attributes
    ----------
    file
        What it is loaded from: a pipeline file, or a notebook.
    aliases
        Names that stand for the version in paths.
    redact
        Columns to redact in its events; None for those that the settings of events name.
    """

    model: str
    version: str
    file: Path
    aliases: tuple[str, ...] = ()
    redact: tuple[str, ...] | None = None

    def __str__(self) -> str:
        return f"{self.model}@{self.version}"

    @property
    def is_notebook(self) -> bool:
        """Whether a notebook's own code answers."""
        return self.file.suffix == ".ipynb"
