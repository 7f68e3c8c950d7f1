"""Descriptions and pictures: stable, complete, and safe to put into a page."""

from __future__ import annotations

import json
from importlib import metadata
from importlib.metadata import EntryPoint
from typing import Any
from xml.etree import ElementTree

import pytest
from sklearn.linear_model import LogisticRegression

from redspot.pipeline import Pipeline, branch, estimate, one_hot, render_svg, scale
from redspot.pipeline.layout import BOX_HEIGHT, BOX_WIDTH, lay_out

SVG = "{http://www.w3.org/2000/svg}"


def test_the_description_is_json_with_counts_and_shapes(classifier: Pipeline, penguins: Any) -> None:
    description = classifier.fit(penguins, "species").describe()
    assert json.loads(json.dumps(description)) == description
    nodes = {node["id"]: node for node in description["nodes"]}
    assert list(nodes) == ["numbers", "words", "numbers_impute", "numbers_scale", "words_one_hot", "model"]
    one_hot_node = nodes["words_one_hot"]
    assert (one_hot_node["columns_in"], one_hot_node["columns_out"]) == (2, 9)
    assert one_hot_node["shape"] == [None, 9]
    assert one_hot_node["origins"] == ["island", "sex"]
    assert nodes["model"]["title"] == "LogisticRegression"
    assert nodes["model"]["params"]["max_iter"] == 500
    assert [(edge["from"], edge["to"], edge["count"]) for edge in description["edges"]] == [
        ("numbers", "numbers_impute", 4),
        ("numbers_impute", "numbers_scale", 4),
        ("words", "words_one_hot", 2),
        ("numbers_scale", "model", 4),
        ("words_one_hot", "model", 9),
    ]


def test_before_fitting_only_raw_columns_are_known(classifier: Pipeline) -> None:
    description = classifier.describe()
    nodes = {node["id"]: node for node in description["nodes"]}
    assert not description["fitted"]
    assert nodes["numbers"]["columns_out"] == 4
    assert nodes["model"]["columns_in"] is None
    assert nodes["model"]["shape"] == [None, None]


def test_no_address_in_memory_gets_into_a_description() -> None:
    pipeline = Pipeline(x=branch("x"), model=estimate(LogisticRegression(class_weight=object())))  # type: ignore[arg-type]
    assert pipeline.describe()["nodes"][-1]["params"]["class_weight"] == "object"


def test_the_picture_is_well_formed_and_loads_nothing(classifier: Pipeline, penguins: Any) -> None:
    svg = render_svg(classifier.fit(penguins, "species").describe())
    root = ElementTree.fromstring(svg)
    texts = [element.text for element in root.iter(f"{SVG}text")]
    assert "LogisticRegression" in texts
    assert "9 columns" in texts
    assert len(root.findall(f"{SVG}path")) == 5
    assert svg.count("http") == 1, "only the namespace"
    for forbidden in ("<script", "<image", "url(", "@import", "href", "foreignObject"):
        assert forbidden not in svg


def test_text_of_the_user_cannot_leave_its_place() -> None:
    evil = '"><script>alert(1)</script>&'
    svg = render_svg(Pipeline(x=branch(evil).then(one_hot())).fit({evil: [evil]}).describe())
    assert "<script" not in svg
    ElementTree.fromstring(svg)


def test_boxes_do_not_overlap() -> None:
    parts: dict[str, Any] = {f"p{index}": branch("a", "b").then(scale()) for index in range(4)}
    description = Pipeline(**parts, wide=branch("c"), model=estimate(LogisticRegression())).describe()
    corners = list(lay_out(description).corners.values())
    for index, (x1, y1) in enumerate(corners):
        for x2, y2 in corners[:index]:
            assert abs(x1 - x2) >= BOX_WIDTH or abs(y1 - y2) >= BOX_HEIGHT


def test_a_notebook_gets_text_html_and_svg(
    classifier: Pipeline, penguins: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metadata, "entry_points", lambda group: [])
    classifier.fit(penguins, "species").evaluate(penguins, "species")
    bundle = classifier._repr_mimebundle_()
    assert {"text/plain", "text/html", "image/svg+xml"} <= set(bundle)
    assert "model: LogisticRegression ← numbers_scale, words_one_hot" in bundle["text/plain"]
    assert "accuracy" in bundle["text/plain"]


def draw(pipeline: object) -> dict[str, Any]:
    return {"application/x-test": "drawn"}


def test_an_installed_picture_is_used_and_the_static_one_kept(
    classifier: Pipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    point = EntryPoint("pipeline", "installed:draw", "redspot.pictures")
    monkeypatch.setattr(EntryPoint, "load", lambda self: draw)
    monkeypatch.setattr(metadata, "entry_points", lambda group: [point] if group == "redspot.pictures" else [])
    bundle = classifier._repr_mimebundle_()
    assert bundle["application/x-test"] == "drawn"
    assert "image/svg+xml" in bundle
    assert "image/svg+xml" not in classifier._repr_mimebundle_(exclude=["image/svg+xml"])
