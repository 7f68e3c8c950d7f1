from __future__ import annotations

import asyncio
import time

import pytest

from redspot.registry.endpoint import EndpointUnavailableError
from redspot.serving.errors import EndpointBusyError
from redspot.serving.holding import MAX_HELD, MAX_HELD_BYTES, Holding
from redspot.serving.tally import EndpointTally


async def holding_of(sizes: list[int]) -> tuple[Holding, EndpointTally, list[asyncio.Task[None]]]:
    """Return requests of these sizes that wait."""
    tally = EndpointTally()
    holding = Holding("penguins", tally)
    waiting = [asyncio.create_task(holding.wait(time.monotonic() + 30, size)) for size in sizes]
    await asyncio.sleep(0)
    return holding, tally, waiting


@pytest.mark.parametrize("sizes", [[1] * MAX_HELD, [MAX_HELD_BYTES // 2] * 2])
def test_no_more_wait_than_there_is_room_for(sizes: list[int]) -> None:
    async def check() -> None:
        holding, tally, waiting = await holding_of(sizes)
        assert tally.held == len(sizes)
        with pytest.raises(EndpointBusyError, match="'penguins'") as caught:
            await holding.wait(time.monotonic() + 30, 1)
        assert caught.value.facts["retry_after_s"]
        holding.wake()
        await asyncio.gather(*waiting)
        assert tally.held == 0
        # And there is room again.
        with pytest.raises(EndpointUnavailableError):
            await holding.wait(time.monotonic() + 0.01, MAX_HELD_BYTES)

    asyncio.run(check())


def test_who_leaves_makes_room() -> None:
    async def check() -> None:
        holding, tally, waiting = await holding_of([MAX_HELD_BYTES])
        waiting[0].cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert tally.held == 0
        again = asyncio.create_task(holding.wait(time.monotonic() + 30, MAX_HELD_BYTES))
        await asyncio.sleep(0)
        holding.wake()
        await again

    asyncio.run(check())
