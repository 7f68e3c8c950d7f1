"""Where the router finds a replica: the path of a Unix socket, or ``tcp://HOST:PORT`` for a container or pod."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from redspot.errors import InvalidError

_SCHEME = "tcp://"
# A host of DNS or an IPv4 address, or an IPv6 address in brackets.
_TCP = re.compile(
    r"tcp://(?:([A-Za-z0-9](?:[-A-Za-z0-9.]{0,251}[A-Za-z0-9])?)|\[([0-9A-Fa-f:.]{2,45})\]):([1-9][0-9]{0,4})"
)
_MAX_PORT = 65535


class AddressError(InvalidError):
    """A replica's address is neither the path of a socket nor host and port."""

    code = "replica-address"


@dataclass(frozen=True, slots=True)
class UnixAddress:
    """A Unix socket at an absolute path."""

    path: str

    def __str__(self) -> str:
        return self.path


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """A TCP port of a host; an IPv6 address has no brackets here."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{_SCHEME}{host}:{self.port}"


Address = UnixAddress | TcpAddress


def parse_address(text: str) -> Address:
    """Read where a replica is.

    Raises
    ------
    AddressError
        When it is neither an absolute path nor ``tcp://HOST:PORT``.

    Examples
    --------
    >>> parse_address("tcp://penguins.ml.svc:8080")
    TcpAddress(host='penguins.ml.svc', port=8080)
    >>> str(parse_address("tcp://[::1]:80"))
    'tcp://[::1]:80'
    """
    if Path(text).is_absolute():
        return UnixAddress(text)
    found = _TCP.fullmatch(text)
    if found is None or not 0 < int(found[3]) <= _MAX_PORT:
        raise AddressError(f"{text!r} is neither an absolute path nor like tcp://HOST:PORT.", address=text)
    return TcpAddress(found[1] or found[2], int(found[3]))
