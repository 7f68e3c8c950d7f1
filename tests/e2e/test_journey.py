"""The journey of a person in a real browser, from signing in to an endpoint that answers."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, TimeoutError, expect, sync_playwright

from tests.e2e.hub import RunningHub

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("default")]  # Playwright's loop warns on its own account

ARGUMENTS = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SHOTS = Path(os.environ.get("REDSPOT_TEST_OUTPUT", Path(__file__).parents[2] / "test-output"))


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        made = browser.new_page(viewport={"width": 1440, "height": 900})
        made.set_default_timeout(60_000)
        yield made
        browser.close()


def shoot(page: Page, name: str) -> None:
    SHOTS.mkdir(exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png")


def sign_in(page: Page, hub: RunningHub) -> None:
    page.goto(hub.url)
    expect(page.get_by_text("One trust domain")).to_be_visible()
    page.fill("input[name=username]", hub.user)
    page.fill("input[name=password]", hub.password)
    shoot(page, "1-sign-in")
    page.click("#login_submit")
    page.wait_for_url("**/hub/spawn")


def choose_environment(page: Page) -> None:
    page.get_by_label("Instance type").select_option("cpu.medium")
    shoot(page, "2-environment")
    page.get_by_role("button", name="Start").click()
    page.wait_for_url("**/lab**")


def menu(page: Page, bar: str, *items: str) -> None:
    page.locator(".lm-MenuBar-itemLabel", has_text=re.compile(f"^{bar}$")).click()
    for item in items:
        page.locator(".lm-Menu-itemLabel", has_text=re.compile(f"^{item}$")).last.click()


def run_the_notebook(page: Page) -> None:
    page.get_by_text("penguins.ipynb", exact=True).first.dblclick()
    page.get_by_role("heading", name="Which penguin is it?").wait_for()
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").first.wait_for(state="attached")
    started = page.locator(".jp-InputArea-prompt", has_text=re.compile(r"\[[*\d]+\]")).first
    for attempt in range(3):
        menu(page, "Run", "Run All Cells")
        try:
            # A notebook that has just opened may lose the command; a person would choose it again.
            started.wait_for(timeout=20_000)
        except TimeoutError:
            if attempt == 2:
                raise
        else:
            return


def test_from_signing_in_to_an_endpoint_that_answers(hub: RunningHub, page: Page) -> None:
    sign_in(page, hub)
    choose_environment(page)
    run_the_notebook(page)
    graph = page.locator(".jp-OutputArea-output .rsp-graph, .jp-OutputArea-output [class*=rsp]").first
    graph.wait_for()
    graph.scroll_into_view_if_needed()
    page.locator("[title^=Redspot]").first.click()
    sidebar = page.locator(".rsp-Sidebar")
    register = sidebar.get_by_role("button", name="Register the pipeline pipeline as a model")
    register.wait_for()
    shoot(page, "3-graph")

    register.click()
    page.fill("#rsp-model", "penguins")
    shoot(page, "4-register")
    page.locator("button[type=submit]").click()
    # The kernel that saves the pipeline may still be busy with the notebook's last cell.
    expect(sidebar.get_by_text("penguins", exact=True).first).to_be_visible(timeout=60_000)

    page.get_by_role("button", name="Productionize").first.click()
    page.fill("#rsp-parameter-regularisation", "much")
    page.locator("#rsp-parameter-regularisation").blur()
    page.fill("#rsp-parameter-regularisation", "0.5")
    page.get_by_label("Run on a schedule").check()
    page.fill("#rsp-cron", "30 7 * * MON")
    box = page.get_by_label("Register its pipeline as a model")
    if not box.is_checked():
        box.check()
    page.fill("#rsp-register-as", "penguins")
    expect(page.get_by_text("Mon,").first).to_be_visible()  # the next firing times
    shoot(page, "5-productionize")
    page.locator("button[type=submit]").click()
    expect(sidebar.get_by_text("succeeded", exact=False).first).to_be_visible(timeout=90_000)
    shoot(page, "6-run")

    deploy = sidebar.get_by_role("button", name=re.compile("^Deploy penguins@2"))
    if not deploy.count():
        sidebar.locator(".rsp-Row-name", has_text="penguins").first.click()
    deploy.first.click()
    page.fill("#rsp-endpoint", "penguins")
    page.locator("button[type=submit]").click()
    attempt = sidebar.get_by_role("button", name="Try penguins with a row")
    expect(attempt).to_be_enabled(timeout=60_000)
    attempt.click()
    page.locator("button[type=submit]").wait_for()
    shoot(page, "7-try")
    page.locator("button[type=submit]").click()
    expect(page.locator(".rsp-Answer")).to_contain_text(re.compile("Adelie|Chinstrap|Gentoo"))
    shoot(page, "8-answer")
    page.keyboard.press("Escape")
    sidebar.get_by_role("button", name="Watch penguins").click()
    board = page.locator(".rsp-DashboardPanel")
    expect(board.locator(".rsp-tiles")).to_contain_text("Requests")
    expect(board.get_by_role("heading", name="Ledger")).to_be_visible()
    shoot(page, "11-dashboard")

    page.goto(f"{hub.url}/services/redspot/")
    page.get_by_role("link", name="penguins@2").click()
    page.locator("[data-rsp-picture=pipeline] .rsp-picture").wait_for()
    page.locator("[data-rsp-picture=training-data] .rsp-picture").wait_for()
    page.screenshot(path=SHOTS / "10-version.png", full_page=True)
    page.goto(f"{hub.url}/services/redspot/versions/penguins@99")
    expect(page.get_by_text("penguins@99 does not exist", exact=False)).to_be_visible()

    with hub.client() as client:
        versions = client.versions("penguins")
        assert [version.number for version in versions] == [2, 1]
        assert versions[0].parameters["regularisation"] == 0.5
        assert client.endpoint("penguins").serving == "penguins@2"
        (schedule,) = client.schedules()
        assert (schedule.cron, schedule.active) == ("30 7 * * MON", True)


def test_light_and_dark_both_read_well(hub: RunningHub, page: Page) -> None:
    sign_in_again(page, hub)
    menu(page, "Settings", "Theme", "JupyterLab Dark")
    page.locator("body[data-jp-theme-light=false]").wait_for(state="attached")
    page.locator("#jupyterlab-splash").wait_for(state="detached")
    page.locator(".rsp-Sidebar").wait_for()
    shoot(page, "9-dark")
    colour = page.locator(".rsp-Sidebar").evaluate("node => getComputedStyle(node).color")
    red, green, blue = (int(part) for part in re.findall(r"\d+", colour)[:3])
    assert min(red, green, blue) > 120, f"text is {colour} on a dark page"


def sign_in_again(page: Page, hub: RunningHub) -> None:
    page.goto(f"{hub.url}/user/{hub.user}/lab")
    if page.locator("input[name=username]").count():
        page.fill("input[name=username]", hub.user)
        page.fill("input[name=password]", hub.password)
        page.click("#login_submit")
    page.wait_for_url("**/lab**")
    page.locator(".jp-LauncherCard, .jp-Notebook").first.wait_for()
    if not page.locator(".rsp-Sidebar").is_visible():
        page.locator("[title^=Redspot]").first.click()
