"""The front-end module in a real browser, on a bare page."""

from __future__ import annotations

import functools
import http.server
import json
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redspot_widgets

from redspot.pipeline import Pipeline

pytestmark = pytest.mark.browser

FOLDER = Path(redspot_widgets.__file__).parent

# A model as anywidget hands it over, small enough to read: state, listeners, and what was saved.
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><link rel="stylesheet" href="pipeline_graph.css">
<link rel="icon" href="data:,">
<style>body{margin:16px;background:var(--page,#fff)}</style></head>
<body><div id="cell"></div><script type="module">
import widget from './pipeline_graph.js';
const state = GRAPH;
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
--jp-border-color1:#616161;--jp-layout-color1:#111;--jp-layout-color2:#424242;--jp-brand-color1:#42a5f5;
--jp-info-color1:#4dd0e1}"""


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
def page(chromium: Any, fitted: Pipeline, tmp_path: Path) -> Iterator[Any]:
    for name in ("pipeline_graph.js", "pipeline_graph.css"):
        shutil.copy(FOLDER / name, tmp_path)
    graph = json.dumps({"graph": fitted.describe(), "selected": ""}).replace("<", "\\u003c")
    (tmp_path / "index.html").write_text(PAGE.replace("GRAPH", graph))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    page = chromium.new_page(viewport={"width": 1160, "height": 520})
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
    page.goto(f"http://127.0.0.1:{server.server_port}/index.html")
    page.wait_for_selector(".rsp-node")
    yield page
    page.close()
    server.shutdown()
    thread.join()
    server.server_close()
    assert problems == []


def shoot(page: Any, name: str) -> None:
    folder = os.environ.get("REDSPOT_TEST_OUTPUT")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


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


def test_a_click_shows_parameters_and_columns_and_a_second_hides_them(page: Any) -> None:
    page.click(".rsp-node[data-id=words_one_hot]")
    details = page.locator(".rsp-details")
    assert details.get_attribute("aria-label") == "Details of words_one_hot"
    assert "max_categories" in details.inner_text()
    assert "island=Biscoe" in details.inner_text()
    assert "Columns out (9)" in details.inner_text()
    assert page.locator(".rsp-edge.rsp-lit").count() == 2
    assert page.evaluate("window.saved") == ["words_one_hot"]
    shoot(page, "pipeline-details-light")
    page.click(".rsp-node[data-id=words_one_hot]")
    assert details.count() == 0
    assert page.evaluate("window.saved") == ["words_one_hot", ""]


def test_the_keyboard_reaches_everything(page: Any) -> None:
    focused = "document.activeElement.dataset.id"
    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "numbers"
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert page.evaluate(focused) == "model"
    page.keyboard.press("Enter")
    assert page.locator(".rsp-details").count() == 1
    assert page.locator(".rsp-node[data-id=model]").get_attribute("aria-expanded") == "true"
    page.keyboard.press("Escape")
    assert page.locator(".rsp-details").count() == 0
    assert page.evaluate(focused) == "model"


def test_it_takes_the_colours_of_the_theme(page: Any) -> None:
    def colour(selector: str, name: str) -> str:
        return str(page.eval_on_selector(selector, f"element => getComputedStyle(element)['{name}']"))

    light = colour(".rsp-node", "backgroundColor")
    page.add_style_tag(content=DARK)
    page.click(".rsp-node[data-id=model]")
    page.wait_for_function(
        "getComputedStyle(document.querySelector('.rsp-node')).backgroundColor === 'rgb(17, 17, 17)'"
    )
    assert light == "rgb(255, 255, 255)"
    shoot(page, "pipeline-details-dark")


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
    assert "<script>1</script>" in page.locator(".rsp-details").inner_text()
    assert page.locator(".rsp-graph img, .rsp-graph script").count() == 0


def test_release_leaves_nothing_behind(page: Any) -> None:
    assert page.evaluate("window.listening()") == 2
    page.evaluate("window.release()")
    assert page.evaluate("window.listening()") == 0
    assert page.locator("#cell *").count() == 0
