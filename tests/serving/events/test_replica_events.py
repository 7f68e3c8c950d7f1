"""Events of real replicas: nothing that was answered is lost, and nothing that must not be kept is."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from redspot.serving.events.segment import list_segments
from redspot.serving.signature import CALLER_HEADER, SECRET_HEADER, sign_caller
from tests.serving.conftest import ADELIE, NUMBERS, SECRET, RouterProcess, Starting, UnixConnection, start_with, table
from tests.serving.events.conftest import events_in


def test_an_event_says_who_asked_what_when_and_what_was_answered(start_replica: Starting, tmp_path: Path) -> None:
    replica = start_replica(events={"spool": str(tmp_path / "spool")})
    with replica.client() as client:
        headers = {CALLER_HEADER: sign_caller("ada", SECRET), "X-Request-Id": "mine-1"}
        answer = client.post("/predict", json=[ADELIE, {**ADELIE, "sex": None}], headers=headers)
        assert answer.headers["x-request-id"] == "mine-1"
        first, second = events_in(tmp_path / "spool")
        assert json.loads(first["inputs"]) == ADELIE
        assert [json.loads(event["outputs"]) for event in (first, second)] == answer.json()["predictions"]
        wanted = {"endpoint": "penguins", "deployment": "d1", "model": "species", "version": "1", "caller": "ada"}
        wanted |= {"request_id": "mine-1", "status": 200, "error": None, "row": 1}
        assert wanted.items() <= second.items()
        assert 0 < second["latency_us"] < 10_000_000
        # A name that cannot be one is replaced, each time by another.
        names = [
            client.post("/predict", json=ADELIE, headers={"X-Request-Id": 'a"b'}).headers["x-request-id"] for _ in "ab"
        ]
        assert len({*names, 'a"b'}) == 3
        infer = {
            "inputs": [
                {"name": name, "shape": [1], "datatype": "FP64" if name in NUMBERS else "BYTES", "data": [value]}
                for name, value in ADELIE.items()
            ]
        }
        assert client.post("/v2/models/species/infer", json=infer).status_code == 200
        events = events_in(tmp_path / "spool")
        assert [event["request_id"] for event in events[2:4]] == names
        assert json.loads(events[4]["inputs"]) == ADELIE
        assert events[4]["outputs"] == first["outputs"]
        lines = client.get("/metrics").text
        assert 'redspot_events_total{endpoint="penguins",model="species",version="1"} 4.0' in lines
        dropped = 'redspot_events_dropped_total{endpoint="penguins",model="species",reason="full",version="1"} 0.0'
        assert dropped in lines


def test_a_request_that_failed_is_an_event_without_inputs(start_replica: Starting, tmp_path: Path) -> None:
    with start_replica(events={"spool": str(tmp_path / "spool")}).client() as client:
        answer = client.post("/predict", content=b"{oh no", headers={"X-Request-Id": "bad"})
        assert (answer.status_code, answer.headers["x-request-id"]) == (400, "bad")
    (event,) = events_in(tmp_path / "spool")
    assert (event["status"], event["error"], event["inputs"], event["outputs"]) == (400, "invalid-body", None, None)


def test_without_events_nothing_is_written_and_named(start_replica: Starting, tmp_path: Path) -> None:
    with start_replica().client() as client:
        assert "x-request-id" not in client.post("/predict", json=ADELIE).headers
    assert not list(tmp_path.rglob("*.events"))


def test_the_router_passes_names_both_ways(
    start_replica: Starting, start_router: Callable[..., RouterProcess], tmp_path: Path
) -> None:
    replica = start_replica(events={"spool": str(tmp_path / "spool")})
    client = start_router(table(1, replica)).client
    given = client.post("/endpoints/penguins/predict", json=ADELIE, headers={"X-Request-Id": "mine"})
    made = client.post("/endpoints/penguins/predict", json=ADELIE)
    assert given.headers["x-request-id"] == "mine"
    events = events_in(tmp_path / "spool")
    assert [event["request_id"] for event in events] == ["mine", made.headers["x-request-id"]]
    assert [event["caller"] for event in events] == ["ada", "ada"]


def test_what_is_redacted_is_in_no_byte(start_replica: Starting, tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    replica = start_replica(events={"spool": str(spool), "redact": ["island", "sex"]})
    secret = {**ADELIE, "island": "Mytorgersen", "sex": "verysecret"}
    infer = {
        "inputs": [
            {"name": name, "shape": [1], "datatype": "FP64" if name in NUMBERS else "BYTES", "data": [value]}
            for name, value in secret.items()
        ],
        "id": "verysecret",
    }
    with replica.client() as client:
        assert client.post("/predict", json=secret).status_code == 200
        assert client.post("/predict", json=[secret, secret]).status_code == 200
        twice = json.dumps(secret)[:-1] + ',"sex":"male"}'
        assert client.post("/predict", content=twice).status_code == 200
        assert client.post("/v2/models/species/infer", json=infer).status_code == 200
        assert client.post("/predict", json={**secret, "beak": "verysecret"}).status_code == 400
        assert client.post("/predict", content=b'{"sex": verysecret}').status_code == 400
    data = b"".join(segment.read_bytes() for segment in spool.iterdir())
    assert len(data) > 1000
    assert b"verysecret" not in data
    assert b"Mytorgersen" not in data
    events = events_in(spool)
    assert [event["status"] for event in events] == [200] * 5 + [400] * 2
    for event in events[:5]:
        assert json.loads(event["inputs"]) == {**ADELIE, "island": None, "sex": None}
        assert json.loads(event["outputs"])["prediction"]
        assert event["redacted"] == ["island", "sex"]


def test_a_share_is_chosen_by_the_name(start_replica: Starting, tmp_path: Path) -> None:
    from redspot.serving.events.sampling import is_sampled

    replica = start_replica(events={"spool": str(tmp_path / "spool"), "sample": 0.3})
    with replica.client() as client:
        for number in range(60):
            answer = client.post("/predict", json=ADELIE, headers={"X-Request-Id": f"n{number}"})
            assert answer.headers["x-request-id"] == f"n{number}"
    wanted = [f"n{number}" for number in range(60) if is_sampled(f"n{number}", 0.3)]
    assert 5 < len(wanted) < 35
    assert [event["request_id"] for event in events_in(tmp_path / "spool")] == wanted


def test_a_full_spool_costs_no_request(start_replica: Starting, tmp_path: Path) -> None:
    replica = start_replica(events={"spool": str(tmp_path / "spool"), "max_bytes": 5000})
    with replica.client() as client:
        for _ in range(30):
            assert client.post("/predict", json=ADELIE).status_code == 200
        lines = client.get("/metrics").text.splitlines()
    written = len(events_in(tmp_path / "spool"))
    assert 0 < written < 30
    assert sum(segment.stat().st_size for segment in (tmp_path / "spool").iterdir()) <= 5000
    dropped = next(line for line in lines if line.startswith("redspot_events_dropped_total") and '"full"' in line)
    assert float(dropped.split()[-1]) == 30 - written


def test_no_event_that_was_acknowledged_is_lost_by_kill_9(start_replica: Starting, tmp_path: Path) -> None:
    replica = start_replica(events={"spool": str(tmp_path / "spool"), "segment_bytes": 20_000})
    acknowledged: list[str] = []
    enough = threading.Event()

    def call(thread: int) -> None:
        with closing(UnixConnection(replica.entry.socket)) as connection:
            for number in range(100_000):
                headers = {SECRET_HEADER: SECRET, "X-Request-Id": f"{thread}-{number}"}
                try:
                    connection.request("POST", "/predict", json.dumps(ADELIE), headers)
                    answer = connection.getresponse()
                    answer.read()
                except (OSError, HTTPException):
                    return
                assert answer.status == 200
                acknowledged.append(answer.headers["x-request-id"])
                if len(acknowledged) > 400:
                    enough.set()

    threads = [threading.Thread(target=call, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    assert enough.wait(60)
    replica.process.kill()
    for thread in threads:
        thread.join(30)
    replica.process.wait()
    assert len(list_segments(tmp_path / "spool")) > 3
    written = {event["request_id"] for event in events_in(tmp_path / "spool")}
    assert set(acknowledged) <= written
    # At most what was under way was written and not acknowledged.
    assert len(written) - len(acknowledged) <= 4


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"sample": 2}, "share from 0 to 1"),
        ({"redact": ["beak"]}, "'bill_length_mm'"),
        ({"spool": "here"}, "absolute"),
    ],
)
def test_a_replica_says_what_is_wrong_with_its_events(
    change: dict[str, Any], says: str, pipeline_file: Path, tmp_path: Path
) -> None:
    names = {"endpoint": "penguins", "deployment_id": "d", "model": "species", "version": "1"}
    places = {"pipeline": str(pipeline_file), "socket": str(tmp_path / "run" / "r")}
    ended = start_with({**names, **places, "events": {"spool": str(tmp_path / "s"), **change}}, tmp_path)
    assert (ended.returncode, says in ended.stderr, "Traceback" in ended.stderr) == (2, True, False), ended.stderr
