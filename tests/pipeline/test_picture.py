"""Descriptions and pictures: stable, complete, and safe to put into a page."""

from __future__ import annotations

import json
from importlib import metadata
from importlib.metadata import EntryPoint
from typing import Any
from xml.etree import ElementTree

import pytest
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, Ridge

from redspot.pipeline import Pipeline, branch, estimate, impute, interact, join, loads, one_hot, render_svg, scale
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


def test_each_node_tells_where_it_is_what_it_learned_and_how_long_that_took(
    classifier: Pipeline, penguins: Any
) -> None:
    nodes = {node["id"]: node for node in classifier.fit(penguins, "species").describe()["nodes"]}
    assert all(node["path"] == [] and node["rows"] == 344 for node in nodes.values())
    assert nodes["numbers"]["timing"] is None
    assert nodes["numbers_scale"]["timing"]["fit_s"] > 0
    assert nodes["numbers_scale"]["timing"]["apply_s"] > 0
    assert nodes["model"]["timing"]["apply_s"] is None
    learned = {name: {each["name"]: each["text"] for each in node["learned"]} for name, node in nodes.items()}
    assert learned["numbers_impute"]["fill bill_length_mm"] == "44.45"
    assert learned["numbers_scale"]["body_mass_g"] == "mean 4,201, deviation 798.5"
    assert learned["words_one_hot"]["island"] == "3 categories: Biscoe, Dream, Torgersen"
    assert learned["model"]["coefficients"] == "39"
    assert learned["numbers"] == {}


def test_what_was_learned_is_told_in_a_few_short_texts() -> None:
    columns = {f"x{index}": ["a" * 500, "b"] for index in range(60)}
    pipeline = Pipeline(x=branch(*columns).then(one_hot())).fit(columns)
    learned = pipeline.describe()["nodes"][1]["learned"]
    assert len(learned) == 20
    assert learned[-1] == {"name": "…", "text": "and 41 more"}
    assert max(len(each["text"]) for each in learned) == 120


def lineage(pipeline: Pipeline, step: str, column: str) -> list[tuple[str, str]]:
    node = next(node for node in pipeline.describe()["nodes"] if node["id"] == step)
    found = next(each for each in node["columns"] if each["name"] == column)
    return [(each["node"], each["column"]) for each in found["from"]]


def test_every_column_tells_what_it_was_made_of() -> None:
    rows = {"a": [1.0, None, 3.0], "b": [2.0, 5.0, 1.0], "w": ["x", "y", None]}
    pipeline = Pipeline(
        one=branch("a", "b").then(impute(indicator=True)),
        two=branch("a").then(impute("mean")),
        words=branch("w").then(one_hot()),
        pairs=join("one", "two", "words").then(interact(("one_impute.a", "b"), ("two_impute.a", "w=x"))),
        few=estimate(PCA(1)),
    ).fit(rows)
    assert lineage(pipeline, "one_impute", "a is missing") == [("one", "a")]
    assert lineage(pipeline, "words_one_hot", "w=y") == [("words", "w")]
    assert lineage(pipeline, "pairs_interact", "one_impute.a*b") == [("one_impute", "a"), ("one_impute", "b")]
    assert lineage(pipeline, "pairs_interact", "two_impute.a*w=x") == [("two_impute", "a"), ("words_one_hot", "w=x")]
    mixed = [("pairs_interact", "one_impute.a*b"), ("pairs_interact", "two_impute.a*w=x")]
    assert lineage(pipeline, "few", "pca0") == mixed
    feature = pipeline.features("few")[0]
    assert (feature.made_of, feature.columns) == (None, ("a", "b", "w"))
    again = loads(pipeline.dumps())
    assert again.describe() == pipeline.describe()


def test_more_ancestors_than_a_description_lists_are_left_to_the_edges() -> None:
    rows = {f"x{index}": [1.0, 2.0, 4.0] for index in range(60)}
    pipeline = Pipeline(x=branch(*rows).then(scale()), model=estimate(Ridge())).fit(rows, [1.0, 2.0, 3.0])
    nodes = {node["id"]: node for node in pipeline.describe()["nodes"]}
    assert len(nodes["x_scale"]["columns"]) == 50
    assert nodes["x_scale"]["columns_out"] == 60
    assert nodes["model"]["columns"][0]["from"] is None


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


def test_the_target_and_outputs_beside_the_prediction_are_told_apart(classifier: Pipeline, penguins: Any) -> None:
    description = classifier.fit(penguins, "species").describe()
    description["nodes"][1]["role"], description["nodes"][4]["role"] = "target", "output"
    root = ElementTree.fromstring(render_svg(description))
    boxes = {group.get("class"): group for group in root.findall(f"{SVG}g")}
    assert "in training only" in str(boxes["rsp-target"].findtext(f"{SVG}title"))
    assert "beside the prediction" in str(boxes["rsp-output"].findtext(f"{SVG}title"))
    assert "island=Biscoe, island=Dream, …" in [text.text for text in boxes["rsp-output"].iter(f"{SVG}text")]


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
