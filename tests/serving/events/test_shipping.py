"""From the spool to Parquet: at least once, whoever dies and whatever is down."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from redspot.serving.events import joined
from redspot.serving.events.cursor import Cursor
from redspot.serving.events.errors import EventSinkError, SpoolInUseError
from redspot.serving.events.record import frame
from redspot.serving.events.segment import list_segments
from redspot.serving.events.shipping import Shipping
from redspot.serving.events.sink import Sink
from redspot.serving.events.spool import Spool
from tests.serving.conftest import end, wait_until
from tests.serving.events.conftest import NOON, record


def query(sink: Path, select: str) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        source = f"read_parquet('{sink}/events/**/*.parquet', hive_partitioning = true)"
        return connection.execute(f"from {source} select {select}").fetchall()


def ship(tmp_path: Path) -> Shipping:
    shipping = Shipping(tmp_path / "spool", Sink(str(tmp_path / "sink")))
    try:
        while shipping.step(flush=True):
            pass
    finally:
        shipping.close()
    return shipping


def test_duckdb_reads_what_was_shipped(spool: Spool, tmp_path: Path) -> None:
    for number in range(100):
        spool.append(record(f"r{number}", latency_us=number))
    tomorrow = NOON + timedelta(days=1)
    spool.append(record("late", endpoint="other", time_us=int(tomorrow.timestamp() * 1e6)))
    spool.close()
    assert ship(tmp_path).shipped == 101
    assert list_segments(tmp_path / "spool") == []
    sink = tmp_path / "sink"
    counts = query(sink, "endpoint, date, count(*), max(latency_us) group by all order by all")
    assert counts == [("flats", date(2026, 3, 1), 100, 99), ("other", date(2026, 3, 2), 1, 500)]
    cities = query(sink, "distinct inputs->>'city', (outputs->>'prediction')::double, time at time zone 'UTC'")
    assert ("Oslo", 3.0, NOON.replace(tzinfo=None)) in cities
    assert joined(str(sink), endpoint="other")["request_id"].to_pylist() == ["late"]
    assert joined(str(sink), since=NOON, until=tomorrow).num_rows == 100
    assert joined(str(sink), since=tomorrow).num_rows == 1


def test_a_growing_segment_is_shipped_and_removed_only_when_it_is_closed(spool: Spool, tmp_path: Path) -> None:
    spool.append(record("a"))
    assert ship(tmp_path).shipped == 1
    assert len(list_segments(tmp_path / "spool")) == 1
    spool.append(record("b"))
    assert ship(tmp_path).shipped == 1
    spool.close()
    assert ship(tmp_path).shipped == 0
    assert list_segments(tmp_path / "spool") == []
    assert Cursor(tmp_path / "spool" / "shipper.cursor")._offsets == {}
    assert joined(str(tmp_path / "sink"))["request_id"].to_pylist() == ["a", "b"]


def test_a_batch_is_sent_when_it_is_large_or_old(spool: Spool, tmp_path: Path) -> None:
    now = [0.0]
    shipping = Shipping(
        tmp_path / "spool", Sink(str(tmp_path / "sink")), roll_rows=10, roll_age_s=5, now=lambda: now[0]
    )
    for number in range(9):
        spool.append(record(f"r{number}"))
    assert not shipping.step()
    assert shipping.shipped == 0
    now[0] = 5
    shipping.step()
    assert shipping.shipped == 9
    for number in range(12):
        spool.append(record(f"s{number}"))
    shipping.step()
    assert shipping.shipped == 21
    shipping.close()


def test_damaged_records_are_skipped_and_counted(spool: Spool, tmp_path: Path) -> None:
    for number in range(5):
        spool.append(record(f"r{number}"))
    spool.append(frame(b"{}", b"null", b"null"))
    spool.append(frame(b"{}", b"[" * 100_000 + b"]" * 100_000, b"null"))
    spool.append(record("last"))
    spool.close()
    segment = list_segments(tmp_path / "spool")[0]
    data = bytearray(segment.read_bytes())
    data[len(record("r0")) + 100] ^= 1
    segment.write_bytes(bytes(data) + record("torn")[:-1])
    shipping = ship(tmp_path)
    assert (shipping.shipped, shipping.damaged) == (5, 4)
    assert joined(str(tmp_path / "sink"))["request_id"].to_pylist() == ["last", "r0", "r2", "r3", "r4"]
    assert list_segments(tmp_path / "spool") == []


def test_a_large_record_is_read_whole(spool: Spool, tmp_path: Path) -> None:
    spool.append(record("large", inputs={"text": "x" * 9_000_000}))
    spool.append(record("small"))
    assert ship(tmp_path).shipped == 2


@pytest.mark.parametrize("step", ["commit", "unlink"])
def test_an_end_after_the_upload_sends_again_and_is_told_apart(
    spool: Spool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    for number in range(50):
        spool.append(record(f"r{number:02}"))
    spool.close()

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(*((Cursor, "commit", stop) if step == "commit" else (Path, "unlink", stop)))
    with pytest.raises(KeyboardInterrupt):
        ship(tmp_path)
    monkeypatch.undo()
    # More came meanwhile, so the second batch is another one.
    spool.append(record("more"))
    spool.close()
    ship(tmp_path)
    assert query(tmp_path / "sink", "count(*)") == [(51 + 50 * (step == "commit"),)]
    assert joined(str(tmp_path / "sink"))["request_id"].to_pylist() == ["more", *(f"r{n:02}" for n in range(50))]


def test_a_cursor_that_is_damaged_loses_nothing(spool: Spool, tmp_path: Path) -> None:
    spool.append(record("a"))
    ship(tmp_path)
    (tmp_path / "spool" / "shipper.cursor").write_text("{oh no")
    spool.append(record("b"))
    ship(tmp_path)
    assert joined(str(tmp_path / "sink"))["request_id"].to_pylist() == ["a", "b"]


def test_one_spool_has_one_shipper(spool: Spool, tmp_path: Path) -> None:
    shipping = Shipping(tmp_path / "spool", Sink(str(tmp_path / "sink")))
    with pytest.raises(SpoolInUseError, match="one is enough"):
        Shipping(tmp_path / "spool", Sink(str(tmp_path / "sink")))
    shipping.close()


def test_while_the_sink_is_down_everything_is_kept(spool: Spool, tmp_path: Path) -> None:
    (tmp_path / "sink").write_text("a file where a folder has to be")
    spool.append(record("a"))
    shipping = Shipping(tmp_path / "spool", Sink(str(tmp_path / "sink")))
    for number in range(3):
        with pytest.raises(EventSinkError, match="cannot be written"):
            shipping.step(flush=True)
        spool.append(record(f"b{number}"))
    (tmp_path / "sink").unlink()
    shipping.step(flush=True)
    shipping.close()
    assert joined(str(tmp_path / "sink"))["request_id"].to_pylist() == ["a", "b0", "b1", "b2"]


def start(tmp_path: Path, *options: str) -> subprocess.Popen[bytes]:
    argv = ["--spool", str(tmp_path / "spool"), "--sink", str(tmp_path / "sink"), "--poll-s", "0.01", *options]
    with (tmp_path / "shipper.log").open("ab") as log:
        return subprocess.Popen([sys.executable, "-m", "redspot.serving.events.shipper", *argv], stderr=log)


def test_a_shipper_that_is_killed_at_any_moment_loses_nothing(spool: Spool, tmp_path: Path) -> None:
    written: list[str] = []
    is_enough = threading.Event()

    def write() -> None:
        while not is_enough.is_set():
            name = f"r{len(written)}"
            assert spool.append(record(name))
            written.append(name)
            time.sleep(0.0003)

    writer = threading.Thread(target=write)
    writer.start()
    chance = random.Random(7)
    try:
        for _ in range(6):
            shipper = start(tmp_path, "--roll-rows", "40", "--roll-age-s", "0.02")
            before = len(list((tmp_path / "sink").rglob("*.parquet")))
            wait_until(lambda before=before: len(list((tmp_path / "sink").rglob("*.parquet"))) > before)  # type: ignore[misc]
            time.sleep(chance.uniform(0, 0.15))
            os.kill(shipper.pid, signal.SIGKILL)
            shipper.wait()
    finally:
        is_enough.set()
        writer.join()
    spool.close()
    ship(tmp_path)
    assert list_segments(tmp_path / "spool") == []
    found = {name for (name,) in query(tmp_path / "sink", "distinct request_id")}
    assert found == set(written)
    assert joined(str(tmp_path / "sink")).num_rows == len(written)
    assert not [path for path in (tmp_path / "sink").rglob("*") if path.suffix == ".parquet" and path.name[0] == "."]


def test_the_shipper_waits_for_its_sink_and_ends_orderly(spool: Spool, tmp_path: Path) -> None:
    (tmp_path / "sink").write_text("a file where a folder has to be")
    spool.append(record("a"))
    shipper = start(tmp_path, "--roll-age-s", "0.01")
    log = tmp_path / "shipper.log"
    wait_until(lambda: "Trying again" in log.read_text())
    (tmp_path / "sink").unlink()
    wait_until(lambda: bool(list((tmp_path / "sink").rglob("*.parquet"))))
    spool.append(record("b"))
    spool.close()
    assert end(shipper) == 0
    assert joined(str(tmp_path / "sink"))["request_id"].to_pylist() == ["a", "b"]
    assert list_segments(tmp_path / "spool") == []
    assert "Traceback" not in log.read_text()
