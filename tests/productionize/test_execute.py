"""Real notebooks through papermill, in this process's own kernels."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from redspot_productionize.execute import execute
from redspot_productionize.papers import Order, Result, RunFolder, read_order, read_progress, write_order

from redspot.jobs.run import RunProgress

pytestmark = pytest.mark.filterwarnings("default")  # nbclient's kernels warn on their own account


def run(folder: Path, *sources: str, parameters: dict[str, Any] | None = None, dates: tuple[str, ...] = ()) -> Result:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    if parameters is not None:
        cells[0].metadata["tags"] = ["parameters"]
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": {"name": "python3", "display_name": "x"}})
    run_folder = RunFolder(folder)
    nbformat.write(notebook, run_folder.notebook)
    order = Order(parameters or {}, dates, capture=False)
    write_order(run_folder, order)
    assert read_order(run_folder) == order
    return execute(run_folder, order)


def test_typed_parameters_arrive_as_their_types(tmp_path: Path) -> None:
    result = run(
        tmp_path,
        "import datetime\nn = 0\nday = datetime.date(2026, 1, 1)\ntext = ''\nmaybe = 1",
        "import redspot\nredspot.record('seen', [n + 1, day.year, type(day).__name__, text, maybe])",
        parameters={"n": 41, "day": "2031-02-03", "text": 'say "hi"\n\\ ü', "maybe": None},
        dates=("day",),
    )
    assert result == Result(None, {"seen": [42, 2031, "date", 'say "hi"\n\\ ü', None]})
    assert read_progress(RunFolder(tmp_path)) == RunProgress(3, 3, None)


def test_a_cell_that_raises_keeps_the_output_and_names_the_cell(tmp_path: Path) -> None:
    result = run(tmp_path, "print('before')", "1 / 0", "print('never')")
    assert result.failure is not None
    assert (result.failure.code, result.failure.cell) == ("cell-raised", 2)
    assert "ZeroDivisionError" in result.failure.message
    assert "1 / 0" in result.failure.traceback
    assert "\x1b" not in result.failure.traceback
    output = nbformat.read(tmp_path / "output.ipynb", as_version=4)
    assert "before" in json.dumps(output.cells)
    assert not any("never\n" in json.dumps(cell.get("outputs", [])) for cell in output.cells)
    assert (tmp_path / "output.html").exists()


def test_a_kernel_that_dies_is_told_from_a_cell_that_raises(tmp_path: Path) -> None:
    result = run(tmp_path, "1", "import os\nos._exit(9)")
    assert result.failure is not None
    assert (result.failure.code, result.failure.cell) == ("kernel-died", 2)


def test_the_page_opens_without_a_network(tmp_path: Path) -> None:
    result = run(tmp_path, "import pandas as pd\npd.DataFrame({'a': [1, 2]})")
    assert result.failure is None
    page = (tmp_path / "output.html").read_text()
    assert "https://" not in page
    assert "<script" not in page
    assert "dataframe" in page


def test_the_guard_against_addresses_goes_red_on_nbconverts_own_page(tmp_path: Path) -> None:
    from nbconvert import HTMLExporter

    page, _ = HTMLExporter().from_notebook_node(nbformat.v4.new_notebook())
    assert "https://" in page


def test_the_engine_is_found_whoever_is_imported_first() -> None:
    for first in ("papermill", "redspot_productionize.engine", "redspot_productionize.cells"):
        code = f"import {first}, papermill.engines as e; print(e.papermill_engines.get_engine('redspot').__name__)"
        found = subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, capture_output=True, text=True)
        assert found.stdout.strip() == "RedspotEngine"
