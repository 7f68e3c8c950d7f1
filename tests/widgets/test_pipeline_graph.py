"""The widget's state and what a notebook keeps of it."""

from __future__ import annotations

import copy
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
import redspot_widgets
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from redspot_widgets import InvalidGraphError, PipelineGraph, picture

from redspot.pipeline import Pipeline

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
ROOT = Path(__file__).parents[2]


def test_state_is_the_description(fitted: Pipeline) -> None:
    widget = PipelineGraph(fitted)
    assert widget.graph == fitted.describe()
    assert json.loads(json.dumps(widget.get_state()["graph"])) == fitted.describe()
    assert PipelineGraph(fitted.describe()).graph == fitted.describe()
    assert widget.selected == ""


def test_the_front_end_is_in_the_package_and_loads_nothing() -> None:
    folder = Path(redspot_widgets.__file__).parent
    for name in ("pictures.js", "pictures.css"):
        text = (folder / name).read_text(encoding="utf-8")
        assert "import " not in text.replace("!important", "")
        assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
        for unsafe in (
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "eval(",
            "fetch(",
            "@import",
            "url(",
            "require(",
        ):
            assert unsafe not in text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda graph: graph.pop("nodes"), "A graph is a pipeline"),
        (lambda graph: graph["nodes"][0].pop("kind"), "A node of the graph lacks kind"),
        (lambda graph: graph["nodes"].append(3), "A node of the graph lacks columns_in"),
        (lambda graph: graph["nodes"].append(graph["nodes"][0]), "Two nodes of the graph have the id 'numbers'"),
        (lambda graph: graph["edges"][0].update(to="nix"), "leads nowhere or backwards"),
        (lambda graph: graph["edges"][0].update({"from": "model"}), "leads nowhere or backwards"),
    ],
)
def test_what_is_no_graph_is_refused(fitted: Pipeline, change: Callable[[Any], None], message: str) -> None:
    graph = copy.deepcopy(fitted.describe())
    change(graph)
    with pytest.raises(InvalidGraphError, match=message):
        PipelineGraph(graph)
    widget = PipelineGraph(fitted)
    with pytest.raises(InvalidGraphError, match=message):
        widget.graph = graph
    assert widget.graph == fitted.describe()


def test_only_a_node_can_be_selected(fitted: Pipeline) -> None:
    widget = PipelineGraph(fitted)
    widget.selected = "model"
    with pytest.raises(InvalidGraphError, match="No node 'nix'; there are numbers, words"):
        widget.selected = "nix"


def test_the_static_picture_stays_beside_the_live_one(fitted: Pipeline) -> None:
    data, _ = PipelineGraph(fitted)._repr_mimebundle_()
    assert set(data) == {WIDGET_VIEW, "text/plain", "text/html", "image/svg+xml"}
    assert data["text/plain"].startswith("Pipeline (fitted)")
    assert "accuracy" in data["text/plain"]


def test_without_a_kernel_there_is_no_widget(fitted: Pipeline) -> None:
    assert picture(fitted) == {}


def run_cell(source: str, *paths: Path) -> Any:
    """Run a cell in a real kernel, keep no widget state, and return the notebook."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    roots = [str(path) for path in (ROOT, ROOT / "widgets", ROOT / "kernels", *paths)]
    client = NotebookClient(notebook, timeout=120, kernel_name="python3", store_widget_state=False)
    client.create_kernel_manager().kernel_spec.argv[0] = sys.executable
    client.execute(env={**os.environ, "PYTHONPATH": os.pathsep.join(roots)})
    return notebook


def test_a_saved_notebook_shows_the_picture_without_any_widget() -> None:
    notebook = run_cell("""
from redspot.pipeline import Pipeline, branch, scale
from redspot_widgets import PipelineGraph
PipelineGraph(Pipeline(numbers=branch("mass").then(scale())).fit({"mass": [1.0, 2.0]}))
""")
    (output,) = notebook.cells[0].outputs
    assert {WIDGET_VIEW, "image/svg+xml", "text/html"} <= set(output["data"])
    html, _ = HTMLExporter().from_notebook_node(notebook)
    assert 'class="rsp-pipeline"' in html
    assert "numbers_scale" in html


def test_a_pipeline_draws_itself_with_the_widget_where_it_is_installed(tmp_path: Path) -> None:
    # What an installed distribution looks like to importlib.metadata.
    info = tmp_path / "picture_test-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: picture-test\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[redspot.pictures]\npipeline = redspot_widgets:picture\n")
    source = """
from redspot.pipeline import Pipeline, branch, scale
Pipeline(numbers=branch("mass").then(scale()))
"""
    (output,) = run_cell(source, tmp_path).cells[0].outputs
    assert {WIDGET_VIEW, "image/svg+xml", "text/html", "text/plain"} <= set(output["data"])


def test_importing_the_package_without_a_kernel_starts_nothing() -> None:
    program = "import redspot_widgets, threading; assert threading.active_count() == 1"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
