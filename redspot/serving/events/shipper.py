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
from collections.abc import Mapping
from dataclasses import dataclass
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
    parser.add_argument(
        "--keep-days-of",
        action="append",
        default=[],
        metavar="ENDPOINT=DAYS",
        type=_days_of,
        help="the same for one endpoint's events; without a number they are kept for ever",
    )
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
        _run(shipping, sink, ending, given.poll_s, Keeping(given.keep_days, dict(given.keep_days_of)))
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


@dataclass(frozen=True, slots=True)
class Keeping:
    """For how many days events are kept, and those of some endpoints; None is for ever."""

    days: int | None
    of: Mapping[str, int | None]

    @property
    def ends(self) -> bool:
        """Whether anything is ever removed."""
        return self.days is not None or any(each is not None for each in self.of.values())


def _days_of(text: str) -> tuple[str, int | None]:
    name, equals, days = text.partition("=")
    if not name or not equals or (days and not (days.isascii() and days.isdigit())):
        raise argparse.ArgumentTypeError(f"{text!r} is not like ENDPOINT=7")
    return name, int(days) if days else None


def _run(shipping: Shipping, sink: Sink, ending: threading.Event, poll_s: float, keeping: Keeping) -> None:
    delay_s, expire_at = POLL_S, time.monotonic()
    while not ending.is_set():
        try:
            has_more = shipping.step()
            if keeping.ends and time.monotonic() >= expire_at:
                expire(sink, keeping.days, datetime.now(UTC), keeping.of)
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
