"""Where the boxes of a picture go: one column of boxes per layer, left to right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

BOX_WIDTH = 200
BOX_HEIGHT = 62
GAP_X = 60
GAP_Y = 22
MARGIN = 12


@dataclass(frozen=True, slots=True)
class Layout:
    """Left upper corners of the boxes by node id, and the size of the whole, in pixels."""

    corners: Mapping[str, tuple[float, float]]
    width: float
    height: float


def lay_out(description: Mapping[str, Any]) -> Layout:
    """Place each node one layer right of the last that it reads, and level with the mean of those."""
    ids = [str(node["id"]) for node in description["nodes"]]
    before: dict[str, list[str]] = {name: [] for name in ids}
    for edge in description["edges"]:
        before[str(edge["to"])].append(str(edge["from"]))
    layer: dict[str, int] = {}
    for name in ids:
        layer[name] = 1 + max((layer[source] for source in before[name]), default=-1)
    slots = _rows(ids, before, layer)
    layers, tallest = max(layer.values(), default=0) + 1, max(slots.values(), default=0.0) + 1
    corners = {
        name: (MARGIN + layer[name] * (BOX_WIDTH + GAP_X), MARGIN + slots[name] * (BOX_HEIGHT + GAP_Y)) for name in ids
    }
    width = 2 * MARGIN + layers * BOX_WIDTH + (layers - 1) * GAP_X
    height = 2 * MARGIN + tallest * BOX_HEIGHT + (tallest - 1) * GAP_Y
    return Layout(corners, width, height)


def _rows(ids: list[str], before: Mapping[str, list[str]], layer: Mapping[str, int]) -> dict[str, float]:
    """Return the vertical slot of each node; neighbours in a layer are at least one slot apart."""
    slots: dict[str, float] = {}
    for depth in range(max(layer.values(), default=0) + 1):
        members = [name for name in ids if layer[name] == depth]
        wished = {
            name: sum(slots[source] for source in before[name]) / len(before[name]) if before[name] else float(index)
            for index, name in enumerate(members)
        }
        lowest = 0.0
        for name in sorted(members, key=lambda each: (wished[each], ids.index(each))):
            slots[name] = max(wished[name], lowest)
            lowest = slots[name] + 1
    return slots
