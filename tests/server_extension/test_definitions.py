"""Definitions as the API and the command line have them; nothing waits for a replica here."""

from __future__ import annotations

import argparse
import base64
import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import httpx
import pytest
from redspot_server.problems import RequestError
from redspot_server.verbs import endpoints as endpoints_verb
from redspot_server.verbs import token as token_verb

from redspot.client.service import ServiceClient, ServiceProblemError
from redspot.contracts.requests import VersionIn
from redspot.registry.definition import EndpointDefinition
from redspot.registry.model import Version
from redspot.registry.policy import Parity, RolloutPolicy
from tests.rollouts import pipeline_file, register
from tests.services import ServiceProcess

TOML = 'name = "front"\nmodel = "m@latest"\nmax_replicas = 3\n[rollout]\nstrategy = "canary"\n'


@pytest.fixture(scope="module")
def http(shared_service: ServiceProcess) -> Iterator[httpx.Client]:
    transport = httpx.HTTPTransport(uds=str(shared_service.config.socket))
    with httpx.Client(transport=transport, base_url="http://redspot/") as made:
        yield made


@pytest.fixture(scope="module", autouse=True)
def versions(client: ServiceClient) -> None:
    register(client, "m", 1.0)
    register(client, "m", 2.0)
    body = VersionIn(pipeline=base64.b64encode(without_rows()).decode())
    client.call(Version, "POST", "models/bare/versions", body=body)


def without_rows() -> bytes:
    """Return a pipeline file that holds no recorded rows."""
    whole, bare = zipfile.ZipFile(io.BytesIO(pipeline_file(1.0))), io.BytesIO()
    with whole, zipfile.ZipFile(bare, "w") as members:
        for member in whole.infolist():
            rows = member.filename == "parity.json"
            members.writestr(member, b'{"rows": [], "answers": []}' if rows else whole.read(member))
    return bare.getvalue()


def say(verb: Any, service: ServiceProcess, *words: str) -> str:
    """Run a verb as the command line does, but for finding it by its entry point."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    verb.configure(parser)
    said = io.StringIO()
    with redirect_stdout(said):
        assert verb.run(parser.parse_args(words), service.config) == 0
    return said.getvalue()


def test_a_definition_is_changed_only_by_who_has_seen_it(http: httpx.Client) -> None:
    body = {"definition": {"model": "m@1"}, "why": "first"}
    made = http.put("api/endpoints/locked/definition", json=body, headers={"If-Match": '"0"'})
    assert (made.status_code, made.headers["etag"]) == (200, '"1"')
    assert made.json()["pins"] == {"m@1": "m@1"}
    read = http.get("api/endpoints/locked/definition")
    assert read.headers["etag"] == '"1"'
    changed = {"definition": {"model": "m@2"}}
    stale = http.put("api/endpoints/locked/definition", json=changed, headers={"If-Match": '"0"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale-definition")
    assert stale.json()["facts"]["generation"] == 1
    odd = http.put("api/endpoints/locked/definition", json=changed, headers={"If-Match": '"x"'})
    assert (odd.status_code, odd.json()["code"]) == (400, "if-match")
    fresh = http.put("api/endpoints/locked/definition", json=changed, headers={"If-Match": read.headers["etag"]})
    assert (fresh.status_code, fresh.headers["etag"]) == (200, '"2"')


@pytest.mark.parametrize(
    ("definition", "status", "code"),
    [
        ({"model": "m@1", "shades": 2}, 400, "endpoint-definition"),
        ({"model": "m@1", "backend": "mainframe"}, 400, "endpoint-definition"),
        ({"model": "m@1", "instance_type": "gpu.p9"}, 400, "endpoint-definition"),
        ({"model": "m@9"}, 404, "version-not-found"),
        ({"model": "nix@1"}, 404, "model-not-found"),
        ({"model": "m@1", "name": "other"}, 400, "endpoint-definition"),
        ({"model": "bare@1"}, 409, "unchecked-version"),
    ],
)
def test_what_cannot_be_is_refused(http: httpx.Client, definition: dict[str, Any], status: int, code: str) -> None:
    answer = http.put("api/endpoints/refused/definition", json={"definition": definition})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert http.get("api/endpoints/refused").status_code == 404


def test_a_version_without_recorded_rows_needs_somebody_who_confirms_it(client: ServiceClient) -> None:
    definition = EndpointDefinition("bare", model="bare@1", rollout=RolloutPolicy(parity=Parity.REQUIRE))
    assert client.plan(definition).unchecked == ("bare@1",)
    with pytest.raises(ServiceProblemError, match="set 'rollout.parity' to 'skip'"):
        client.apply(definition, confirm=True)
    with pytest.raises(ServiceProblemError, match="confirm it"):
        client.deploy("bare", "bare@1")
    assert client.deploy("bare", "bare@1", confirm=True).generation == 1


def test_a_file_is_planned_applied_shown_and_exported(shared_service: ServiceProcess, tmp_path: Path) -> None:
    file = tmp_path / "endpoint.toml"
    file.write_text(TOML)
    planned = say(endpoints_verb, shared_service, "plan", str(file))
    assert "start 1 replica of m@2" in planned
    assert "max_replicas" in planned
    with pytest.raises(RequestError, match="add --yes"):
        say(endpoints_verb, shared_service, "apply", str(file))
    assert "front" in say(endpoints_verb, shared_service, "apply", str(file), "--yes", "--why", "first")
    assert "Nothing changes" in say(endpoints_verb, shared_service, "plan", str(file))
    assert "front is wanted live, generation 1" in say(endpoints_verb, shared_service, "show", "front")
    (tmp_path / "again.toml").write_text(say(endpoints_verb, shared_service, "export", "front"))
    assert "Nothing changes" in say(endpoints_verb, shared_service, "plan", str(tmp_path / "again.toml"))
    say(endpoints_verb, shared_service, "scale", "front", "2..4")
    applied = json.loads(say(endpoints_verb, shared_service, "export", "front", "--json"))
    assert (applied["definition"]["min_replicas"], applied["definition"]["max_replicas"]) == (2, 4)
    ledger = json.loads(say(endpoints_verb, shared_service, "ledger", "front", "--json"))
    assert (ledger["entries"][-1]["version"], ledger["entries"][-1]["why"]) == ("m@2", "first")
    assert "nothing" in say(endpoints_verb, shared_service, "ledger", "front", "--at", "2020-01-01T00:00:00Z")
    with pytest.raises(RequestError, match="neither a number"):
        say(endpoints_verb, shared_service, "scale", "front", "many")
    with pytest.raises(RequestError, match="cannot be read"):
        say(endpoints_verb, shared_service, "plan", str(tmp_path / "none.toml"))


def test_what_is_not_there_cannot_be_taken_back(client: ServiceClient, http: httpx.Client) -> None:
    client.apply(EndpointDefinition("alone", model="m@1"))
    client.abort("alone", why="no")
    aborted = client.endpoint("alone")
    assert aborted.rollout is not None
    assert (aborted.rollout.stage, aborted.serving) == ("rolled-back", None)
    for act in (client.promote, client.abort, client.roll_back):
        with pytest.raises(ServiceProblemError) as caught:
            act("alone")
        assert caught.value.code == "endpoint-conflict"
    assert http.get("api/endpoints/alone/ledger", params={"at": "2026-03-01T12:00"}).json()["code"] == (
        "moment-without-zone"
    )


def test_tokens_are_made_replaced_and_ended(shared_service: ServiceProcess, client: ServiceClient) -> None:
    client.apply(EndpointDefinition("keyed", model="m@1"))
    words = ("make", "app", "--endpoint", "keyed", "--rate", "5", "--burst", "9")
    first = json.loads(say(token_verb, shared_service, *words, "--json"))
    second = json.loads(say(token_verb, shared_service, "rotate", first["id"], "--grace-s", "0", "--json"))
    assert second["token"] != first["token"]
    (left,) = [token for token in client.tokens() if token.name == "app"]
    assert (left.id, left.endpoints, left.rate_per_s, left.burst) == (second["id"], ("keyed",), 5.0, 9)
    say(token_verb, shared_service, "revoke", second["id"])
    assert not [token for token in client.tokens() if token.name == "app"]
    with pytest.raises(ServiceProblemError) as caught:
        client.make_token("app", endpoints=["nix"])
    assert caught.value.code == "endpoint-not-found"
