from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redspot.ids import InvalidNameError, InvalidRefError, ModelRef, new_id, parse_alias, parse_name


@pytest.mark.parametrize("name", ["", "-a", ".a", "a b", "a/b", "a@b", "é", "a" * 101, "a\n", "../x"])
def test_bad_names_are_refused(name: str) -> None:
    with pytest.raises(InvalidNameError, match="not a valid name"):
        parse_name(name)


@pytest.mark.parametrize("alias", ["7", "latest", "v3"])
def test_reserved_aliases_are_refused(alias: str) -> None:
    with pytest.raises(InvalidNameError, match="reserved"):
        parse_alias(alias)


@pytest.mark.parametrize(
    ("text", "number", "selector"),
    [("m", None, "latest"), ("m@latest", None, "latest"), ("m@7", 7, "7"), ("m@007", 7, "7"), ("m@best", None, "best")],
)
def test_references_are_one_thing(text: str, number: int | None, selector: str) -> None:
    ref = ModelRef.parse(text)
    assert (ref.name, ref.number, ref.selector) == ("m", number, selector)


@pytest.mark.parametrize("text", ["m@", "m@0", "m@9999999999"])
def test_bad_references_are_refused(text: str) -> None:
    with pytest.raises(InvalidRefError):
        ModelRef.parse(text)


@given(number=st.integers(1, 10**8))
def test_a_reference_survives_its_own_text(number: int) -> None:
    ref = ModelRef("m", str(number))
    assert ModelRef.parse(str(ref)) == ref


def test_ids_sort_by_time() -> None:
    first = new_id("r")
    time.sleep(0.002)  # the clock's resolution in an id is a millisecond
    assert first < new_id("r")
    assert len({new_id("r") for _ in range(1000)}) == 1000
