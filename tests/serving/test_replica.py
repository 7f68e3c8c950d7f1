from __future__ import annotations

import re
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from redspot.pipeline import load
from redspot.serving.signature import CALLER_HEADER, sign_caller
from tests.serving.conftest import ADELIE, NUMBERS, SECRET, ReplicaProcess, Starting, end, start_with, wait_until

GENTOO: dict[str, object] = dict(zip(NUMBERS, (50.0, 15.2, 220.0, 5700.0), strict=True)) | {
    "island": "Biscoe",
    "sex": "male",
}


def tensors(rows: list[dict[str, Any]], **changes: Any) -> list[dict[str, Any]]:
    tensors = []
    for name in ADELIE:
        datatype = "FP64" if name in NUMBERS else "BYTES"
        data = [row.get(name) for row in rows]
        tensors.append({"name": name, "shape": [len(rows)], "datatype": datatype, "data": data})
    tensors[0] |= changes
    return tensors


@pytest.fixture
def client(replica: ReplicaProcess) -> Iterator[httpx.Client]:
    with replica.client() as client:
        yield client


def test_a_row_gets_the_answer_that_the_notebook_gave(client: httpx.Client, pipeline_file: Path) -> None:
    answer = client.post("/predict", json=ADELIE)
    assert answer.status_code == 200
    assert answer.json() == {
        "model": "species",
        "version": "1",
        "predictions": [load(pipeline_file).predict_one(ADELIE)],
    }


def test_rows_get_the_answers_of_single_rows(client: httpx.Client, pipeline_file: Path) -> None:
    rows: list[dict[str, object]] = [{**ADELIE}, GENTOO, {"island": "Dream"}, {**ADELIE, "sex": None}]
    pipeline = load(pipeline_file)
    for given, row in zip(client.post("/predict", json=rows).json()["predictions"], rows, strict=True):
        wanted = pipeline.predict_one(row)
        assert given["prediction"] == wanted["prediction"]
        assert given["probabilities"] == pytest.approx(wanted["probabilities"])
    assert client.post("/predict", json=[ADELIE]).json()["predictions"] == [pipeline.predict_one(ADELIE)]
    assert client.post("/predict", json=[]).json()["predictions"] == []


@pytest.mark.parametrize("path", ["/v2/models/species/infer", "/v2/models/species/versions/1/infer"])
def test_the_protocol_answers_alike(client: httpx.Client, path: str) -> None:
    answer = client.post(path, json={"id": "q-1", "inputs": tensors([ADELIE, GENTOO])}).json()
    assert (answer["id"], answer["model_name"], answer["model_version"]) == ("q-1", "species", "1")
    prediction, probability = answer["outputs"]
    assert prediction == {"name": "prediction", "datatype": "BYTES", "shape": [2], "data": ["Adelie", "Gentoo"]}
    assert (probability["name"], probability["datatype"], probability["shape"]) == ("probability", "FP64", [2, 3])
    assert probability["parameters"] == {"classes": ["Adelie", "Chinstrap", "Gentoo"]}
    plain = client.post("/predict", json=[ADELIE, GENTOO]).json()["predictions"]
    assert probability["data"] == [value for row in plain for value in row["probabilities"].values()]


def test_a_tensor_may_nest_have_gaps_and_whole_numbers(client: httpx.Client) -> None:
    inputs = tensors([ADELIE, GENTOO], shape=[2, 1], data=[[39.1], [None]])
    inputs[3] |= {"datatype": "UINT16", "data": [3750, 5700]}
    answer = client.post(
        "/v2/models/species/infer", json={"inputs": inputs, "outputs": [{"name": "prediction"}]}
    ).json()
    assert [output["data"] for output in answer["outputs"]] == [["Adelie", "Gentoo"]]
    assert "id" not in answer


def test_what_the_protocol_tells_about_itself(client: httpx.Client) -> None:
    assert client.get("/v2").json()["name"] == "redspot"
    assert client.get("/v2/health/live").json() == {"live": True}
    assert client.get("/v2/health/ready").json() == {"ready": True}
    assert client.get("/v2/models/species/ready").json() == {"name": "species", "ready": True}
    assert client.get("/v2/models/species/versions/1/ready").status_code == 200
    model = client.get("/v2/models/species").json()
    assert model == client.get("/v2/models/species/versions/1").json()
    assert model["inputs"][0] == {"name": "bill_length_mm", "datatype": "FP64", "shape": [-1]}
    assert [output["name"] for output in model["outputs"]] == ["prediction", "probability"]
    head = client.head("/v2/models/species")
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"name": "beak"}, "'bill_depth_mm'"),
        ({"datatype": "FP128"}, "FP64"),
        ({"datatype": "BYTES", "data": ["a"]}, "FP64"),
        ({"shape": [2]}, "1 values"),
        ({"shape": [1, 2]}, r"\[n, 1\]"),
        ({"shape": [-1]}, "shape"),
        ({"shape": [True]}, "shape"),
        ({"data": ["a"]}, "'a'"),
        ({"data": [True]}, "True"),
        ({"data": [[39.1]]}, "nest"),
        ({"data": 39.1}, "not a list"),
        ({"datatype": "INT8", "data": [128]}, "128"),
        ({"name": "sex", "datatype": "BYTES", "data": ["male"]}, "twice"),
        ({"shape": [2], "data": [1, 2]}, "rows"),
    ],
)
def test_a_tensor_that_does_not_fit_is_told_why(client: httpx.Client, changes: dict[str, Any], says: str) -> None:
    answer = client.post("/v2/models/species/infer", json={"inputs": tensors([ADELIE], **changes)})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/json"
    assert re.search(says, answer.json()["error"]), answer.json()["error"]


@pytest.mark.parametrize(
    "body", ["", "{", "[]", "{}", '{"inputs": []}', '{"inputs": [1]}', '{"inputs": [NaN]}', "[" * 100_000, "\ufffd"]
)
def test_a_body_that_is_no_request_is_refused(client: httpx.Client, body: str) -> None:
    answer = client.post("/v2/models/species/infer", content=body)
    assert answer.status_code == 400
    assert answer.json()["error"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"1", b"[1]", b'{"beak": 1}', b'{"island": 3}', b'{"body_mass_g": NaN}', b"\xff"]
)
def test_a_row_that_does_not_fit_is_a_problem(client: httpx.Client, body: bytes) -> None:
    answer = client.post("/predict", content=body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["title"]) == (400, "Bad Request")
    assert problem["code"] in ("invalid-body", "unknown-column", "column-type")
    assert problem["type"].endswith(problem["code"])


def test_what_is_not_there_is_not_found(client: httpx.Client) -> None:
    assert client.get("/nowhere").json()["code"] == "path-not-found"
    assert client.get("/v2/nowhere").status_code == 404
    assert "species" in client.get("/v2/models/other").json()["error"]
    assert client.post("/v2/models/species/versions/2/infer", json={}).json()["code"] == "model-not-served"
    assert client.get("/predict").status_code == 405


def test_nobody_gets_in_round_the_router(replica: ReplicaProcess) -> None:
    with replica.client(secret="guessed") as client:
        for answer in (client.post("/predict", json=ADELIE), client.get("/metrics"), client.get("/v2")):
            assert answer.status_code == 401
        assert client.get("/v2/health/ready").status_code == 200
    with replica.client() as client:
        forged = {CALLER_HEADER: sign_caller("root", "another secret")}
        assert client.post("/predict", json=ADELIE, headers=forged).status_code == 401
        signed = {CALLER_HEADER: sign_caller("ada", SECRET)}
        assert client.post("/predict", json=ADELIE, headers=signed).status_code == 200
    assert Path(replica.entry.socket).stat().st_mode & 0o777 == 0o600
    assert Path(replica.entry.socket).parent.stat().st_mode & 0o777 == 0o700


def test_the_secret_is_not_on_its_command_line(replica: ReplicaProcess) -> None:
    assert SECRET not in Path(f"/proc/{replica.process.pid}/cmdline").read_text()


def test_a_body_that_is_too_large_is_refused(client: httpx.Client, replica: ReplicaProcess) -> None:
    answer = client.post("/predict", content=b" " * (20 * 1024 * 1024))
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")
    chunks = (b" " * 1024 * 1024 for _ in range(20))
    assert client.post("/predict", content=chunks).status_code == 413
    with socket.socket(socket.AF_UNIX) as raw:
        raw.connect(replica.entry.socket)
        raw.sendall(b"POST /predict HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 17000000\r\n\r\n")
        assert raw.recv(100).startswith(b"HTTP/1.1 413 ")
    assert client.post("/predict", json=ADELIE).status_code == 200


def test_too_many_rows_are_refused(client: httpx.Client) -> None:
    infer = client.post("/v2/models/species/infer", json={"inputs": tensors([ADELIE], shape=[10**9])})
    assert (infer.status_code, infer.json()["code"]) == (413, "body-too-large")
    answer = client.post("/predict", content=b"[" + b"{}," * 200_000 + b"{}]")
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")


def test_metrics_count(start_replica: Starting) -> None:
    with start_replica().client() as client:
        client.post("/predict", json=ADELIE)
        client.post("/predict", json=[ADELIE, GENTOO])
        client.post("/predict", json={"beak": 1})
        lines = client.get("/metrics").text.splitlines()
    labels = '{endpoint="penguins",model="species",version="1"}'
    assert f"redspot_requests_total{labels} 3.0" in lines
    assert f"redspot_request_errors_total{labels} 1.0" in lines
    assert f"redspot_rows_total{labels} 4.0" in lines
    assert f"redspot_request_duration_seconds_count{labels} 3.0" in lines


def test_a_small_request_does_not_wait_for_a_large_one(replica: ReplicaProcess, client: httpx.Client) -> None:
    rows = [GENTOO if number % 3 else {**ADELIE} for number in range(50_000)]
    before = replica.rows_seen()
    with ThreadPoolExecutor(1) as thread:
        large = thread.submit(client.post, "/predict", json=rows)
        wait_until(lambda: replica.rows_seen() >= before + len(rows))
        with replica.client() as other:
            assert other.get("/v2/health/ready").status_code == 200
            assert other.post("/predict", json=ADELIE).json()["predictions"][0]["prediction"] == "Adelie"
        assert not large.done()
        predictions = large.result().json()["predictions"]
    assert [row["prediction"] for row in predictions] == ["Gentoo" if n % 3 else "Adelie" for n in range(50_000)]
    infer = client.post("/v2/models/species/infer", json={"inputs": tensors(rows[:3000])}).json()
    assert infer["outputs"][0]["data"] == [row["prediction"] for row in predictions[:3000]]
    assert infer["outputs"][1]["shape"] == [3000, 3]
    assert len(infer["outputs"][1]["data"]) == 9000


def test_a_request_under_way_is_answered_after_sigterm(start_replica: Starting) -> None:
    replica = start_replica()
    rows = [ADELIE] * 60_000
    with ThreadPoolExecutor(1) as thread, replica.client() as client:
        answering = thread.submit(client.post, "/predict", json=rows)
        wait_until(lambda: replica.rows_seen() >= len(rows))
        assert not answering.done()
        replica.process.send_signal(signal.SIGTERM)
        answer = answering.result()
    assert answer.status_code == 200
    assert len(answer.json()["predictions"]) == len(rows)
    assert answer.headers["connection"] == "close"
    assert end(replica.process) == 0


@pytest.fixture
def config(tmp_path: Path, pipeline_file: Path) -> dict[str, Any]:
    names = {"endpoint": "penguins", "deployment_id": "d", "model": "species", "version": "1"}
    return {**names, "pipeline": str(pipeline_file), "socket": str(tmp_path / "run" / "r")}


def test_a_pipeline_that_answers_otherwise_is_not_served(config: dict[str, Any], tmp_path: Path) -> None:
    import dataclasses

    from redspot.pipeline.parity import ParitySet

    pipeline = load(config["pipeline"])
    parity = pipeline.parity_
    assert parity is not None
    wrong = [{**parity.answers[0], "prediction": "Chinstrap"}, *parity.answers[1:]]
    pipeline._parity = dataclasses.replace(parity, answers=tuple(wrong))
    assert isinstance(pipeline._parity, ParitySet)
    pipeline.save(tmp_path / "wrong.redspot")
    ended = start_with({**config, "pipeline": str(tmp_path / "wrong.redspot")}, tmp_path)
    assert ended.returncode == 3
    assert "parity-failed" in ended.stderr
    assert "1 of 100 rows" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (tmp_path / "run").exists()


def test_a_configuration_that_cannot_be_used_is_told_why(config: dict[str, Any], tmp_path: Path) -> None:
    without_model = {key: value for key, value in config.items() if key != "model"}
    (tmp_path / "open").mkdir(mode=0o755)
    for change, secret, says in (
        (without_model, SECRET, "'model'"),
        (config, None, "REDSPOT_REPLICA_SECRET"),
        ({**config, "socket": str(tmp_path / "open" / "r")}, SECRET, "0700"),
        ({**config, "socket": str(tmp_path / ("x" * 100) / "r")}, SECRET, "longer"),
    ):
        ended = start_with(change, tmp_path, secret)
        assert (ended.returncode, says in ended.stderr, "Traceback" in ended.stderr) == (2, True, False), ended.stderr


def test_a_pipeline_that_is_no_pipeline_is_named(config: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "no.redspot").write_bytes(b"no pipeline")
    ended = start_with({**config, "pipeline": str(tmp_path / "no.redspot")}, tmp_path)
    assert ended.returncode == 1
    assert "pipeline-corrupt" in ended.stderr


def test_the_socket_that_a_killed_replica_left_gives_way(start_replica: Starting) -> None:
    first = start_replica()
    first.process.kill()
    first.process.wait()
    assert Path(first.entry.socket).exists()
    inode = Path(first.entry.socket).stat().st_ino
    second = start_replica()
    wait_until(lambda: Path(first.entry.socket).stat().st_ino != inode)
    with second.client() as client:
        assert client.post("/predict", json=ADELIE).status_code == 200
