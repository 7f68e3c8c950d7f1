"""Static tables of an evaluation, for notebooks without a widget."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

# A wider or longer table is no longer read.
MAX_LABELS = 12
MAX_SLICES = 100


def render_html(evaluation: Mapping[str, Any]) -> str:
    """Return what `Evaluation.to_json` gave as HTML tables; all text in it is escaped."""
    intervals = evaluation["intervals"]
    rows = [
        [name, number(value), " – ".join(map(number, intervals[name])) if name in intervals else ""]
        for name, value in evaluation["metrics"].items()
    ]
    heads = ["metric", "value", "95 % interval"]
    width = 3 if intervals else 2
    parts = [table(f"{evaluation['task']}, {evaluation['rows']} rows", heads[:width], [row[:width] for row in rows])]
    if evaluation["slices"]:
        parts.append(_slices(evaluation["slices"]))
    confusion = evaluation["confusion"]
    if confusion is not None and len(confusion["labels"]) <= MAX_LABELS:
        counts = [[label, *map(str, row)] for label, row in zip(confusion["labels"], confusion["counts"], strict=True)]
        parts.append(table("true label by predicted label", ["", *confusion["labels"]], counts))
    return f'<div class="rsp-evaluation" style="overflow-x:auto">{"".join(parts)}</div>'


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; the first cell of each row is its head."""
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in heads)
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in row[1:])}</tr>'
        for row in rows
    )
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def number(value: float) -> str:
    """Return a number with as many digits as a reader uses."""
    return f"{value:.4g}"


def _slices(slices: Sequence[Mapping[str, Any]]) -> str:
    names = list(dict.fromkeys(name for each in slices for name in each["metrics"]))
    rows = [
        [
            f"{each['column']}: {each['value']}",
            str(each["rows"]),
            *(number(each["metrics"][name]) if name in each["metrics"] else "" for name in names),
        ]
        for each in slices[:MAX_SLICES]
    ]
    return table("by slice", ["slice", "rows", *names], rows)
