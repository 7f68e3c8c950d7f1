"""What columns hold as a static table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from redspot.pipeline.pictures.distribution import distribution
from redspot.pipeline.pictures.markup import bar, number, page, share, table, text
from redspot.pipeline.pictures.shape import checked_comparison

# A static page has no scroll bar of its own.
MAX_COLUMNS = 200
_VERDICTS = {"none": "no drift", "some": "some drift", "strong": "strong drift"}

Column = Mapping[str, Any]


def profile_html(comparison: Mapping[str, Any]) -> str:
    """Return training data, and serving data where there are any, as a table.

    Parameters
    ----------
    comparison
        ``{"train": profile, "serve": profile or None}``, or one profile.

    Raises
    ------
    InvalidPictureError
        When it is neither.

    Examples
    --------
    >>> column = {"name": "a<b", "dtype": "text", "rows": 2, "missing": 1, "top": [["x", 1]]}
    >>> "a&lt;b" in profile_html({"rows": 2, "columns": [column]})
    True
    """
    data = checked_comparison(comparison)
    train, serve = data["train"], data.get("serve")
    rows = f"{number(train['rows'])} rows" + (f" in training, {number(serve['rows'])} in serving" if serve else "")
    return page(f'<p class="rsp-faint">{rows}</p>', columns_table(train, serve))


def columns_table(train: Mapping[str, Any], serve: Mapping[str, Any] | None) -> str:
    """Return a row for each column of both, at most 200."""
    served = {column["name"]: column for column in (serve or {}).get("columns", [])}
    pairs = [(column, served.pop(column["name"], None)) for column in train["columns"]]
    both: list[tuple[Column | None, Column | None]] = [*pairs, *((None, column) for column in served.values())]
    ties = any(_first("target", *pair) for pair in both)
    drifts = any(_first("drift", *pair) for pair in both)
    head = ["Column", "Distribution", "Missing", "Distinct", "Median"]
    head += ["With the target"] * ties + ["Drift"] * drifts
    rows = [_row(*pair, serve is not None, ties, drifts) for pair in both[:MAX_COLUMNS]]
    more = len(both) - MAX_COLUMNS
    return table(head, rows) + (f'<p class="rsp-faint">and {number(more)} more columns</p>' if more > 0 else "")


def _first(key: str, train: Column | None, serve: Column | None) -> Any:
    return (serve or {}).get(key) or (train or {}).get(key)


def _row(train: Column | None, serve: Column | None, compares: bool, ties: bool, drifts: bool) -> str:
    column = train or serve or {}
    note = column["dtype"]
    if compares and (train is None or serve is None):
        note += " · only in serving" if train is None else " · only in training"
    cells = [
        f'<th scope="row">{text(column["name"])}<br/><span class="rsp-faint">{text(note)}</span></th>',
        f"<td>{distribution(train, serve)}</td>",
        "<td>" + "".join(_missing(each) for each in (train, serve) if each) + "</td>",
        f"<td>{' → '.join(_distinct(each) for each in (train, serve) if each)}</td>",
        f"<td>{' → '.join(filter(None, (_median(each) for each in (train, serve) if each)))}</td>",
    ]
    if ties:
        tie = _first("target", serve, train)
        cells.append(f"<td>{_tie(tie) if tie else '–'}</td>")
    if drifts:
        drift = _first("drift", train, serve)
        cells.append(f"<td>{_drift(drift) if drift else '–'}</td>")
    return f"<tr>{''.join(cells)}</tr>"


def _missing(column: Column) -> str:
    part = column["missing"] / column["rows"] if column["rows"] else 0.0
    return f'<div>{bar(part)}<span class="rsp-faint">{share(part)}</span></div>'


def _distinct(column: Column) -> str:
    return ("≥ " if column.get("distinct_exact") is False else "") + number(column.get("distinct"))


def _median(column: Column) -> str:
    quantiles = column.get("quantiles") or {}
    return "" if column["dtype"] == "datetime" or not quantiles else number(quantiles.get("0.5"))


def _tie(tie: Mapping[str, Any]) -> str:
    return f'{tie["value"]:.2f} <span class="rsp-faint">{text(tie["kind"].replace("_", " "))}</span>'


def _drift(drift: Mapping[str, Any]) -> str:
    style = ' class="rsp-worst"' if drift["verdict"] == "strong" else ""
    psi = drift.get("psi")
    figure = "" if psi is None else f' <span class="rsp-faint">PSI {number(psi)}</span>'
    return f"<span{style}>{_VERDICTS[drift['verdict']]}</span>{figure}"
