"""``redspot service``: run the service in the foreground."""

from __future__ import annotations

import argparse

from redspot.config import Config

HELP = "Run the service of this state directory: schedules fire and endpoints are watched while it is up."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--hub", action="store_true", help="as a hub-managed service (JUPYTERHUB_* must be set)")
    parser.add_argument("--embedded", action="store_true", help="as the child of a Jupyter server; ends with it")
    parser.add_argument("--port", type=int, default=None, help="listen on this port of 127.0.0.1 too; 0 for any")
    parser.add_argument("--wait-s", type=float, default=None, help="seconds to wait for a predecessor to be gone")


def run(arguments: argparse.Namespace, config: Config) -> int:
    """Run until told to end."""
    from redspot_server.logs import configure_logs
    from redspot_server.service import run_service

    configure_logs()
    wait_s = arguments.wait_s if arguments.wait_s is not None else (30.0 if arguments.hub else 5.0)
    run_service(config, embedded=not arguments.hub, wait_s=wait_s, port=arguments.port)
    return 0
