from __future__ import annotations

import json
import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redspot.registry.endpoint import ArmRole, EndpointState
from redspot.serving.errors import SnapshotError
from redspot.serving.snapshot import (
    ArmEntry,
    CallerEntry,
    EndpointEntry,
    ReplicaEntry,
    Snapshot,
    parse_snapshot,
    render_snapshot,
    token_hash,
    write_snapshot,
)

SNAPSHOT = Snapshot(
    7,
    {
        token_hash("t"): CallerEntry("ada", rate_per_s=2.5, burst=10, expires_at=1.9e9),
        token_hash("u"): CallerEntry("grace", ("penguins",)),
    },
    {
        "penguins": EndpointEntry(
            EndpointState.LIVE,
            (ReplicaEntry("d1", "species", "3", "/run/d1", "geheim"),),
            (
                ArmEntry("d1", ArmRole.LIVE, 0.9),
                ArmEntry("d2", ArmRole.LIVE, 0.1),
                ArmEntry("d3", ArmRole.SHADOW, 0.5),
            ),
            sticky="header:X-Visitor",
            cors_origins=("https://example.org", "http://127.0.0.1:8000"),
            hold_s=30.0,
            max_in_flight=64,
        ),
        "off": EndpointEntry(EndpointState.STOPPED),
    },
)

_words = st.text(string.ascii_letters + string.digits + "-_.", min_size=1, max_size=12)
_finite = st.floats(allow_nan=False, allow_infinity=False)
_callers = st.builds(
    CallerEntry,
    st.text(min_size=1, max_size=8),
    st.none() | st.lists(_words, max_size=3).map(tuple),
    st.none() | st.floats(1e-6, 1e6),
    st.none() | st.integers(1, 10**9),
    st.none() | _finite,
)


@st.composite
def _endpoints(draw: st.DrawFn) -> EndpointEntry:
    names = draw(st.lists(_words, max_size=6, unique=True))
    parts = [draw(st.integers(0, 100)) for _ in names]
    live = sum(parts)
    arms = tuple(ArmEntry(name, ArmRole.LIVE, part / live) for name, part in zip(names, parts, strict=True) if live)
    if arms and draw(st.booleans()):
        arms = (*arms, ArmEntry("a shadow", ArmRole.SHADOW, draw(st.floats(0, 1))))
    return EndpointEntry(
        draw(st.sampled_from(EndpointState)),
        tuple(ReplicaEntry(name, "m", "1", f"/run/{name}", "s") for name in names),
        arms,
        draw(st.none() | _words.map("header:{}".format) | st.text(min_size=1).map("column:{}".format)),
        draw(st.lists(_words.map("https://{}:8443".format), max_size=2).map(tuple)),
        draw(st.floats(0, 1e6)),
        draw(st.none() | st.integers(1, 10**6)),
    )


@settings(max_examples=60, deadline=None)
@given(
    st.builds(
        Snapshot,
        st.integers(),
        st.dictionaries(st.text().map(lambda text: token_hash(text)), _callers, max_size=3),
        st.dictionaries(st.from_regex(r"[a-z][a-z0-9]{0,9}", fullmatch=True), _endpoints(), max_size=3),
    )
)
def test_any_snapshot_comes_back_as_it_was(snapshot: Snapshot) -> None:
    assert parse_snapshot(render_snapshot(snapshot)) == snapshot


def test_a_file_without_the_later_keys_is_read_as_before() -> None:
    replica = {"deployment_id": "d1", "model": "species", "version": "3", "socket": "/run/d1", "secret": "s"}
    content = {
        "format": 1,
        "generation": 1,
        "callers": {token_hash("t"): {"name": "ada", "endpoints": None}},
        "endpoints": {"penguins": {"state": "live", "replicas": [replica]}},
    }
    snapshot = parse_snapshot(json.dumps(content))
    assert snapshot.callers[token_hash("t")] == CallerEntry("ada")
    entry = ReplicaEntry("d1", "species", "3", "/run/d1", "s")
    assert snapshot.endpoints["penguins"] == EndpointEntry(EndpointState.LIVE, (entry,))
    # And what says nothing new is written as before, so that an older router reads it alike.
    assert json.loads(render_snapshot(snapshot)) == content


def test_a_snapshot_comes_back_as_it_was() -> None:
    assert parse_snapshot(render_snapshot(SNAPSHOT)) == SNAPSHOT


def test_what_a_later_version_adds_is_passed_over() -> None:
    content = json.loads(render_snapshot(SNAPSHOT)) | {"weather": "fine"}
    content["endpoints"]["penguins"]["replicas"][0]["weight"] = 3
    assert parse_snapshot(json.dumps(content)) == SNAPSHOT


def test_a_token_and_a_secret_are_not_shown() -> None:
    assert "geheim" not in repr(SNAPSHOT)
    assert token_hash("t") != "t"
    assert token_hash("\udcff")


def test_writing_leaves_one_private_file(tmp_path: Path) -> None:
    for generation in (1, 2):
        write_snapshot(tmp_path / "s.json", Snapshot(generation, {}, {}))
    assert [file.name for file in tmp_path.iterdir()] == ["s.json"]
    assert (tmp_path / "s.json").stat().st_mode & 0o777 == 0o600
    assert parse_snapshot((tmp_path / "s.json").read_text()).generation == 2


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("format",), 2, "format"),
        (("generation",), "7", "generation"),
        (("generation",), True, "generation"),
        (("callers",), [], "callers"),
        (("callers",), {"abc": {"name": "ada"}}, "SHA-256"),
        (("callers", token_hash("t"), "name"), "", "name"),
        (("callers", token_hash("u"), "endpoints"), "penguins", "list"),
        (("endpoints",), None, "endpoints"),
        (("endpoints",), {"../x": {"state": "live", "replicas": []}}, "name"),
        (("endpoints", "penguins"), 1, "state"),
        (("endpoints", "penguins", "state"), "lively", "live, stopped"),
        (("endpoints", "penguins", "replicas"), None, "replicas"),
        (("endpoints", "penguins", "replicas", 0, "socket"), "run/d1", "absolute"),
        (("endpoints", "penguins", "replicas", 0, "secret"), "a\r\nb", "header"),
        (("endpoints", "penguins", "replicas", 0, "version"), 3, "version"),
        (("endpoints", "penguins", "replicas", 0, "version"), "3\r\nX: y", "header"),
        (("endpoints", "penguins", "arms"), {}, "arms"),
        (("endpoints", "penguins", "arms"), [None], "role"),
        (("endpoints", "penguins", "arms", 0, "share"), 0.8, "sum to 0.9"),
        (("endpoints", "penguins", "arms", 0, "share"), -0.1, "from 0 to 1"),
        (("endpoints", "penguins", "arms", 0, "share"), None, "from 0 to 1"),
        (("endpoints", "penguins", "arms", 0, "role"), "understudy", "live, shadow"),
        (("endpoints", "penguins", "arms", 0, "role"), "shadow", "sum to 0.1"),
        (("endpoints", "penguins", "arms", 1, "deployment_id"), "d1", "same deployment"),
        (("endpoints", "penguins", "sticky"), "cookie:x", "header:NAME"),
        (("endpoints", "penguins", "sticky"), "header:a b", "header:NAME"),
        (("endpoints", "penguins", "cors_origins"), ["*"], "origin"),
        (("endpoints", "penguins", "cors_origins"), ["https://a.org\r\nX: y"], "origin"),
        (("endpoints", "penguins", "cors_origins"), None, "list"),
        (("endpoints", "penguins", "hold_s"), -1, "less than 0"),
        (("endpoints", "penguins", "hold_s"), float("inf"), "not a number"),
        (("endpoints", "penguins", "hold_s"), 10**400, "not a number"),
        (("endpoints", "penguins", "max_in_flight"), 0, "above 0"),
        (("callers", token_hash("t"), "rate_per_s"), 0, "more than 0"),
        (("callers", token_hash("t"), "rate_per_s"), "2", "not a number"),
        (("callers", token_hash("t"), "burst"), 1.5, "whole number"),
        (("callers", token_hash("t"), "expires_at"), True, "not a number"),
    ],
)
def test_what_is_no_snapshot_is_refused(path: tuple[Any, ...], value: object, says: str) -> None:
    content = json.loads(render_snapshot(SNAPSHOT))
    place = content
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(SnapshotError, match=says) as caught:
        parse_snapshot(json.dumps(content))
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "null", "[]", "{", "[" * 100_000])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(SnapshotError):
        parse_snapshot(text)
