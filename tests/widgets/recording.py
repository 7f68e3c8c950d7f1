"""What the library wrote about the penguins once, to be drawn again and again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

RECORDED = Path(__file__).with_name("recorded")
EVALUATIONS = ("binary", "multiclass", "regression")


def recorded(name: str) -> dict[str, Any]:
    """Return `comparison`, `step`, or one of the evaluations."""
    data: dict[str, Any] = json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))
    return data
