"""What the demo shows while it works: one line a step, redrawn in a terminal, plain elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

_BAR = 24


class Progress:
    """Prints steps to standard error, so that standard output keeps its one JSON line."""

    def __init__(self) -> None:
        self._draws = sys.stderr.isatty()
        self._title = ""
        self._shown = ""

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Show a step while it lasts, then how long it took."""
        self._title, self._shown = title, ""
        began = time.monotonic()
        self._draw("")
        try:
            yield
        except BaseException:
            self._end("✗", time.monotonic() - began)
            raise
        self._end("✓", time.monotonic() - began)

    def part(self, done: int, total: int, what: str) -> None:
        """Show how far the step is."""
        filled = round(_BAR * done / total) if total else 0
        self._draw(f"[{'█' * filled}{'·' * (_BAR - filled)}] {what}")

    def say(self, text: str) -> None:
        """Show what the step is doing."""
        self._draw(text)

    def fact(self, text: str) -> None:
        """Print a result of a step below it."""
        sys.stderr.write(f"    {text}\n")

    def _draw(self, text: str) -> None:
        if self._draws and text != self._shown:
            self._shown = text
            sys.stderr.write(f"\r\033[K  … {self._title}  {text}")
            sys.stderr.flush()

    def _end(self, mark: str, seconds: float) -> None:
        sys.stderr.write(
            f"{chr(13) + chr(27) + '[K' if self._draws else ''}  {mark} {self._title}  ({seconds:.1f} s)\n"
        )
        sys.stderr.flush()
