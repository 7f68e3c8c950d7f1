"""The API as clients see it: a real service, over its socket."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from redspot.client.service import ServiceClient, ServiceProblemError
from redspot.contracts.requests import JobIn, OutcomeIn
from redspot.pipeline import Pipeline, branch, estimate, impute
from tests.notebooks import PARAMETERS, TRAIN, cell, notebook
from tests.services import ServiceProcess


@pytest.fixture(scope="module")
def http(shared_service: ServiceProcess) -> Any:
    transport = httpx.HTTPTransport(uds=str(shared_service.config.socket))
    with httpx.Client(transport=transport, base_url="http://redspot/") as made:
        yield made


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    assert found["status"] == status
    assert found["request_id"] == answer.headers["x-request-id"]
    return found


def test_status_says_who_is_kept_apart_from_whom(client: ServiceClient) -> None:
    status = client.status()
    assert status.host == "embedded"
    assert "One trust domain" in status.trust
    assert "only while" in status.schedules_note
    assert set(status.rights) == {"admin", "author", "read"}


def test_probes_and_metrics_answer(http: httpx.Client) -> None:
    assert http.get("health/live").json()["ok"]
    assert {check["name"] for check in http.get("health/ready").json()["checks"]} == {"database", "artifacts", "leases"}
    assert "redspot_requests_total" in http.get("metrics").text
    assert http.get("openapi.json").json()["openapi"] == "3.1.0"


def test_an_unknown_path_and_a_wrong_method_are_problems(http: httpx.Client) -> None:
    assert problem(http.get("api/nothing"), 404)["code"] == "route-not-found"
    assert problem(http.put("api/models", json={}), 405)["code"] == "method-not-allowed"


def test_what_cannot_be_read_is_refused_by_field(http: httpx.Client) -> None:
    assert "not JSON" in problem(http.post("api/jobs", content=b"{"), 400)["detail"]
    found = problem(http.post("api/schedules", json={"job_id": "j", "cron": "* * * * *", "zone": "UTC"}), 400)
    assert (found["code"], found["facts"]["field"]) == ("unreadable-request", "zone")
    assert problem(http.get("api/models?limit=0"), 400)["facts"]["field"] == "limit"
    assert problem(http.get("api/models?limitt=1"), 400)["facts"]["field"] == "limitt"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("models/nix", "model-not-found"),
        ("versions/nix%407", "model-not-found"),
        ("versions/n%20x", "invalid-name"),
        ("versions/m%400", "invalid-ref"),
        ("jobs/nix", "job-not-found"),
        ("runs/nix", "run-not-found"),
        ("runs/nix/html", "run-not-found"),
        ("schedules/nix", "schedule-not-found"),
        ("endpoints/nix", "endpoint-not-found"),
        ("schedules/preview?cron=61+*+*+*+*", "invalid-cron"),
        ("schedules/preview?cron=*+*+*+*+*&time_zone=Mars/Olympus", "unknown-time-zone"),
        ("audit?cursor=x", "invalid-cursor"),
    ],
)
def test_each_mistake_has_its_code(http: httpx.Client, path: str, code: str) -> None:
    answer = http.get(f"api/{path}")
    assert problem(answer, answer.status_code)["code"] == code
    assert answer.status_code in (400, 404)


def test_a_preview_tells_the_next_moments(http: httpx.Client) -> None:
    found = http.get("api/schedules/preview", params={"cron": "0 7 * * MON", "time_zone": "Europe/Berlin"}).json()
    assert len(found["fires"]) == 3


def job(**changes: Any) -> JobIn:
    return JobIn(**{"name": "train", "notebook": TRAIN, **changes})


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"values": {"strenght": 1}}, "unknown-parameter"),
        ({"values": {"strength": "much"}}, "parameter-type"),
        ({"notebook": notebook("1"), "values": {"n": 1}}, "no-parameters-cell"),
        ({"notebook": {"cells": 1}}, "invalid-notebook"),
        ({"notebook": notebook(cell("x = = 1", "parameters"))}, "parameters-cell"),
        ({"name": "../x"}, "invalid-name"),
        ({"instance_type": "gpu.p9"}, "instance-type-not-found"),
        ({"outcome": OutcomeIn(deploy_to="front")}, "job-outcome"),
        ({"outcome": OutcomeIn(register_as="a b")}, "invalid-name"),
    ],
)
def test_a_job_that_cannot_be_is_refused(client: ServiceClient, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(ServiceProblemError) as caught:
        client.freeze(job(**changes))
    assert caught.value.code == code
    assert caught.value.message.endswith(".")


def test_freezing_the_same_notebook_again_is_the_same_job(client: ServiceClient) -> None:
    first = client.freeze(job(values={"strength": 2}))
    assert client.freeze(job(values={"strength": 2.0})).id == first.id
    assert client.freeze(job(values={"strength": 3})).id != first.id
    assert first.environment.lock.startswith("sha256:")


def test_inspecting_tells_the_form(http: httpx.Client) -> None:
    facts = http.post("api/notebooks/inspect", json={"notebook": notebook(PARAMETERS)}).json()
    assert [(p["name"], p["kind"], p["default"]) for p in facts["parameters"]] == [
        ("n", "int", 1),
        ("name", "str", "x"),
    ]
    assert "no cell tagged" in http.post("api/notebooks/inspect", json={"notebook": notebook("1")}).json()["hint"]


@pytest.fixture(scope="module")
def pipeline_file() -> bytes:
    from sklearn.linear_model import LinearRegression

    pipeline = Pipeline(numbers=branch("a").then(impute("mean")), value=estimate(LinearRegression()))
    pipeline.fit({"a": [1.0, None, 3.0]}, [1.0, 2.0, 3.0])
    pipeline.evaluate({"a": [1.0, 2.0, 3.0]}, [1.0, 2.0, 3.0])
    return pipeline.dumps()


def test_a_pipeline_that_is_sent_is_registered_as_the_file_says(http: httpx.Client, pipeline_file: bytes) -> None:
    body = {"pipeline": base64.b64encode(pipeline_file).decode(), "notebook": TRAIN}
    answer = http.post("api/models/sent/versions", json=body)
    assert answer.status_code == 201, answer.text
    version = answer.json()
    assert version["number"] == 1
    assert {"mae", "r2", "rmse"} < set(version["metrics"])
    assert version["graph"]["nodes"]
    assert version["parity_rows"] == 3
    assert http.get("api/versions/sent@1/pipeline").content == pipeline_file


@pytest.mark.parametrize("data", ["***", base64.b64encode(b"PK no zip").decode()])
def test_what_is_no_pipeline_file_is_refused(http: httpx.Client, data: str) -> None:
    assert problem(http.post("api/models/bad/versions", json={"pipeline": data}), 400)["code"] == "pipeline-file"
    assert problem(http.get("api/models/bad"), 404)["code"] == "model-not-found"


def test_bytes_of_users_are_sent_in_a_sandbox(http: httpx.Client, pipeline_file: bytes) -> None:
    http.post("api/models/boxed/versions", json={"pipeline": base64.b64encode(pipeline_file).decode()})
    answer = http.get("api/versions/boxed@1/pipeline")
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "set-cookie" not in answer.headers


def test_changes_are_in_the_audit_log_with_who_and_how(http: httpx.Client, client: ServiceClient) -> None:
    client.make_token("audited", days=1)
    newest = http.get("api/audit?limit=1").json()
    assert (newest["items"][0]["action"], newest["items"][0]["how"]) == ("make-token", "socket")
    assert newest["next_cursor"]
    older = http.get("api/audit", params={"cursor": newest["next_cursor"]}).json()["items"]
    assert all(entry["id"] < newest["items"][0]["id"] for entry in older)


def test_the_socket_is_the_owners_alone(shared_service: ServiceProcess) -> None:
    assert shared_service.config.socket.stat().st_mode & 0o777 == 0o600
    assert shared_service.config.state_dir.stat().st_mode & 0o777 == 0o700
