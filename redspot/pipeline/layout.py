"""Where the boxes of a picture go: layers from left to right, and a frame round each sub-pipeline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

BOX_WIDTH = 200
BOX_HEIGHT = 62
GAP_X = 60
GAP_Y = 22
MARGIN = 12
FRAME_SIDE = 16
FRAME_TOP = 28
FRAME_BOTTOM = 14

Path = tuple[str, ...]
Corner = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Frame:
    """The rectangle round a sub-pipeline, in pixels."""

    name: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Layout:
    """Left upper corners of the boxes by node id, frames from the outside in, and the size, in pixels."""

    corners: Mapping[str, Corner]
    width: float
    height: float
    frames: tuple[Frame, ...] = ()


@dataclass(frozen=True, slots=True)
class _Item:
    """A box, or a sub-pipeline that is laid out already; `names` are the nodes in it."""

    names: frozenset[str]
    width: float
    height: float
    corners: Mapping[str, Corner]
    frames: tuple[Frame, ...]


def lay_out(description: Mapping[str, Any]) -> Layout:
    """Place each node one layer right of the last that it reads, and level with the mean of those.

    The nodes of a sub-pipeline (`path`, which older descriptions lack) are placed among themselves first; their frame
    is then one box of what is round it.
    """
    paths = {str(node["id"]): tuple(str(name) for name in node.get("path") or ()) for node in description["nodes"]}
    edges = [(str(edge["from"]), str(edge["to"])) for edge in description["edges"]]
    whole = _level((), list(paths.items()), edges)
    corners = {name: (x + MARGIN, y + MARGIN) for name, (x, y) in whole.corners.items()}
    return Layout(corners, whole.width + 2 * MARGIN, whole.height + 2 * MARGIN, _moved(whole.frames, MARGIN, MARGIN))


def _level(path: Path, members: Sequence[tuple[str, Path]], edges: Sequence[tuple[str, str]]) -> _Item:
    """Lay out the nodes at and below a path; the corner of the whole is at (0, 0)."""
    depth = len(path)
    groups: dict[str, list[tuple[str, Path]]] = {}
    order: list[tuple[str | None, str]] = []
    for name, own in members:
        inner = own[depth] if len(own) > depth else None
        if inner is None:
            order.append((None, name))
        elif inner not in groups:
            order.append((inner, ""))
        if inner is not None:
            groups.setdefault(inner, []).append((name, own))
    items = [
        _box(name) if group is None else _framed(group, _level((*path, group), groups[group], edges))
        for group, name in order
    ]
    return _placed(items, edges)


def _box(name: str) -> _Item:
    return _Item(frozenset([name]), BOX_WIDTH, BOX_HEIGHT, {name: (0.0, 0.0)}, ())


def _framed(name: str, inner: _Item) -> _Item:
    width, height = inner.width + 2 * FRAME_SIDE, inner.height + FRAME_TOP + FRAME_BOTTOM
    corners = {each: (x + FRAME_SIDE, y + FRAME_TOP) for each, (x, y) in inner.corners.items()}
    frames = (Frame(name, 0.0, 0.0, width, height), *_moved(inner.frames, FRAME_SIDE, FRAME_TOP))
    return _Item(inner.names, width, height, corners, frames)


def _placed(items: Sequence[_Item], edges: Sequence[tuple[str, str]]) -> _Item:
    where = {name: index for index, item in enumerate(items) for name in item.names}
    before: list[set[int]] = [set() for _ in items]
    for start, end in edges:
        if start in where and end in where and where[start] != where[end]:
            before[where[end]].add(where[start])
    layers = _layers(before)
    tops = _tops(items, before, layers)
    widths = [
        max((item.width for item, layer in zip(items, layers, strict=True) if layer == depth), default=0.0)
        for depth in range(max(layers, default=0) + 1)
    ]
    lefts = [sum(widths[:depth]) + depth * GAP_X for depth in range(len(widths))]
    corners: dict[str, Corner] = {}
    frames: list[Frame] = []
    for item, layer, top in zip(items, layers, tops, strict=True):
        corners |= {name: (x + lefts[layer], y + top) for name, (x, y) in item.corners.items()}
        frames += _moved(item.frames, lefts[layer], top)
    height = max((top + item.height for item, top in zip(items, tops, strict=True)), default=0.0)
    width = sum(widths) + max(0, len(widths) - 1) * GAP_X
    return _Item(frozenset(where), width, height, corners, tuple(frames))


def _layers(before: Sequence[set[int]]) -> list[int]:
    """Return one more than the layer of the last item read; where frames wait for each other, the first goes ahead."""
    layers: dict[int, int] = {}
    waiting = list(range(len(before)))
    while waiting:
        ready = next((index for index in waiting if before[index] <= layers.keys()), waiting[0])
        layers[ready] = 1 + max((layers[source] for source in before[ready] if source in layers), default=-1)
        waiting.remove(ready)
    return [layers[index] for index in range(len(before))]


def _tops(items: Sequence[_Item], before: Sequence[set[int]], layers: Sequence[int]) -> list[float]:
    """Return the upper edge of each item; neighbours in a layer are at least a gap apart."""
    tops: dict[int, float] = {}
    for depth in range(max(layers, default=0) + 1):
        members = [index for index, layer in enumerate(layers) if layer == depth]
        wished: dict[int, float] = {}
        stacked = 0.0
        for index in members:
            known = [tops[source] + items[source].height / 2 for source in before[index] if source in tops]
            wished[index] = sum(known) / len(known) - items[index].height / 2 if known else stacked
            stacked += items[index].height + GAP_Y
        lowest = 0.0
        for index in sorted(members, key=lambda each: (wished[each], each)):
            tops[index] = max(wished[index], lowest)
            lowest = tops[index] + items[index].height + GAP_Y
    return [tops[index] for index in range(len(items))]


def _moved(frames: Iterable[Frame], x: float, y: float) -> tuple[Frame, ...]:
    return tuple(Frame(each.name, each.x + x, each.y + y, each.width, each.height) for each in frames)
