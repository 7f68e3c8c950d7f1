"""Adaptive micro-batching: rows that come at the same time are answered together, by the batch path in a thread.

Nobody waits while nothing else is under way. While one batch is answered, what comes in is collected; it starts when
as many rows are there as were seen together just before, or after half of what a batch takes, whichever is sooner.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal, Protocol, Self

from redspot.errors import RedspotError
from redspot.serving.errors import ReplicaBusyError, ReplicaConfigError, RequestTooSlowError

# Together rows must be that many times as fast as alone, and a row alone take that long, for a thread to be worth it.
WORTHWHILE_GAIN = 2.0
WORTHWHILE_ROW_S = 100e-6
_MAX_ROWS = 4096
_MAX_WAIT_MS = 1000.0

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Batching:
    """Whether and how rows of several requests are answered together.

    Attributes
    ----------
    mode
        ``auto`` measures each pipeline when it is loaded, and batches those that gain from it.
    max_rows
        Rows of one batch.
    max_wait_s
        How long a row may wait for others.
    """

    mode: Literal["auto", "on", "off"] = "auto"
    max_rows: int = 64
    max_wait_s: float = 0.005

    @classmethod
    def read(cls, content: object) -> Self:
        """Return what a configuration says: a mode, or an object of ``mode``, ``max_rows`` and ``max_wait_ms``.

        Raises
        ------
        ReplicaConfigError
            Naming what is wrong.
        """
        given: Mapping[str, Any] = content if isinstance(content, Mapping) else {"mode": content}
        mode, rows, wait = given.get("mode", "auto"), given.get("max_rows", 64), given.get("max_wait_ms", 5)
        if not set(given) <= {"mode", "max_rows", "max_wait_ms"} or mode not in ("auto", "on", "off"):
            raise ReplicaConfigError(
                "'batching' is not auto, on or off, or an object of mode, max_rows and max_wait_ms.", key="batching"
            )
        if type(rows) is not int or not 1 <= rows <= _MAX_ROWS:
            raise ReplicaConfigError(f"'max_rows' of 'batching' is not from 1 to {_MAX_ROWS}.", key="batching.max_rows")
        if type(wait) not in (int, float) or not 0 <= wait <= _MAX_WAIT_MS:
            raise ReplicaConfigError(
                f"'max_wait_ms' of 'batching' is not from 0 to {_MAX_WAIT_MS:g}.", key="batching.max_wait_ms"
            )
        return cls(mode, rows, wait / 1000)


class Answering(Protocol):
    """What a batcher needs of a predictor."""

    def predict_one(self, row: Row) -> dict[str, Any]:
        """Answer for one row."""
        ...

    def predict_together(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """Answer for several rows, each as `predict_one` would."""
        ...


class Batcher:
    """Answers rows of many requests in one thread, which is the only one that uses the predictor from then on.

    Parameters
    ----------
    seconds
        How long a row may take, the wait for its turn included.
    max_waiting
        How many rows may wait; more are sent away.
    on_hang
        Called with a sentence when the thread does not come back from a batch in that time.
    """

    def __init__(
        self,
        predictor: Answering,
        batching: Batching,
        *,
        seconds: float,
        max_waiting: int,
        on_hang: Callable[[str], None],
    ) -> None:
        self._predictor = predictor
        self._batching = batching
        self._seconds = seconds
        self._max_waiting = max_waiting
        self._on_hang = on_hang
        # Its thread is started with the first batch: after the fork, where there are several workers.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="redspot-batches")
        self._waiting: list[tuple[Row, asyncio.Future[dict[str, Any]]]] = []
        self._is_running = False
        self._timer: asyncio.TimerHandle | None = None
        self._expected = 1
        self.batches = self.rows = 0

    def predict_one(self, row: Row) -> asyncio.Future[dict[str, Any]]:
        """Return the answer for one row, which is to come.

        Raises
        ------
        ReplicaBusyError
            When too many rows wait.
        """
        if len(self._waiting) >= self._max_waiting:
            raise ReplicaBusyError(
                f"{len(self._waiting)} rows wait for their turn; send this one again later.", retry_after_s=1
            )
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting.append((row, future))
        if not self._is_running and (self._timer is None or len(self._waiting) >= self._expected):
            self._start()
        return future

    async def run(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call a function in the thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, function, *args)

    def close(self) -> None:
        """Let the thread end after what it does now."""
        self._thread.shutdown(wait=False, cancel_futures=False)

    def _start(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        # A client that left waits for nothing.
        self._waiting = [each for each in self._waiting if not each[1].done()]
        size = self._batching.max_rows
        batch, self._waiting = self._waiting[:size], self._waiting[size:]
        if not batch:
            return
        self._is_running = True
        self.batches += 1
        self.rows += len(batch)
        loop = asyncio.get_running_loop()
        begun = time.perf_counter()
        watch = loop.call_later(self._seconds, self._give_up, batch)
        running = loop.run_in_executor(self._thread, self._answer, [row for row, _ in batch])
        running.add_done_callback(lambda done: self._finish(batch, done, begun, watch))

    def _answer(self, rows: Sequence[Row]) -> list[dict[str, Any] | Exception]:
        """Answer rows together; what fails is halved, until a row that fails is alone with its error."""
        try:
            if len(rows) == 1:
                return [self._predictor.predict_one(rows[0])]
            return list(self._predictor.predict_together(rows))
        except Exception as error:
            if len(rows) == 1:
                return [error]
        half = len(rows) // 2
        return [*self._answer(rows[:half]), *self._answer(rows[half:])]

    def _finish(
        self,
        batch: Sequence[tuple[Row, asyncio.Future[dict[str, Any]]]],
        done: asyncio.Future[list[dict[str, Any] | Exception]],
        begun: float,
        watch: asyncio.TimerHandle,
    ) -> None:
        watch.cancel()
        self._is_running = False
        for (_, future), answer in zip(batch, done.result(), strict=True):
            if future.done():
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
        self._expected = min(self._batching.max_rows, len(batch) + len(self._waiting))
        if self._expected == 1:
            return
        if len(self._waiting) >= self._expected:
            self._start()
            return
        # Those who got an answer just now will soon ask again.
        wait_s = min(self._batching.max_wait_s, (time.perf_counter() - begun) / 2)
        self._timer = asyncio.get_running_loop().call_later(wait_s, self._start)

    def _give_up(self, batch: Sequence[tuple[Row, asyncio.Future[dict[str, Any]]]]) -> None:
        error: RedspotError
        waiting, self._waiting = self._waiting, []
        for _, future in (*batch, *waiting):
            if not future.done():
                error = RequestTooSlowError(
                    f"There was no answer within {self._seconds:g} s; the worker is replaced.", retry_after_s=1
                )
                future.set_exception(error)
        self._on_hang(f"a batch of {len(batch)} rows was not answered within {self._seconds:g} s")
