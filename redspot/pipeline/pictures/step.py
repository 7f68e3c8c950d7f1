"""A step as static tables: columns before and after, words, categories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from redspot.pipeline.pictures.markup import bar, number, page, table, text
from redspot.pipeline.pictures.profile import columns_table
from redspot.pipeline.pictures.shape import checked_step


def step_html(step: Mapping[str, Any]) -> str:
    """Return what goes into a step and what comes out of it.

    Raises
    ------
    InvalidPictureError
        When it is no view of a step.
    """
    data = checked_step(step)
    rows = data.get("rows") or data["before"]["rows"]
    parts = [
        f"<p><b>{text(data['step'])}</b> "
        f'<span class="rsp-faint">{text(data["title"])} · {number(rows)} rows</span></p><div class="rsp-flex">'
    ]
    parts += [f"<div><b>{name.title()}</b>{columns_table(data[name], None)}</div>" for name in ("before", "after")]
    parts += [_vocabulary(data.get("vocabulary") or []), _categories(data.get("categories") or {}), "</div>"]
    return page(*parts)


def _vocabulary(words: list[Any]) -> str:
    if not words:
        return ""
    largest = max(abs(weight) for _, weight in words) or 1
    rows = [
        f'<tr><td>{text(word)}</td><td>{bar(abs(weight) / largest, 120)}</td><td class="rsp-number">'
        f"{number(weight)}</td></tr>"
        for word, weight in words
    ]
    return f"<div><b>Top by weight</b>{table(['', '', 'weight'], rows)}</div>"


def _categories(categories: Mapping[str, Any]) -> str:
    tables = []
    for column, entries in categories.items():
        rows = [f"<tr><td>{text(category)}</td><td>{text(code)}</td></tr>" for category, code in entries]
        tables.append(f"<div><b>Categories of {text(column)}</b>{table(['category', 'becomes'], rows)}</div>")
    return "".join(tables)
