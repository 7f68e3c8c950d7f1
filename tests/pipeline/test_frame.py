"""Reading data: every container gives the same columns, and wrong data is named."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest

from redspot.pipeline.column import Dtype
from redspot.pipeline.errors import (
    ColumnTypeError,
    InvalidTargetError,
    MissingColumnError,
    MissingValueError,
    UnknownColumnError,
)
from redspot.pipeline.frame import Frame, read_target
from redspot.pipeline.schema import json_values

ROWS: list[dict[str, object]] = [
    {"f": 1.5, "i": 3, "b": True, "t": "é", "d": dt.datetime(2026, 1, 31, 12)},
    {"f": None, "i": 4, "b": False, "t": None, "d": None},
]
DTYPES: dict[str, Dtype] = {"f": "float", "i": "int", "b": "bool", "t": "text", "d": "datetime"}
COLUMNS: dict[str, list[object]] = {name: [row[name] for row in ROWS] for name in DTYPES}


def as_json(data: object) -> dict[str, list[object]]:
    frame = Frame.of(data)
    table = frame.table({name: frame.dtype(name) for name in DTYPES})
    return {column.name: [column.dtype, *json_values(column)] for column in table.columns}


EXPECTED = {
    "f": ["float", 1.5, None],
    "i": ["int", 3, 4],
    "b": ["bool", True, False],
    "t": ["text", "é", None],
    "d": ["datetime", "2026-01-31T12:00:00.000000", None],
}


@pytest.mark.parametrize(
    "data",
    [
        ROWS,
        COLUMNS,
        pd.DataFrame(COLUMNS),
        pd.DataFrame(COLUMNS).convert_dtypes(),
        pd.DataFrame(COLUMNS).astype({"t": "category", "f": "Float32"}),
        pd.DataFrame(COLUMNS).astype(object),
        {**COLUMNS, "f": np.array([1.5, np.nan]), "b": np.array([True, False]), "i": pd.Series([3, 4])},
    ],
    ids=["rows", "columns", "pandas", "nullable", "category", "object", "arrays"],
)
def test_every_container_gives_the_same_columns(data: object) -> None:
    assert as_json(data) == EXPECTED


def test_polars_gives_the_same_columns() -> None:
    polars = pytest.importorskip("polars", reason="polars is not installed")
    assert as_json(polars.DataFrame(COLUMNS)) == EXPECTED


def test_one_row_gives_the_same_columns() -> None:
    table = Frame.of([ROWS[0]]).table(DTYPES)
    assert {column.name: [column.dtype, *json_values(column)] for column in table.columns} == {
        name: values[:2] for name, values in EXPECTED.items()
    }


@pytest.mark.parametrize("missing", [None, float("nan"), np.float64("nan"), pd.NA, pd.NaT, np.datetime64("NaT")])
@pytest.mark.parametrize("name", list(DTYPES))
def test_every_way_to_say_missing_is_understood(name: str, missing: object) -> None:
    assert Frame.of([{name: missing}]).table(DTYPES)[name].missing().all()
    assert Frame.of([{}]).table(DTYPES)[name].missing().all()


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("f", "1.5", "a number"),
        ("f", True, "a number"),
        ("f", [1], "a number"),
        ("i", "x", "a number"),
        ("b", 1, "true or false"),
        ("b", "true", "true or false"),
        ("t", 3, "text"),
        ("t", b"x", "text"),
        ("d", 5, "a time"),
        ("d", "yesterday", "a time such as"),
    ],
)
def test_a_value_of_another_type_is_refused(name: str, value: object, expected: str) -> None:
    with pytest.raises(ColumnTypeError, match=f"Column '{name}' expects {expected}"):
        Frame.of([{name: value}]).table(DTYPES)
    with pytest.raises(ColumnTypeError, match=f"Row 1: Column '{name}' expects"):
        Frame.of([{}, {name: value}]).table(DTYPES)


def test_a_whole_column_of_another_type_is_refused() -> None:
    frame = pd.DataFrame({"f": ["a", "b"]})
    with pytest.raises(ColumnTypeError, match="Column 'f' expects a number, not 'a'"):
        Frame.of(frame).table({"f": "float"})
    with pytest.raises(ColumnTypeError, match="Column 't' expects text, not 1"):
        Frame.of({"t": np.array([1, 2])}).table({"t": "text"})


def test_an_infinite_number_is_refused() -> None:
    with pytest.raises(MissingValueError, match="Column 'f' has an infinite value"):
        Frame.of([{"f": float("inf")}]).table(DTYPES)
    with pytest.raises(MissingValueError, match="Column 'f' has an infinite value"):
        Frame.of({"f": np.array([-np.inf])}).table({"f": "float"})


def test_an_unknown_key_of_a_row_is_refused_and_an_extra_column_of_a_frame_is_not() -> None:
    with pytest.raises(UnknownColumnError, match="Unknown column 'nix'; the pipeline reads 'f', 'i', 'b', 't', 'd'"):
        Frame.of([{"nix": 1}]).table(DTYPES)
    assert Frame.of({"f": [1.0], "nix": [1]}).table({"f": "float"}).names == ("f",)


def test_a_column_that_a_frame_lacks_is_named_and_an_absent_key_means_missing() -> None:
    with pytest.raises(MissingColumnError, match="Column 'f' is missing; the data has 'i'"):
        Frame.of({"i": [1]}).table({"f": "float"})
    assert Frame.of([{"i": 1}]).table({"f": "float", "i": "int"})["f"].missing().all()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (3, "not int"),
        ("text", "not str"),
        ([1, 2], "A row is a mapping"),
        ({"a": 1}, "Column 'a' is one value"),
        ({"a": "abc"}, "Column 'a' is one value"),
        ({"a": [1], "b": [1, 2]}, "different lengths: 1, 2"),
    ],
)
def test_what_holds_no_rows_is_refused(data: object, message: str) -> None:
    with pytest.raises(ColumnTypeError, match=message):
        Frame.of(data)


def test_columns_by_the_same_name_are_refused_and_numbers_as_names_are_text() -> None:
    with pytest.raises(ColumnTypeError, match="columns by the same name"):
        Frame.of(pd.DataFrame([[1, 2]], columns=["a", "a"]))
    assert Frame.of(pd.DataFrame([[1.0], [2.0]])).table({"0": "float"})["0"].values.tolist() == [1.0, 2.0]


def test_a_mixed_column_is_refused() -> None:
    with pytest.raises(ColumnTypeError, match="Column 'a' mixes int and text"):
        Frame.of({"a": [1, "x"]}).dtype("a")
    with pytest.raises(ColumnTypeError, match=r"Column 'a' has two dimensions|Column 'a' has 2 dimensions"):
        Frame.of({"a": np.zeros((2, 2))}).table({"a": "float"})


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        (["a", "b"], "U"),
        (pd.Series(["a", "b"]), "U"),
        (pd.Series(["a", "b"], dtype="category"), "U"),
        (np.array([1, 0]), "i"),
        ([True, False], "b"),
        (pd.Series([1.5, 2]), "f"),
    ],
)
def test_targets_keep_their_type(target: Any, kind: str) -> None:
    assert read_target(target, 2).dtype.kind == kind


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ([1], "1 values for 2 rows"),
        ([1, None], "1 missing values"),
        (np.zeros((2, 2)), "2 dimensions"),
        (5, "not int"),
        ([dt.date(2026, 1, 1)] * 2, "holds times"),
    ],
)
def test_a_target_that_does_not_fit_is_refused(target: object, message: str) -> None:
    with pytest.raises(InvalidTargetError, match=message):
        read_target(target, 2)
