"""What the MLflow routes do beyond what the client suite asks: files, versions, refusals, kills."""

from __future__ import annotations

import base64
import pickle
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
from sklearn.linear_model import LinearRegression

from redspot.client.service import ServiceClient
from redspot.pipeline import Pipeline, branch, estimate
from tests.registry_mlflow.client import Mlflow
from tests.services import ServiceProcess

FILES = "api/2.0/mlflow-artifacts/artifacts"


@pytest.fixture
def mlflow(shared_service: ServiceProcess) -> Iterator[Mlflow]:
    made = Mlflow(shared_service.config)
    yield made
    made.http.close()


def test_traces_prompts_and_the_gateway_are_told_as_unknown_endpoints(mlflow: Mlflow) -> None:
    for path in ("api/2.0/mlflow/traces", "api/3.0/mlflow/traces/search", "api/2.0/mlflow/prompts", "api/2.0/x"):
        answer = mlflow.http.post(path, json={})
        assert (answer.status_code, answer.json()["error_code"]) == (404, "ENDPOINT_NOT_FOUND")


@pytest.mark.parametrize("name", ["a/b", ".", "..", "x\u202ey", "'; DROP TABLE models", "<b>", "n" * 10_000, ""])
def test_names_that_we_refuse_are_invalid_parameters(mlflow: Mlflow, name: str) -> None:
    told = mlflow.ask("POST", "registered-models/create", status=400, name=name)
    assert told["error_code"] == "INVALID_PARAMETER_VALUE"


@pytest.mark.parametrize("path", ["../x", "a/../b", "a//b", "a/%2e%2e/b", "a\\b", "a/\x00", "versions/m/1/x"])
def test_a_file_goes_to_no_path_with_dots_and_into_no_version(mlflow: Mlflow, path: str) -> None:
    url = f"http://redspot/mlflow/{FILES}/" + path.replace("\x00", "%00").replace("..", "%2e%2e").replace("\\", "%5c")
    answer = mlflow.http.put(url, content=b"x")
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


def test_hostile_texts_come_back_as_they_were_sent(mlflow: Mlflow) -> None:
    run = mlflow.run()
    for value in ("'; DROP TABLE runs; --", "<script>alert(1)</script>", "\u202e:p0 %s ?", "y" * 6000):
        key = f"k{len(value)}"
        mlflow.post("runs/log-parameter", run_id=run, key=key, value=value)
        quoted = value.replace("'", '"') if "'" in value else value
        found = mlflow.post("runs/search", experiment_ids=["0"], filter=f"params.{key} != 'none'")["runs"]
        assert {p["key"]: p["value"] for p in found[0]["data"]["params"]}[key] == value
        assert mlflow.post("runs/search", experiment_ids=["0"], filter=f"params.{key} = '{quoted}'") is not None


def test_a_version_keeps_its_files_when_those_of_its_run_change(mlflow: Mlflow) -> None:
    run = mlflow.run()
    folder = f"0/{run}/artifacts/model"
    mlflow.http.put(f"{FILES}/{folder}/MLmodel", content=b"flavors: {python_function: {loader_module: x}}\n")
    mlflow.http.put(f"{FILES}/{folder}/data/weights.txt", content=b"first")
    mlflow.post("registered-models/create", name="frozen")
    source = f"mlflow-artifacts:/{folder}"
    made = mlflow.post("model-versions/create", name="frozen", source=source, run_id=run)["model_version"]
    assert "redspot.unsafe_format" not in {tag["key"] for tag in made["tags"]}
    mlflow.http.put(f"{FILES}/{folder}/data/weights.txt", content=b"second")
    uri = mlflow.ask("GET", "model-versions/get-download-uri", name="frozen", version="1")["artifact_uri"]
    kept = uri.removeprefix("mlflow-artifacts:/")
    assert mlflow.http.get(f"{FILES}/{kept}/data/weights.txt").content == b"first"
    listed = mlflow.http.get(FILES, params={"path": kept}).json()["files"]
    assert [(file["path"], file["is_dir"]) for file in listed] == [("MLmodel", False), ("data", True)]


def test_a_version_with_a_pickle_is_marked_and_cannot_be_deployed(mlflow: Mlflow, client: ServiceClient) -> None:
    run = mlflow.run()
    folder = f"0/{run}/artifacts/model"
    mlflow.http.put(f"{FILES}/{folder}/MLmodel", content=b"flavors: {sklearn: {pickled_model: model.bin}}\n")
    mlflow.http.put(f"{FILES}/{folder}/model.bin", content=pickle.dumps({"a": 1}))
    mlflow.post("registered-models/create", name="pickled")
    made = mlflow.post("model-versions/create", name="pickled", source=f"mlflow-artifacts:/{folder}")["model_version"]
    assert "model.bin is a pickle" in {tag["key"]: tag["value"] for tag in made["tags"]}["redspot.unsafe_format"]
    with pytest.raises(Exception, match=r"pickled@1 cannot be deployed: model\.bin is a pickle"):
        client.deploy("pickled", "pickled@1", confirm=True)
    assert [model.name for model in client.models() if model.name == "pickled"] == ["pickled"]


def test_a_pipeline_file_is_a_folder_that_mlflow_reads(mlflow: Mlflow) -> None:
    pipeline = Pipeline(x=branch("x"), model=estimate(LinearRegression())).fit({"x": [0.0, 1.0, 2.0]}, [1.0, 3.0, 5.0])
    sent = base64.b64encode(pipeline.dumps()).decode()
    answer = mlflow.http.post("http://redspot/api/models/ours/versions", json={"pipeline": sent})
    assert answer.status_code == 201, answer.text
    uri = mlflow.ask("GET", "model-versions/get-download-uri", name="ours", version="1")["artifact_uri"]
    folder = uri.removeprefix("mlflow-artifacts:/")
    described = mlflow.http.get(f"{FILES}/{folder}/MLmodel").json()
    assert described["flavors"]["python_function"]["loader_module"] == "redspot.pipeline.mlmodel"
    assert mlflow.http.get(f"{FILES}/{folder}/model.redspot").content == pipeline.dumps()
    found = mlflow.ask("GET", "model-versions/search", filter="name = 'ours'")["model_versions"]
    assert [version["version"] for version in found] == ["1"]


def test_a_large_file_streams_and_comes_back(mlflow: Mlflow) -> None:
    size = 160 * 1024 * 1024  # more than any other body may have
    path = f"{FILES}/0/large.bin"
    assert mlflow.http.put(path, content=(bytes(1024 * 1024) for _ in range(160))).status_code == 200
    with mlflow.http.stream("GET", path) as answer:
        assert sum(len(piece) for piece in answer.iter_bytes()) == size


def test_what_was_acknowledged_is_there_after_a_kill(service: ServiceProcess) -> None:
    mlflow = Mlflow(service.config)
    run, kept, stop = mlflow.run(), [0] * 4, threading.Event()
    numbers = [mlflow.post("registered-models/create", name=f"m{place}") and 0 for place in range(2)]

    def write(place: int) -> None:
        own = Mlflow(service.config)
        while not stop.is_set():
            step = kept[place]
            try:
                own.post("runs/log-metric", run_id=run, key=f"k{place}", value=step, timestamp=1, step=step)
                if place < 2:
                    own.post("model-versions/create", name=f"m{place}", source="models:/x/1")
                    numbers[place] += 1
            except httpx.HTTPError:
                break
            kept[place] = step + 1
        own.http.close()

    for _ in range(3):
        threads = [threading.Thread(target=write, args=(place,)) for place in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.5)
        service.kill()
        stop.set()
        for thread in threads:
            thread.join()
        stop.clear()
        service.start()
        for place in range(4):
            points = mlflow.ask("GET", "metrics/get-history", run_id=run, metric_key=f"k{place}")["metrics"]
            steps = [point["step"] for point in points]
            assert steps == list(range(len(steps)))
            assert len(steps) >= kept[place]
            kept[place] = len(steps)
        for place in range(2):
            found = mlflow.ask("GET", "model-versions/search", filter=f"name = 'm{place}'")["model_versions"]
            got = sorted(int(version["version"]) for version in found)
            assert got == list(range(1, len(got) + 1))
            assert len(got) >= numbers[place]
            numbers[place] = len(got)
    assert min(kept) > 0
    mlflow.http.close()
