"""MLflow's door: what its clients send, and what they are told when it does not fit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.serving.conftest import ADELIE, ReplicaProcess

COLUMNS = list(ADELIE)
ROW = list(ADELIE.values())
GENTOO = [50.0, 15.2, 220.0, 5700.0, "Biscoe", None]
CSV = {"Content-Type": "text/csv"}


@pytest.fixture
def client(replica: ReplicaProcess) -> Iterator[httpx.Client]:
    with replica.client() as client:
        yield client


@pytest.mark.parametrize(
    "body",
    [
        {"dataframe_split": {"columns": COLUMNS, "data": [ROW, GENTOO]}},
        {"dataframe_split": {"columns": COLUMNS[::-1], "index": [7, 8], "data": [ROW[::-1], GENTOO[::-1]]}},
        {"dataframe_records": [ADELIE, dict(zip(COLUMNS, GENTOO, strict=True))]},
        {"instances": [ADELIE, dict(zip(COLUMNS[:-1], GENTOO, strict=False))]},
        {"instances": [ROW, GENTOO], "params": None},
        {"inputs": [ROW, GENTOO], "params": {}},
        {"inputs": {name: [first, second] for name, first, second in zip(COLUMNS, ROW, GENTOO, strict=True)}},
    ],
)
def test_frames_of_every_form_are_answered(client: httpx.Client, body: dict[str, Any]) -> None:
    answer = client.post("/invocations", json=body)
    assert (answer.status_code, answer.json()) == (200, {"predictions": ["Adelie", "Gentoo"]})


@pytest.mark.parametrize(
    "body", [{"dataframe_split": {"data": [ROW]}}, {"inputs": {name: [value] for name, value in ADELIE.items()}}]
)
def test_one_row_is_answered_with_one_prediction(client: httpx.Client, body: dict[str, Any]) -> None:
    assert client.post("/invocations", json=body).json() == {"predictions": ["Adelie"]}


def test_nothing_is_answered_with_nothing(client: httpx.Client) -> None:
    assert client.post("/invocations", json={"dataframe_records": []}).json() == {"predictions": []}


def test_csv_is_read_by_the_types_of_the_columns(client: httpx.Client) -> None:
    lines = [",".join(COLUMNS), ",".join(map(str, ROW)), "50,15.2,220,5700,Biscoe,", ""]
    answer = client.post("/invocations", content="\r\n".join(lines), headers=CSV)
    assert answer.json() == {"predictions": ["Adelie", "Gentoo"]}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("1", "exactly one"),
        ({}, "exactly one"),
        ({"inputs": [ROW], "instances": [ROW]}, "exactly one"),
        ({"inputs": [ROW], "parameters": {}}, "exactly one"),
        ({"inputs": [ROW], "params": {"top": 1}}, "no 'params'"),
        ({"inputs": {**{name: [1] for name in COLUMNS}, "sex": []}}, "'sex' has 0"),
        ({"inputs": {"beak": [1]}}, "'beak'"),
        ({"inputs": {"island": ["Dream"]}}, "bill_length_mm"),
        ({"instances": [ROW, ROW[1:]]}, "Row 1: 6 values"),
        ({"instances": [ADELIE, ROW]}, "Row 1: a row is an object"),
        ({"instances": [ADELIE, {"beak": 1}]}, "Row 1: Unknown column 'beak'"),
        ({"dataframe_records": [ADELIE, {**ADELIE, "sex": 3}]}, "Row 1: Column 'sex'"),
        ({"dataframe_records": ADELIE}, "list of rows"),
        ({"dataframe_split": [ROW]}, "object with 'columns'"),
        ({"dataframe_split": {"columns": ["sex", "sex"], "data": [["a", "b"]]}}, "twice"),
        ({"dataframe_split": {"columns": ["beak"], "data": [[1]]}}, "'beak'"),
        ({"dataframe_split": {"columns": "sex", "data": []}}, "list of names"),
        ({"dataframe_split": {"columns": COLUMNS, "data": 1}}, "list of rows"),
        ({"dataframe_split": {"columns": COLUMNS, "data": [[1e400, *ROW[1:]]]}}, "Infinity"),
    ],
)
def test_a_frame_that_does_not_fit_is_told_why(client: httpx.Client, body: object, says: str) -> None:
    answer = client.post("/invocations", content=json.dumps(body), headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert says in answer.json()["detail"]
    assert answer.json()["code"] not in ("internal", "")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no line"),
        ("sex,sex\nmale,male", "twice"),
        ("beak\n1", "'beak'"),
        (",".join(COLUMNS) + "\n1,2", "Row 0"),
        (",".join(COLUMNS) + "\n1,2,3,4,Dream,male\n1,2,3,heavy,Dream,male", "Row 1: column 'body_mass_g'"),
        ('sex\n"male', "not CSV"),
        (b"sex\n\xff", "not CSV"),
    ],
)
def test_a_csv_that_does_not_fit_is_told_why(client: httpx.Client, text: str | bytes, says: str) -> None:
    answer = client.post("/invocations", content=text, headers=CSV)
    assert (answer.status_code, says in answer.json()["detail"]) == (400, True), answer.text


def test_numbers_that_are_none_are_refused_in_one_sentence(client: httpx.Client) -> None:
    for word in ("NaN", "Infinity"):
        answer = client.post("/invocations", content=f'{{"instances": [{{"body_mass_g": {word}}}]}}')
        assert answer.status_code == 400
        assert answer.json()["detail"] == f"The body is not JSON: {word} is no JSON; a value not known is null."
    # A number that no float can hold is infinite too.
    rows = json.dumps([ADELIE, ADELIE]).replace("3750.0", "1e999", 1)
    answer = client.post("/predict", content=rows)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-body")
    assert "infinity" in answer.json()["detail"]


def test_what_is_neither_json_nor_csv_is_told_so(client: httpx.Client) -> None:
    answer = client.post("/invocations", content=b"x", headers={"Content-Type": "application/x-parquet"})
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-content")
    assert client.get("/invocations").status_code == 405
    assert client.get("/ping").status_code == 200


def test_an_error_far_down_names_its_row(client: httpx.Client) -> None:
    rows: list[dict[str, Any]] = [{**ADELIE} for _ in range(4000)]
    rows[2500]["sex"] = 3
    rows[3900]["beak"] = 1
    for path, body in (("/predict", rows), ("/invocations", {"dataframe_records": rows})):
        told = client.post(path, json=body).json()
        assert (told["code"], told["facts"]["row"]) == ("column-type", 2500)
        assert "Row 2500: Column 'sex'" in told["detail"]
    rows[2500]["sex"] = None
    assert client.post("/predict", json=rows).json()["detail"].startswith("Row 3900: Unknown column 'beak'")
