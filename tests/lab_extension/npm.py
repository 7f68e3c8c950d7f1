"""What is true of the Node side of the repository, as functions over its parsed files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def read_json(*parts: str) -> dict[str, Any]:
    """Return a JSON file of the repository."""
    data: dict[str, Any] = json.loads(ROOT.joinpath(*parts).read_text(encoding="utf-8"))
    return data


def addresses(value: Any, path: str = "") -> Iterator[str]:
    """Yield where in `value` a text holds a download address."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from addresses(item, f"{path}/{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from addresses(item, f"{path}/{index}")
    elif isinstance(value, str) and "://" in value:
        yield path


def downloads(lock: Mapping[str, Any]) -> list[str]:
    """Return the places of a lock file that say where to download from; links to folders of ours are none."""
    return [
        where
        for name, package in lock["packages"].items()
        for where in addresses({key: package[key] for key in ("resolved", "version") if key in package}, name)
    ]


def unlocked(lock: Mapping[str, Any]) -> list[str]:
    """Return the packages that the lock file does not pin by content; our own folders need none."""
    return [
        name
        for name, package in lock["packages"].items()
        if name.startswith("node_modules/") and not package.get("link") and "integrity" not in package
    ]
