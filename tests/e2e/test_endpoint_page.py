"""An endpoint's page in a real browser: traffic seen live, a canary taken back, an earlier version again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from redspot.registry.definition import EndpointDefinition
from redspot.registry.policy import RolloutPolicy, Strategy
from tests.e2e.hub import RunningHub
from tests.e2e.test_journey import ARGUMENTS, SHOTS
from tests.rollouts import SteadyClient, register
from tests.server_extension.test_rollouts import over, token_that_works

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("default")]  # Playwright's loop warns on its own account

CANARY = RolloutPolicy(Strategy.CANARY, (0.4, 1.0), step_s=600)
FRONT = EndpointDefinition("front", model="m@1", log_sample=1.0)


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        made = browser.new_page(viewport={"width": 1280, "height": 900})
        made.set_default_timeout(20_000)
        yield made
        browser.close()


def shoot(page: Page, name: str) -> None:
    SHOTS.mkdir(exist_ok=True)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.screenshot(path=SHOTS / f"endpoint-{name}-{scheme}.png", full_page=True)


def test_traffic_is_seen_a_canary_is_taken_back_and_an_earlier_version_answers_again(
    hub: RunningHub, page: Page
) -> None:
    with hub.client() as client:
        for slope in (1.0, 1.01):
            register(client, "m", slope)
        client.apply(FRONT)
        over(client)
        token = token_that_works(hub.config, client, "front")
        with SteadyClient(hub.config, token, "front", pause_s=0.02) as caller:
            page.goto(f"{hub.url}/services/redspot/endpoints/front")
            page.fill("input[name=username]", hub.user)
            page.fill("input[name=password]", hub.password)
            page.click("#login_submit")
            tiles = page.locator(".rsp-tiles")
            expect(tiles).to_contain_text(re.compile(r"Requests[1-9][\d.]*/s"))
            client.apply(replace(FRONT, model="m@2", rollout=CANARY), why="a better one")
            expect(page.get_by_role("list", name="Stages of the roll-out")).to_contain_text("40 %")
            expect(tiles).to_contain_text("60 %")
            expect(tiles).to_contain_text("40 %")
            shoot(page, "canary")
            page.get_by_role("button", name="Abort", exact=True).click()
            page.get_by_role("alertdialog").get_by_role("button", name="Abort").click()
            expect(page.get_by_text("The last roll-out was taken back", exact=False)).to_be_visible()
            assert client.endpoint("front").serving == "m@1"

            client.apply(replace(FRONT, model="m@2"), why="all at once")
            over(client)
            page.get_by_role("button", name=re.compile("^Roll back to m@1")).first.click()
            page.get_by_role("alertdialog").get_by_role("button", name="Roll back").click()
            expect(page.locator(".rsp-tile .rsp-arm", has_text="m@1")).to_be_visible()
            over(client)
            assert client.endpoint("front").serving == "m@1"
            expect(page.get_by_role("region", name="Recent requests")).to_contain_text("m@1")
            shoot(page, "after")
        assert caller.failures == []
