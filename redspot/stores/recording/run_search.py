"""Which runs match, in which order: a statement that walks an index and stops when the page is full.

Sorting by a metric is three statements at most, in the order of MLflow: runs that have a value, by value; those whose
newest is NaN; those without it. The first walks the index (experiment, metric, value), so what a page costs does not
grow with the number of runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from redspot.registry.filtering import Comparison, FilterError, Order
from redspot.stores.recording.conditions import Conditions

_COLUMNS = {
    "run_id": "r.run_id",
    "run_name": "r.name",
    "status": "r.status",
    "artifact_uri": "r.artifact_uri",
    "user_id": "r.owner",
    "start_time": "r.start_ms",
    "end_time": "r.end_ms",
}
_TABLES = {"param": "run_params", "tag": "run_tags", "metric": "run_metrics"}


@dataclass(frozen=True, slots=True)
class RunSearch:
    """What is looked for.

    Attributes
    ----------
    stages
        Of ``active`` and ``deleted``.
    """

    experiments: tuple[int, ...]
    comparisons: tuple[Comparison, ...]
    orders: tuple[Order, ...]
    stages: tuple[str, ...]
    limit: int
    offset: int


def matching_runs(connection: Connection, search: RunSearch, *, sqlite: bool) -> list[int]:
    """Return the keys of matching runs, at most `search.limit`, those after the first `search.offset`."""
    if not search.experiments:
        return []
    found: list[int] = []
    skip = search.offset
    phases = _phases(search, sqlite=sqlite)
    for place, (sql, count, values) in enumerate(phases):
        limits = {"limit": search.limit - len(found), "offset": skip}
        got = connection.execute(text(sql), {**values, **limits}).scalars().all()
        found += got
        if len(found) >= search.limit or place == len(phases) - 1:
            break
        if skip:
            skip = 0 if got else skip - connection.execute(text(count), values).scalar_one()
    return found


def _phases(search: RunSearch, *, sqlite: bool) -> list[tuple[str, str, dict[str, Any]]]:
    first = search.orders[0] if search.orders else None
    if first is None or first.kind != "metric" or len(search.experiments) > 1:
        return [_general(search, sqlite=sqlite)]
    return [_by_value(search, first, nan, sqlite=sqlite) for nan in (False, True)] + [
        _without(search, first, sqlite=sqlite)
    ]


def _by_value(search: RunSearch, first: Order, nan: bool, *, sqlite: bool) -> tuple[str, str, dict[str, Any]]:
    where = Conditions(sqlite=sqlite)
    where.add(f"m.experiment = {where.bind(search.experiments[0])} AND m.key = {where.bind(first.key)}")
    where.add(f"m.is_nan = {where.bind(nan)}")
    where.add("r.id = m.run")
    _filter(where, search)
    joins, terms = _terms(where, search.orders[1:], search.orders)
    if not nan:
        terms.insert(0, f"m.value {'ASC' if first.ascending else 'DESC'}")
    tables = f"run_metrics m CROSS JOIN recorded_runs r{joins}"  # CROSS: SQLite then begins with the metric
    return _statement(tables, where, terms)


def _without(search: RunSearch, first: Order, *, sqlite: bool) -> tuple[str, str, dict[str, Any]]:
    where = Conditions(sqlite=sqlite)
    where.add(f"r.experiment = {where.bind(search.experiments[0])}")
    where.add(f"NOT EXISTS (SELECT 1 FROM run_metrics n WHERE n.run = r.id AND n.key = {where.bind(first.key)})")
    _filter(where, search)
    joins, terms = _terms(where, search.orders[1:], search.orders)
    return _statement(f"recorded_runs r{joins}", where, terms)


def _general(search: RunSearch, *, sqlite: bool) -> tuple[str, str, dict[str, Any]]:
    where = Conditions(sqlite=sqlite)
    if len(search.experiments) == 1:
        where.add(f"r.experiment = {where.bind(search.experiments[0])}")
    else:
        where.add(f"r.experiment IN {where.bind_all(search.experiments)}")
    _filter(where, search)
    joins, terms = _terms(where, search.orders, search.orders)
    return _statement(f"recorded_runs r{joins}", where, terms)


def _statement(tables: str, where: Conditions, terms: list[str]) -> tuple[str, str, dict[str, Any]]:
    rest = f"FROM {tables} WHERE {where.sql}"
    select = f"SELECT r.id {rest} ORDER BY {', '.join(terms)} LIMIT :limit OFFSET :offset"
    return select, f"SELECT COUNT(*) {rest}", where.values


def _terms(where: Conditions, orders: Sequence[Order], all_orders: Sequence[Order]) -> tuple[str, list[str]]:
    joins, terms = "", []
    for place, order in enumerate(orders):
        direction = "ASC" if order.ascending else "DESC"
        if order.kind == "attribute":
            column = _COLUMNS[order.key]
            if order.key == "end_time":
                terms.append(f"CASE WHEN {column} IS NULL THEN 1 ELSE 0 END")
            terms.append(f"{column} {direction}")
            continue
        name = f"o{place}"
        joins += (
            f" LEFT JOIN {_TABLES[order.kind]} {name} ON {name}.run = r.id AND {name}.key = {where.bind(order.key)}"
        )
        missing = f"CASE WHEN {name}.value IS NULL THEN 2 ELSE 0 END"
        if order.kind == "metric":
            missing = f"CASE WHEN {name}.value IS NULL THEN 2 WHEN {name}.is_nan THEN 1 ELSE 0 END"
        terms += [missing, f"{name}.value {direction}"]
    if not any(order.kind == "attribute" and order.key == "start_time" for order in all_orders):
        terms.append("r.start_ms DESC")
    return joins, [*terms, "r.run_id ASC"]


def _filter(where: Conditions, search: RunSearch) -> None:
    if len(search.stages) == 1:
        where.add(f"r.stage = {where.bind(search.stages[0])}")
    for comparison in search.comparisons:
        where.add(_condition(where, comparison))


def _condition(where: Conditions, comparison: Comparison) -> str:
    if comparison.kind == "attribute":
        return where.compare(_COLUMNS[comparison.key], comparison.operator, comparison.value)
    if comparison.kind in ("param", "tag"):
        return where.keyed(_TABLES[comparison.kind], "run", comparison, "r.id")
    if comparison.kind == "metric":
        condition = where.compare("f.value", comparison.operator, comparison.value)
        key = where.bind(comparison.key)
        return (
            f"EXISTS (SELECT 1 FROM run_metrics f WHERE f.run = r.id AND f.key = {key}"
            f" AND NOT f.is_nan AND {condition})"
        )
    if comparison.kind == "dataset":
        column = "u.context" if comparison.key == "context" else f"d.{comparison.key}"
        condition = where.compare(column, comparison.operator, comparison.value)
        return (
            "EXISTS (SELECT 1 FROM run_datasets u JOIN datasets d ON d.id = u.dataset"
            f" WHERE u.run = r.id AND {condition})"
        )
    raise FilterError(f"Invalid search expression type '{comparison.kind}'")
