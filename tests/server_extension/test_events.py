"""Events of an endpoint that the service deployed, on the process backend."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from redspot_server.down import stop_everything
from redspot_server.problems import RequestError
from redspot_server.verbs import events as verb

from redspot.client.service import ServiceProblemError
from redspot.config import Config
from redspot.contracts.replies import Prediction
from redspot.contracts.requests import JobIn, OutcomeIn
from redspot.serving.events import joined
from tests.notebooks import TRAIN
from tests.services import ServiceProcess


def test_what_an_endpoint_answered_arrives_where_events_are_kept(config: Config, tmp_path: Path) -> None:
    process = ServiceProcess(replace(config, events_sample=1.0, events_redact="b, nowhere"))
    process.start()
    try:
        with process.client() as client:
            outcome = OutcomeIn(register_as="answers", variable="pipeline", deploy_to="answers")
            run = client.start_run(client.freeze(JobIn(name="answers", notebook=TRAIN, outcome=outcome)).id)
            client.wait(lambda: client.run(run.id), lambda seen: seen.state.ended, timeout_s=60, what="the run")
            client.wait(lambda: client.endpoint("answers").serving, bool, timeout_s=60, what="answers going live")
            rows = [{"a": 1.0, "b": 2.0}, {"a": 5.0, "b": None}]

            def predict() -> Prediction | None:
                with contextlib.suppress(ServiceProblemError):  # the router may not have heard of it yet
                    return client.predict("answers", rows)
                return None

            client.wait(predict, bool, timeout_s=20, what="an answer")
        signals = {signal["name"]: signal for signal in json.loads(say(process.config, "watch", "answers", "--json"))}
        assert {"requests", "rows", "labels"} <= set(signals)
    finally:
        process.end()
    # The shipper outlives the service; it sends what is left when it is asked to end.
    stopped = stop_everything(config, grace_s=20.0)
    assert any(unit.startswith("shipper-") for unit in stopped)
    events = joined(config.events, endpoint="answers").to_pylist()
    labels = tmp_path / "labels.jsonl"
    labels.write_text(json.dumps({"request_id": events[0]["request_id"], "label": "yes", "row": 1}) + "\n")
    assert say(config, "feedback", str(labels)) == "1 labels are kept.\n"
    assert joined(config.events)["label"].to_pylist() == [None, '"yes"']
    assert [json.loads(event["inputs"]) for event in events] == [{"a": 1.0, "b": None}, {"a": 5.0, "b": None}]
    assert {(event["model"], event["version"], event["caller"]) for event in events} == {
        ("answers", "1", "redspot-service")
    }
    assert {event["status"] for event in events} == {200}
    with pytest.raises(RequestError, match="JSON"):
        say(config, "erase", "a", "five")
    assert "1 events and 1 labels are erased, from 2 files" in say(config, "erase", "a", "5")
    assert [json.loads(text)["a"] for text in joined(config.events)["inputs"].to_pylist()] == [1.0]


def say(config: Config, *words: str) -> str:
    """Run the verb as the command line does, but for finding it by its entry point."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    verb.configure(parser)
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        assert verb.run(parser.parse_args(words), config) == 0
    return said.getvalue()
