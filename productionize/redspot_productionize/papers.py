"""The files that the runner and a run's unit hand each other; the folder is the whole interface.

A run goes on while the service is down, since its unit needs nothing but this folder.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from redspot.jobs.run import RunFailure, RunProgress


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Where one run works.

    Attributes
    ----------
    path
        ``order.json`` and ``notebook.ipynb`` come in; ``progress.json``, ``output.ipynb``, ``output.html``,
        ``captured/`` and ``result.json`` come out.
    """

    path: Path

    @property
    def order(self) -> Path:
        """What to run."""
        return self.path / "order.json"

    @property
    def notebook(self) -> Path:
        """The frozen notebook."""
        return self.path / "notebook.ipynb"

    @property
    def progress(self) -> Path:
        """How far it is."""
        return self.path / "progress.json"

    @property
    def output(self) -> Path:
        """The notebook as it ran."""
        return self.path / "output.ipynb"

    @property
    def html(self) -> Path:
        """The same as a page."""
        return self.path / "output.html"

    @property
    def captured(self) -> Path:
        """The fitted pipelines that were in the kernel at the end."""
        return self.path / "captured"

    @property
    def result(self) -> Path:
        """How it ended, as the unit itself saw it."""
        return self.path / "result.json"


@dataclass(frozen=True, slots=True)
class Order:
    """What a run's unit has to do.

    Attributes
    ----------
    parameters
        Name → JSON value; only those that are injected.
    dates
        Names among them that become ``datetime.date``.
    capture
        Whether the pipelines are kept at the end.
    """

    parameters: Mapping[str, Any]
    dates: tuple[str, ...]
    capture: bool


@dataclass(frozen=True, slots=True)
class Result:
    """How a run ended, as its unit saw it."""

    failure: RunFailure | None
    records: Mapping[str, Any]


def write_json(path: Path, value: Any) -> None:
    """Write JSON so that a reader sees all of it or what was there before."""
    part = path.with_name(f".{path.name}.part")
    with part.open("w") as file:
        json.dump(value, file)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)


def write_order(folder: RunFolder, order: Order) -> None:
    """Hand the order over."""
    write_json(folder.order, asdict(order))


def read_order(folder: RunFolder) -> Order:
    """Read the order."""
    stored = json.loads(folder.order.read_text())
    return Order(stored["parameters"], tuple(stored["dates"]), stored["capture"])


def read_progress(folder: RunFolder) -> RunProgress | None:
    """Return how far the run is, or None before its first cell."""
    try:
        return RunProgress(**json.loads(folder.progress.read_text()))
    except FileNotFoundError:
        return None


def read_result(folder: RunFolder) -> Result | None:
    """Return how the unit says it ended, or None when it could not say."""
    try:
        stored = json.loads(folder.result.read_text())
    except FileNotFoundError:
        return None
    failure = RunFailure(**stored["failure"]) if stored["failure"] else None
    return Result(failure, stored["records"])
