"""The spool: bounded, private, never in the way."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from redspot.serving.events import spool as spool_module
from redspot.serving.events.errors import EventSettingsError
from redspot.serving.events.record import frame
from redspot.serving.events.segment import is_closed, list_segments, read_segment
from redspot.serving.events.settings import EventSettings
from redspot.serving.events.spool import Spool

RECORD = frame(b"{}", b"x" * 100, b"{}")


def read_all(folder: Path) -> int:
    return sum(len(read_segment(segment, 0)[0].records) for segment in list_segments(folder))


def test_a_full_spool_drops_and_counts_and_goes_on_when_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(spool_module.time, "monotonic", lambda: now[0])
    limit = 10 * len(RECORD)
    spool = Spool(EventSettings(tmp_path / "s", segment_bytes=3 * len(RECORD), max_bytes=limit + 5))
    assert [spool.append(RECORD) for _ in range(12)] == [True] * 10 + [False] * 2
    assert (spool.written, spool.dropped, read_all(tmp_path / "s")) == (10, 2, 10)
    segments = list_segments(tmp_path / "s")
    assert sum(segment.stat().st_size for segment in segments) <= limit
    assert [is_closed(segment) for segment in segments] == [True, True, True, False]
    segments[0].unlink()
    now[0] += 1
    assert spool.append(RECORD)
    assert (spool.written, spool.dropped) == (11, 2)


@pytest.mark.parametrize("short", [False, True])
def test_a_full_disk_drops_and_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, short: bool) -> None:
    spool = Spool(EventSettings(tmp_path / "s"))
    assert spool.append(RECORD)
    write = os.write

    def refuse(handle: int, data: bytes) -> int:
        if not short:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(handle, data[:20])

    monkeypatch.setattr(spool_module.os, "write", refuse)
    assert not spool.append(RECORD)
    # For a moment it is not tried again.
    assert not spool.append(RECORD)
    assert (spool.written, spool.failed, spool.dropped) == (1, 1, 1)
    monkeypatch.undo()
    spool._pause_until = 0
    assert spool.append(RECORD)
    spool.close()
    # Half a record was taken back.
    readings = [read_segment(segment, 0)[0] for segment in list_segments(tmp_path / "s")]
    assert [(len(reading.records), reading.damaged) for reading in readings] == [(1, 0), (1, 0)]


def test_a_folder_that_vanishes_is_counted(tmp_path: Path) -> None:
    spool = Spool(EventSettings(tmp_path / "s"))
    (tmp_path / "s").rmdir()
    assert not spool.append(RECORD)
    assert spool.failed == 1


def test_segments_turn_by_age(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(spool_module.time, "monotonic", lambda: now[0])
    spool = Spool(EventSettings(tmp_path / "s", segment_age_s=10))
    spool.append(RECORD)
    now[0] += 9
    spool.append(RECORD)
    now[0] += 1
    spool.append(RECORD)
    segments = list_segments(tmp_path / "s")
    assert [len(read_segment(segment, 0)[0].records) for segment in segments] == [2, 1]


def test_the_spool_is_closed_to_others(tmp_path: Path) -> None:
    spool = Spool(EventSettings(tmp_path / "s"))
    spool.append(RECORD)
    assert (tmp_path / "s").stat().st_mode & 0o777 == 0o700
    assert list_segments(tmp_path / "s")[0].stat().st_mode & 0o777 == 0o600
    (tmp_path / "open").mkdir(mode=0o755)
    with pytest.raises(EventSettingsError, match="0700"):
        Spool(EventSettings(tmp_path / "open"))


def test_a_fork_writes_a_segment_of_its_own(tmp_path: Path) -> None:
    spool = Spool(EventSettings(tmp_path / "s"))
    spool.append(RECORD)
    child = os.fork()
    if child == 0:
        os._exit(0 if spool.append(RECORD) else 1)
    assert os.waitpid(child, 0)[1] == 0
    spool.append(RECORD)
    segments = list_segments(tmp_path / "s")
    assert [len(read_segment(segment, 0)[0].records) for segment in segments] == [2, 1]
    # The child's end did not open the parent's segment to the shipper.
    assert [is_closed(segment) for segment in segments] == [False, True]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ([], "not an object"),
        ({"spool": "/x", "smaple": 1}, "no setting 'smaple'"),
        ({}, "'spool'"),
        ({"spool": "relative"}, "absolute"),
        ({"spool": "/x", "sample": 1.5}, "share from 0 to 1"),
        ({"spool": "/x", "sample": float("nan")}, "'sample'"),
        ({"spool": "/x", "sample": True}, "'sample'"),
        ({"spool": "/x", "redact": "sex"}, "'redact'"),
        ({"spool": "/x", "max_bytes": 0}, "'max_bytes'"),
        ({"spool": "/x", "max_bytes": 10, "segment_bytes": 11}, "less than"),
        ({"spool": "/x", "segment_age_s": 0}, "'segment_age_s'"),
    ],
)
def test_settings_that_cannot_be_used_are_told_why(content: object, says: str) -> None:
    with pytest.raises(EventSettingsError, match=says):
        EventSettings.of_json(content)


def test_settings_are_read() -> None:
    given = {"spool": "/x", "sample": 0.5, "redact": ["sex"], "max_bytes": 1000}
    assert EventSettings.of_json(given) == EventSettings(Path("/x"), 0.5, ("sex",), 1000, 60.0, 1000)
