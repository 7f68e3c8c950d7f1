"""Ships the events of a spool: ``python -m redspot.serving.events.shipper --spool FOLDER --sink URL``.

A process of its own: the replicas never wait for the sink, and outlive it.
"""

from __future__ import annotations

import argparse
import logging
import signal
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from redspot.errors import RedspotError
from redspot.serving.events.errors import EventSinkError
from redspot.serving.events.parquet import require_pyarrow
from redspot.serving.events.retention import expire
from redspot.serving.events.shipping import ROLL_AGE_S, ROLL_ROWS, Shipping
from redspot.serving.events.sink import Sink

log = logging.getLogger("redspot.serving")

POLL_S = 1.0
_MAX_DELAY_S = 60.0
_EXPIRE_EVERY_S = 3600.0


def main() -> int:
    """Ship until SIGTERM; what is in the spool by then is still sent."""
    parser = argparse.ArgumentParser(prog="redspot shipper", description="Ships events from a spool to Parquet.")
    parser.add_argument("--spool", type=Path, required=True, help="folder of the segments, or of folders of them")
    parser.add_argument("--sink", required=True, help="fsspec URL, such as s3://bucket/events or a folder")
    parser.add_argument("--roll-rows", type=int, default=ROLL_ROWS, help="a file is written for so many rows")
    parser.add_argument("--roll-age-s", type=float, default=ROLL_AGE_S, help="or for what is so old")
    parser.add_argument("--poll-s", type=float, default=POLL_S, help="how often the spool is looked at")
    parser.add_argument("--keep-days", type=int, help="remove what is older; by default nothing is removed")
    given = parser.parse_args()
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    ending = threading.Event()

    def hear(_number: int, _frame: FrameType | None) -> None:
        ending.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, hear)
    try:
        require_pyarrow()
        sink = _open(given.sink, ending)
        if sink is None:
            return 0
        shipping = Shipping(given.spool, sink, roll_rows=given.roll_rows, roll_age_s=given.roll_age_s)
        _run(shipping, sink, ending, given.poll_s, given.keep_days)
    except RedspotError as error:
        sys.stderr.write(f"redspot shipper: {error.code}: {error.message}\n")
        return 1
    return 0


def _open(url: str, ending: threading.Event) -> Sink | None:
    delay_s = POLL_S
    while not ending.is_set():
        try:
            return Sink(url)
        except EventSinkError as error:
            delay_s = _wait(error, delay_s, ending)
    return None


def _run(shipping: Shipping, sink: Sink, ending: threading.Event, poll_s: float, keep_days: int | None) -> None:
    delay_s, expire_at = POLL_S, time.monotonic()
    while not ending.is_set():
        try:
            has_more = shipping.step()
            if keep_days is not None and time.monotonic() >= expire_at:
                expire(sink, keep_days, datetime.now(UTC))
                expire_at = time.monotonic() + _EXPIRE_EVERY_S
        except EventSinkError as error:
            delay_s = _wait(error, delay_s, ending)
            continue
        delay_s = POLL_S
        if not has_more:
            ending.wait(poll_s)
    while shipping.step(flush=True):
        pass


def _wait(error: EventSinkError, delay_s: float, ending: threading.Event) -> float:
    """Wait before the next try, and return how long the one after it has to."""
    log.warning("%s Trying again in %g s; the spool keeps what comes in.", error.message, delay_s)
    ending.wait(delay_s)
    return min(2 * delay_s, _MAX_DELAY_S)


if __name__ == "__main__":
    sys.exit(main())
