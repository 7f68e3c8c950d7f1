"""Where a replica listens: a Unix socket in a folder that only its owner can enter, or a TCP port."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from redspot.serving.errors import ReplicaConfigError

BACKLOG = 1024
_MAX_SOCKET_PATH_BYTES = 100
_MAX_PORT = 65535


@dataclass(frozen=True, slots=True)
class UnixDoor:
    """A Unix socket at `path`; its folder must be closed to others."""

    path: Path

    def __str__(self) -> str:
        return str(self.path)

    @contextlib.contextmanager
    def open(self) -> Iterator[socket.socket]:
        """Yield a listening socket that appears only when it is ready; one that was left there gives way."""
        path = self.path
        if len(os.fsencode(path)) > _MAX_SOCKET_PATH_BYTES:
            raise ReplicaConfigError(
                f"The socket's path {str(path)!r} is longer than {_MAX_SOCKET_PATH_BYTES} bytes; use a shorter folder.",
                key="socket",
            )
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if stat.S_IMODE(path.parent.stat().st_mode) & 0o077:
            raise ReplicaConfigError(
                f"The socket's folder {str(path.parent)!r} is open to others; make it 0700.", key="socket"
            )
        scratch = path.with_name(f".{os.getpid()}")
        scratch.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listening.setblocking(False)
        listening.bind(str(scratch))
        os.chmod(scratch, 0o600)
        listening.listen(BACKLOG)
        os.rename(scratch, path)
        inode = path.stat().st_ino
        try:
            yield listening
        finally:
            # Another replica may have taken the place meanwhile.
            if path.exists() and path.stat().st_ino == inode:
                path.unlink()


@dataclass(frozen=True, slots=True)
class TcpDoor:
    """A TCP port of one address; the secret keeps out who did not come through the router.

    Attributes
    ----------
    is_shared
        Whether several processes open it, each with a socket of its own: the system then spreads connections.
    """

    host: str
    port: int
    is_shared: bool = False

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    @contextlib.contextmanager
    def open(self) -> Iterator[socket.socket]:
        """Yield a listening socket."""
        try:
            listening = socket.create_server((self.host, self.port), backlog=BACKLOG, reuse_port=self.is_shared)
        except OSError as error:
            reason = "is taken by another program" if error.errno == errno.EADDRINUSE else f"cannot be used: {error}"
            raise ReplicaConfigError(f"Port {self.port} on {self.host} {reason}.", key="port") from error
        listening.setblocking(False)
        with listening:
            yield listening


Door = UnixDoor | TcpDoor


def read_door(content: Mapping[str, Any], workers: int) -> Door:
    """Return where a configuration says that the replica listens: ``socket``, or ``port`` and maybe ``host``.

    Raises
    ------
    ReplicaConfigError
        When it says neither or both.
    """
    path, port, host = content.get("socket"), content.get("port"), content.get("host", "127.0.0.1")
    if isinstance(path, str) and path and port is None:
        return UnixDoor(Path(path))
    if path is None and type(port) is int and 0 < port <= _MAX_PORT and isinstance(host, str):
        return TcpDoor(host, port, is_shared=workers > 1)
    raise ReplicaConfigError(
        "The configuration needs the path of a 'socket', or a 'port' from 1 to 65535.", key="socket"
    )
