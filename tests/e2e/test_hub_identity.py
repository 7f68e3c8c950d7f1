"""Who may do what, against a real hub."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.hub import RunningHub

API = "/services/redspot/api"


@pytest.fixture(scope="module")
def browser(hub: RunningHub) -> Iterator[httpx.Client]:
    made = hub.sign_in()
    yield made
    made.close()


@pytest.fixture(scope="module")
def token(hub: RunningHub, browser: httpx.Client) -> str:
    made = hub.token(browser)
    hub.spawn(made)
    return made


def ask(hub: RunningHub, path: str, token: str = "", method: str = "GET") -> httpx.Response:
    headers = {"Authorization": f"token {token}"} if token else {}
    return httpx.request(method, f"{hub.url}{path}", headers=headers, timeout=30)


def test_nobody_is_refused(hub: RunningHub) -> None:
    answer = ask(hub, f"{API}/models")
    assert (answer.status_code, answer.json()["code"]) == (401, "not-signed-in")
    assert ask(hub, f"{API}/models", "nonsense").status_code == 401
    assert ask(hub, "/services/redspot/metrics").status_code == 401


def test_a_token_without_our_scopes_is_refused(hub: RunningHub, browser: httpx.Client) -> None:
    narrow = hub.token(browser, scopes=["read:users:name!user"])
    answer = ask(hub, f"{API}/models", narrow)
    assert (answer.status_code, answer.json()["code"]) == (401, "not-signed-in")


def test_the_users_token_reads_and_authors_and_never_administers(hub: RunningHub, token: str) -> None:
    status = ask(hub, f"{API}/status", token).json()
    assert (status["host"], status["caller"], set(status["rights"])) == ("hub", hub.user, {"author", "read"})
    answer = ask(hub, f"{API}/audit", token)
    assert (answer.status_code, answer.json()["code"]) == (403, "missing-right")


def test_the_notebook_server_passes_on_as_its_user(hub: RunningHub, token: str) -> None:
    path = f"/user/{hub.user}/redspot/api"
    assert ask(hub, f"{path}/status", token).json()["caller"] == hub.user
    answer = ask(hub, f"{path}/audit", token)
    assert (answer.status_code, answer.json()["code"]) == (403, "missing-right")
    assert ask(hub, f"{path}/status").status_code == 403


def test_a_signed_in_browser_sees_the_page_and_the_audit_log(hub: RunningHub, browser: httpx.Client) -> None:
    page = browser.get("/services/redspot/")
    assert page.status_code == 200
    assert f"Signed in as {hub.user}" in page.text
    assert "One trust domain" in page.text
    assert browser.get(f"{API}/audit").status_code == 200


def test_a_cookie_writes_only_with_the_xsrf_token(hub: RunningHub, browser: httpx.Client) -> None:
    browser.get("/services/redspot/")
    body = {"name": "mine"}
    navigated = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin"}
    without = browser.post(f"{API}/tokens", json=body, headers=navigated)
    assert (without.status_code, without.json()["code"]) == (401, "not-signed-in")
    wrong = browser.post(f"{API}/tokens", json=body, headers={**navigated, "X-XSRFToken": "nonsense"})
    assert wrong.status_code == 401
    xsrf = browser.cookies.get("_xsrf", path="/services/redspot/")
    assert xsrf
    right = browser.post(f"{API}/tokens", json=body, headers={**navigated, "X-XSRFToken": xsrf})
    assert right.status_code == 201, right.text


def test_no_token_of_the_service_reaches_the_users_processes(hub: RunningHub, token: str) -> None:
    service = environment(hub.processes("service --hub")[0])
    secret = service["JUPYTERHUB_API_TOKEN"]
    (server,) = hub.processes("jupyterhub.singleuser")
    assert secret not in environment(server).values()
    hub_secrets = {value for name, value in service.items() if "TOKEN" in name and value}
    assert hub_secrets.isdisjoint(environment(server).values())


def environment(pid: int) -> dict[str, str]:
    raw = (Path("/proc") / str(pid) / "environ").read_bytes().decode(errors="replace")
    return dict(line.split("=", 1) for line in raw.split("\0") if "=" in line)
