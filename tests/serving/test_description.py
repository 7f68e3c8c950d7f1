"""What an endpoint tells of itself: its OpenAPI document, its tensors, and the page to try it."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema
import pytest

from redspot.pipeline.schema import InputColumn, OutputColumn, Schema
from redspot.serving.openapi import openapi
from redspot.serving.protocol import model_metadata, read_infer
from redspot.serving.trial import trial_page
from tests.serving.conftest import ADELIE, TOKEN, ReplicaProcess, RouterProcess

EVERYTHING = Schema(
    "regression",
    (
        InputColumn("mass", "float", True, None, 3.5),
        InputColumn("count", "int", False, None, 2),
        InputColumn("wild", "bool", False, None, True),
        InputColumn("place", "text", False, ("Dream", "Biscoe"), "Dream"),
        InputColumn("seen", "datetime", False, None, "2026-01-31T12:00:00"),
        InputColumn("tags", "list", False, None, ["a"]),
        InputColumn("photo", "image", False, None, None),
    ),
    (
        OutputColumn("prediction", "float", None),
        OutputColumn("where", "text", None),
        OutputColumn("why", "float", ("mass", "count")),
    ),
)


@pytest.fixture
def client(replica: ReplicaProcess) -> Iterator[httpx.Client]:
    with replica.client() as client:
        yield client


def validator(document: dict[str, Any], name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator({"$ref": f"#/components/schemas/{name}", **document})


def test_the_document_says_what_is_answered(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    assert document["info"]["x-redspot"]["model"] == "species"
    row = document["components"]["schemas"]["Row"]
    assert row["properties"]["island"]["examples"] == ["Biscoe", "Dream", "Torgersen"]
    example = document["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["example"]
    assert set(example) == set(ADELIE)
    answer = client.post("/predict", json=example)
    validator(document, "Answer").validate(answer.json()["predictions"][0])
    validator(document, "Row").validate(ADELIE)
    validator(document, "Problem").validate(client.post("/predict", json={"beak": 1}).json())
    assert list(validator(document, "Row").iter_errors({"beak": 1}))
    for path, methods in document["paths"].items():
        for method in methods:
            # Every path that is told exists: an empty body is refused and not unknown.
            assert client.request(method, path).status_code in (200, 400)


def test_every_type_is_described_and_has_a_tensor() -> None:
    document = openapi("e", "m", "3", EVERYTHING)
    json.dumps(document, allow_nan=False)
    row = {column.name: column.example for column in EVERYTHING.inputs}
    validator(document, "Row").validate(row)
    answer = {"prediction": 1.0, "where": None, "why": {"mass": 0.5}}
    validator(document, "Answer").validate(answer)
    assert "Answer" in json.dumps(document["paths"]["/invocations"])
    metadata = model_metadata("m", "3", EVERYTHING)
    datatypes = ["FP64", "INT64", "BOOL", "BYTES", "BYTES", "BYTES", "BYTES"]
    assert [each["datatype"] for each in metadata["inputs"]] == datatypes
    assert [each["name"] for each in metadata["outputs"]] == ["prediction", "where", "why"]
    data = {**row, "tags": '["a", "b"]'}
    tensors = [
        {"name": each["name"], "datatype": each["datatype"], "shape": [1], "data": [data[each["name"]]]}
        for each in metadata["inputs"]
    ]
    asked = read_infer({"inputs": tensors}, EVERYTHING, 10, memoryview(b""))
    assert asked.columns["tags"] == [["a", "b"]]


def test_the_page_is_the_same_for_all_and_runs_its_own_script_only(router: RouterProcess) -> None:
    url = f"http://127.0.0.1:{router.port}/endpoints"
    pages = [httpx.get(f"{url}/{name}/") for name in ("penguins", "nobody")]
    pages += [router.client.get("/endpoints/penguins")]
    assert {page.content for page in pages} == {trial_page().body}
    for page in pages:
        assert page.headers["content-type"].startswith("text/html")
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        for tag in ("script", "style"):
            found = re.search(rf"<{tag}>(.*?)</{tag}>", page.text, re.DOTALL)
            assert found is not None
            digest = base64.b64encode(hashlib.sha256(found[1].encode()).digest()).decode()
            assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "://" not in trial_page().body.decode()
    assert httpx.get(f"{url}/penguins/openapi.json").status_code == 401
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert httpx.get(f"{url}/penguins/openapi.json", headers=headers).json()["info"]["title"] == "penguins"
    assert httpx.head(f"{url}/penguins/").status_code == 200
    assert httpx.post(f"{url}/penguins/", json={}).status_code == 401
