"""What the router is told, by services that run in this process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from redspot_server.controllers.backends import ReplicaBackends
from redspot_server.controllers.router_table import RouterTable
from redspot_server.controllers.shipper_unit import shipper_argv
from redspot_server.endpoints.tokens import make_token
from redspot_server.identity import Caller, Right
from redspot_server.services import Services

from redspot.config import Config
from redspot.contracts.requests import TokenIn
from redspot.registry.definition import Access, EndpointDefinition
from redspot.registry.deployment import ReplicaState
from redspot.registry.endpoint import ArmRole, EndpointState
from redspot.registry.rollout import Move, RolloutStage
from redspot.serving.errors import EndpointForbiddenError
from redspot.serving.snapshot import ArmEntry, EndpointEntry, Snapshot, parse_snapshot, token_hash

FRONT = EndpointDefinition("front", split={"m@1": 0.9, "m@2": 0.1}, sticky="header:X-User", max_in_flight=50)
PINS = {"m@1": "m@1", "m@2": "m@2"}


@pytest.fixture
def services(config: Config) -> Iterator[Services]:
    opened = Services.open(config, host="hub", users=("ada", "bob"))
    yield opened
    opened.database.dispose()


def table(services: Services) -> Snapshot:
    RouterTable(services, ReplicaBackends(services)).write(services.endpoints.standings())
    return parse_snapshot(services.config.snapshot_file.read_text())


def apply(services: Services, definition: EndpointDefinition) -> None:
    services.endpoints.apply(definition, PINS, by="ada", why="")


def test_it_names_arms_and_the_replicas_that_are_ready(services: Services) -> None:
    apply(services, FRONT)
    starting = table(services).endpoints["front"]
    assert (starting.arms, starting.replicas) == ((), ())
    assert starting.hold_s > 0, "a request waits for the first replica"
    store = services.endpoints
    for deployment in store.standing("front").deployments:
        first, second = (store.add_replica(deployment.id, seen=number) for number in (0, 1))
        assert first is not None
        assert second is not None
        assert second.state is ReplicaState.STARTING
        store.mark_ready(first)
    rollout = store.standing("front").rollout
    assert rollout is not None
    store.move(rollout, Move(RolloutStage.DONE), baseline=None)
    one, two = store.standing("front").deployments
    entry = table(services).endpoints["front"]
    assert entry.arms == (ArmEntry(one.id, ArmRole.LIVE, 0.9), ArmEntry(two.id, ArmRole.LIVE, 0.1))
    assert [(each.deployment_id, each.socket.rpartition("-")[2]) for each in entry.replicas] == [
        (one.id, "1.sock"),
        (two.id, "1.sock"),
    ]
    assert (entry.sticky, entry.max_in_flight) == ("header:X-User", 50)
    store.set_state("front", EndpointState.STOPPED, by="ada")
    assert table(services).endpoints["front"] == EndpointEntry(EndpointState.STOPPED)


def test_where_several_people_are_an_endpoint_is_private_until_somebody_is_named(services: Services) -> None:
    apply(services, FRONT)
    apply(services, replace(FRONT, name="open", access=Access(("bob",), ("https://a.example",))))
    grants = {
        who: services.tokens.add("t", owner=who, endpoints=None, days=1, rate_per_s=2.0, burst=3)
        for who in ("ada", "bob")
    }
    seen = table(services)
    allowed = {who: seen.callers[token_hash(made.token)] for who, made in grants.items()}
    assert allowed["ada"].endpoints == ("front", "open")
    assert allowed["bob"].endpoints == ("open",)
    assert (allowed["bob"].rate_per_s, allowed["bob"].burst) == (2.0, 3)
    assert allowed["bob"].expires_at == grants["bob"].expires_at.timestamp()
    assert seen.endpoints["open"].cors_origins == ("https://a.example",)
    bob = Caller("bob", "browser", frozenset({Right.AUTHOR}))
    with pytest.raises(EndpointForbiddenError, match="its owner ada can add bob"):
        make_token(services, bob, TokenIn(name="t", endpoints=["front"]))


def test_an_endpoint_that_keeps_events_starts_the_shipper_with_its_days(services: Services) -> None:
    apply(services, FRONT)
    assert shipper_argv(services) is None
    apply(services, replace(FRONT, log_sample=0.5, keep_days=7))
    argv = shipper_argv(services)
    assert argv is not None
    assert argv[-2:] == ("--keep-days-of", "front=7")
