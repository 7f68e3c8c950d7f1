from __future__ import annotations

import json
from typing import Any

import pytest

from redspot.jobs.notebook import NotebookError, freeze_notebook, inspect_notebook


def notebook(*cells: dict[str, Any]) -> bytes:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {"x": 1}, "cells": list(cells)}).encode()


def code(source: str, tags: tuple[str, ...] = (), outputs: tuple[Any, ...] = ()) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": "a",
        "metadata": {"tags": list(tags), "scrolled": True},
        "source": source,
        "outputs": list(outputs),
        "execution_count": 3,
    }


def test_outputs_counts_and_editor_state_are_stripped() -> None:
    ran = notebook(code("1", outputs=({"output_type": "stream", "name": "stdout", "text": "x"},)))
    frozen = json.loads(freeze_notebook(ran))
    assert frozen["cells"][0]["outputs"] == []
    assert frozen["cells"][0]["execution_count"] is None
    assert frozen["cells"][0]["metadata"] == {}
    assert freeze_notebook(ran) == freeze_notebook(notebook(code("1")))


def test_changed_code_has_other_bytes() -> None:
    assert freeze_notebook(notebook(code("1"))) != freeze_notebook(notebook(code("2")))


def test_parameters_are_found_by_tag() -> None:
    facts = inspect_notebook(notebook(code("import os"), code("n: int = 1", ("parameters",))))
    assert [parameter.name for parameter in facts.parameters] == ["n"]
    assert facts.code_cells == 2
    assert facts.hint == ""


def test_a_notebook_without_the_cell_says_so() -> None:
    facts = inspect_notebook(notebook(code("n = 1")))
    assert not facts.has_parameters_cell
    assert "no cell tagged 'parameters'" in facts.hint


def test_injected_parameters_of_an_earlier_run_do_not_count() -> None:
    facts = inspect_notebook(notebook(code("n = 1", ("parameters",)), code("n = 2", ("injected-parameters",))))
    assert facts.code_cells == 1


@pytest.mark.parametrize("data", [b"", b"\xff", b"[]", b"{}", b'{"nbformat": 3, "worksheets": []}'])
def test_what_is_no_notebook_is_refused(data: bytes) -> None:
    with pytest.raises(NotebookError, match="not a notebook"):
        inspect_notebook(data)
