"""A curve or cloud of points with its axes as static SVG."""

from __future__ import annotations

from dataclasses import dataclass

from redspot.pipeline.pictures.markup import number, text

WIDTH, HEIGHT = 300, 220
LEFT, RIGHT, TOP, BOTTOM = 48, 10, 22, 36

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Curve:
    """Points, joined by a line and marked by dots as asked, and a dashed line to compare them with."""

    title: str
    x_label: str
    y_label: str
    points: tuple[Point, ...]
    reference: tuple[Point, Point]
    marked: bool = False
    joined: bool = True


def render_curve(curve: Curve) -> str:
    """Return the curve as SVG; it loads nothing."""
    every = [*curve.points, *curve.reference]
    low_x, high_x = min(x for x, _ in every), max(x for x, _ in every)
    low_y, high_y = min(y for _, y in every), max(y for _, y in every)
    inner_width, inner_height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def at(point: Point) -> str:
        x = LEFT + (point[0] - low_x) / ((high_x - low_x) or 1) * inner_width
        y = TOP + (1 - (point[1] - low_y) / ((high_y - low_y) or 1)) * inner_height
        return f"{x:.1f} {y:.1f}"

    base = TOP + inner_height
    start, end = (at(point) for point in curve.reference)
    parts = [
        f'<text x="0" y="12">{text(curve.title)}</text>',
        f'<path class="rsp-axis" fill="none" stroke="#aaa" d="M{LEFT} {TOP}V{base}H{WIDTH - RIGHT}"/>',
        f'<path class="rsp-diagonal" fill="none" stroke="#888" d="M{start}L{end}"/>',
        f'<text x="{LEFT - 4}" y="{base}" text-anchor="end">{number(low_y)}</text>',
        f'<text x="{LEFT - 4}" y="{TOP + 8}" text-anchor="end">{number(high_y)}</text>',
        f'<text x="{LEFT}" y="{base + 13}">{number(low_x)}</text>',
        f'<text x="{WIDTH - RIGHT}" y="{base + 13}" text-anchor="end">{number(high_x)}</text>',
        f'<text x="{LEFT + inner_width / 2:.0f}" y="{HEIGHT - 6}" text-anchor="middle">{text(curve.x_label)}</text>',
        f'<text transform="translate(12 {TOP + inner_height / 2:.0f}) rotate(-90)" text-anchor="middle">'
        f"{text(curve.y_label)}</text>",
    ]
    if curve.joined and curve.points:
        line = "L".join(at(point) for point in curve.points)
        parts.append(f'<path class="rsp-curve" fill="none" stroke="#3a6ea5" d="M{line}"/>')
    if curve.marked:
        # Dots of no length with round caps: one path for all of them.
        dots = "".join(f"M{at(point)}h0" for point in curve.points)
        parts.append(
            f'<path class="rsp-curve" stroke="#3a6ea5" stroke-linecap="round" style="stroke-width:5" '
            f'stroke-opacity=".6" d="{dots}"/>'
        )
    label = text(curve.title)
    return f'<svg width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{label}">{"".join(parts)}</svg>'
