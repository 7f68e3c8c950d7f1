"""``redspot down``: stop everything that runs for a state directory."""

from __future__ import annotations

import argparse
import json

from redspot.config import Config

HELP = "Stop the service and every run, replica and router of this state directory; what is stored stays."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--grace-s", type=float, default=10.0, help="seconds between SIGTERM and SIGKILL")


def run(arguments: argparse.Namespace, config: Config) -> int:
    """Stop it all and tell what was stopped."""
    from redspot_server.down import stop_everything

    stopped = stop_everything(config, grace_s=arguments.grace_s)
    if arguments.json:
        print(json.dumps({"stopped": list(stopped)}))
    else:
        print(f"stopped {len(stopped)}: {', '.join(stopped)}" if stopped else f"nothing runs for {config.state_dir}")
    return 0
