"""What verbs print: a table for people, the wire's JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from redspot.client.service import ServiceClient
from redspot.config import Config
from redspot_server.handlers import adapter_of


def connect(config: Config) -> ServiceClient:
    """Return a client of the service of this state directory."""
    return ServiceClient(socket=config.socket)


def print_json(value: Any) -> None:
    """Print a dataclass, or a tuple of them, as JSON."""
    if isinstance(value, tuple | list):
        print(json.dumps([adapter_of(type(item)).dump_python(item, mode="json") for item in value], indent=1))
    else:
        print(json.dumps(adapter_of(type(value)).dump_python(value, mode="json"), indent=1))


def print_table(heads: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> None:
    """Print rows below their heads, or one sentence when there are none."""
    cells = [[_text(cell) for cell in row] for row in rows]
    if not cells:
        print(empty)
        return
    widths = [max(len(row[index]) for row in [list(heads), *cells]) for index in range(len(heads))]
    for row in [list(heads), *cells]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _text(cell: object) -> str:
    if cell is None:
        return "-"
    if isinstance(cell, datetime):
        return cell.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    return f"{cell:.4g}" if isinstance(cell, float) else str(cell)
