"""Records: what is kept, what is refused, and what a cell shows."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from redspot.client.recording import MIME_TYPE, InvalidRecordError, clear, record, recorded


@pytest.fixture(autouse=True)
def _no_records() -> Iterator[None]:
    clear()
    yield
    clear()


def test_a_record_is_kept_under_its_name() -> None:
    record("accuracy", 0.97)
    record("classes", ["a", "b"])
    assert recorded() == {"accuracy": 0.97, "classes": ["a", "b"]}


def test_a_later_value_replaces_the_earlier() -> None:
    record("loss", 1)
    record("loss", 2)
    assert recorded() == {"loss": 2}


def test_numpy_values_become_plain_ones() -> None:
    record(
        "m", {"a": np.float64(0.5), "b": np.int64(3), "c": np.array([[1, 2]]), "d": np.bool_(True), "e": np.str_("x")}
    )
    kept = recorded()["m"]
    assert kept == {"a": 0.5, "b": 3, "c": [[1, 2]], "d": True, "e": "x"}
    assert [type(kept[key]) for key in "abde"] == [float, int, bool, str]


def test_what_is_returned_is_a_copy() -> None:
    record("list", [1])
    recorded()["list"].append(2)
    assert recorded() == {"list": [1]}


@pytest.mark.parametrize("name", ["", "-a", "a b", "a/b", "x" * 101, "é", "a\n", None, 3])
def test_a_bad_name_is_refused(name: object) -> None:
    with pytest.raises(InvalidRecordError, match="no name for a record"):
        record(name, 1)  # type: ignore[arg-type]
    assert recorded() == {}


@pytest.mark.parametrize(
    "value", [object(), {1: "x"}, float("nan"), [float("inf")], {"a": {"b": {1, 2}}}, b"bytes", np.array([np.nan])]
)
def test_a_value_that_json_cannot_say_is_refused(value: object) -> None:
    with pytest.raises(InvalidRecordError, match="The record 'x'"):
        record("x", value)
    assert recorded() == {}


def test_a_value_of_more_than_a_mebibyte_is_refused() -> None:
    with pytest.raises(InvalidRecordError, match="at most"):
        record("x", "a" * (1024 * 1024))


def test_a_cell_shows_the_record_with_its_own_mime_type() -> None:
    program = """
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
shell = InteractiveShell.instance()
with capture_output() as captured:
    shell.run_cell("import redspot; redspot.record('accuracy', 0.5)").raise_error()
import json, sys
sys.stderr.write(json.dumps([output.data for output in captured.outputs]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert json.loads(done.stderr.splitlines()[-1]) == [
        {MIME_TYPE: {"name": "accuracy", "value": 0.5}, "text/plain": "accuracy = 0.5"}
    ]


def test_outside_of_ipython_nothing_is_printed() -> None:
    program = "import sys, redspot; redspot.record('a', 1); assert 'IPython' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == ""
