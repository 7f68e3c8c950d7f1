"""Graphs and rows drawn at random: branches, joins and sub-pipelines over columns of every type."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from redspot import pipeline as rp
from redspot.pipeline import Branch, Pipeline, branch, join

WORDS = ["red", "green", "blue", "Ünï", "a=b", ""]
PROSE = ["big red house", "House by the sea, sea view", "see https://x.org or me@x.org", "90 m2", "red  red", "…"]
ITEMS = ["Wifi", "Kitchen", "Pool", "Dryer"]
START = datetime(2020, 1, 1)

_numbers = st.one_of(
    st.none(), st.floats(-1e3, 1e3).map(lambda value: round(value, 2)), st.sampled_from([0.0, 1.0, -1.0])
)
_values: dict[str, st.SearchStrategy[Any]] = {
    "n": _numbers,
    "m": _numbers,
    "i": st.one_of(st.none(), st.integers(-20, 20)),
    "b": st.one_of(st.none(), st.booleans()),
    "w": st.one_of(st.none(), st.sampled_from(WORDS)),
    "v": st.one_of(st.none(), st.sampled_from(WORDS[:3])),
    "money": st.one_of(st.none(), st.sampled_from(["$1,234.00", "95%", "(3)", "n/a", "12"])),
    "prose": st.one_of(st.none(), st.sampled_from(PROSE)),
    "t": st.one_of(st.none(), st.integers(0, 100_000).map(lambda hours: START + timedelta(hours=hours, minutes=7))),
    "l": st.one_of(st.none(), st.lists(st.sampled_from(ITEMS), max_size=4)),
}
# Values that training rows never have.
_unseen: dict[str, st.SearchStrategy[Any]] = {
    **_values,
    "w": st.one_of(_values["w"], st.text(max_size=4)),
    "v": st.one_of(_values["v"], st.just("violet")),
    "prose": st.one_of(_values["prose"], st.text(max_size=12)),
    "l": st.one_of(_values["l"], st.lists(st.text(max_size=3), max_size=3)),
    "n": st.one_of(_values["n"], st.floats(-1e6, 1e6)),
    "t": st.one_of(_values["t"], st.datetimes(datetime(1950, 1, 1), datetime(2090, 1, 1))),
}
# Two rows that make every column what it is meant to be, and not constant.
FIRST: dict[str, list[Any]] = {
    "n": [1.5, -2.0],
    "m": [0.5, 7.25],
    "i": [3, 4],
    "b": [True, False],
    "w": ["red", "green"],
    "v": ["blue", "red"],
    "money": ["$1.00", "2"],
    "prose": [PROSE[0], PROSE[1]],
    "t": [START, START + timedelta(days=400)],
    "l": [["Wifi"], ["Pool", "Wifi"]],
}
COLUMNS = tuple(FIRST)

Columns = dict[str, list[Any]]
Rows = list[dict[str, Any]]


def columns_of(rows: Rows) -> Columns:
    """Training columns: the two fixed rows, then the drawn ones."""
    return {name: [*values, *(row[name] for row in rows)] for name, values in FIRST.items()}


training_rows: st.SearchStrategy[Rows] = st.lists(st.fixed_dictionaries(_values), min_size=8, max_size=14)
later_rows: st.SearchStrategy[Rows] = st.lists(st.fixed_dictionaries(_unseen), min_size=1, max_size=6)


def _chosen(*makers: Callable[[], Any]) -> st.SearchStrategy[Any]:
    return st.sampled_from(makers).map(lambda make: make())


# What can stand behind columns of a type, and the type of what it gives.
_to_number: dict[str, tuple[Callable[[], Any], ...]] = {
    "number": (
        lambda: rp.scale(),
        lambda: rp.scale("min_max"),
        lambda: rp.scale("robust"),
        lambda: rp.scale("quantile", quantiles=4),
        lambda: rp.log(signed=True),
        lambda: rp.power(),
        lambda: rp.clip(-50.0, 50.0),
        lambda: rp.clip(quantiles=(0.1, 0.9)),
        lambda: rp.bin(output="number"),
        lambda: rp.bin("uniform", count=3),
        lambda: rp.polynomial(2),
        lambda: rp.impute("mean", indicator=True),
        lambda: rp.impute("most_frequent"),
        lambda: rp.cast("float"),
        lambda: rp.count_encode(),
        lambda: rp.one_hot(max_categories=3),
    ),
    "text": (
        lambda: rp.one_hot(),
        lambda: rp.one_hot(min_support=2, max_categories=2),
        lambda: rp.ordinal(),
        lambda: rp.count_encode("share"),
        lambda: rp.target_encode(),
        lambda: rp.hash_category(7),
    ),
    "prose": (
        lambda: rp.count_words(),
        lambda: rp.tfidf(),
        lambda: rp.hash_words(8),
    ),
    "money": (lambda: rp.parse_number(), lambda: rp.parse_number(percent="number")),
    "time": (lambda: rp.time_parts(), lambda: rp.time_cycles(), lambda: rp.age()),
    "list": (lambda: rp.multi_hot(), lambda: rp.list_count(), lambda: rp.list_contains("Wifi", "Pool")),
}
_SOURCES: dict[str, tuple[tuple[str, ...], ...]] = {
    "number": (("n",), ("m", "n"), ("i", "b"), ("n", "m", "i")),
    "text": (("w",), ("w", "v")),
    "prose": (("prose",),),
    "money": (("money",),),
    "time": (("t",),),
    "list": (("l",),),
}


@st.composite
def branches(draw: st.DrawFn) -> Branch:
    """A branch that ends in numbers without a gap."""
    kind = draw(st.sampled_from(sorted(_SOURCES)))
    made = branch(*draw(st.sampled_from(_SOURCES[kind])))
    if kind == "prose" and draw(st.booleans()):
        made = made.then(rp.normalize_text())
    made = made.then(draw(_chosen(*_to_number[kind])))
    for _ in range(draw(st.integers(0, 2))):
        made = made.then(draw(_chosen(*_to_number["number"][:12])))
    return made.then(rp.impute("constant", 0.5)) if draw(st.integers(0, 3)) else made.then(rp.impute("median"))


@st.composite
def features(draw: st.DrawFn) -> dict[str, Any]:
    """Parts that give numbers: one to three branches, joined now and then, now and then inside of a sub-pipeline."""
    parts: dict[str, Any] = {f"part{index}": draw(branches()) for index in range(draw(st.integers(1, 3)))}
    if len(parts) > 1 and draw(st.booleans()):
        parts["both"] = (
            join("part0", "part1").then(draw(_chosen(*_to_number["number"][:3]))).then(rp.impute("constant", 0.0))
        )
    if draw(st.booleans()):
        return {"inner": Pipeline(**parts), "raw": branch("b").then(rp.impute("constant", 1.0))}
    return parts
