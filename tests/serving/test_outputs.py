"""A replica whose pipeline answers more than a prediction, through both of its doors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from palmerpenguins import load_penguins
from sklearn.linear_model import LinearRegression

from redspot.pipeline import Pipeline, branch, estimate, explain, load, target
from tests.serving.conftest import replicas_in

ROWS = [
    {"bill_length_mm": 39.1, "flipper_length_mm": 181.0, "island": "Dream"},
    {"bill_length_mm": 50.0, "flipper_length_mm": None, "island": None},
]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = Pipeline(
        numbers=branch("bill_length_mm", "flipper_length_mm").impute().scale(),
        place=branch("island").output(),
        size=branch("bill_length_mm", "flipper_length_mm").impute().clip(30, 200).output(),
        mass=target("body_mass_g", missing="drop").scale(),
        model=estimate(LinearRegression()),
        why=explain(top=1),
    )
    path = tmp_path_factory.mktemp("outputs") / "mass.redspot"
    made.fit(load_penguins()).save(path)
    return path


@pytest.fixture(scope="module")
def client(file: Path) -> Iterator[httpx.Client]:
    with replicas_in(file) as start, start().client() as client:
        yield client


def test_rows_come_back_with_all_outputs(client: httpx.Client, file: Path) -> None:
    pipeline = load(file)
    wanted = [pipeline.predict_one(row) for row in ROWS]
    assert client.post("/predict", json=ROWS[0]).json()["predictions"] == [wanted[0]]
    for given, answer in zip(client.post("/predict", json=ROWS).json()["predictions"], wanted, strict=True):
        assert given["prediction"] == pytest.approx(answer["prediction"], rel=1e-9)
        assert given["place"] == answer["place"]
        assert given["size"] == pytest.approx(answer["size"], rel=1e-9)
        assert given["why"] == pytest.approx(answer["why"], rel=1e-9)


def test_outputs_are_tensors_of_the_protocol(client: httpx.Client) -> None:
    metadata = client.get("/v2/models/species").json()
    assert [(each["name"], each["datatype"], each["shape"]) for each in metadata["outputs"]] == [
        ("prediction", "FP64", [-1]),
        ("place", "BYTES", [-1]),
        ("size", "FP64", [-1, 2]),
        ("why", "FP64", [-1, 3]),
    ]
    inputs = [
        {"name": name, "shape": [2], "datatype": kind, "data": [row[name] for row in ROWS]}
        for name, kind in (("bill_length_mm", "FP64"), ("flipper_length_mm", "FP64"), ("island", "BYTES"))
    ]
    answer = client.post("/v2/models/species/infer", json={"inputs": inputs}).json()
    by_name = {each["name"]: each for each in answer["outputs"]}
    assert by_name["place"]["data"] == ["Dream", None]
    assert by_name["size"]["shape"] == [2, 2]
    assert by_name["size"]["data"][:2] == [39.1, 181.0]
    assert by_name["why"]["parameters"] == {"columns": ["bill_length_mm", "flipper_length_mm", "island"]}
    # Only the largest effect of each row is told; the others have no number.
    assert [value is not None for value in by_name["why"]["data"]].count(True) == 2
    some = client.post("/v2/models/species/infer", json={"inputs": inputs, "outputs": [{"name": "place"}]}).json()
    assert [each["name"] for each in some["outputs"]] == ["place"]
