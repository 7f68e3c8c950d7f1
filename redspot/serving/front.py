"""The HTTP side of replica and router: connections on asyncio, read by httptools.

Requests are read whole, within a bound, and handed to one function. That function may answer at once
or later; what it raises becomes a problem.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import Awaitable, Callable, Iterable
from email.utils import formatdate
from http import HTTPStatus

from redspot.errors import RedspotError
from redspot.serving.answer import Answer, Request, problem
from redspot.serving.connection import Connection
from redspot.serving.door import BACKLOG
from redspot.serving.errors import BodyTooLargeError
from redspot.serving.events.request_id import RequestIds
from redspot.serving.limits import Limits

log = logging.getLogger("redspot.serving")

DRAIN_S = 10.0
_QUIET_S = 0.1
_SWEEP_S = 1.0

Answering = Callable[[Request], Answer | Awaitable[Answer]]
Refusing = Callable[[RedspotError, Request], Answer]


class Front:
    """Has requests answered, and knows how many are under way.

    Parameters
    ----------
    answering
        Returns the answer, or an awaitable of it.
    refusing
        Makes an answer of an error; problem+json unless the path has a format of its own.
    headers
        Sent with every answer, unless it has its own of that name.
    """

    def __init__(
        self,
        answering: Answering,
        *,
        refusing: Refusing = lambda error, _request: problem(error),
        headers: tuple[tuple[str, str], ...] = (),
        max_body_bytes: int = Limits().body_bytes,
    ) -> None:
        self._answering = answering
        self._refusing = refusing
        self._headers = headers
        self._common = _lines(headers)
        self._names = frozenset(name.lower() for name, _ in headers)
        self.max_body_bytes = max_body_bytes
        self.connections: set[Connection] = set()
        self.in_flight = 0
        self.is_draining = False
        self._last_end = 0.0
        self._date = (0, b"")
        self._ids = RequestIds()
        self._servers: list[asyncio.Server] = []
        self._sweeping: asyncio.Task[None] | None = None

    async def listen(self, sockets: Iterable[socket.socket]) -> None:
        """Take connections from sockets that listen."""
        loop = asyncio.get_running_loop()
        for each in sockets:
            is_unix = each.family is socket.AF_UNIX
            listen = loop.create_unix_server if is_unix else loop.create_server
            self._servers.append(await listen(lambda: Connection(self), sock=each, backlog=BACKLOG))
        self._sweeping = asyncio.ensure_future(self._sweep())

    async def drain(self, within_s: float = DRAIN_S) -> None:
        """Take no new connection, let what is under way be answered, then close all.

        A connection that stayed open may just have sent a request, so there must be a moment of quiet.
        """
        self.is_draining = True
        for server in self._servers:
            server.close()
        begun = self._last_end = time.monotonic()
        while (now := time.monotonic()) < begun + within_s:
            is_busy = self.in_flight or any(each.is_receiving for each in self.connections)
            if not is_busy and now - self._last_end >= _QUIET_S:
                break
            await asyncio.sleep(_QUIET_S / 4)
        for connection in tuple(self.connections):
            connection.close()
        while self.connections and time.monotonic() < begun + within_s:
            await asyncio.sleep(_QUIET_S / 4)
        for connection in tuple(self.connections):
            connection.abort()
        if self._sweeping is not None:
            self._sweeping.cancel()

    def answer(self, request: Request) -> Answer | Awaitable[Answer]:
        """Have a request answered; never raises."""
        try:
            if request.is_too_large:
                bound = self.max_body_bytes
                message = f"The body is larger than {bound} bytes; send fewer rows at a time."
                raise BodyTooLargeError(message, limit=bound)
            outcome = self._answering(request)
        except Exception as error:
            return self.refuse(error, request)
        return outcome if isinstance(outcome, Answer) else self._answer_later(outcome, request)

    def refuse(self, error: Exception, request: Request) -> Answer:
        """Return the answer for an error; one that nobody foresaw is logged whole and told as ``internal``."""
        if not isinstance(error, RedspotError):
            name = self._ids.of(request)
            log.error("%s %s failed, request %s", request.method, request.path, name, exc_info=error)
            message = f"The request failed for a reason that is in the log of the server, as request {name}."
            error = RedspotError(message, request_id=name)
        return self._refusing(error, request)

    def render(self, answer: Answer, *, is_head: bool, keeps: bool, is_old: bool) -> bytes:
        """Return an answer as it is sent.

        Parameters
        ----------
        is_head
            Whether the body is left out.
        keeps
            Whether the connection stays open.
        is_old
            Whether the client must be told so, as HTTP/1.0 asks.
        """
        common = self._common
        if answer.headers:
            own = {name.lower() for name, _ in answer.headers}
            if own.isdisjoint(self._names):
                common += _lines(answer.headers)
            else:
                common = _lines((*(each for each in self._headers if each[0].lower() not in own), *answer.headers))
        if not keeps:
            common += b"Connection: close\r\n"
        elif is_old:
            common += b"Connection: keep-alive\r\n"
        body = answer.body
        head = b"%bContent-Type: %b\r\nContent-Length: %d\r\n%b%b\r\n" % (
            _STATUS_LINES[answer.status],
            answer.content_type.encode("latin-1"),
            0 if is_head else len(body),
            self._now(),
            common,
        )
        return head if is_head else head + body

    def note_end(self) -> None:
        """Count a request off that was answered, or whose client is gone."""
        self.in_flight -= 1
        self._last_end = time.monotonic()

    async def _answer_later(self, outcome: Awaitable[Answer], request: Request) -> Answer:
        try:
            return await outcome
        except Exception as error:
            return self.refuse(error, request)

    async def _sweep(self) -> None:
        """Close connections whose clients keep us waiting: one look at all of them is cheaper than timers."""
        while True:
            await asyncio.sleep(_SWEEP_S)
            for connection in tuple(self.connections):
                if connection.is_late:
                    connection.abort()

    def _now(self) -> bytes:
        second = int(time.time())
        if self._date[0] != second:
            self._date = (second, f"Date: {formatdate(second, usegmt=True)}\r\n".encode())
        return self._date[1]


_STATUS_LINES = {each.value: f"HTTP/1.1 {each.value} {each.phrase}\r\n".encode() for each in HTTPStatus}


def _lines(headers: Iterable[tuple[str, str]]) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in headers).encode("latin-1")
