from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from redspot.registry.endpoint import EndpointState
from redspot.serving.errors import SnapshotError
from redspot.serving.snapshot import (
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
    {token_hash("t"): CallerEntry("ada"), token_hash("u"): CallerEntry("grace", ("penguins",))},
    {
        "penguins": EndpointEntry(EndpointState.LIVE, (ReplicaEntry("d1", "species", "3", "/run/d1", "geheim"),)),
        "off": EndpointEntry(EndpointState.STOPPED),
    },
)


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
