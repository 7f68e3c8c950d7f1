"""A hostile notebook's page, opened by the signed-in administrator, can call no API."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

from redspot.contracts.requests import JobIn
from redspot.jobs.run import RunState
from tests.e2e.hub import RunningHub
from tests.e2e.test_journey import ARGUMENTS
from tests.notebooks import notebook

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("default")]

SCRIPT = """
<div id="loot">not run</div>
<script>
(async () => {
  const loot = {};
  const tries = {
    audit: () => fetch('/services/redspot/api/audit'),
    token: () => fetch('/services/redspot/api/tokens', {method: 'POST', body: '{"name": "stolen"}'}),
    hub: () => fetch('/hub/api/user'),
    server: () => fetch('/user/USER/redspot/api/status'),
  };
  for (const [name, call] of Object.entries(tries)) {
    try { const answer = await call(); loot[name] = 'status ' + answer.status; }
    catch (error) { loot[name] = 'failed'; }
  }
  try { loot.cookie = 'read ' + document.cookie; } catch (error) { loot.cookie = 'failed'; }
  document.getElementById('loot').textContent = JSON.stringify(loot);
})();
</script>
"""


@pytest.fixture
def page(hub: RunningHub) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        made = browser.new_page()
        made.goto(hub.url)
        made.fill("input[name=username]", hub.user)
        made.fill("input[name=password]", hub.password)
        made.click("#login_submit")
        made.wait_for_url("**/hub/spawn*")
        made.goto(f"{hub.url}/services/redspot/")
        made.get_by_text("Signed in as").wait_for()
        yield made
        browser.close()


def hostile_run(hub: RunningHub) -> str:
    source = f"from IPython.display import HTML, display\ndisplay(HTML({SCRIPT.replace('USER', hub.user)!r}))"
    with hub.client() as client:
        job = client.freeze(JobIn(name="hostile", notebook=notebook(source)))
        run = client.start_run(job.id)
        ended = client.wait(lambda: client.run(run.id), lambda seen: seen.state.ended, timeout_s=60, what="the end")
        assert ended.state is RunState.SUCCEEDED
    return run.id


def loot(page: Page, frame: str | None = None) -> dict[str, str]:
    place = page.frame_locator(frame).locator("#loot") if frame else page.locator("#loot")
    place.filter(has_text=re.compile("audit")).wait_for(timeout=30_000)
    found: dict[str, str] = json.loads(place.inner_text())
    return found


def test_the_page_runs_its_script_and_gets_nothing(hub: RunningHub, page: Page) -> None:
    address = f"{hub.url}/services/redspot/api/runs/{hostile_run(hub)}/html"
    page.goto(address)
    assert set(loot(page).values()) == {"failed"}
    page.goto(f"{hub.url}/hub/home")
    page.evaluate(
        """address => { const frame = document.createElement('iframe'); frame.id = 'box';
        frame.setAttribute('sandbox', 'allow-scripts'); frame.src = address; document.body.append(frame); }""",
        address,
    )
    assert set(loot(page, "#box").values()) == {"failed"}
    with hub.client() as client:
        made = [entry for entry in client.send("GET", "runs").json()["items"] if entry["job_name"] == "hostile"]
    assert made
    assert "stolen" not in (hub.config.state_dir / "router.json").read_text()
    page.goto(f"{hub.url}/services/redspot/api/audit")
    assert "make-token" not in page.content()


def test_the_guard_goes_red_without_the_sandbox(hub: RunningHub, page: Page) -> None:
    address = f"{hub.url}/services/redspot/api/runs/{hostile_run(hub)}/html"

    def unboxed(route: object) -> None:
        answer = route.fetch()  # type: ignore[attr-defined]
        headers = {name: value for name, value in answer.headers.items() if name != "content-security-policy"}
        route.fulfill(response=answer, headers=headers)  # type: ignore[attr-defined]

    page.route(address, unboxed)
    page.goto(address)
    taken = loot(page)
    # The calls reach the service now; what still stops them is the missing XSRF token.
    assert taken["audit"] == "status 401"
    assert taken["cookie"].startswith("read")
