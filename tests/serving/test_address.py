from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redspot.serving.address import AddressError, TcpAddress, UnixAddress, parse_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("/run/redspot/d1.sock", UnixAddress("/run/redspot/d1.sock")),
        ("tcp://10.0.0.7:8080", TcpAddress("10.0.0.7", 8080)),
        ("tcp://penguins-1a2b.ml.svc:1", TcpAddress("penguins-1a2b.ml.svc", 1)),
        ("tcp://[fd00::7]:65535", TcpAddress("fd00::7", 65535)),
    ],
)
def test_an_address_is_read_and_written_alike(text: str, address: object) -> None:
    assert parse_address(text) == address
    assert str(parse_address(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "d1.sock",
        "",
        "tcp://",
        "tcp://host",
        "tcp://host:0",
        "tcp://host:65536",
        "tcp://ho st:1",
        "tcp://host:1/path",
        "tcp://user@host:1",
        "tcp://fd00::7:80",
        "http://host:1",
        "tcp://-host:1",
        "tcp://host:1\n",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(AddressError):
        parse_address(text)


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        found = parse_address(text)
    except AddressError:
        return
    assert str(found) == text
