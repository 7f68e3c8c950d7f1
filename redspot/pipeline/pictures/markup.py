"""Pieces of static HTML: text that is always escaped, numbers, the theme, small drawings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from html import escape

# Themes as in the picture of a pipeline: JupyterLab's variables where there are any, otherwise what the reader's
# system prefers. Where a page strips styles, tables and figures are still there.
STYLE = """
.rsp-static{--rsp-ink:var(--jp-ui-font-color1,#1f2328);--rsp-faint:var(--jp-ui-font-color2,#59636e);
--rsp-line:var(--jp-border-color2,#d8dee4);--rsp-raised:var(--jp-layout-color2,#f3f5f8);
--rsp-train:var(--jp-brand-color1,#3a6ea5);--rsp-serve:var(--jp-warn-color1,#d9730d);
--rsp-bad:var(--jp-error-color1,#c62828);color:var(--rsp-ink);font-size:13px;line-height:1.35;overflow-x:auto;
font-family:var(--jp-ui-font-family,system-ui,-apple-system,"Segoe UI",sans-serif)}
@media (prefers-color-scheme:dark){.rsp-static{--rsp-ink:var(--jp-ui-font-color1,#e6edf3);
--rsp-faint:var(--jp-ui-font-color2,#9aa4af);--rsp-line:var(--jp-border-color2,#3a424b);
--rsp-raised:var(--jp-layout-color2,#262c34);--rsp-train:var(--jp-brand-color1,#6ea8e0);
--rsp-serve:var(--jp-warn-color1,#f0a04b);--rsp-bad:var(--jp-error-color1,#ff7b72)}}
.rsp-static table{border-collapse:collapse;margin:0 0 12px;border:0;font-size:12px;font-variant-numeric:tabular-nums}
.rsp-static tr{background:none}
.rsp-static th,.rsp-static td{padding:4px 12px 4px 0;border:0;border-bottom:1px solid var(--rsp-line);
text-align:left;vertical-align:middle;background:none}
.rsp-static thead th{color:var(--rsp-faint);font-weight:600;font-size:11px}
.rsp-static tbody th{font-weight:600}
.rsp-static .rsp-number{text-align:right}
.rsp-static .rsp-faint{color:var(--rsp-faint);font-size:11px;font-weight:400}
.rsp-static .rsp-worst{color:var(--rsp-bad);font-weight:600}
.rsp-static .rsp-flex{display:flex;flex-wrap:wrap;gap:8px 32px;align-items:flex-start}
.rsp-static svg{display:block}
.rsp-static svg text{fill:var(--rsp-faint);font-size:10px}
.rsp-static .rsp-train-fill{fill:var(--rsp-train);fill-opacity:.6}
.rsp-static .rsp-serve-line{fill:none;stroke:var(--rsp-serve);stroke-width:1.3}
.rsp-static .rsp-curve{fill:none;stroke:var(--rsp-train);stroke-width:2}
.rsp-static .rsp-diagonal{fill:none;stroke:var(--rsp-faint);stroke-dasharray:4 4}
.rsp-static .rsp-axis{fill:none;stroke:var(--rsp-line)}
""".strip().replace("\n", "")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def page(*parts: str) -> str:
    """Return the parts as one block with its own style."""
    return f'<div class="rsp-static"><style>{STYLE}</style>{"".join(parts)}</div>'


def number(value: float | None) -> str:
    """Return a number in a few digits; a dash for none."""
    if value is None:
        return "–"
    size = abs(value)
    if size and (size < 1e-4 or size >= 1e9):
        return f"{value:.2e}"
    if value == int(value) or size >= 1e4:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def share(value: float) -> str:
    """Return a share of one as per cent."""
    if 0 < value < 0.001:
        return "&lt;0.1 %"
    return f"{100 * value:.1f} %" if 0 < value < 0.1 else f"{100 * value:.0f} %"


def moment(microseconds: float) -> str:
    """Return microseconds since 1970 (UTC) as a date; as a number where the calendar ends."""
    try:
        return (_EPOCH + timedelta(microseconds=microseconds)).date().isoformat()
    except OverflowError:
        return number(microseconds)


def text(value: object) -> str:
    """Return anything as escaped text; characters that XML does not know become a mark."""
    plain = value if isinstance(value, str) else ("–" if value is None else str(value))
    return escape("".join(char if _is_xml(char) else "\ufffd" for char in plain), quote=True)


def table(head: Sequence[str], rows: Sequence[str], caption: str = "") -> str:
    """Return a table of rows that are markup already; the head is text."""
    title = f"<caption>{text(caption)}</caption>" if caption else ""
    cells = "".join(f'<th scope="col">{text(each)}</th>' for each in head)
    return f"<table>{title}<thead><tr>{cells}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def bar(part: float, width: int = 60) -> str:
    """Return a bar that is filled to a share of its width."""
    filled = max(0.0, min(1.0, part)) * width
    return (
        f'<svg width="{width}" height="6" aria-hidden="true"><rect width="{width}" height="6" rx="3" fill="#888" '
        f'fill-opacity=".2"/><rect class="rsp-train-fill" width="{filled:.1f}" height="6" rx="3" fill="#3a6ea5"/></svg>'
    )


def _is_xml(char: str) -> bool:
    code = ord(char)
    return (code >= 0x20 and not 0xD800 <= code <= 0xDFFF and code not in (0xFFFE, 0xFFFF)) or char in "\t\n\r"
