"""``redspot router``: run the router in the foreground."""

from __future__ import annotations

import argparse

from redspot.config import Config

HELP = "Run the router in the foreground (the service runs one by itself)."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--port", type=int, default=None, help="another port than the setting router_port")


def run(arguments: argparse.Namespace, config: Config) -> int:
    """Replace this process by the router."""
    import os
    import sys

    port = arguments.port if arguments.port is not None else config.router_port
    argv = [sys.executable, "-m", "redspot.serving.router", "--snapshot", str(config.snapshot_file)]
    os.execv(sys.executable, [*argv, "--host", config.router_host, "--port", str(port)])
