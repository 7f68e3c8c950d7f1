"""What was read in the last seconds, so that everybody who looks shares one reading each second."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

_EVERY_S = 0.9
_SPAN_S = 6.0


class Recent(Generic[T]):
    """Keeps readings of the last seconds; nothing is read while nobody asks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._readings: deque[tuple[float, T]] = deque()

    def read(self, reader: Callable[[], T | None]) -> tuple[tuple[float, T], ...]:
        """Return the readings of the last seconds, oldest first, each with its moment of `time.monotonic`.

        Parameters
        ----------
        reader
            Called when the last reading is a second old; what it cannot read is None and ends what there was.
        """
        with self._lock:
            now = time.monotonic()
            if not self._readings or now - self._readings[-1][0] >= _EVERY_S:
                reading = reader()
                if reading is None:
                    self._readings.clear()
                else:
                    self._readings.append((now, reading))
            while self._readings and now - self._readings[0][0] > _SPAN_S:
                self._readings.popleft()
            return tuple(self._readings)
