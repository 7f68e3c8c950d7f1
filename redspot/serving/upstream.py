"""Requests to one replica over its Unix socket or its TCP port: kept connections, strict reading, no second try."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import cast

from redspot.registry.endpoint import EndpointUnavailableError
from redspot.serving.address import TcpAddress, parse_address
from redspot.serving.answer import JSON, Answer
from redspot.serving.binary import JSON_SIZE_HEADER
from redspot.serving.connection import IDLE_TIMEOUT_S
from redspot.serving.errors import ReplicaFailedError, ReplicaLostError, ReplicaTimeoutError
from redspot.serving.events.request_id import REQUEST_ID_HEADER

TIMEOUT_S = 60.0
# A replica answers one request after another: more connections would only wait in it. (And a full backlog
# of a Unix socket cannot be waited for.)
MAX_CONNECTIONS = 128
_CONNECT_TIMEOUT_S = 5.0
# Half of what the replica keeps: it must never close a connection in the moment in which we use it again.
_KEEP_S = IDLE_TIMEOUT_S / 2
_MAX_HEAD_BYTES = 65536
_MAX_ANSWER_BYTES = 256 * 1024 * 1024
_NO_BODY = (204, 304)
# What a replica's answer says besides its type and length, and callers need to know.
_KEPT_HEADERS = {name.lower(): name for name in ("Retry-After", JSON_SIZE_HEADER, REQUEST_ID_HEADER)}

# Status, type, size of the body, and the headers that are kept.
_Head = tuple[int, str, int, tuple[tuple[str, str], ...]]


class NotConnectedError(EndpointUnavailableError):
    """Nobody listens; nothing was sent, so another replica may be asked."""

    code = "replica-not-connected"


class Upstream:
    """One replica.

    Parameters
    ----------
    address
        Path of its Unix socket, or ``tcp://HOST:PORT`` (AddressError for what is neither).
    timeout_s
        How long an answer may take.
    told
        Headers that each of its answers gets.
    """

    def __init__(self, address: str, *, timeout_s: float = TIMEOUT_S, told: tuple[tuple[str, str], ...] = ()) -> None:
        self._address = parse_address(address)
        self._told = told
        self._timeout_s = timeout_s
        self._idle: deque[_Connection] = deque()
        self._places = asyncio.Semaphore(MAX_CONNECTIONS)
        self._is_retired = False

    async def exchange(self, message: bytes, *, is_head: bool) -> Answer:
        """Send a whole request and return the answer.

        Raises
        ------
        NotConnectedError
            When nothing could be sent.
        ReplicaLostError
            When it was sent, and the replica broke off before a byte of the answer came.
        ReplicaFailedError, ReplicaTimeoutError
            When it was sent, and no whole answer came.
        """
        async with self._places:
            connection = self._take() or await self._connect()
            try:
                answer = await connection.exchange(message, is_head=is_head, timeout_s=self._timeout_s)
            except BaseException:
                # Whatever is still to come on it belongs to nobody.
                connection.close()
                raise
            if connection.is_open and not self._is_retired:
                connection.idle_since = time.monotonic()
                self._idle.append(connection)
            else:
                connection.close()
            return answer

    def retire(self) -> None:
        """Close what is idle now and the rest after its last answer."""
        self._is_retired = True
        while self._idle:
            self._idle.pop().close()

    def _take(self) -> _Connection | None:
        oldest = time.monotonic() - _KEEP_S
        while self._idle:
            connection = self._idle.pop()
            if connection.is_open and connection.idle_since > oldest:
                return connection
            connection.close()
        return None

    async def _connect(self) -> _Connection:
        loop, address = asyncio.get_running_loop(), self._address
        try:
            async with asyncio.timeout(_CONNECT_TIMEOUT_S):
                if isinstance(address, TcpAddress):
                    made = loop.create_connection(lambda: _Connection(self._told), address.host, address.port)
                else:
                    made = loop.create_unix_connection(lambda: _Connection(self._told), address.path)
                _, connection = await made
        except (OSError, TimeoutError) as error:
            raise NotConnectedError("Its replica cannot be reached.") from error
        return connection


class _Connection(asyncio.Protocol):
    """One connection; at most one request is under way on it."""

    def __init__(self, told: tuple[tuple[str, str], ...]) -> None:
        self._told = told
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[Answer] | None = None
        self._received = bytearray()
        self._head: _Head | None = None
        self._is_head = False
        self.is_open = False
        self.idle_since = 0.0

    async def exchange(self, message: bytes, *, is_head: bool, timeout_s: float) -> Answer:
        """Send and wait for the answer."""
        transport = cast("asyncio.Transport", self._transport)
        loop = asyncio.get_running_loop()
        waiting: asyncio.Future[Answer] = loop.create_future()
        self._waiting = waiting
        self._is_head, self._head = is_head, None
        timer = loop.call_later(timeout_s, self._fail, ReplicaTimeoutError(f"No answer within {timeout_s:g} s."))
        transport.write(message)
        try:
            return await waiting
        finally:
            timer.cancel()
            self._waiting = None

    def close(self) -> None:
        """Close it at once."""
        self.is_open = False
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Note that it is there."""
        self._transport = cast("asyncio.Transport", transport)
        self.is_open = True

    def data_received(self, data: bytes) -> None:
        """Read on; what nobody asked for ends the connection."""
        if self._waiting is None:
            self.close()
            return
        self._received += data
        try:
            self._read()
        except ValueError as error:
            self._fail(ReplicaFailedError(f"The replica's answer cannot be read: {error}."))

    def eof_received(self) -> None:
        """Note that nothing more will come."""
        self._lost()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that it is gone."""
        self._lost()

    def _lost(self) -> None:
        self.is_open = False
        has_begun = self._head is not None or self._received
        kind = ReplicaFailedError if has_begun else ReplicaLostError
        self._fail(kind("The replica broke off before its answer was whole."))

    def _fail(self, error: Exception) -> None:
        self.is_open = False
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(error)

    def _read(self) -> None:
        if self._head is None:
            end = self._received.find(b"\r\n\r\n", 0, _MAX_HEAD_BYTES)
            if end < 0:
                if len(self._received) > _MAX_HEAD_BYTES:
                    raise ValueError("its head has no end")
                return
            self._head = self._read_head(bytes(self._received[:end]))
            del self._received[: end + 4]
        status, content_type, size, kept = self._head
        if len(self._received) < size:
            return
        if len(self._received) > size:
            raise ValueError("it is longer than it says")
        body = bytes(self._received)
        self._received.clear()
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(Answer(status, body, content_type, (*kept, *self._told)))

    def _read_head(self, head: bytes) -> _Head:
        first, *lines = head.decode("latin-1").split("\r\n")
        version, _, rest = first.partition(" ")
        if version != "HTTP/1.1" or not (rest[:3].isdigit() and rest[:3].isascii()):
            raise ValueError("it does not begin as HTTP/1.1")
        status, size, content_type = int(rest[:3]), None, JSON
        kept: list[tuple[str, str]] = []
        for line in lines:
            name, _, value = line.partition(":")
            match name.lower():
                case "content-length" if value.strip().isascii() and value.strip().isdigit():
                    size = int(value)
                case "content-type" if value.isprintable():
                    content_type = value.strip()
                case "connection" if value.strip().lower() == "close":
                    self.is_open = False
                case known if known in _KEPT_HEADERS and value.isprintable():
                    kept.append((_KEPT_HEADERS[known], value.strip()))
                case "transfer-encoding":
                    raise ValueError("it says no length")
        if self._is_head or status in _NO_BODY:
            return status, content_type, 0, tuple(kept)
        if size is None or size > _MAX_ANSWER_BYTES:
            raise ValueError("it says no length, or too great a one")
        return status, content_type, size, tuple(kept)
