from __future__ import annotations

import pytest

from redspot.serving.forwarding import UnforwardableRequestError, forwarded, render_request, trace_of
from redspot.serving.headers import Headers
from redspot.serving.signature import is_same, read_caller, sign_caller

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def headers(*pairs: tuple[str, str]) -> Headers:
    return Headers(pairs)


def test_a_request_is_written_whole() -> None:
    given = headers(("Content-Type", "application/json"), ("Authorization", "Bearer t"), ("Content-Length", "9"))
    message = render_request("POST", "/predict?a=b", given, b"{}", [("X-Redspot-Caller", "signed")])
    assert message == (
        b"POST /predict?a=b HTTP/1.1\r\nHost: replica\r\nContent-Length: 2\r\n"
        b"Content-Type: application/json\r\nX-Redspot-Caller: signed\r\n\r\n{}"
    )


@pytest.mark.parametrize(
    "name",
    [
        *("Authorization", "Cookie", "X-XSRFToken", "X-Csrftoken", "Host", "Expect", "TE", "Trailer", "Upgrade"),
        *("Connection", "Keep-Alive", "Proxy-Authorization", "Proxy-Connection", "Transfer-Encoding", "Content-Length"),
        *("X-Redspot-Caller", "x-redspot-replica-secret", "X-Redspot-Anything", "X_Redspot_Caller", "X-Redspot_Caller"),
    ],
)
def test_what_is_for_the_router_stays_there(name: str) -> None:
    assert forwarded(headers((name, "x"), ("Accept", "y"))) == [("Accept", "y")]


def test_the_rest_is_passed_on_each_value() -> None:
    given = headers(("X-Tag", "a"), ("X-Tag", "b"), ("Tracestate", "v=1"), ("Accept", "ä"))
    assert set(forwarded(given)) == {("X-Tag", "a"), ("X-Tag", "b"), ("Tracestate", "v=1"), ("Accept", "ä")}


def test_what_the_connection_header_names_is_dropped() -> None:
    given = headers(("Connection", "keep-alive, X-Hop"), ("X-Hop", "1"), ("X-End", "2"))
    assert forwarded(given) == [("X-End", "2")]


@pytest.mark.parametrize(
    ("method", "target"),
    [("DELETE", "/"), ("GET / HTTP/1.1\r\nX: y\r\n\r\nGET", "/"), ("GET", "/a b"), ("GET", "/\r\nX: y"), ("GET", "x")],
)
def test_a_start_line_that_is_more_than_one_is_refused(method: str, target: str) -> None:
    with pytest.raises(UnforwardableRequestError):
        render_request(method, target, headers(), b"", [])


def test_a_trace_is_kept_or_made() -> None:
    assert trace_of(headers(("traceparent", TRACE))) == TRACE
    for wrong in ("", "x", TRACE.upper(), TRACE.replace("b7ad6b7169203331", "0" * 16), TRACE + "-x", "ff" + TRACE[2:]):
        made = trace_of(headers(("traceparent", wrong)))
        assert made != wrong
        assert trace_of(headers(("traceparent", made))) == made


@pytest.mark.parametrize("name", ["ada", "Grace Höpper", "x.y\r\nz", ""])
def test_a_signed_name_can_be_read_only_with_the_secret(name: str) -> None:
    signed = sign_caller(name, "s")
    assert signed.isascii()
    assert signed.isprintable()
    assert read_caller(signed, "s") == name
    assert read_caller(signed, "t") is None
    assert read_caller(signed[:-1], "s") is None
    assert read_caller("x" + signed, "s") is None


@pytest.mark.parametrize("signed", ["", ".", "ä.b", "a", "====.x", "/w==." + "0" * 64])
def test_what_is_not_signed_is_nobody(signed: str) -> None:
    assert read_caller(signed, "s") is None


def test_secrets_are_compared_whole() -> None:
    assert is_same("a", "a")
    assert not is_same("", "a")
    assert not is_same("\udcff", "a")
