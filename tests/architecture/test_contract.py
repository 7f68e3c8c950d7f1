from __future__ import annotations

import dataclasses
import inspect
import json

import pytest
from redspot_server.content import Content
from redspot_server.identity import Right
from redspot_server.openapi import CONTRACT_FILE, render_contract
from redspot_server.routes import ROUTES, Route


def test_the_committed_contract_is_fresh() -> None:
    assert render_contract() == CONTRACT_FILE.read_text(), "run: make contract"


def test_the_guard_goes_red_when_a_route_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = (dataclasses.replace(ROUTES[0], summary="changed"), *ROUTES[1:])
    monkeypatch.setattr("redspot_server.routes.ROUTES", changed)
    assert render_contract() != CONTRACT_FILE.read_text()


ASKED_WITH_A_BODY = ("notebooks/inspect", "endpoints/plan")


def wrong(routes: tuple[Route, ...]) -> list[str]:
    """Return the routes that would not be safe to serve."""
    found = []
    for route in routes:
        parameters = list(inspect.signature(route.endpoint).parameters)
        if parameters[:2] != ["services", "caller"]:
            found.append(f"{route.method} {route.path}: takes {parameters}")
        if route.right is Right.PUBLIC:
            found.append(f"{route.method} {route.path}: needs no right")
        if route.method not in ("GET", "HEAD") and route.right is Right.READ and route.path not in ASKED_WITH_A_BODY:
            found.append(f"{route.method} {route.path}: changes with the right to read")
    return found


def test_every_route_needs_a_right_and_writes_need_more_than_reading() -> None:
    assert wrong(ROUTES) == []
    assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES)


def test_the_guard_goes_red_on_an_unguarded_route() -> None:
    assert wrong((dataclasses.replace(ROUTES[0], right=Right.PUBLIC),)) == ["GET status: needs no right"]


def test_replies_are_dataclasses_or_bytes() -> None:
    for route in ROUTES:
        kind = getattr(route.reply, "__origin__", route.reply)
        assert kind is Content or dataclasses.is_dataclass(kind), route.path


def test_the_contract_lists_every_route_with_its_right() -> None:
    document = json.loads(render_contract())
    assert {
        (method.upper(), path.removeprefix("/api/"))
        for path, methods in document["paths"].items()
        for method in methods
    } == {(route.method, route.path) for route in ROUTES}
    assert all(operation["x-right"] for methods in document["paths"].values() for operation in methods.values())
