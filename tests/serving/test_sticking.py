from __future__ import annotations

import json
from typing import Any

import pytest

from redspot.serving.answer import Request
from redspot.serving.headers import Headers
from redspot.serving.sticking import sticky_key

ROW = {"visitor": "v7", "mass": 3}


def asked(body: Any, **headers: str) -> Request:
    return Request("POST", "/predict", "", Headers(headers.items()), json.dumps(body).encode())


@pytest.mark.parametrize(
    "body",
    [
        ROW,
        [ROW, {"visitor": "v8"}],
        {"dataframe_records": [ROW]},
        {"instances": [ROW]},
        {"inputs": [ROW]},
        {"inputs": {"visitor": ["v7", "v8"]}},
        {"inputs": {"visitor": "v7"}},
        {"dataframe_split": {"columns": ["mass", "visitor"], "data": [[3, "v7"], [4, "v8"]]}},
        {"inputs": [{"name": "visitor", "datatype": "BYTES", "shape": [2, 1], "data": [["v7"], ["v8"]]}]},
    ],
)
def test_a_column_is_found_in_every_form_of_a_request(body: Any) -> None:
    assert sticky_key("column:visitor", asked(body), "ada") == "v7"


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        None,
        7,
        {"visitor": None},
        {"visitor": {"a": 1}},
        {"inputs": 3},
        {"inputs": {"visitor": []}},
        {"instances": [[1, 2]]},
        {"dataframe_split": {"columns": ["visitor"], "data": []}},
        {"dataframe_split": {"columns": ["a", "visitor"], "data": [[1]]}},
        {"dataframe_split": 3},
        {"inputs": [{"name": "visitor", "data": []}]},
    ],
)
def test_without_the_column_the_caller_is_the_key(body: Any) -> None:
    assert sticky_key("column:visitor", asked(body), "ada") == "ada"


def test_a_body_that_is_no_json_leaves_the_caller() -> None:
    assert sticky_key("column:visitor", Request("POST", "/", "", Headers(), b"{"), "ada") == "ada"


def test_a_header_is_the_key_and_the_caller_without_it() -> None:
    assert sticky_key("header:x-visitor", asked({}, **{"X-Visitor": "v7"}), "ada") == "v7"
    assert sticky_key("header:X-Visitor", asked({}), "ada") == "ada"
