"""The front of all endpoints: ``python -m redspot.serving.router --snapshot FILE --port N``.

A process of its own, which knows nothing but its snapshot: endpoints answer while the service is down.
"""

from __future__ import annotations

import argparse
import asyncio
import errno
import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from socket import AI_PASSIVE, SOCK_STREAM, create_server, getaddrinfo, socket

from redspot.compute.port import PortTakenError
from redspot.serving.door import BACKLOG
from redspot.serving.front import DRAIN_S, Front
from redspot.serving.grpc.service import InferenceService
from redspot.serving.program import Ending, run, run_loop
from redspot.serving.routing import SAFETY_HEADERS, Routing
from redspot.serving.table import Table
from redspot.serving.tracing import traced
from redspot.serving.upstream import TIMEOUT_S

PORT_TAKEN = 4
_REFRESH_S = 0.25
# While a request waits for a replica.
_WAITED_FOR_S = 0.02


@dataclass(frozen=True, slots=True)
class RouterOptions:
    """What the command line says.

    Attributes
    ----------
    port
        0 lets the system choose one.
    base_path
        Prefix of the path that a proxy in front may leave on.
    ready_file
        Where pid and port are written once it listens.
    timeout_s
        How long a replica's answer may take.
    grpc_port
        Where gRPC is answered; 0 lets the system choose one, None has it off.
    """

    snapshot: Path
    host: str
    port: int
    base_path: str
    ready_file: Path | None
    timeout_s: float
    grpc_port: int | None = None


async def serve(options: RouterOptions) -> None:
    """Listen and answer until SIGTERM."""
    ending = Ending()
    listening = _bind(options.host, options.port)
    table = Table(options.snapshot, timeout_s=options.timeout_s)
    table.refresh()
    answering, end_traces = traced(Routing(table, options.base_path).answer, "redspot-router", {})
    front = Front(answering, headers=SAFETY_HEADERS)
    await front.listen(listening)
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, lambda: table.refresh(force=True))
    refreshing = asyncio.create_task(_keep_fresh(table))
    service, grpc_port = await _grpc(front, options)
    if options.ready_file is not None:
        _write_ready(options.ready_file, listening[0].getsockname()[1], grpc_port)
    try:
        await ending.drain(front)
    finally:
        if service is not None:
            await service.stop(DRAIN_S)
        refreshing.cancel()
        table.close()
        end_traces()
        if options.ready_file is not None:
            options.ready_file.unlink(missing_ok=True)


def main() -> int:
    """Run the router that the command line describes."""
    parser = argparse.ArgumentParser(prog="redspot router", description="One front for all endpoints.")
    parser.add_argument("--snapshot", type=Path, required=True, help="the table, written by the service")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True, help="0 lets the system choose one")
    parser.add_argument("--base-url", default="/", help="prefix that a proxy in front may leave on the path")
    parser.add_argument("--ready-file", type=Path, help="gets pid and port as JSON once the router listens")
    parser.add_argument("--timeout-s", type=float, default=TIMEOUT_S, help="how long a replica's answer may take")
    parser.add_argument("--grpc-port", type=int, help="answer gRPC there as well; 0 lets the system choose one")
    given = parser.parse_args()
    options = RouterOptions(
        given.snapshot, given.host, given.port, given.base_url, given.ready_file, given.timeout_s, given.grpc_port
    )

    return run("redspot router", lambda: run_loop(serve(options)), {PortTakenError: PORT_TAKEN})


async def _grpc(front: Front, options: RouterOptions) -> tuple[InferenceService | None, int | None]:
    """Return the gRPC side and its port, where it is asked for."""
    if options.grpc_port is None:
        return None, None
    service = InferenceService(front.answer)
    return service, await service.start(options.host, options.grpc_port)


def _bind(host: str, port: int) -> list[socket]:
    try:
        return _sockets(host, port)
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise PortTakenError(
            f"Port {port} on {host} is taken by another program: stop that one, or choose another port with --port.",
            port=port,
        ) from error


def _sockets(host: str, port: int) -> list[socket]:
    """Return a listening socket for each address of a host, all on the same port."""
    addresses = dict.fromkeys(getaddrinfo(host or None, port, type=SOCK_STREAM, flags=AI_PASSIVE))
    made: list[socket] = []
    for family, _, _, _, address in addresses:
        where = (address[0], made[0].getsockname()[1] if made else port)
        made.append(create_server(where, family=family, backlog=BACKLOG))
    return made


async def _keep_fresh(table: Table) -> None:
    while True:
        await asyncio.sleep(_WAITED_FOR_S if table.is_waited_for else _REFRESH_S)
        table.refresh()


def _write_ready(file: Path, port: int, grpc_port: int | None) -> None:
    scratch = file.with_name(f".{file.name}.{os.getpid()}")
    handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w") as stream:
        told = {"pid": os.getpid(), "port": port}
        json.dump(told if grpc_port is None else {**told, "grpc_port": grpc_port}, stream)
    os.replace(scratch, file)


if __name__ == "__main__":
    sys.exit(main())
