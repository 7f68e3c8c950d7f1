"""What a hub that was killed left behind: its proxy, and for a moment its service."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from redspot.compute.port import PortTakenError
from redspot.config import Config
from redspot_hub.ports import Ports

_GONE_S = 15.0


def clear_leftovers(config: Config, ports: Ports) -> None:
    """End the last hub's proxy, wait until its service has ended by itself, and leave everything else alone.

    Raises
    ------
    PortTakenError
        When a port is taken by anything else.
    """
    from redspot_server.service import running_service

    proxy = leftover_proxy(config, ports)
    if proxy is not None:
        os.kill(proxy, signal.SIGTERM)
    deadline = time.monotonic() + _GONE_S
    while True:
        try:
            ports.check_free()
        except PortTakenError as error:
            ours = leftover_proxy(config, ports) is not None
            if error.facts["port"] == ports.service:
                ours = (running_service(config) or {}).get("host") == "hub"
            if not ours or time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


def leftover_proxy(config: Config, ports: Ports) -> int | None:
    """Return the process id of this installation's proxy when it runs although no hub does."""
    path = proxy_pid_file(config)
    try:
        pid = int(path.read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except (FileNotFoundError, ProcessLookupError, ValueError):
        return None  # ended, or never written whole
    ours = any("configurable-http-proxy" in word for word in command) and str(ports.proxy_api) in command
    return pid if ours and not _has_parent_hub(pid) else None


def proxy_pid_file(config: Config) -> Path:
    """Return where the hub writes its proxy's process id."""
    return config.state_dir / "hub" / "proxy.pid"


def _has_parent_hub(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    parent = next(line.split()[1] for line in status.splitlines() if line.startswith("PPid:"))
    return b"jupyterhub" in Path(f"/proc/{parent}/cmdline").read_bytes()
