"""The service's process: the lock, the sockets, the controllers, and an orderly end."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import json
import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from redspot_productionize.runner import Runner
from redspot_productionize.scheduler import Scheduler
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets, bind_unix_socket

from redspot.compute.port import PortTakenError
from redspot.config import Config
from redspot.errors import ConflictError
from redspot_server.app import MAX_BODY_BYTES, make_app
from redspot_server.controllers.deployer import Deployer
from redspot_server.controllers.loop import Controllers
from redspot_server.controllers.monitors import Monitors
from redspot_server.controllers.router_unit import router_unit
from redspot_server.controllers.sampler import SAMPLE_S, Sampler
from redspot_server.controllers.shipper_unit import shipper_unit
from redspot_server.identity import SocketIdentity, TokenIdentity
from redspot_server.services import Services

_log = logging.getLogger(__name__)


class ServiceRunningError(ConflictError):
    """Another service holds the state directory."""

    code = "service-running"


def hold_state_dir(config: Config, *, wait_s: float) -> IO[str]:
    """Lock the state directory, so that it has one service; the lock goes with the process.

    Raises
    ------
    ServiceRunningError
        When another service still holds it after `wait_s` seconds.
    """
    config.prepare()
    file = config.lock_file.open("a+")
    deadline = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() > deadline:
                file.close()
                raise ServiceRunningError(
                    f"Another Redspot service runs for {config.state_dir}: join it, or stop it with `redspot down`."
                ) from None
            time.sleep(0.1)
        else:
            return file


def watch_parent(parent: int, end: Callable[[], object]) -> None:
    """Call `end` once the process that started us is gone: the service never outlives its host."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        _log.warning("the parent process is gone; ending")
        end()

    threading.Thread(target=watch, name="parent", daemon=True).start()


def make_controllers(services: Services) -> Controllers:
    """Return the controllers of a service, not yet running."""
    runner = Runner(
        services.runs,
        services.jobs,
        services.artifacts,
        services.backend,
        services.instance_types,
        services.clock,
        services.config.work_dir,
        services.config.max_runs,
    )
    return Controllers(
        services.leases,
        {
            "scheduler": (Scheduler(services.jobs, services.clock).step, 0.5),
            "runner": (runner.step, 0.25),
            "deployer": (Deployer(services).step, 0.25),
            "router": (router_unit(services).step, 1.0),
            "shipper": (shipper_unit(services).step, 1.0),
            "sampler": (Sampler(services).step, SAMPLE_S),
            "monitors": (Monitors(services).step, float(services.config.monitors_every_s)),
        },
    )


def run_service(config: Config, *, embedded: bool, wait_s: float, port: int | None = None) -> None:
    """Run until SIGTERM, SIGINT or the end of the parent; units go on afterwards.

    Parameters
    ----------
    embedded
        True under a Jupyter server or a terminal; False as a hub-managed service.
    wait_s
        How long to wait for a predecessor's lock and port, in seconds.
    port
        Port of 127.0.0.1 to listen on as well, for programs that send the installation's token; 0 for any that is
        free. The address is in ``service.json``, the token in ``http.token``.
    """
    lock = hold_state_dir(config, wait_s=wait_s)
    users = tuple(name for name in os.environ.get("REDSPOT_HUB_USERS", "").split(",") if name)
    services = Services.open(config, host="embedded" if embedded else "hub", users=users)
    controllers = make_controllers(services)
    try:
        asyncio.run(_serve(services, controllers, embedded=embedded, wait_s=wait_s, port=port))
    finally:
        controllers.stop()
        services.recording.writer.close()
        services.database.dispose()
        _service_file(config).unlink(missing_ok=True)
        lock.close()


async def _serve(
    services: Services, controllers: Controllers, *, embedded: bool, wait_s: float, port: int | None
) -> None:
    config = services.config
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    if os.environ.get("REDSPOT_PARENT") == str(os.getppid()) or not embedded:
        watch_parent(os.getppid(), lambda: loop.call_soon_threadsafe(ended.set))
    local = HTTPServer(make_app(services, SocketIdentity(administers=embedded)), max_buffer_size=MAX_BODY_BYTES)
    local.add_socket(bind_unix_socket(str(config.socket), mode=0o600))
    servers = [local]
    if not embedded:
        servers.append(await _listen_for_hub(services, wait_s))
    facts = {"pid": os.getpid(), "host": services.host, "socket": str(config.socket)}
    if port is not None:
        server, facts["url"] = _listen_on_loopback(services, port)
        servers.append(server)
    controllers.start()
    _service_file(config).write_text(json.dumps(facts))
    _log.info("the service is up for %s", config.state_dir)
    await ended.wait()
    _log.info("the service ends; units go on")
    for server in servers:
        server.stop()
    config.socket.unlink(missing_ok=True)
    for server in servers:
        await server.close_all_connections()


def _listen_on_loopback(services: Services, port: int) -> tuple[HTTPServer, str]:
    token = services.secret_of("http")
    token_file = services.config.state_dir / "http.token"
    token_file.touch(mode=0o600)
    token_file.write_text(token)
    server = HTTPServer(make_app(services, TokenIdentity(token)), max_buffer_size=MAX_BODY_BYTES)
    try:
        sockets = bind_sockets(port, "127.0.0.1")
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise PortTakenError(
            f"Port {port} on 127.0.0.1 is taken by another program: give the service another one.", port=port
        ) from None
    server.add_sockets(sockets)
    url = f"http://127.0.0.1:{sockets[0].getsockname()[1]}"
    _log.info("listening on %s; MLflow's client finds it at %s/mlflow, with the token in %s", url, url, token_file)
    return server, url


async def _listen_for_hub(services: Services, wait_s: float) -> HTTPServer:
    from redspot_server.hub_identity import hub_app, service_address

    host, port = service_address()
    server = HTTPServer(hub_app(services), max_buffer_size=MAX_BODY_BYTES, xheaders=True)
    deadline = time.monotonic() + wait_s
    while True:
        try:
            server.add_sockets(bind_sockets(port, host))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            if time.monotonic() > deadline:
                raise PortTakenError(
                    f"Port {port} on {host} is taken by another program: free it, or give the service another port.",
                    port=port,
                ) from None
            await asyncio.sleep(0.2)
        else:
            return server


def _service_file(config: Config) -> Path:
    return config.state_dir / "service.json"


def running_service(config: Config) -> dict[str, Any] | None:
    """Return what the running service wrote about itself, or None when none holds the state directory."""
    if not config.lock_file.exists():
        return None
    with config.lock_file.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            try:
                facts: dict[str, Any] = json.loads(_service_file(config).read_text())
            except (FileNotFoundError, json.JSONDecodeError):
                return {}  # just starting or ending
            return facts
    return None
