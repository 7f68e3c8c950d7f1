"""What fuzzing looks at in every answer, whichever way a request was made up."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator

# What a bad request may be answered with; 503 is said of a model or replica that is not there.
NEVER = range(500, 503)


def odd_bodies(seed: int, count: int) -> Iterator[bytes]:
    """Yield bodies that are nearly JSON, or nothing of the kind."""
    chance = random.Random(seed)
    words = [
        b"{}", b"[]", b"null", b"NaN", b"-Infinity", b'"', b"\\u0000", b"\\ud800", b"1e999", b"[[[[", b'{"inputs":',
        b'"shape":[', b'"data":', b"-1", b"18446744073709551616", b"{\"island\":", b'"body_mass_g"', b"\xff\xfe",
        b'"dataframe_split"', b"\r\n", b",", b":", b"]", b"}", b"true",
    ]  # fmt: skip
    for _ in range(count):
        if chance.random() < 0.3:
            yield chance.randbytes(chance.randrange(200))
        else:
            yield b"".join(chance.choices(words, k=chance.randrange(1, 12)))


def odd_messages(seed: int, count: int) -> Iterator[bytes]:
    """Yield bytes for a connection that are HTTP in parts, or not at all."""
    chance = random.Random(seed)
    parts = [
        b"GET ", b"POST ", b"/predict", b"/v2/models/%00/infer", b"/../..", b" HTTP/1.1\r\n", b" HTTP/1.0\r\n",
        b" HTTP/9.9\r\n", b"Content-Length: 5\r\n", b"Content-Length: 5, 6\r\n", b"Transfer-Encoding: chunked\r\n",
        b"ffffffffffffffff\r\n", b"0\r\n\r\n", b"Expect: 100-continue\r\n", b"Host: x\r\n", b": x\r\n", b"\r\n\r\n",
        b"Connection: Upgrade\r\nUpgrade: h2c\r\n", b"\x00", b"\x16\x03\x01", b"abcde",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ]  # fmt: skip
    for _ in range(count):
        if chance.random() < 0.2:
            yield chance.randbytes(chance.randrange(1, 400))
        else:
            yield b"".join(chance.choices(parts, k=chance.randrange(1, 10)))


def statuses_of(connection: socket.socket, message: bytes) -> list[int]:
    """Send bytes, say that no more will come, and return the status of each answer until the connection ends."""
    connection.settimeout(5)
    try:
        connection.sendall(message)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while piece := connection.recv(65536):
            received += piece
    except ConnectionError:
        return []
    return [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:] if part[:3].isdigit()]
