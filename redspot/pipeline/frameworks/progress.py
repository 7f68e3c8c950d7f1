"""How far training is: one line on the terminal, or a function of the user's own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_WIDTH = 24


@dataclass(frozen=True, slots=True)
class Epoch:
    """One pass over the training rows.

    Attributes
    ----------
    number, epochs
        From 1, and how many there are at most.
    loss
        Mean over the training rows.
    held_out_loss
        Mean over the rows that were held out; None where none are.
    seconds
        How long the pass took.
    """

    number: int
    epochs: int
    loss: float
    held_out_loss: float | None
    seconds: float


Report = Callable[[Epoch], object]


@contextmanager
def reporting(progress: bool | Report, title: str) -> Iterator[Report]:
    """Give the function that is told of each epoch.

    Parameters
    ----------
    progress
        A function; or whether a line is drawn, which is done only where somebody watches.
    title
        What the line begins with.
    """
    if callable(progress):
        yield progress
        return
    if not progress or not _is_watched():
        yield _ignore
        return
    try:
        yield lambda epoch: _draw(epoch, title)
    finally:
        sys.stderr.write("\n")
        sys.stderr.flush()


def _ignore(epoch: Epoch) -> None:
    """Nobody watches."""


def _is_watched() -> bool:
    # A notebook's error stream is no terminal, and is watched all the same.
    return sys.stderr is not None and (
        sys.stderr.isatty() or type(sys.stderr).__module__.partition(".")[0] == "ipykernel"
    )


def _draw(epoch: Epoch, title: str) -> None:
    done = _WIDTH * epoch.number // epoch.epochs
    held_out = "" if epoch.held_out_loss is None else f", held out {epoch.held_out_loss:.4g}"
    bar = "█" * done + "·" * (_WIDTH - done)
    sys.stderr.write(f"\r{title} {bar} {epoch.number}/{epoch.epochs} loss {epoch.loss:.4g}{held_out}   ")
    sys.stderr.flush()
