"""Large requests, a slice at a time, so that small ones need not wait for them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from redspot.errors import InvalidError
from redspot.pipeline.errors import UnknownColumnError
from redspot.serving.answer import Answer
from redspot.serving.errors import ReplicaBusyError, RequestTooSlowError
from redspot.serving.limits import Limits
from redspot.serving.predictor import SLICE_ROWS, Predictions, Predictor, joined

if TYPE_CHECKING:
    from redspot.serving.batching import Batcher

Slicing = Callable[[int, int], Any]
Rendering = Callable[[Predictions], Answer]


class Slices:
    """Predicts any number of rows, and takes on no more large requests than its limits allow.

    Parameters
    ----------
    batcher
        Its thread makes the predictions; without one they are made on the event loop.
    """

    def __init__(self, predictor: Predictor, limits: Limits, batcher: Batcher | None = None) -> None:
        self._predictor = predictor
        self._limits = limits
        self._batcher = batcher
        self._under_way = 0

    def answer(self, part: Slicing, rows: int, render: Rendering) -> Answer | Awaitable[Answer]:
        """Return the answer for rows, or an awaitable of it when there are many.

        Parameters
        ----------
        part
            Returns some of the rows, from the first number up to, not including, the second.
        render
            Makes the answer of the predictions for all of them.

        Raises
        ------
        ReplicaBusyError
            When too many large requests are under way.
        """
        if rows <= SLICE_ROWS and self._batcher is None:
            return render(self._predicted(part, 0, rows))
        if self._under_way >= self._limits.waiting:
            raise ReplicaBusyError(
                f"{self._under_way} large requests are under way; send this one again later.", retry_after_s=1
            )
        return self._slice_by_slice(part, rows, render)

    async def _slice_by_slice(self, part: Slicing, rows: int, render: Rendering) -> Answer:
        end_by = time.monotonic() + self._limits.seconds
        self._under_way += 1
        try:
            made = []
            for begin in range(0, max(rows, 1), SLICE_ROWS):
                if time.monotonic() > end_by:
                    raise RequestTooSlowError(
                        f"{begin} of {rows} rows were answered in {self._limits.seconds:g} s; send fewer at a time.",
                        retry_after_s=1,
                    )
                end = min(begin + SLICE_ROWS, rows)
                if self._batcher is None:
                    made.append(self._predicted(part, begin, end))
                    await asyncio.sleep(0)
                else:
                    made.append(await self._batcher.run(self._predicted, part, begin, end))
            return render(joined(made))
        finally:
            self._under_way -= 1

    def _predicted(self, part: Slicing, begin: int, end: int) -> Predictions:
        data = part(begin, end)
        try:
            return self._predictor.predict(data)
        except UnknownColumnError as error:
            column = error.facts.get("column")
            row = next((row for row, each in enumerate(data) if column in each), None)
            if isinstance(data, Mapping) or row is None:
                raise
            message = f"Row {begin + row}: {error.message}"
            raise UnknownColumnError(message, **{**error.facts, "row": begin + row}) from error
        except InvalidError:
            if begin:
                # Asked again with all that came before it, the pipeline counts the rows as the client does.
                self._predictor.predict(part(0, end))
            raise
