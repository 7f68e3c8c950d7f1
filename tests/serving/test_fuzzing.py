"""Fuzzing real processes: never a 5xx for a bad request, never an answer that is not told, never a dead worker.

``REDSPOT_FUZZ_EXAMPLES`` says how many examples each operation gets; the torture suite asks for more.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

from redspot.serving.signature import SECRET_HEADER
from tests.serving.conftest import ADELIE, SECRET, TOKEN, ReplicaProcess, RouterProcess, replicas_in, table
from tests.serving.fuzzing import NEVER, odd_bodies, odd_messages, statuses_of
from tests.serving.test_workers import children

EXAMPLES = int(os.environ.get("REDSPOT_FUZZ_EXAMPLES", "8"))
PATHS = ("/predict", "/invocations", "/v2/models/species/infer", "/models/species/predict", "/v2/repository/index")


@pytest.fixture(scope="module")
def workers(pipeline_file: Path) -> Iterator[ReplicaProcess]:
    """A replica of two workers, which must be the same at the end as at the start."""
    with replicas_in(pipeline_file) as start:
        replica = start(workers=2)
        with replica.client() as client:
            assert client.post("/predict", json=ADELIE).status_code == 200
        before = children(replica.process.pid)
        yield replica
        assert children(replica.process.pid) == before
        with replica.client() as client:
            assert client.post("/predict", json=ADELIE).status_code == 200


@pytest.fixture(scope="module")
def replica_on_a_port(pipeline_file: Path) -> Iterator[str]:
    with socket.socket() as asking:
        asking.bind(("127.0.0.1", 0))
        port = asking.getsockname()[1]
    with replicas_in(pipeline_file) as start:
        replica = start(port=port)
        yield f"http://127.0.0.1:{port}"
        assert replica.process.poll() is None


def statuses_seen(operation: Any, url: str) -> set[int]:
    """Ask an operation for what its description allows and does not, and return the statuses of the answers."""
    seen: set[int] = set()
    headers = {SECRET_HEADER: SECRET}

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy() | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE))
    def check(case: Any) -> None:
        answer = case.call(base_url=url, headers=headers)
        assert answer.status_code not in NEVER
        seen.add(answer.status_code)
        case.validate_response(answer, checks=[status_code_conformance, response_schema_conformance])

    check()
    return seen


def test_each_operation_answers_as_it_is_described(replica_on_a_port: str) -> None:
    schema = schemathesis.openapi.from_url(f"{replica_on_a_port}/openapi.json", headers={SECRET_HEADER: SECRET})
    operations = [found.ok() for found in schema.get_all_operations()]
    seen = {operation.label: statuses_seen(operation, replica_on_a_port) for operation in operations}
    # What was made up was good as well as bad.
    assert {200, 400} <= seen["POST /predict"] | seen["POST /invocations"]
    assert seen["GET /v2/health/ready"] == {200}


def test_any_body_is_answered_or_refused(workers: ReplicaProcess) -> None:
    with workers.client() as client:
        for number, body in enumerate(odd_bodies(1, 40 * EXAMPLES)):
            path = PATHS[number % len(PATHS)]
            kinds = ["application/json", "text/csv", "application/octet-stream", ""]
            sizes = [None, str(len(body) // 2), "-1", "9" * 30]
            headers = {"Content-Type": kinds[number % 4]}
            if sizes[number % 3] is not None:
                headers["Inference-Header-Content-Length"] = str(sizes[number % 3])
            answer = client.post(path, content=body, headers=headers)
            assert answer.status_code in (200, 400, 404, 413, 415), (path, body, headers, answer.text)


def test_any_bytes_at_a_door_are_answered_or_refused(
    workers: ReplicaProcess, start_router: Callable[..., RouterProcess]
) -> None:
    router = start_router(table(1, workers))

    def to_replica() -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(workers.entry.socket)
        return connection

    def to_router() -> socket.socket:
        return socket.create_connection(("127.0.0.1", router.port))

    for door in (to_replica, to_router):
        for message in odd_messages(2, 20 * EXAMPLES):
            with door() as connection:
                assert not set(statuses_of(connection, message)) & {*NEVER, 503, 504}, message
    for body in odd_bodies(3, 10 * EXAMPLES):
        headers = {"Authorization": f"Bearer {TOKEN}"}
        answer = router.client.post("/endpoints/penguins/predict", content=body, headers=headers)
        assert answer.status_code in (200, 400), (body, answer.text)
