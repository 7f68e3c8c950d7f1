"""Static pictures of a pipeline, for notebooks without a widget and for the web page."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from redspot.pipeline.layout import BOX_HEIGHT, BOX_WIDTH, Frame, Layout, lay_out

MAX_LABEL = 23
# Smaller letters.
MAX_DETAIL = 30

# Themes: JupyterLab's variables where there are any, otherwise what the reader's system prefers. The class keeps
# the rules from leaking into the page round an inline picture.
STYLE = """
.rsp-pipeline{--rsp-ink:var(--jp-ui-font-color1,#1f2328);--rsp-faint:var(--jp-ui-font-color2,#59636e);
--rsp-line:var(--jp-border-color1,#c4ccd4);--rsp-box:var(--jp-layout-color1,#fff);
--rsp-accent:var(--jp-brand-color1,#c8324a);--rsp-source:var(--jp-info-color1,#1f7a8c);
--rsp-target:var(--jp-warn-color1,#b25e00);--rsp-good:var(--jp-success-color1,#2e7d32);color:var(--rsp-ink);
font-family:var(--jp-ui-font-family,system-ui,-apple-system,"Segoe UI",sans-serif)}
@media (prefers-color-scheme:dark){.rsp-pipeline{--rsp-ink:var(--jp-ui-font-color1,#e6edf3);
--rsp-faint:var(--jp-ui-font-color2,#9aa4af);--rsp-line:var(--jp-border-color1,#4a525b);
--rsp-box:var(--jp-layout-color1,#1c2128);--rsp-accent:var(--jp-brand-color1,#ff6b81);
--rsp-source:var(--jp-info-color1,#56c2d6);--rsp-target:var(--jp-warn-color1,#f0a04b);
--rsp-good:var(--jp-success-color1,#6cc070)}}
.rsp-pipeline .rsp-box{fill:var(--rsp-box);stroke:var(--rsp-line)}
.rsp-pipeline .rsp-frame{fill:var(--rsp-faint);fill-opacity:.06;stroke:var(--rsp-line);stroke-dasharray:4 3}
.rsp-pipeline .rsp-edge{fill:none;stroke:var(--rsp-line);stroke-width:1.5}
.rsp-pipeline .rsp-mark{fill:var(--rsp-faint)}
.rsp-pipeline .rsp-source .rsp-mark{fill:var(--rsp-source)}
.rsp-pipeline .rsp-predictor .rsp-mark{fill:var(--rsp-accent)}
.rsp-pipeline .rsp-predictor .rsp-box{stroke:var(--rsp-accent)}
.rsp-pipeline .rsp-target .rsp-mark{fill:var(--rsp-target)}
.rsp-pipeline .rsp-target .rsp-box{stroke-dasharray:5 3}
.rsp-pipeline .rsp-output .rsp-mark{fill:var(--rsp-good)}
.rsp-pipeline text{fill:currentColor;font-size:13px}
.rsp-pipeline .rsp-title{font-weight:600}
.rsp-pipeline .rsp-faint{fill:var(--rsp-faint);font-size:11px}
""".strip().replace("\n", "")


# What a step is there for, where its place in the picture does not say it.
_PARTS = {"target": " – prepares the target, in training only", "output": " – beside the prediction"}


def render_svg(description: Mapping[str, Any]) -> str:
    """Return an SVG picture of what `describe` returned; it loads nothing and fits light and dark pages."""
    layout = lay_out(description)
    width, height = _px(layout.width), _px(layout.height)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="rsp-pipeline" role="img" '
        f'viewBox="0 0 {width} {height}" width="{width}" height="{height}" style="max-width:100%;height:auto">',
        f"<title>{escape(_sentence(description))}</title>",
        f"<style>{STYLE}</style>",
        *(_frame(frame) for frame in layout.frames),
        *(_edge(edge, layout) for edge in description["edges"]),
        *(_box(node, layout) for node in description["nodes"]),
        "</svg>",
    ]
    return "".join(parts)


def summary(description: Mapping[str, Any], metrics: Mapping[str, float]) -> str:
    """Return the pipeline as a few lines of text."""
    reads: dict[str, list[str]] = {}
    for edge in description["edges"]:
        reads.setdefault(edge["to"], []).append(edge["from"])
    lines = [f"Pipeline ({'fitted' if description['fitted'] else 'not fitted'})"]
    for node in description["nodes"]:
        source = ", ".join(reads.get(node["id"], [])) or _listing(node["outputs"])
        lines.append(f"  {node['name']}: {node['title']} ← {source}{_arrow(node)}")
    if metrics:
        lines.append("  metrics: " + ", ".join(f"{name} {value:.4g}" for name, value in metrics.items()))
    return "\n".join(lines)


def static_bundle(description: Mapping[str, Any], metrics: Mapping[str, float]) -> dict[str, Any]:
    """Return what a notebook shows and keeps when nothing better can draw the pipeline."""
    svg = render_svg(description)
    # Inline HTML takes part in the page's theme; the image is for readers that strip HTML.
    return {
        "text/plain": summary(description, metrics),
        "text/html": f'<div style="overflow-x:auto">{svg}</div>',
        "image/svg+xml": svg,
    }


def _box(node: Mapping[str, Any], layout: Layout) -> str:
    x, y = layout.corners[str(node["id"])]
    left, top = _px(x), _px(y)
    detail = _arrow(node).removeprefix(" → ") or ("fitted" if node["fitted"] else "not fitted")
    if node["role"] in ("predictor", "output") and node["outputs"]:
        detail = _listing(node["outputs"], 3)
    return (
        f'<g class="rsp-{escape(str(node["role"]), quote=True)}" transform="translate({left} {top})">'
        f"<title>{escape(_tooltip(node))}</title>"
        f'<rect class="rsp-box" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="8"/>'
        f'<rect class="rsp-mark" x="0" y="10" width="4" height="{BOX_HEIGHT - 20}" rx="2"/>'
        f'<text class="rsp-title" x="14" y="22">{escape(_short(str(node["title"])))}</text>'
        f'<text class="rsp-faint" x="14" y="38">{escape(_short(str(node["name"])))}</text>'
        f'<text class="rsp-faint" x="14" y="53">{escape(_short(detail, MAX_DETAIL))}</text></g>'
    )


def _frame(frame: Frame) -> str:
    x, y = _px(frame.x), _px(frame.y)
    name = escape(_short(frame.name, max(1, int(frame.width) // 9)))
    return (
        f'<g><title>{escape(frame.name)}</title><rect class="rsp-frame" x="{x}" y="{y}" width="{_px(frame.width)}" '
        f'height="{_px(frame.height)}" rx="10"/><text class="rsp-faint" x="{_px(frame.x + 12)}" '
        f'y="{_px(frame.y + 18)}">{name}</text></g>'
    )


def _edge(edge: Mapping[str, Any], layout: Layout) -> str:
    x1, y1 = layout.corners[str(edge["from"])]
    x2, y2 = layout.corners[str(edge["to"])]
    x1, y1, y2 = x1 + BOX_WIDTH, y1 + BOX_HEIGHT / 2, y2 + BOX_HEIGHT / 2
    bend = (x2 - x1) / 2
    path = f"M{_px(x1)} {_px(y1)}C{_px(x1 + bend)} {_px(y1)} {_px(x2 - bend)} {_px(y2)} {_px(x2)} {_px(y2)}"
    return f'<path class="rsp-edge" d="{path}"/>'


def _arrow(node: Mapping[str, Any]) -> str:
    count = node["columns_out"]
    if count is None:
        return ""
    return f" → {count} column{'' if count == 1 else 's'}"


def _tooltip(node: Mapping[str, Any]) -> str:
    params = ", ".join(f"{name}={value!r}" for name, value in node["params"].items())
    return f"{node['name']}: {node['title']}({params}){_PARTS.get(node['role'], '')}"


def _sentence(description: Mapping[str, Any]) -> str:
    return "Pipeline: " + ", ".join(f"{node['name']} ({node['title']})" for node in description["nodes"])


def _listing(names: list[str], limit: int = 6) -> str:
    return ", ".join(names[:limit]) + (", …" if len(names) > limit else "")


def _short(text: str, limit: int = MAX_LABEL) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def _px(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")
