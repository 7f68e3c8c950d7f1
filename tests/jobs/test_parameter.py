from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redspot.jobs.parameter import (
    Parameter,
    ParameterKind,
    ParametersCellError,
    ParameterTypeError,
    UnknownParameterError,
    parse_values,
    read_parameters,
)

CELL = """\
import datetime
from typing import Literal

count: int = 3  # how many
share: float = 0.25
loud = True
name: str = "x"
mode: Literal["fast", "good"] = "good"  # which way
day: datetime.date = datetime.date(2026, 1, 2)
limit: int | None = None
columns: list[str] = ["a", "b"]
options = {"k": 1}
derived = count * 2
needed: str
"""


def test_names_kinds_defaults_and_comments_are_read() -> None:
    found = {parameter.name: parameter for parameter in read_parameters(CELL)}
    assert found["count"] == Parameter("count", ParameterKind.INT, 3, True, help="how many")
    assert found["loud"].kind is ParameterKind.BOOL
    assert found["mode"] == Parameter("mode", ParameterKind.STR, "good", True, ("fast", "good"), help="which way")
    assert found["day"].default == "2026-01-02"
    assert found["day"].kind is ParameterKind.DATE
    assert found["limit"] == Parameter("limit", ParameterKind.INT, None, True, optional=True)
    assert found["columns"].default == ["a", "b"]
    assert found["options"].kind is ParameterKind.DICT
    assert not found["derived"].has_default
    assert not found["needed"].has_default


def test_the_cell_is_never_run(tmp_path: object) -> None:
    assert read_parameters("raise SystemExit(1)\nx = 1")[0].name == "x"


def test_a_cell_that_is_not_python_is_refused() -> None:
    with pytest.raises(ParametersCellError, match="line 1"):
        read_parameters("x = = 1")


def test_an_unknown_name_is_refused_and_the_known_ones_are_listed() -> None:
    with pytest.raises(UnknownParameterError, match="'sede'.*seed, share"):
        parse_values(read_parameters("seed = 1\nshare = 0.5"), {"sede": 2})


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("x: int = 1", "1"),
        ("x: int = 1", True),
        ("x: int = 1", 1.5),
        ("x: float = 1.0", "a"),
        ("x: float = 1.0", float("nan")),
        ("x: bool = True", 1),
        ("x: str = ''", 1),
        ("x: int = 1", None),
        ("import datetime\nx: datetime.date = datetime.date(2026, 1, 1)", "yesterday"),
        ("x: Literal['a', 'b'] = 'a'", "c"),
        ("x: list = []", {}),
    ],
)
def test_a_value_of_another_type_is_refused_by_name(cell: str, value: object) -> None:
    with pytest.raises(ParameterTypeError, match="'x'"):
        parse_values(read_parameters(cell), {"x": value})


def test_whole_floats_are_ints_and_ints_are_floats() -> None:
    parameters = read_parameters("n: int = 1\nx: float = 1.0\nd: date = date(2026, 1, 1)\no: int | None = 1")
    given_values = {"n": 2.0, "x": 3, "d": "2026-05-06", "o": None}
    assert parse_values(parameters, given_values) == {"n": 2, "x": 3.0, "d": "2026-05-06", "o": None}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(value=JSON)
def test_what_a_cell_says_is_what_the_form_shows(value: object) -> None:
    (parameter,) = read_parameters(f"x = {value!r}")
    assert parameter.has_default
    assert parameter.default == value
    assert parameter.parse(parameter.default) == value


@given(source=st.text(max_size=200))
def test_any_text_is_read_or_refused_with_a_sentence(source: str) -> None:
    with contextlib.suppress(ParametersCellError):
        assert all(parameter.name.isidentifier() for parameter in read_parameters(source))
