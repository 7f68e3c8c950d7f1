"""The HTTP side of replica and router: Tornado's connections, without its web framework.

Requests are read whole, within a bound, and handed to one function. That function may answer at once
or later; what it raises becomes a problem.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from email.utils import formatdate
from http import HTTPStatus
from typing import cast

from tornado.concurrent import Future
from tornado.httpserver import HTTPServer
from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    HTTPServerConnectionDelegate,
    RequestStartLine,
    ResponseStartLine,
)

from redspot.errors import RedspotError
from redspot.serving.answer import Answer, Request, problem
from redspot.serving.errors import BodyTooLargeError

log = logging.getLogger("redspot.serving")

MAX_BODY_BYTES = 16 * 1024 * 1024
BODY_TIMEOUT_S = 60.0
IDLE_TIMEOUT_S = 120.0
DRAIN_S = 10.0
# What is too large is still read up to this many times the bound: a client that only reads after it has
# written would otherwise see a broken connection in place of the answer.
_READ_ON_FACTOR = 4
_QUIET_S = 0.1
_UNBOUNDED = 2**62

Answering = Callable[[Request], Answer | Awaitable[Answer]]
Refusing = Callable[[RedspotError, Request], Answer]


class Front(HTTPServerConnectionDelegate):
    """Reads requests, has them answered, and knows how many are under way.

    Parameters
    ----------
    answering
        Returns the answer, or an awaitable of it.
    refusing
        Makes an answer of an error; problem+json unless the path has a format of its own.
    headers
        Sent with every answer.
    """

    def __init__(
        self,
        answering: Answering,
        *,
        refusing: Refusing = lambda error, _request: problem(error),
        headers: tuple[tuple[str, str], ...] = (),
        max_body_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        self._answering = answering
        self._refusing = refusing
        self._headers = headers
        self.max_body_bytes = max_body_bytes
        self.in_flight = 0
        self._last_end = 0.0
        self._is_draining = False
        self._date = (0, "")

    def make_server(self) -> HTTPServer:
        """Return a server that is not listening yet."""
        return HTTPServer(
            self,
            max_body_size=_UNBOUNDED,
            body_timeout=BODY_TIMEOUT_S,
            idle_connection_timeout=IDLE_TIMEOUT_S,
        )

    def start_request(self, server_conn: object, request_conn: HTTPConnection) -> HTTPMessageDelegate:
        """Return who reads the next request of a connection."""
        return _Exchange(self, request_conn)

    async def drain(self, server: HTTPServer, within_s: float = DRAIN_S) -> None:
        """Take no new connection, let what is under way be answered, then close all.

        A connection that stayed open may just have sent a request, so there must be a moment of quiet.
        """
        self._is_draining = True
        server.stop()
        begun = self._last_end = time.monotonic()
        while (now := time.monotonic()) < begun + within_s:
            if self.in_flight == 0 and now - self._last_end >= _QUIET_S:
                break
            await asyncio.sleep(_QUIET_S / 4)
        await server.close_all_connections()

    def answer(self, request: Request) -> Answer | Awaitable[Answer]:
        """Have a request answered; never raises."""
        try:
            outcome = self._answering(request)
        except Exception as error:
            return self.refuse(error, request)
        return outcome if isinstance(outcome, Answer) else self._answer_later(outcome, request)

    def refuse(self, error: Exception, request: Request) -> Answer:
        """Return the answer for an error; one that nobody foresaw is logged whole and told as ``internal``."""
        if not isinstance(error, RedspotError):
            log.error("%s %s failed", request.method, request.path, exc_info=error)
            error = RedspotError("The request failed for a reason that is in the log of the server.")
        return self._refusing(error, request)

    def write(self, connection: HTTPConnection, answer: Answer) -> None:
        """Send an answer and end the exchange."""
        headers = HTTPHeaders()
        headers["Content-Type"] = answer.content_type
        headers["Content-Length"] = str(len(answer.body))
        headers["Date"] = self._now()
        for name, value in (*self._headers, *answer.headers):
            headers[name] = value
        if self._is_draining:
            headers["Connection"] = "close"
        start = ResponseStartLine("HTTP/1.1", answer.status, HTTPStatus(answer.status).phrase)
        written = connection.write_headers(start, headers, answer.body)
        written.add_done_callback(self._note_end)
        connection.finish()

    def begin(self) -> None:
        """Count a request that is being answered."""
        self.in_flight += 1

    def abandon(self) -> None:
        """Count a request off whose client is gone."""
        self.in_flight -= 1
        self._last_end = time.monotonic()

    async def _answer_later(self, outcome: Awaitable[Answer], request: Request) -> Answer:
        try:
            return await outcome
        except Exception as error:
            return self.refuse(error, request)

    def _note_end(self, written: Future[None]) -> None:
        # A client that left early is not our failure; asking for the exception says that it was seen.
        written.exception()
        self.abandon()

    def _now(self) -> str:
        second = int(time.time())
        if self._date[0] != second:
            self._date = (second, formatdate(second, usegmt=True))
        return self._date[1]


class _Exchange(HTTPMessageDelegate):
    """One request and its answer."""

    __slots__ = ("_connection", "_front", "_is_answered", "_pieces", "_request", "_size", "_task")

    def __init__(self, front: Front, connection: HTTPConnection) -> None:
        self._front = front
        self._connection = connection
        self._pieces: list[bytes] = []
        self._size = 0
        self._is_answered = False
        self._task: asyncio.Task[None] | None = None

    def headers_received(self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders) -> None:
        """Note the head; a body that is announced as far too large is refused before it is sent."""
        line = cast("RequestStartLine", start_line)
        path, _, query = line.path.partition("?")
        self._request = Request(line.method, path, query, headers)
        announced = headers.get("Content-Length", "")
        self._size = 0
        if announced.isdigit():
            size = int(announced)
            expects = headers.get("Expect", "").lower() == "100-continue"
            if size > self._front.max_body_bytes * (1 if expects else _READ_ON_FACTOR):
                self._refuse_size()

    def data_received(self, chunk: bytes) -> None:
        """Keep a piece of the body, as long as it is within the bound."""
        self._size += len(chunk)
        if self._size <= self._front.max_body_bytes:
            self._pieces.append(chunk)
        else:
            self._pieces.clear()
            if self._size > self._front.max_body_bytes * _READ_ON_FACTOR:
                self._refuse_size()

    def finish(self) -> None:
        """Have the request answered, now that it is whole."""
        if self._is_answered:
            return
        if self._size > self._front.max_body_bytes:
            self._refuse_size()
            return
        request = self._request
        request.body = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._front.begin()
        outcome = self._front.answer(request)
        if isinstance(outcome, Answer):
            self._write(outcome)
            return
        self._connection.set_close_callback(self._gone)  # type: ignore[attr-defined]
        self._task = asyncio.ensure_future(self._write_later(outcome))

    def on_connection_close(self) -> None:
        """Forget a request whose client left while sending it."""
        self._pieces.clear()

    async def _write_later(self, outcome: Awaitable[Answer]) -> None:
        try:
            answer = await outcome
        except asyncio.CancelledError:
            self._front.abandon()
            raise
        self._write(answer)

    def _gone(self) -> None:
        if self._task is not None and not self._task.done():
            self._task.cancel()

    def _refuse_size(self) -> None:
        if not self._is_answered:
            self._front.begin()
            bound = self._front.max_body_bytes
            error = BodyTooLargeError(f"The body is larger than {bound} bytes; send fewer rows at a time.", limit=bound)
            self._write(self._front.refuse(error, self._request))

    def _write(self, answer: Answer) -> None:
        self._is_answered = True
        if self._request.method == "HEAD":
            answer = Answer(answer.status, b"", answer.content_type, answer.headers)
        self._front.write(self._connection, answer)
