"""Bodies by row, sampling, redaction."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redspot.serving.events.event import events_of
from redspot.serving.events.record import Record
from redspot.serving.events.redaction import redact
from redspot.serving.events.rows import input_rows, output_rows
from redspot.serving.events.sampling import is_sampled

TENSORS = [
    {"name": "prediction", "shape": [2], "datatype": "BYTES", "data": ["a", "b"]},
    {"name": "probability", "shape": [2, 2], "data": [0.9, 0.1, 0.2, 0.8], "parameters": {"classes": ["a", "b"]}},
]
HEAD = {
    "endpoint": "e",
    "deployment": "d",
    "model": "m",
    "version": "1",
    "redacted": [],
    "request_id": "r",
    "time_us": 1_700_000_000_000_001,
    "latency_us": 5,
    "status": 200,
    "error": None,
    "caller": None,
}


def test_answers_are_the_same_by_row_whatever_the_protocol() -> None:
    assert output_rows("infer", {"outputs": TENSORS}) == [
        {"prediction": "a", "probabilities": {"a": 0.9, "b": 0.1}},
        {"prediction": "b", "probabilities": {"a": 0.2, "b": 0.8}},
    ]


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ("predict", [{"x": 1, "y": None}, {"x": 2, "y": "b"}]),
        (
            "infer",
            {
                "inputs": [
                    {"name": "x", "shape": [2, 1], "data": [[1], [2]]},
                    {"name": "y", "shape": [2], "data": [None, "b"]},
                ]
            },
        ),
        ("invocations", {"dataframe_split": {"columns": ["x", "y"], "data": [[1, None], [2, "b"]]}}),
        ("invocations", {"dataframe_records": [{"x": 1, "y": None}, {"x": 2, "y": "b"}]}),
        ("invocations", {"instances": [{"x": 1, "y": None}, {"x": 2, "y": "b"}]}),
    ],
)
def test_inputs_are_the_same_by_row_whatever_the_protocol(form: str, body: Any) -> None:
    assert input_rows(form, body) == [{"x": 1, "y": None}, {"x": 2, "y": "b"}]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["inputs", "outputs", "name", "shape", "data", "parameters", "classes", "x"]), inner
        )
    ),
    max_leaves=15,
)


@given(st.sampled_from(["predict", "infer", "invocations", ""]), JSON, JSON)
def test_whatever_was_written_is_read(form: str, inputs: Any, outputs: Any) -> None:
    head = json.dumps({**HEAD, "form": form}).encode()
    events = events_of(Record(head, json.dumps(inputs).encode(), json.dumps(outputs).encode()))
    assert events
    assert [event["row"] for event in events] == list(range(len(events)))
    redact(form, json.dumps(inputs).encode(), json.dumps(outputs).encode(), {"x"})


@pytest.mark.parametrize("head", [b"", b"[]", b"{}", b"nonsense", json.dumps({**HEAD, "time_us": None}).encode()])
def test_a_head_that_no_replica_wrote_is_refused(head: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        events_of(Record(head, b"null", b"null"))


def test_text_that_is_no_json_is_kept_as_text() -> None:
    head = json.dumps({**HEAD, "form": "invocations"}).encode()
    (event,) = events_of(Record(head, b"x,y\n1,2\n", b'{"predictions":[1]}'))
    assert json.loads(event["inputs"]) == "x,y\n1,2\n"
    # And left out whole where something in it must not be kept.
    assert redact("invocations", b"x,y\n1,2\n", b'{"predictions":[1]}', {"x"})[1] == b"null"


@given(st.text(max_size=20), st.floats(0, 1), st.floats(0, 1))
def test_sampling_is_stable_and_grows(request_id: str, one: float, other: float) -> None:
    assert is_sampled(request_id, one) == is_sampled(request_id, one)
    assert is_sampled(request_id, min(one, other)) <= is_sampled(request_id, max(one, other))


def test_sampling_is_the_same_everywhere_and_takes_its_share() -> None:
    assert [is_sampled(str(number), 0.5) for number in range(8)] == [
        False,
        False,
        True,
        False,
        True,
        False,
        True,
        False,
    ]
    assert abs(sum(is_sampled(str(number), 0.2) for number in range(20_000)) / 20_000 - 0.2) < 0.01
