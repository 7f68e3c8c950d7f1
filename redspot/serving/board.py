"""Orders to load and unload models, and what each worker has done of them, in memory that the workers share."""

from __future__ import annotations

import mmap

_SIZE = 8


class Board:
    """A number for each model that grows with each order, and for each worker the number of the last one carried out.

    An order that wants the model loaded is even, one that does not is odd; the first one, 0, stands from the start.
    """

    def __init__(self, models: int, workers: int) -> None:
        self._models = models
        # Anonymous memory is shared with the children of a process.
        self._all = memoryview(mmap.mmap(-1, max(1, models * (workers + 1) * _SIZE))).cast("Q")
        self._workers = range(workers)

    def order(self, model: int, *, loaded: bool) -> int:
        """Order a model to be loaded (anew, where it is already) or unloaded; return the number of the order."""
        number = self._all[model] + 1
        if wants_loaded(number) != loaded:
            number += 1
        self._all[model] = number
        return number

    def latest(self, model: int) -> int:
        """Return the number of the last order for a model."""
        return self._all[model]

    def note(self, worker: int, model: int, order: int) -> None:
        """Note that a worker has carried out an order, whether it succeeded or not."""
        place = (worker + 1) * self._models + model
        # One that takes long may end after the order that followed it.
        self._all[place] = max(order, self._all[place])

    def is_done(self, model: int, order: int) -> bool:
        """Tell whether all workers have carried out an order, or a later one."""
        return all(self._all[(worker + 1) * self._models + model] >= order for worker in self._workers)


def wants_loaded(order: int) -> bool:
    """Tell what an order says."""
    return order % 2 == 0
