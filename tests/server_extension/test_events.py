"""Events of an endpoint that the service deployed, on the process backend."""

from __future__ import annotations

import json
from dataclasses import replace

from redspot_server.down import stop_everything

from redspot.config import Config
from redspot.contracts.requests import JobIn, OutcomeIn
from redspot.serving.events import joined
from tests.notebooks import TRAIN
from tests.services import ServiceProcess


def test_what_an_endpoint_answered_arrives_where_events_are_kept(config: Config) -> None:
    process = ServiceProcess(replace(config, events_sample=1.0, events_redact="b, nowhere"))
    process.start()
    try:
        with process.client() as client:
            outcome = OutcomeIn(register_as="answers", variable="pipeline", deploy_to="answers")
            run = client.start_run(client.freeze(JobIn(name="answers", notebook=TRAIN, outcome=outcome)).id)
            client.wait(lambda: client.run(run.id), lambda seen: seen.state.ended, timeout_s=60, what="the run")
            client.wait(lambda: client.endpoint("answers").serving, bool, timeout_s=60, what="answers going live")
            client.predict("answers", [{"a": 1.0, "b": 2.0}, {"a": 5.0, "b": None}])
    finally:
        process.end()
    # The shipper outlives the service; it sends what is left when it is asked to end.
    stopped = stop_everything(config, grace_s=20.0)
    assert any(unit.startswith("shipper-") for unit in stopped)
    events = joined(config.events, endpoint="answers").to_pylist()
    assert [json.loads(event["inputs"]) for event in events] == [{"a": 1.0, "b": None}, {"a": 5.0, "b": None}]
    assert {(event["model"], event["version"], event["caller"]) for event in events} == {
        ("answers", "1", "redspot-service")
    }
    assert {event["status"] for event in events} == {200}
