"""One connection of a client: requests are read one after the other, and answered in that order."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable
from typing import TYPE_CHECKING, cast

import httptools

from redspot.serving.answer import Answer, Request
from redspot.serving.headers import Headers

if TYPE_CHECKING:
    from redspot.serving.front import Front

# How long a request may take to arrive, and how long a connection may be idle before its next one.
BODY_TIMEOUT_S = 60.0
IDLE_TIMEOUT_S = 120.0
# What is too large is still read up to this many times the bound: a client that only reads after it has
# written would otherwise see a broken connection in place of the answer.
READ_ON_FACTOR = 4
_MAX_HEAD_BYTES = 65536
_LENGTH_SIZE, _EXPECT_SIZE = len("content-length"), len("expect")
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_HEAD_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Connection(asyncio.Protocol):
    """Reads requests by llhttp's rules, hands whole ones to the front and writes its answers."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._fields: list[tuple[bytes, bytes]] = []
        self._target = b""
        self._pieces: list[bytes] = []
        self._size = self._announced = 0
        self._expects = False
        self._head_size = 0
        self._is_reading_head = True
        self._is_ending = False
        self._is_refused = False
        self._is_upgrade = self._is_deaf = False
        # Whole requests that came before the answer to one before them was sent; the last says "keep alive".
        self._waiting: deque[tuple[Request, bool]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._is_paused = False
        self.is_receiving = False
        self.deadline = time.monotonic() + IDLE_TIMEOUT_S

    # -- asyncio ------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note where answers go."""
        self._transport = cast("asyncio.Transport", transport)
        self._front.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give up what nobody waits for any longer."""
        self._front.connections.discard(self)
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        """Read on."""
        if self._is_ending or self._is_deaf:
            return
        if self._is_upgrade:
            self._read_rest(data)
            return
        if self._is_reading_head:
            self._head_size += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._read_rest(data[upgrade.args[0] :])
            return
        except httptools.HttpParserError:
            self._break_off(_BAD_REQUEST)
            return
        if self._is_reading_head and self._head_size > _MAX_HEAD_BYTES:
            self._break_off(_HEAD_TOO_LARGE)

    def pause_writing(self) -> None:
        """Wait with what was asked next until the client has read the answers it got."""
        self._is_paused = True
        self.deadline = time.monotonic() + IDLE_TIMEOUT_S

    def resume_writing(self) -> None:
        """Go on with what was asked meanwhile."""
        self._is_paused = False
        self._answer_next()

    # -- httptools ----------------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """Begin to read a request."""
        self._fields, self._target, self._pieces, self._size = [], b"", [], 0
        self._announced, self._expects = 0, False
        self.is_receiving, self._is_refused = True, False
        self.deadline = time.monotonic() + BODY_TIMEOUT_S

    def on_url(self, url: bytes) -> None:
        """Note a piece of the target."""
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Note a field."""
        self._fields.append((name, value))
        size = len(name)
        if size == _LENGTH_SIZE and name.lower() == b"content-length":
            # The parser refuses what is no number, or a second one that differs.
            self._announced = int(value)
        elif size == _EXPECT_SIZE and name.lower() == b"expect":
            self._expects = value.lower() == b"100-continue"

    def on_headers_complete(self) -> None:
        """Refuse a body that is announced as far too large before it is sent."""
        self._is_reading_head, self._head_size = False, 0
        if self._announced > self._front.max_body_bytes * (1 if self._expects else READ_ON_FACTOR):
            self._refuse_unread()
        elif self._expects and self._is_free():
            self._write(_CONTINUE)

    def on_body(self, body: bytes) -> None:
        """Keep a piece of the body, as long as it is within the bound."""
        self._size += len(body)
        if self._size <= self._front.max_body_bytes:
            self._pieces.append(body)
        else:
            self._pieces.clear()
            if self._size > self._front.max_body_bytes * READ_ON_FACTOR:
                self._refuse_unread()

    def on_message_complete(self) -> None:
        """Have a whole request answered, now or in its turn."""
        self._is_reading_head, self.is_receiving = True, False
        if self._is_refused or self._is_ending:
            return
        if self._parser.should_upgrade():
            if Headers.of_bytes(self._fields).get("Transfer-Encoding") is not None:
                self._break_off(_BAD_REQUEST)
                return
            self._is_upgrade = self.is_receiving = True
            return
        self._take(self._parser.should_keep_alive())

    def _read_rest(self, data: bytes) -> None:
        """Read the body of a request that asks for another protocol: for the parser it ends with its head.

        It is answered as if it had not asked, as HTTP allows, and nothing follows it.
        """
        self.on_body(data[: self._announced - self._size])
        if self._size >= self._announced and not self._is_refused:
            self._is_deaf, self.is_receiving = True, False
            self._take(keeps=False)

    def _take(self, keeps: bool) -> None:
        request = self._request()
        self._pieces = []
        if self._is_free():
            self._answer(request, keeps)
            return
        self._waiting.append((request, keeps))
        # More than what is read already does not come in until then.
        cast("asyncio.Transport", self._transport).pause_reading()

    # -- answering ----------------------------------------------------------------------------------

    def close(self) -> None:
        """Close it after what was written."""
        self._is_ending = True
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close it at once."""
        if self._transport is not None:
            self._transport.abort()

    @property
    def is_late(self) -> bool:
        """Whether the client has had all the time it may have; while it waits for us, it is not."""
        return self._task is None and time.monotonic() > self.deadline

    def _request(self) -> Request:
        path, _, query = self._target.decode("latin-1").partition("?")
        body = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        method = self._parser.get_method().decode("ascii")
        request = Request(method, path, query, Headers.of_bytes(self._fields), body)
        request.is_too_large = self._size > self._front.max_body_bytes
        return request

    def _is_free(self) -> bool:
        return self._task is None and not self._waiting and not self._is_paused

    def _answer(self, request: Request, keeps: bool) -> None:
        front = self._front
        front.in_flight += 1
        outcome = front.answer(request)
        if isinstance(outcome, Answer):
            self._finish(request, outcome, keeps)
        else:
            self._task = asyncio.ensure_future(self._answer_later(request, outcome, keeps))
            # Also one that is cancelled before its first step must be counted off.
            self._task.add_done_callback(lambda task: front.note_end() if task.cancelled() else None)

    async def _answer_later(self, request: Request, outcome: Awaitable[Answer], keeps: bool) -> None:
        answer = await outcome
        self._task = None
        self._finish(request, answer, keeps)
        self._answer_next()

    def _answer_next(self) -> None:
        while self._waiting and self._task is None and not self._is_paused and not self._is_ending:
            request, keeps = self._waiting.popleft()
            self._answer(request, keeps)
        if not self._waiting and self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def _finish(self, request: Request, answer: Answer, keeps: bool) -> None:
        front = self._front
        keeps = keeps and not front.is_draining and not self._is_ending
        is_old = keeps and self._parser.get_http_version() == "1.0"
        self._write(front.render(answer, is_head=request.method == "HEAD", keeps=keeps, is_old=is_old))
        self.deadline = time.monotonic() + IDLE_TIMEOUT_S
        front.note_end()
        if not keeps:
            self.close()

    def _refuse_unread(self) -> None:
        if self._is_refused:
            return
        self._is_refused = True
        if not self._is_free():
            # Its answer would come before those that are due first.
            self.abort()
            return
        request = self._request()
        request.is_too_large, request.body = True, b""
        self._answer(request, False)

    def _break_off(self, message: bytes) -> None:
        if self._is_free():
            self._write(message)
        self.close()

    def _write(self, message: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(message)
