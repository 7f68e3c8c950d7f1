"""Static pictures: well-formed, complete, escaped, and loading nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redspot.pipeline import render_svg
from redspot.pipeline.layout import BOX_HEIGHT, BOX_WIDTH, lay_out
from redspot.pipeline.pictures import InvalidPictureError, evaluation_html, profile_html, step_html
from redspot.pipeline.pictures.evaluation import badness
from redspot.pipeline.pictures.markup import moment, number, share
from tests.widgets.recording import EVALUATIONS, recorded

EVIL = "\"><img src=x onerror=alert(1)><script>alert(1)</script>&'\x00\x1b"

CASES: list[tuple[Callable[[Any], str], str]] = [
    (profile_html, "comparison"),
    (step_html, "step"),
    *((evaluation_html, name) for name in EVALUATIONS),
]


def poisoned(value: Any) -> Any:
    """Return the same JSON with something evil in every text that a user chooses."""
    if isinstance(value, dict):
        keep = {"kind", "verdict", "dtype"}
        return {name: item if name in keep else poisoned(item) for name, item in value.items()}
    if isinstance(value, list):
        return [poisoned(item) for item in value]
    return EVIL + value if isinstance(value, str) else value


@pytest.mark.parametrize(("render", "name"), CASES)
def test_they_are_well_formed_and_load_nothing(render: Callable[[Any], str], name: str) -> None:
    html = render(recorded(name))
    ElementTree.fromstring(html)
    for forbidden in ("<script", "<img", "url(", "@import", "href", "http", "nan", "inf "):
        assert forbidden not in html


@pytest.mark.parametrize(("render", "name"), CASES)
def test_text_of_the_user_cannot_leave_its_place(render: Callable[[Any], str], name: str) -> None:
    html = render(poisoned(recorded(name)))
    root = ElementTree.fromstring(html)
    assert not [element for element in root.iter() if element.tag in ("img", "script")]
    assert not [name for element in root.iter() for name in element.attrib if name.startswith("on")]


def test_a_profile_says_what_moved() -> None:
    html = profile_html(recorded("comparison"))
    for words in ("230 rows in training, 114 in serving", "only in serving", "strong drift", "2007-11-01", "0.65"):
        assert words in html
    alone = profile_html(recorded("comparison")["train"])
    assert "serving" not in alone
    assert "Drift" not in alone


def test_a_wide_table_ends() -> None:
    column = recorded("comparison")["train"]["columns"][0]
    html = profile_html({"rows": 1, "columns": [{**column, "name": f"c{index}"} for index in range(1000)]})
    assert "and 800 more columns" in html
    assert "c199<" in html
    assert "c200<" not in html


def test_columns_of_nothing_are_drawn() -> None:
    columns = [
        {"name": "none", "dtype": "float", "rows": 0, "missing": 0},
        {"name": "one", "dtype": "float", "rows": 3, "missing": 0, "histogram": {"edges": [2, 2], "counts": [3]}},
        {"name": "empty", "dtype": "text", "rows": 3, "missing": 3, "top": []},
        {
            "name": "late",
            "dtype": "datetime",
            "rows": 1,
            "missing": 0,
            "histogram": {"edges": [0, 1e30], "counts": [1]},
        },
    ]
    ElementTree.fromstring(profile_html({"rows": 3, "columns": columns}))


def test_an_evaluation_marks_the_worst_slice() -> None:
    html = evaluation_html(recorded("multiclass"))
    root = ElementTree.fromstring(html)
    rows = [row for row in root.iter("tr") if any("rsp-worst" in cell.get("class", "") for cell in row.iter("td"))]
    assert ["".join(row[0].itertext()) for row in rows] == ["island Dream", "sex male"]
    assert badness("bias", -3) > badness("bias", 2)
    assert badness("accuracy", 0.8) > badness("accuracy", 0.9)


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(InvalidPictureError, match="the evaluation lacks rows, metrics"):
        evaluation_html({"task": "binary"})
    with pytest.raises(InvalidPictureError, match="the comparison is 3; it has to be an object with train"):
        profile_html(3)  # type: ignore[arg-type]


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(0, 1))
def test_numbers_are_short(value: float, part: float) -> None:
    assert len(number(value)) <= 13
    assert share(part).endswith("%")


def test_dates_end_where_the_calendar_does() -> None:
    assert moment(1_194_000_000_000_000) == "2007-11-02"
    assert moment(1e30) == "1.00e+30"


def node(name: str, *path: str) -> dict[str, Any]:
    return {
        "id": name,
        "name": name,
        "kind": "scale",
        "title": "scale",
        "role": "step",
        "params": {},
        "inputs": [],
        "outputs": [],
        "columns_in": None,
        "columns_out": None,
        "fitted": False,
        "path": list(path),
    }


NAMES = [f"n{index}" for index in range(9)]
GRAPHS = st.builds(
    lambda paths, sources: {
        "fitted": False,
        "nodes": [node(name, *path) for name, path in zip(NAMES, paths, strict=True)],
        "edges": [
            {"from": NAMES[source % end], "to": NAMES[end], "count": None}
            for end, source in enumerate(sources, start=1)
        ],
    },
    st.lists(st.sampled_from([(), ("a",), ("a", "b"), ("c",)]), min_size=9, max_size=9),
    st.lists(st.integers(0, 99), min_size=8, max_size=8),
)


@given(GRAPHS)
def test_frames_hold_their_steps_and_no_other(description: dict[str, Any]) -> None:
    layout = lay_out(description)
    paths = {each["id"]: each["path"] for each in description["nodes"]}
    for frame in layout.frames:
        for name, (x, y) in layout.corners.items():
            within = frame.x < x and x + BOX_WIDTH < frame.x + frame.width
            within = within and frame.y < y and y + BOX_HEIGHT < frame.y + frame.height
            apart = x >= frame.x + frame.width or x + BOX_WIDTH <= frame.x
            apart = apart or y >= frame.y + frame.height or y + BOX_HEIGHT <= frame.y
            assert within if frame.name in paths[name] else apart
    corners = list(layout.corners.values())
    for index, (x, y) in enumerate(corners):
        for other_x, other_y in corners[:index]:
            assert abs(x - other_x) >= BOX_WIDTH or abs(y - other_y) >= BOX_HEIGHT
        assert x + BOX_WIDTH <= layout.width
        assert y + BOX_HEIGHT <= layout.height
    ElementTree.fromstring(render_svg(description))


def test_the_static_graph_names_its_sub_pipelines() -> None:
    description = {"fitted": False, "nodes": [node("x", EVIL)], "edges": []}
    svg = render_svg(json.loads(json.dumps(description).replace("\\u0000", "").replace("\\u001b", "")))
    assert 'class="rsp-frame"' in svg
    assert not list(ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}script"))
