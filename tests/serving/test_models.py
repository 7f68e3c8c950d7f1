"""Several models in one server: found by name, version and alias; loaded, failed and unloaded one by one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from palmerpenguins import load_penguins
from sklearn.linear_model import Ridge

from redspot.pipeline import Pipeline, branch, estimate, impute, load
from redspot.serving.board import Board, wants_loaded
from redspot.serving.catalogue import Catalogue
from redspot.serving.config import ReplicaConfig
from redspot.serving.errors import ModelNotServedError, ReplicaConfigError
from redspot.serving.served import ModelEntry
from redspot.serving.signature import CALLER_HEADER, sign_caller
from tests.serving.conftest import ADELIE, NUMBERS, SECRET, ReplicaProcess, replicas_in, wait_until
from tests.serving.test_replica import tensors

MASS = {name: ADELIE[name] for name in NUMBERS[:3]}


@pytest.fixture(scope="module")
def folder(pipeline_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    known = load_penguins().dropna()
    mass = Pipeline(numbers=branch(*NUMBERS[:3]).then(impute("median")), model=estimate(Ridge()))
    mass.fit(known, "body_mass_g").save(folder / "mass.redspot")
    shutil.copy(pipeline_file, folder / "species.redspot")
    (folder / "broken.redspot").write_bytes(b"no pipeline")
    return folder


def entry(folder: Path, model: str, version: str = "1", **more: Any) -> dict[str, Any]:
    return {"model": model, "version": version, "pipeline": str(folder / f"{model}.redspot"), **more}


Serving = Callable[..., ReplicaProcess]


@pytest.fixture
def serve(pipeline_file: Path) -> Iterator[Serving]:
    with replicas_in(pipeline_file) as start:

        def serve(*models: dict[str, Any], **more: Any) -> ReplicaProcess:
            # What the form of one model names is left out.
            return start(models=list(models), model=None, version=None, pipeline=None, **more)

        yield serve


def states(client: httpx.Client) -> dict[str, str]:
    index = client.post("/v2/repository/index", json={}).json()
    return {f"{each['name']}@{each['version']}": each["state"] for each in index}


def test_each_model_answers_under_its_own_paths(serve: Serving, folder: Path) -> None:
    replica = serve(
        entry(folder, "species"), entry(folder, "mass", "7", aliases=["champion"]), entry(folder, "mass", "8")
    )
    species, mass = (load(folder / f"{name}.redspot") for name in ("species", "mass"))
    with replica.client() as client:
        wait_until(lambda: client.get("/v2/health/ready").status_code == 200)
        kilo = mass.predict_one(MASS)
        for path in ("/models/mass", "/models/mass/versions/7", "/models/mass/versions/champion"):
            answer = client.post(f"{path}/predict", json=MASS).json()
            assert answer == {"model": "mass", "version": "7", "predictions": [kilo]}
            answer = client.post(f"{path}/invocations", json={"instances": [MASS]}).json()
            assert answer == {"predictions": [kilo["prediction"]]}
        for path in ("", "/models/species", "/models/species/versions/1"):
            answer = client.post(f"{path}/predict", json=ADELIE).json()
            assert answer == {"model": "species", "version": "1", "predictions": [species.predict_one(ADELIE)]}
        inputs = [each for each in tensors([ADELIE]) if each["name"] in MASS]
        answer = client.post("/v2/models/mass/versions/8/infer", json={"inputs": inputs}).json()
        assert (answer["model_version"], answer["outputs"][0]["data"]) == ("8", [kilo["prediction"]])
        assert client.get("/v2/models/mass").json()["versions"] == ["7", "8"]
        assert [each["name"] for each in client.get("/v2/models/mass/versions/champion").json()["inputs"]] == [*MASS]
        document = client.get("/models/mass/versions/8/openapi.json").json()
        assert (document["info"]["version"], document["servers"]) == ("8", [{"url": "../../../.."}])
        assert "/models/mass/versions/8/predict" in document["paths"]
        unknown = client.post("/models/mass/versions/9/predict", json=MASS)
        assert (unknown.status_code, unknown.json()["code"]) == (404, "model-not-served")
        assert "mass@8" in unknown.json()["detail"]
        lines = client.get("/metrics").text.splitlines()
        assert 'redspot_rows_total{endpoint="penguins",model="mass",version="7"} 6.0' in lines
        assert 'redspot_rows_total{endpoint="penguins",model="mass",version="8"} 1.0' in lines
        assert sum(line.startswith("# TYPE redspot_rows_total") for line in lines) == 1


def test_a_model_that_fails_says_why_and_stops_no_other(serve: Serving, folder: Path) -> None:
    replica = serve(entry(folder, "broken"), entry(folder, "species"), entry(folder, "absent"))
    with replica.client() as client:
        wait_until(lambda: "LOADING" not in states(client).values())
        assert states(client) == {"broken@1": "UNAVAILABLE", "species@1": "READY", "absent@1": "UNAVAILABLE"}
        assert client.post("/models/species/predict", json=ADELIE).status_code == 200
        ready = client.get("/v2/health/ready")
        assert ready.status_code == 503
        assert set(ready.json()["models"]) == {"broken@1", "absent@1"}
        refused = client.post("/predict", json=ADELIE)
        assert (refused.status_code, refused.json()["code"]) == (503, "model-not-ready")
        assert "no pipeline file" in refused.json()["detail"]
        assert client.get("/v2/models/broken/ready").json() == {"name": "broken", "ready": False}
        assert client.get("/v2/health/live").status_code == 200


@pytest.mark.parametrize("workers", [1, 2])
def test_models_are_loaded_and_unloaded_in_all_workers(
    serve: Serving, tmp_path: Path, folder: Path, workers: int
) -> None:
    for name in ("species", "mass"):
        shutil.copy(folder / f"{name}.redspot", tmp_path)
    replica = serve(entry(tmp_path, "species"), entry(tmp_path, "mass"), workers=workers)

    def asked(path: str, **more: Any) -> set[int]:
        # New connections, so that each worker is met.
        found = set()
        for _ in range(12):
            with replica.client() as each:
                found.add(each.post(path, **more).status_code)
        return found

    with replica.client() as client:
        wait_until(lambda: client.get("/v2/health/ready").status_code == 200)
        assert client.post("/v2/repository/models/mass/unload", json={}).json() == {}
        assert states(client) == {"species@1": "READY", "mass@1": "UNAVAILABLE"}
        assert asked("/models/mass/predict", json=MASS) == {503}
        assert client.get("/v2/health/ready").status_code == 200
        assert client.post("/v2/repository/models/mass/load").json() == {}
        assert asked("/models/mass/predict", json=MASS) == {200}
        (tmp_path / "mass.redspot").write_bytes(b"damaged")
        failed = client.post("/v2/repository/models/mass/load")
        assert (failed.status_code, failed.json()["code"]) == (503, "model-not-ready")
        # The one that was there goes on.
        assert states(client)["mass@1"] == "READY"
        assert asked("/models/mass/predict", json=MASS) == {200}
        assert client.post("/v2/repository/models/other/load").status_code == 404
        assert client.post("/v2/repository/models/mass/load", json={"parameters": {"config": "x"}}).status_code == 400
        only = client.post("/v2/repository/index", json={"ready": True}).json()
        assert [each["name"] for each in only] == ["species", "mass"]


def test_a_caller_of_the_endpoint_may_look_and_not_load(serve: Serving, folder: Path) -> None:
    caller = {CALLER_HEADER: sign_caller("ada", SECRET)}
    with serve(entry(folder, "species")).client() as client:
        assert client.post("/v2/repository/index", headers=caller).status_code == 200
        for verb in ("load", "unload"):
            answer = client.post(f"/v2/repository/models/species/{verb}", headers=caller)
            assert (answer.status_code, answer.json()["code"]) == (403, "repository-forbidden")
        assert client.post("/v2/repository/models/species/delete").status_code == 404


def test_events_name_the_model(serve: Serving, folder: Path, tmp_path: Path) -> None:
    from tests.serving.events.test_replica_events import events_in

    models = (entry(folder, "species", redact=["sex"]), entry(folder, "mass"))
    with serve(*models, events={"spool": str(tmp_path / "spool")}).client() as client:
        wait_until(lambda: client.get("/v2/health/ready").status_code == 200)
        client.post("/models/mass/predict", json=MASS)
        client.post("/models/species/predict", json=ADELIE)
        seen = {event["model"]: json.loads(str(event["inputs"])) for event in events_in(tmp_path / "spool")}
        assert seen == {"mass": MASS, "species": {**ADELIE, "sex": None}}
        for model in ("mass", "species"):
            assert f'redspot_events_total{{endpoint="penguins",model="{model}",version="1"}} 1.0' in (
                client.get("/metrics").text
            )


def test_a_name_may_be_any_text() -> None:
    catalogue = Catalogue([ModelEntry("a/b c", "1.0 β", Path("x"))])
    assert "/models/a%2Fb%20c/versions/1.0%20%CE%B2/predict" in catalogue.places[0].paths
    assert catalogue.find("a/b c", "1.0 β") is catalogue.places[0]
    with pytest.raises(ModelNotServedError, match="'1'"):
        catalogue.find("a/b c", "1")


def test_an_order_is_done_when_all_workers_say_so() -> None:
    board = Board(2, 2)
    first = board.order(1, loaded=False)
    assert not wants_loaded(first)
    board.note(0, 1, first)
    assert not board.is_done(1, first)
    second = board.order(1, loaded=True)
    assert wants_loaded(second)
    board.note(1, 1, second)
    assert board.is_done(1, first)
    board.note(0, 1, second)
    # One that took longer than the next does not take that back.
    board.note(0, 1, first)
    assert board.is_done(1, second)
    again = board.order(1, loaded=True)
    assert wants_loaded(again)
    assert again > second
    assert board.latest(0) == 0


@pytest.mark.parametrize(
    ("models", "says"),
    [
        ([], "at least one"),
        ([1], "Entry 0"),
        ([{"model": "a", "version": "1"}], "'pipeline'"),
        ([{"model": "a", "version": "1", "pipeline": "p", "file": "x"}], "Entry 0"),
        ([{"model": "a", "version": "1", "pipeline": "p", "aliases": "x"}], "'aliases'"),
        ([{"model": "a", "version": "1", "pipeline": "p"}] * 2, "second time"),
        ([{"model": "a", "version": "1", "pipeline": "p", "aliases": ["1"]}], "second time"),
    ],
)
def test_models_that_cannot_be_told_apart_or_read_are_refused(models: Any, says: str, tmp_path: Path) -> None:
    content = {"endpoint": "e", "deployment_id": "d", "port": 1, "models": models}
    (tmp_path / "c.json").write_text(json.dumps(content))
    with pytest.raises(ReplicaConfigError, match=says):
        ReplicaConfig.read(tmp_path / "c.json")
    (tmp_path / "c.json").write_text(json.dumps({**content, "model": "a"}))
    with pytest.raises(ReplicaConfigError, match="of its own"):
        ReplicaConfig.read(tmp_path / "c.json")
