"""Feedback, retention and erasure."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from redspot.serving.events import Label, joined, read_labels, write_feedback
from redspot.serving.events.erasure import Erased, erase
from redspot.serving.events.errors import EventSettingsError, InvalidFeedbackError
from redspot.serving.events.retention import expire
from redspot.serving.events.shipping import Shipping
from redspot.serving.events.sink import Sink
from redspot.serving.events.spool import Spool
from tests.serving.events.conftest import NOON, record


@pytest.fixture
def url(spool: Spool, tmp_path: Path) -> str:
    for day in range(3):
        for number in range(4):
            time_us = int((NOON + timedelta(days=day)).timestamp() * 1e6) + number
            inputs = {"beds": number, "host": f"host{number % 2}"}
            spool.append(record(f"r{day}{number}", time_us=time_us, inputs=inputs))
    shipping = Shipping(tmp_path / "spool", Sink(str(tmp_path / "sink")))
    shipping.step(flush=True)
    shipping.close()
    return str(tmp_path / "sink")


def test_labels_come_to_their_events_and_the_last_one_counts(url: str) -> None:
    later = NOON + timedelta(days=5)
    labels = [Label("r00", 4.5, time=NOON), Label("r01", "x"), Label("r01", "y", row=3), Label("nobody", 1)]
    assert write_feedback(url, [Label("r00", 5.0, time=later), *labels]) == 5
    table = joined(url, until=NOON + timedelta(days=1))
    assert dict(zip(table["request_id"].to_pylist(), table["label"].to_pylist(), strict=True)) == {
        "r00": "5.0",
        "r01": '"x"',
        "r02": None,
        "r03": None,
    }
    assert table["labelled_at"].to_pylist()[0] == later
    assert write_feedback(url, []) == 0


def test_files_of_before_shadows_are_read_with_later_ones(url: str) -> None:
    sink = Sink(url)
    earlier = next(each for each in sink.events() if "r00" in sink.read(each)["request_id"].to_pylist())
    pq.write_table(sink.read(earlier).drop_columns("shadow"), earlier.path)
    shadows = dict(zip(*(joined(url)[name].to_pylist() for name in ("request_id", "shadow")), strict=True))
    assert (len(shadows), shadows["r00"], shadows["r10"]) == (12, None, False)


@pytest.mark.parametrize(
    ("label", "says"),
    [
        (Label("", 1), "no request id"),
        (Label("r", 1, row=-1), "count from 0"),
        (Label("r", None), "None"),
        (Label("r", float("inf")), "inf"),
        (Label("r", [1]), "not a text"),  # type: ignore[arg-type]
        (Label("r", 1, time=datetime(2026, 1, 1)), "without a zone"),
    ],
)
def test_a_label_that_says_nothing_is_refused_with_all_others(url: str, label: Label, says: str) -> None:
    with pytest.raises(InvalidFeedbackError, match=f"Label 1 .*{says}"):
        write_feedback(url, [Label("r00", 1), label])
    assert joined(url)["label"].null_count == 12


def test_what_is_old_goes(url: str) -> None:
    write_feedback(url, [Label("r00", 1, time=NOON), Label("r20", 2, time=NOON + timedelta(days=2))])
    sink, now = Sink(url), (NOON + timedelta(days=2)).astimezone(UTC)
    assert expire(sink, 2, now) == 0
    assert expire(sink, 1, now) == 2
    assert expire(sink, 1, now) == 0
    assert {name[:2] for name in joined(url)["request_id"].to_pylist()} == {"r1", "r2"}
    with pytest.raises(EventSettingsError, match="-1 days"):
        expire(sink, -1, now)


def test_the_events_of_one_endpoint_have_days_of_their_own(url: str) -> None:
    sink, now = Sink(url), (NOON + timedelta(days=2)).astimezone(UTC)
    (name,) = {stored.endpoint for stored in sink.events()}
    assert expire(sink, 0, now, {name: None}) == 0
    assert expire(sink, None, now, {"another": 0}) == 0
    assert expire(sink, None, now, {name: 1}) == 1


def test_erasure_leaves_no_row_and_no_byte(url: str, tmp_path: Path) -> None:
    write_feedback(url, [Label("r01", 1), Label("r00", 2)])
    assert erase(url, "host", "host1") == Erased(6, 1, 4)
    table = joined(url)
    assert {json.loads(text)["host"] for text in table["inputs"].to_pylist()} == {"host0"}
    assert table["label"].to_pylist().count("2") == 1
    files = [*Sink(url).events(), *Sink(url).feedback()]
    assert all("host1" not in str(Sink(url).read(stored).to_pylist()) for stored in files)
    assert erase(url, "host", "host1") == Erased(0, 0, 0)
    # A number is no truth, and other endpoints may be left alone.
    assert erase(url, "beds", False) == Erased(0, 0, 0)
    assert erase(url, "beds", 2, endpoint="other") == Erased(0, 0, 0)
    assert erase(url, "caller", "ada").events == 6
    assert not list((tmp_path / "sink" / "events").rglob("*.parquet"))
    with pytest.raises(EventSettingsError, match="null"):
        erase(url, "host", None)


def test_a_memory_file_system_is_a_sink_too(spool: Spool, tmp_path: Path) -> None:
    spool.append(record("a"))
    url = f"memory://{tmp_path.name}"
    shipping = Shipping(tmp_path / "spool", Sink(url))
    shipping.step(flush=True)
    shipping.close()
    assert write_feedback(url, [Label("a", 3.5)]) == 1
    assert joined(url)["label"].to_pylist() == ["3.5"]
    assert erase(url, "city", "Oslo").events == 1
    assert joined(url).num_rows == 0


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("{oh no", "Line 2 is not JSON"),
        ("[]", "Line 2 is no object"),
        ('{"request_id": "r"}', "Line 2 is no object"),
        ('{"request_id": "r", "label": 1, "raw": 2}', "Line 2 is no object"),
    ],
)
def test_a_line_that_is_no_label_is_named(line: str, says: str) -> None:
    with pytest.raises(InvalidFeedbackError, match=says):
        read_labels(['{"request_id": "r", "label": 1, "row": 3}', line])
