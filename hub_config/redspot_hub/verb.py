"""``redspot hub``: JupyterHub with everything in it, until Ctrl-C."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType

import httpx

from redspot.config import Config
from redspot_hub.leftover import clear_leftovers
from redspot_hub.password import hub_password
from redspot_hub.ports import Ports

HELP = "Run JupyterHub with Redspot on 127.0.0.1 until Ctrl-C, then stop all that it started."
_STOP_S = 30.0


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--config", type=Path, default=None, help="another jupyterhub_config.py")


def config_file() -> Path:
    """Return the configuration that ships with Redspot: beside the package in a checkout, inside it in a wheel."""
    here = Path(__file__).parent
    beside = here.parent / "jupyterhub_config.py"
    return beside if beside.exists() else here / "jupyterhub_config.py"


def run(arguments: argparse.Namespace, config: Config) -> int:
    """Run the hub; print where it is and who may sign in."""
    from redspot_server.down import stop_everything

    ports = Ports.of(config)
    clear_leftovers(config, ports)
    url, user = f"http://127.0.0.1:{ports.public}", getpass.getuser()
    if arguments.json:
        print(json.dumps({"url": url, "user": user, "password": hub_password(config)}), flush=True)
    else:
        print(
            f"\n  Redspot is starting on  {url}\n  user      {user}\n  password  {hub_password(config)}\n", flush=True
        )
        print(f"  Everything runs with the rights of {user}. Ctrl-C stops it all.\n", flush=True)
    log = config.state_dir / "hub" / "hub.log"
    log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with log.open("ab") as output:
        hub = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "-f", str(arguments.config or config_file())],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=log.parent,
            env={**os.environ, **config.to_environment()},
            start_new_session=True,
        )
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        if _await_ready(hub, url):
            print("  Ready.", flush=True)
        status = hub.wait()
        print(f"The hub ended with status {status}; its log is {log}.", file=sys.stderr)
    except KeyboardInterrupt:
        print("\n  Stopping…", flush=True)
        status = 0
    finally:
        _end(hub)
        stopped = stop_everything(config, grace_s=10.0)
        print(f"  Stopped the hub{', ' if stopped else ''}{', '.join(stopped)}.", flush=True)
    return 1 if status else 0


def _await_ready(hub: subprocess.Popen[bytes], url: str) -> bool:
    """Return whether the hub answers, once it does; False when it ended first."""
    while hub.poll() is None:
        try:
            if httpx.get(f"{url}/hub/health", timeout=2, trust_env=False).status_code == 200:
                return True
        except httpx.HTTPError:
            time.sleep(0.2)  # not listening yet
        else:
            time.sleep(0.2)  # the proxy answers, the hub does not yet
    return False


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _end(hub: subprocess.Popen[bytes]) -> None:
    if hub.poll() is None:
        hub.terminate()
        try:
            hub.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            os.killpg(hub.pid, signal.SIGKILL)
            hub.wait()
