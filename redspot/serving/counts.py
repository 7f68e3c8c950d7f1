"""Counts of several processes in memory that they share: each writes its own, and anyone reads their sum."""

from __future__ import annotations

import mmap

_SIZE = 8


class SharedCounts:
    """Numbers by place, one row of them for each process; made before the processes are.

    Parameters
    ----------
    places
        How many numbers there are.
    processes
        How many processes count; one alone counts in a list, which is faster and needs no page of its own.
    """

    def __init__(self, places: int, processes: int) -> None:
        self._places = places
        self.own: memoryview[float] | list[float]
        if processes == 1:
            self._all: memoryview[float] | list[float] = [0.0] * places
            self.own = self._all
            return
        # Anonymous memory is shared with the children of a process.
        self._all = memoryview(mmap.mmap(-1, places * processes * _SIZE)).cast("d")
        self.own = self._all[:places]

    def use(self, process: int) -> None:
        """Count as the process of that number; one that takes another's place goes on with its counts."""
        if isinstance(self._all, memoryview):
            self.own = self._all[process * self._places : (process + 1) * self._places]

    def sums(self) -> list[float]:
        """Return the numbers of all processes together."""
        return [sum(self._all[place :: self._places]) for place in range(self._places)]
