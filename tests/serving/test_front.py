"""The HTTP side, byte by byte: what clients send in odd ways is answered once, in order, or refused."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable

import pytest

from redspot.serving.answer import Answer, Request
from redspot.serving.front import Front

LIMIT = 1000


async def later(text: bytes) -> Answer:
    await asyncio.sleep(0.05)
    return Answer(200, text, "text/plain")


def echo(request: Request) -> Answer | Awaitable[Answer]:
    text = f"{request.method} {request.path}?{request.query} {len(request.body)}".encode()
    if request.path == "/later":
        return later(text)
    if request.path == "/broken":
        raise ZeroDivisionError
    return Answer(200, text, "text/plain", (("Retry-After", "1"),))


@pytest.fixture
async def front() -> AsyncIterator[tuple[Front, int]]:
    front = Front(echo, headers=(("retry-after", "9"), ("X-Common", "yes")), max_body_bytes=LIMIT)
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    await front.listen([listening])
    yield front, port
    await front.drain(within_s=2)
    assert not front.connections
    assert front.in_flight == 0


async def talk(port: int, *pieces: bytes, ends: bool = True) -> bytes:
    """Send pieces with a pause between them, and return all that comes until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in pieces:
        writer.write(piece)
        await asyncio.sleep(0.02)
    if ends:
        writer.write(b"GET /end HTTP/1.1\r\nConnection: close\r\n\r\n")
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    return answer


def bodies(answer: bytes) -> list[bytes]:
    return [line for line in answer.split(b"\r\n") if b"?" in line] and [
        part.split(b"HTTP/1.1")[0] for part in answer.split(b"\r\n\r\n")[1:]
    ]


async def test_requests_in_one_piece_are_answered_in_order(front: tuple[Front, int]) -> None:
    first = b"POST /later?a=1 HTTP/1.1\r\nContent-Length: 2\r\n\r\nab"
    answer = await talk(front[1], first + b"GET /now HTTP/1.1\r\n\r\n" + first)
    assert bodies(answer) == [b"POST /later?a=1 2", b"GET /now? 0", b"POST /later?a=1 2", b"GET /end? 0"]


async def test_a_request_may_come_in_any_pieces(front: tuple[Front, int]) -> None:
    message = b"POST /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    answer = await talk(front[1], message[:9], message[9:30], message[30:52], message[52:])
    assert bodies(answer) == [b"POST /x? 5", b"GET /end? 0"]


async def test_an_answer_says_what_it_must(front: tuple[Front, int]) -> None:
    answer = await talk(front[1], b"HEAD /x HTTP/1.1\r\n\r\n")
    head = answer.split(b"\r\n\r\n")[0].split(b"\r\n")
    assert head[0] == b"HTTP/1.1 200 OK"
    assert {b"Content-Type: text/plain", b"X-Common: yes", b"Retry-After: 1"} <= set(head)
    assert b"retry-after: 9" not in head
    old = await talk(front[1], b"GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    assert b"Connection: keep-alive\r\n" in old
    assert b"Connection: close\r\n" in old
    assert (await talk(front[1], b"GET /x HTTP/1.0\r\n\r\n", ends=False)).endswith(b"GET /x? 0")


async def test_a_body_that_is_too_large_is_read_or_refused(front: tuple[Front, int]) -> None:
    large = b"POST /x HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % (LIMIT + 1) + b"x" * (LIMIT + 1)
    answer = await talk(front[1], large)
    assert answer.count(b"HTTP/1.1 413 ") == 1
    assert answer.endswith(b"GET /end? 0")
    far = await talk(front[1], b"POST /x HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n", ends=False)
    assert far.startswith(b"HTTP/1.1 413 ")
    expected = b"POST /x HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n"
    assert (await talk(front[1], expected % (LIMIT + 1), ends=False)).startswith(b"HTTP/1.1 413 ")
    assert (await talk(front[1], expected % 1, b"x")).startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 ")


@pytest.mark.parametrize(
    "message",
    [
        b"GARBAGE\r\n\r\n",
        b"POST /x HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"POST /x HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /x HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /x HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        b"POST /x HTTP/1.1\r\nContent-Length: +1\r\n\r\na",
        b"GET /x HTTP/1.1\r\nA: b\0c\r\n\r\n",
        b"GET /x HTTP/1.1\r\nA : b\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
    ],
)
async def test_what_could_be_read_in_two_ways_is_refused(front: tuple[Front, int], message: bytes) -> None:
    assert (await talk(front[1], message, ends=False)).startswith(b"HTTP/1.1 400 ")


async def test_a_head_without_end_is_refused(front: tuple[Front, int]) -> None:
    endless = b"GET /x HTTP/1.1\r\nA: " + b"x" * 70_000
    assert (await talk(front[1], endless, ends=False)).startswith(b"HTTP/1.1 431 ")


async def test_another_protocol_is_not_taken_up(front: tuple[Front, int]) -> None:
    upgrade = b"POST /x HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 3\r\n\r\nabc"
    for pieces in ((upgrade,), (upgrade[:-3], b"a", b"bc"), (upgrade + b"GET /x HTTP/1.1\r\n\r\n",)):
        answer = await talk(front[1], *pieces, ends=False)
        assert answer.count(b"HTTP/1.1 ") == 1
        assert answer.endswith(b"POST /x? 3")
    later = b"GET /later HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    assert (await talk(front[1], later, b"more", b"more", ends=False)).count(b"HTTP/1.1 ") == 1
    chunked = b"POST /x HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nTransfer-Encoding: chunked\r\n\r\n"
    assert (await talk(front[1], chunked, ends=False)).startswith(b"HTTP/1.1 400 ")


async def test_a_failure_nobody_foresaw_is_one_answer(front: tuple[Front, int]) -> None:
    answer = await talk(front[1], b"GET /broken HTTP/1.1\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b"ZeroDivision" not in answer
    assert answer.endswith(b"GET /end? 0")


async def test_a_client_that_leaves_or_dawdles_is_forgotten(front: tuple[Front, int]) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", front[1])
    writer.write(b"GET /later HTTP/1.1\r\n\r\n")
    await asyncio.sleep(0.01)
    writer.close()
    _, slow = await asyncio.open_connection("127.0.0.1", front[1])
    slow.write(b"POST /x HTTP/1.1\r\nContent-Le")
    await asyncio.sleep(0.02)
    for connection in front[0].connections:
        connection.deadline = 0.0
    async with asyncio.timeout(3):
        while front[0].connections:
            await asyncio.sleep(0.05)
    assert front[0].in_flight == 0
    slow.close()
