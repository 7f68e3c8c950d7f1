"""The small picture of a column: bars of training, the outline of serving over them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from redspot.pipeline.pictures.markup import moment, number, text

WIDTH = 180
HEIGHT = 34
MAX_VALUES = 20

# Left and right as shares of the width, height in any unit.
Bar = tuple[float, float, float]
Column = Mapping[str, Any]


def distribution(train: Column | None, serve: Column | None) -> str:
    """Return histogram or most frequent values of a column as SVG with the ends or first values under it."""
    columns = (train, serve)
    if any(column and column.get("histogram") for column in columns):
        bars = [_histogram(column, columns) for column in columns]
    else:
        bars = [_values(column, columns) for column in columns]
    highest = max((height for side in bars for _, _, height in side), default=0.0)
    if not highest:
        return '<span class="rsp-faint">–</span>'
    paths = [_path(side, highest) for side in bars]
    return (
        f'<svg width="{WIDTH}" height="{HEIGHT}" aria-hidden="true">'
        f'<path class="rsp-axis" d="M0 {HEIGHT - 0.5}h{WIDTH}"/>'
        f'<path class="rsp-train-fill" fill="#3a6ea5" d="{paths[0]}"/>'
        f'<path class="rsp-serve-line" fill="none" stroke="#d9730d" d="{paths[1]}"/></svg>'
        f'<span class="rsp-faint">{caption(train or serve or {})}</span>'
    )


def caption(column: Column) -> str:
    """Return the ends of a histogram, or the first values."""
    edges = (column.get("histogram") or {}).get("edges") or []
    if edges:
        ends = [moment(edge) if column["dtype"] == "datetime" else number(edge) for edge in (edges[0], edges[-1])]
        return " – ".join(ends)
    return text(" · ".join(_short(str(value)) for value, _ in (column.get("top") or [])[:3]))


def _histogram(column: Column | None, columns: tuple[Column | None, ...]) -> list[Bar]:
    """Return densities, so that bins of two widths can be compared."""
    found = [(each or {}).get("histogram") or {} for each in columns]
    edges = [edge for each in found for edge in each.get("edges", [])]
    own = (column or {}).get("histogram") or {}
    low, span = min(edges), (max(edges) - min(edges)) or 1
    total = sum(own.get("counts", [])) or 1
    bars = []
    for index, count in enumerate(own.get("counts", [])):
        start, end = ((own["edges"][index + side] - low) / span for side in (0, 1))
        bars.append((start, end, count / total / (end - start)) if end > start else (0.4, 0.6, count / total))
    return bars


def _values(column: Column | None, columns: tuple[Column | None, ...]) -> list[Bar]:
    names = dict.fromkeys(str(value) for each in columns for value, _ in ((each or {}).get("top") or []))
    slots = max(4, min(len(names), MAX_VALUES))
    counts = {str(value): count for value, count in ((column or {}).get("top") or [])}
    known = max(1, (column or {}).get("rows", 0) - (column or {}).get("missing", 0))
    return [
        ((index + 0.1) / slots, (index + 0.9) / slots, counts.get(name, 0) / known)
        for index, name in enumerate(list(names)[:MAX_VALUES])
    ]


def _path(bars: list[Bar], highest: float) -> str:
    parts = []
    for left, right, height in bars:
        if height > 0:
            x, width = left * WIDTH, max(1.0, (right - left) * WIDTH - 0.8)
            high = max(1.0, height / highest * (HEIGHT - 2))
            parts.append(f"M{x:.1f} {HEIGHT}v{-high:.1f}h{width:.1f}v{high:.1f}z")
    return "".join(parts)


def _short(value: str, limit: int = 16) -> str:
    return value if len(value) <= limit else f"{value[: limit - 1]}…"
