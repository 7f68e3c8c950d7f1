"""The notebook of the listings: run on the real data, and looked at in JupyterLab."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from redspot.pipeline import load
from tests.examples.lab import running_lab

# papermill and the kernels behind it warn on their own account.
pytestmark = pytest.mark.filterwarnings("default")

SHOTS = Path(os.environ.get("REDSPOT_TEST_OUTPUT", Path(__file__).parents[2] / "test-output"))
ARGUMENTS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
PICTURES = ("rsp-graph", "rsp-training", "rsp-step-view", "rsp-evaluation")


@pytest.fixture(scope="module")
def executed(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The notebook after it has run, in a folder of its own."""
    import papermill

    file = data_dir.resolve() / "airbnb-dc-listings.csv.gz"
    if not file.exists():
        if os.environ.get("CI"):
            pytest.fail(f"{file} is absent, and CI needs it")
        pytest.skip(f"{file} is absent; REDSPOT_TEST_DATA names another folder")
    folder = tmp_path_factory.mktemp("listings")
    papermill.execute_notebook(
        str(files("redspot.examples") / "listings.ipynb"),
        str(folder / "listings.ipynb"),
        parameters={"listings_file": str(file), "epochs": 10},
        cwd=str(folder),
        progress_bar=False,
        kernel_name="python3",
    )
    return folder


@pytest.fixture(scope="module")
def outputs(executed: Path) -> list[dict[str, Any]]:
    notebook = json.loads((executed / "listings.ipynb").read_text(encoding="utf-8"))
    return [output for cell in notebook["cells"] for output in cell.get("outputs", [])]


def plain(output: dict[str, Any]) -> str:
    return "".join(output.get("data", {}).get("text/plain", output.get("text", "")))


def test_it_says_what_it_promises(outputs: list[dict[str, Any]]) -> None:
    assert not [output for output in outputs if output["output_type"] == "error"]
    pictures = [output["data"] for output in outputs if WIDGET_VIEW in output.get("data", {})]
    assert len(pictures) == 4
    assert all("text/html" in each and "text/plain" in each for each in pictures)
    table = next(plain(output) for output in outputs if "fit_s" in plain(output))
    errors = {row.split()[0]: float(row.split()[2]) for row in table.splitlines()[1:]}
    assert set(errors) == {"scikit-learn", "LightGBM", "XGBoost", "PyTorch"}
    assert max(errors.values()) < 60
    assert min(errors, key=lambda name: errors[name]) in ("LightGBM", "XGBoost")
    answer = re.search(r"(\d+) dollars a night", plain(outputs[-1]))
    assert answer is not None
    assert 50 < int(answer[1]) < 500


def test_the_file_that_it_saved_remembers_the_training(executed: Path, data_dir: Path) -> None:
    import pandas as pd

    loaded = load(executed / "price.redspot")
    assert loaded.check_parity().ok
    assert loaded.profile_["amenities"].distinct > 1000
    assert loaded.metadata_ is not None
    assert loaded.metadata_.metrics["mae"] < 60
    rows = pd.read_csv(data_dir / "airbnb-dc-listings.csv.gz", parse_dates=["host_since"], nrows=200)
    drift = loaded.training_data(rows[rows["room_type"] == "Private room"]).serve
    assert drift is not None
    assert drift["room_type"].drift is not None
    assert drift["room_type"].drift.verdict == "strong"


# -- in the browser ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def lab(executed: Path) -> Iterator[str]:
    with running_lab(executed) as address:
        yield address


@pytest.fixture
def page(lab: str) -> Iterator[Any]:
    """JupyterLab with the executed notebook open; what the console complains of fails the test."""
    from playwright.sync_api import sync_playwright

    problems: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        made = browser.new_page(viewport={"width": 1400, "height": 1000})
        made.set_default_timeout(60_000)
        made.on("pageerror", lambda error: problems.append(str(error)))
        made.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
        made.goto(f"{lab}/lab/tree/listings.ipynb?token=look&reset")
        made.get_by_role("heading", name="What does a night in Washington cost?").wait_for()
        yield made
        browser.close()
    # Some of JupyterLab's own requests are answered by parts that are not running here.
    assert [text for text in problems if "Failed to load resource" not in text] == []


def picture(page: Any, name: str) -> Any:
    """Return a live picture, scrolled to; JupyterLab draws a cell only once it is near."""
    order = PICTURES.index(name)
    heading = ("One pipeline from", "Point at a step", "what a single step", "and how good")[order]
    for _ in range(40):
        found = page.locator(f".jp-OutputArea-output .{name}")
        if found.count():
            found.first.scroll_into_view_if_needed()
            return found.first
        text = page.get_by_text(heading).last
        if text.count():
            text.scroll_into_view_if_needed()
        page.mouse.wheel(0, 400)
        page.wait_for_timeout(150)
    raise AssertionError(f"no live {name}")


def shoot(page: Any, name: str) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png")


def use_theme(page: Any, theme: str) -> None:
    page.locator(".lm-MenuBar-itemLabel", has_text=re.compile("^Settings$")).click()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Theme$")).last.click()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^JupyterLab {theme}$")).last.click()
    page.locator(f"body[data-jp-theme-light={'false' if theme == 'Dark' else 'true'}]").wait_for(state="attached")


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_it_is_seen_in_jupyterlab(page: Any, theme: str) -> None:
    use_theme(page, theme)
    graph = picture(page, "rsp-graph")
    assert graph.locator(".rsp-node").count() == 26
    assert graph.locator(".rsp-node.rsp-target").count() == 3
    shoot(page, f"listings-graph-{theme.lower()}")
    graph.locator(".rsp-node[data-id=amenities_multi_hot]").click()
    card = graph.locator(".rsp-card")
    assert "Columns out (99)" in card.inner_text()
    assert "Learned" in card.inner_text()
    assert re.search(r"fitted in .* · applied in", card.inner_text())
    card.locator("[data-column]").first.hover()
    lit = graph.locator(".rsp-node.rsp-lit").evaluate_all("all => all.map(each => each.dataset.id)")
    assert lit == ["amenities", "amenities_parse_list", "amenities_multi_hot"]
    shoot(page, f"listings-lineage-{theme.lower()}")
    training = picture(page, "rsp-training")
    assert "strong" in training.inner_text()
    shoot(page, f"listings-training-{theme.lower()}")
    step = picture(page, "rsp-step-view")
    assert "room_type=Entire home/apt" in step.inner_text()
    shoot(page, f"listings-step-{theme.lower()}")
    evaluation = picture(page, "rsp-evaluation")
    assert "explained_variance" in evaluation.inner_text()
    # JupyterLab floats the names in lists of outputs, which would break them into single letters.
    assert evaluation.locator("dt").first.evaluate("name => getComputedStyle(name).float") == "none"
    shoot(page, f"listings-evaluation-{theme.lower()}")
