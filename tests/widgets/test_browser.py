"""The front end in a real browser, on a bare page: what jsdom cannot tell, and pictures to look at."""

from __future__ import annotations

import functools
import http.server
import json
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redspot_widgets

from redspot.pipeline import Pipeline, render_svg
from redspot.pipeline.pictures import evaluation_html, profile_html, step_html
from tests.widgets.recording import EVALUATIONS, recorded

pytestmark = pytest.mark.browser

FOLDER = Path(redspot_widgets.__file__).parent

# A model as anywidget hands it over, small enough to read: state, listeners, and what was saved.
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><link rel="stylesheet" href="pictures.css">
<link rel="icon" href="data:,">
<style>body{margin:16px;background:var(--page,#fff)}</style></head>
<body><div id="cell"></div><script type="module">
import widget from './pictures.js';
const state = STATE;
const listeners = {};
window.saved = [];
window.model = {
  get: name => state[name],
  set: (name, value) => { state[name] = value; (listeners[`change:${name}`] ?? []).forEach(call => call()); },
  on: (event, call) => { (listeners[event] ??= []).push(call); },
  off: (event, call) => { listeners[event] = (listeners[event] ?? []).filter(each => each !== call); },
  save_changes: () => window.saved.push(state.selected)
};
window.listening = () => Object.values(listeners).flat().length;
window.release = widget.render({ model: window.model, el: document.getElementById('cell') });
</script></body></html>"""

DARK = """:root{--page:#111;--jp-ui-font-color1:rgba(255,255,255,.87);--jp-ui-font-color2:rgba(255,255,255,.6);
--jp-border-color1:#616161;--jp-border-color2:#424242;--jp-layout-color1:#111;--jp-layout-color2:#2a2a2a;
--jp-brand-color1:#42a5f5;--jp-info-color1:#4dd0e1;--jp-warn-color1:#ffb74d;--jp-error-color1:#ef5350;
--jp-success-color1:#66bb6a}"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    executable = shutil.which("chromium")
    arguments = [
        "--no-sandbox",
        "--disable-quic",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Any, tmp_path: Path) -> Iterator[Callable[[dict[str, Any]], Any]]:
    """Open a page with a widget of this state; complaints of the browser and requests elsewhere fail the test."""
    for name in ("pictures.js", "pictures.css"):
        shutil.copy(FOLDER / name, tmp_path)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    page = chromium.new_page(viewport={"width": 1160, "height": 640})
    problems: list[str] = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type in ("error", "warning") else None)
    page.on(
        "request",
        lambda request: (
            problems.append(request.url)
            if "127.0.0.1" not in request.url and not request.url.startswith("data:")
            else None
        ),
    )

    def show(state: dict[str, Any]) -> Any:
        (tmp_path / "index.html").write_text(PAGE.replace("STATE", json.dumps(state).replace("<", "\\u003c")))
        page.goto(f"http://127.0.0.1:{server.server_port}/index.html")
        page.wait_for_selector(".rsp-picture")
        return page

    yield show
    page.close()
    server.shutdown()
    thread.join()
    server.server_close()
    assert problems == []


@pytest.fixture
def page(open_page: Callable[[dict[str, Any]], Any], fitted: Pipeline) -> Any:
    """A page with the graph of a description without any optional field."""
    graph = fitted.describe()
    for node in graph["nodes"]:
        for name in ("path", "rows", "timing", "learned", "columns"):
            del node[name]
    return open_page({"picture": "pipeline-graph", "graph": graph, "selected": ""})


@pytest.fixture
def rich(open_page: Callable[[dict[str, Any]], Any], nested: dict[str, Any]) -> Any:
    """A page with the graph of a description that has them all."""
    return open_page({"picture": "pipeline-graph", "graph": nested, "selected": ""})


def shoot(page: Any, name: str) -> None:
    folder = os.environ.get("REDSPOT_TEST_OUTPUT")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


def shoot_both(page: Any, name: str) -> None:
    """Take the picture in both themes."""
    shoot(page, f"{name}-light")
    page.add_style_tag(content=DARK)
    shoot(page, f"{name}-dark")


def zoom_of(page: Any) -> int:
    return int(page.locator(".rsp-zoom").inner_text().removesuffix(" %"))


def test_nodes_and_edges_are_drawn(page: Any) -> None:
    assert page.locator(".rsp-node").count() == 6
    assert page.locator(".rsp-edge").count() == 5
    model = page.locator(".rsp-node[data-id=model]")
    assert model.locator(".rsp-title").inner_text() == "LogisticRegression"
    assert page.locator(".rsp-node[data-id=words_one_hot] .rsp-shape").inner_text() == "rows × 9"
    boxes = [button.bounding_box() for button in page.locator(".rsp-node").all()]
    for index, one in enumerate(boxes):
        for other in boxes[:index]:
            apart_x = one["x"] >= other["x"] + other["width"] or other["x"] >= one["x"] + one["width"]
            apart_y = one["y"] >= other["y"] + other["height"] or other["y"] >= one["y"] + one["height"]
            assert apart_x or apart_y
    shoot(page, "pipeline-light")


def test_a_click_pins_the_card_and_a_second_lets_it_go(page: Any) -> None:
    page.click(".rsp-node[data-id=words_one_hot]")
    card = page.locator(".rsp-card")
    assert "max_categories" in card.inner_text()
    assert "island=Biscoe" in card.inner_text()
    assert "Columns out (9)" in card.inner_text()
    assert page.locator(".rsp-edge.rsp-lit").count() == 2
    assert page.evaluate("window.saved") == ["words_one_hot"]
    page.hover(".rsp-node[data-id=model]")
    assert card.locator("strong").inner_text() == "words_one_hot"
    shoot(page, "pipeline-card-light")
    page.click(".rsp-node[data-id=words_one_hot]")
    assert page.evaluate("window.saved") == ["words_one_hot", ""]
    page.hover(".rsp-node[data-id=model]")
    assert card.locator("strong").inner_text() == "model"


def test_the_keyboard_reaches_everything(page: Any) -> None:
    focused = "document.activeElement.dataset.id"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "rsp-viewport"
    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "numbers"
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert page.evaluate(focused) == "model"
    page.keyboard.press("Enter")
    assert page.locator(".rsp-card.rsp-pinned strong").inner_text() == "model"
    assert page.locator(".rsp-node[data-id=model]").get_attribute("aria-pressed") == "true"
    # From the step to its card: the first column there is lit.
    for _ in range(3):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('.rsp-card') !== null")
    page.keyboard.press("Escape")
    assert page.locator(".rsp-card.rsp-pinned").count() == 0
    assert page.evaluate(focused) == "model"


def test_a_column_lights_where_it_comes_from(rich: Any) -> None:
    shoot_both(rich, "pipeline-nested")
    rich.click(".rsp-node[data-id=numbers_scale]")
    rich.hover(".rsp-card [data-column=bill_depth_mm] >> nth=0")
    lit = rich.locator(".rsp-node.rsp-lit").evaluate_all("all => all.map(each => each.dataset.id)")
    assert lit == ["numbers", "numbers_impute", "numbers_scale"]
    rich.wait_for_function("getComputedStyle(document.querySelector('[data-id=words]')).opacity < 0.5")
    shoot(rich, "pipeline-lineage-dark")
    rich.hover(".rsp-card header strong")
    rich.wait_for_function("getComputedStyle(document.querySelector('[data-id=words]')).opacity > 0.9")


def test_sub_pipelines_close_and_open(rich: Any) -> None:
    frame = rich.locator(".rsp-frame").first.bounding_box()
    for name in ("numbers_impute", "numbers_scale", "words_one_hot"):
        box = rich.locator(f".rsp-node[data-id={name}]").bounding_box()
        assert frame["x"] < box["x"]
        assert box["x"] + box["width"] < frame["x"] + frame["width"]
        assert frame["y"] < box["y"]
        assert box["y"] + box["height"] < frame["y"] + frame["height"]
    rich.click("[data-fold=all]")
    assert rich.locator(".rsp-node").count() == 4
    shoot(rich, "pipeline-closed-light")
    # One level at a time: the numbers are a sub-pipeline of the one that opens.
    rich.click(".rsp-node.rsp-group")
    assert rich.locator(".rsp-node").count() == 5
    rich.click(".rsp-node.rsp-group")
    assert rich.locator(".rsp-node").count() == 6


def test_zoom_and_pan(rich: Any) -> None:
    rich.focus(".rsp-viewport")
    rich.keyboard.press("0")
    assert zoom_of(rich) == 100
    window = "document.querySelector('.rsp-viewport')"
    # What was in the middle at the size that fits stays there at 100 %.
    began = rich.evaluate(f"{window}.scrollLeft")
    room = rich.evaluate(f"{window}.scrollWidth - {window}.clientWidth")
    rich.keyboard.press("ArrowRight")
    assert rich.evaluate(f"{window}.scrollLeft") == min(began + 60, room)
    rich.keyboard.press("ArrowLeft")
    assert rich.evaluate(f"{window}.scrollLeft") == min(began + 60, room) - 60
    rich.keyboard.press("+")
    assert zoom_of(rich) == 125
    node = rich.locator(".rsp-node[data-id=words_one_hot]").bounding_box()
    middle = (node["x"] + node["width"] / 2, node["y"] + node["height"] / 2)
    rich.mouse.move(*middle)
    rich.keyboard.down("Control")
    rich.mouse.wheel(0, -40)
    rich.keyboard.up("Control")
    rich.wait_for_function("parseInt(document.querySelector('.rsp-zoom').textContent) > 140")
    # What is under the pointer stays there.
    node = rich.locator(".rsp-node[data-id=words_one_hot]").bounding_box()
    assert abs(node["x"] + node["width"] / 2 - middle[0]) < 3
    before = rich.evaluate(f"{window}.scrollLeft")
    rich.mouse.down()
    rich.mouse.move(middle[0] - 80, middle[1], steps=4)
    rich.mouse.up()
    assert rich.evaluate(f"{window}.scrollLeft") == before + 80
    assert rich.evaluate("window.saved") == [], "the end of a drag is no click"
    rich.get_by_text("Fit", exact=True).click()
    assert rich.evaluate(f"{window}.scrollWidth - {window}.clientWidth") == 0


def test_a_narrow_cell_has_the_card_below(rich: Any) -> None:
    rich.set_viewport_size({"width": 520, "height": 900})
    stage, card = (rich.locator(name).bounding_box() for name in (".rsp-viewport", ".rsp-card"))
    assert card["y"] >= stage["y"] + stage["height"]
    assert rich.evaluate("document.documentElement.scrollWidth") <= 520
    shoot(rich, "pipeline-narrow-light")


def test_it_takes_the_colours_of_the_theme(page: Any) -> None:
    light = page.eval_on_selector(".rsp-node", "element => getComputedStyle(element).backgroundColor")
    assert light == "rgb(255, 255, 255)"
    page.add_style_tag(content=DARK)
    page.wait_for_function(
        "getComputedStyle(document.querySelector('.rsp-node')).backgroundColor === 'rgb(17, 17, 17)'"
    )


def test_without_a_theme_it_follows_the_system(page: Any) -> None:
    page.emulate_media(color_scheme="dark")
    ink = page.eval_on_selector(".rsp-graph", "element => getComputedStyle(element).color")
    assert ink == "rgb(230, 237, 243)"


def test_a_new_graph_is_redrawn_and_text_stays_text(page: Any) -> None:
    page.evaluate("""() => {
      const graph = structuredClone(window.model.get('graph'));
      graph.nodes[0].title = '<img src=x onerror=alert(1)>';
      graph.nodes[0].outputs = ['<script>1</script>'];
      window.model.set('graph', graph);
    }""")
    assert page.locator(".rsp-node[data-id=numbers] .rsp-title").inner_text() == "<img src=x onerror=alert(1)>"
    page.click(".rsp-node[data-id=numbers]")
    assert "<script>1</script>" in page.locator(".rsp-card").inner_text()
    assert page.locator(".rsp-graph img, .rsp-graph script").count() == 0


def test_release_leaves_nothing_behind(page: Any) -> None:
    assert page.evaluate("window.listening()") == 2
    page.evaluate("window.release()")
    assert page.evaluate("window.listening()") == 0
    assert page.locator("#cell *").count() == 0


def test_training_data(open_page: Callable[[dict[str, Any]], Any]) -> None:
    page = open_page({"picture": "training-data", "comparison": recorded("comparison")})
    page.hover(".rsp-row[data-index='1'] .rsp-distribution")
    assert " – " in page.locator(".rsp-strip-bar").inner_text()
    assert page.locator(".rsp-quantiles tbody tr").count() == 2
    shoot_both(page, "training")
    page.click("[data-sort=drift]")
    assert page.locator(".rsp-row[data-index='0'] .rsp-column-name").inner_text() == "island"


def test_a_thousand_columns_stay_fluent(open_page: Callable[[dict[str, Any]], Any]) -> None:
    column = recorded("comparison")["train"]["columns"][0]
    columns = [{**column, "name": f"column {index}"} for index in range(1000)]
    page = open_page({"picture": "training-data", "comparison": {"train": {"rows": 9, "columns": columns}}})
    assert page.locator(".rsp-row").count() < 40
    page.evaluate("document.querySelector('.rsp-rows').scrollTop = 64 * 500")
    page.wait_for_selector(".rsp-row[data-index='500']")
    assert page.locator(".rsp-row").count() < 40
    page.focus(".rsp-row[data-index='500']")
    spent = page.evaluate("""() => {
      const input = document.querySelector('input');
      const start = performance.now();
      for (const words of ['9', '99', '999', '']) {
        input.value = words;
        input.dispatchEvent(new Event('input'));
      }
      return performance.now() - start;
    }""")
    # Four keystrokes; the bar is wide because other work shares the machine.
    assert spent < 400
    page.keyboard.press("Tab")


def test_a_step(open_page: Callable[[dict[str, Any]], Any]) -> None:
    page = open_page({"picture": "step-view", "step": recorded("step")})
    page.hover(".rsp-row >> nth=2")
    sides = [side.bounding_box() for side in page.locator(".rsp-side").all()]
    assert sides[0]["y"] == sides[1]["y"]
    assert page.locator(".rsp-vocabulary li").count() == 5
    shoot_both(page, "step")


@pytest.mark.parametrize("name", EVALUATIONS)
def test_an_evaluation(open_page: Callable[[dict[str, Any]], Any], name: str) -> None:
    page = open_page({"picture": "evaluation", "evaluation": recorded(name)})
    for chart in page.locator(".rsp-chart-picture").all():
        box = chart.bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        chart.press("ArrowRight")
        assert chart.locator("xpath=..").locator("output").inner_text().strip()
    assert page.evaluate("document.documentElement.scrollWidth") <= 1160
    assert page.locator(".rsp-worst").count() > 0
    shoot_both(page, f"evaluation-{name}")


def test_the_static_pictures(open_page: Callable[[dict[str, Any]], Any], nested: dict[str, Any]) -> None:
    page = open_page({"picture": "pipeline-graph", "graph": nested, "selected": ""})
    parts = [
        render_svg(nested),
        profile_html(recorded("comparison")),
        step_html(recorded("step")),
        *(evaluation_html(recorded(name)) for name in EVALUATIONS),
    ]
    page.evaluate("html => { document.body.innerHTML = html; }", "".join(parts))
    assert page.locator(".rsp-static").count() == 5
    assert page.evaluate("document.documentElement.scrollWidth") <= 1160
    shoot_both(page, "static")
