"""Where trials can be told to; whoever keeps them (a registry, a run, a file) stands above the pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Recorder(Protocol):
    """Keeps what folds and trials have shown."""

    def record(self, trial: Mapping[str, Any]) -> None:
        """Keep one finished fold or trial; called in order, from the thread that validates.

        Parameters
        ----------
        trial
            JSON: ``kind`` (``fold`` or ``trial``), ``number`` from 0, ``params``, ``metrics`` and ``seconds``; a fold
            has ``rows`` too, a trial ``std``, ``value``, ``state`` (``finished`` or ``failed``) and ``error``.
        """
        ...
