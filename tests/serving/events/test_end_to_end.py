"""From a caller to a signal: a replica, its shipper, labels that come later, and the monitors."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from redspot.pipeline import load
from redspot.serving.events import Label, joined, write_feedback
from redspot.serving.monitors import Reference, Severity, Window, watch
from tests.serving.conftest import ADELIE, Starting, end, wait_until


def test_what_callers_send_becomes_a_signal(start_replica: Starting, pipeline_file: Path, tmp_path: Path) -> None:
    begin, sink = datetime.now(UTC), str(tmp_path / "sink")
    spool = tmp_path / "spool" / "d1"
    spool.parent.mkdir(mode=0o700)
    replica = start_replica(events={"spool": str(spool), "redact": ["sex"]})
    options = ["--spool", str(spool.parent), "--sink", sink, "--roll-age-s", "0.1", "--poll-s", "0.05"]
    shipper = subprocess.Popen([sys.executable, "-m", "redspot.serving.events.shipper", *options])
    try:
        with replica.client() as client:
            asked = [client.post("/predict", json={**ADELIE, "island": "Rome"}) for _ in range(150)]
            assert client.post("/predict", json={"beak": 1}).status_code == 400
        wait_until(lambda: joined(sink).num_rows == 151)
    finally:
        assert end(shipper) == 0
    labels = [
        Label(answer.headers["x-request-id"], "Adelie" if n < 120 else "Gentoo") for n, answer in enumerate(asked)
    ]
    write_feedback(sink, labels)
    until = datetime.now(UTC) + timedelta(seconds=1)
    events = joined(sink, endpoint="penguins", since=begin, until=until).to_pylist()
    reference = Reference.of(load(pipeline_file))
    signals = {(s.name, s.subject): s for s in watch(Window.of(events, begin, until, version="1"), reference)}
    assert signals["requests", ""].value == 151
    assert signals["refusal-share", ""].value == 1 / 151
    assert signals["unseen-share", "island"].value == 1
    assert signals["input-drift", "bill_length_mm"].severity is Severity.CRITICAL
    assert ("missing-share", "sex") not in signals
    assert signals["score-drift", "prediction"].severity is Severity.CRITICAL
    assert signals["live-metric", "accuracy"].value == 0.8
    assert 0 < signals["p50-ms", ""].value < 1000
