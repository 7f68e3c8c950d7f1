"""``redspot status``: what runs for this state directory."""

from __future__ import annotations

import argparse

from redspot.config import Config
from redspot_server.verbs.show import connect, print_json

HELP = "Tell what runs for this state directory, and who is kept apart from whom."


def configure(parser: argparse.ArgumentParser) -> None:
    """No arguments."""


def run(arguments: argparse.Namespace, config: Config) -> int:
    """Ask the service; exit status 4 when none answers."""
    with connect(config) as client:
        status = client.status()
        health = client.ready()
    if arguments.json:
        print_json(status)
        return 0 if health.ok else 1
    print(f"Redspot {status.version} for {config.state_dir} ({status.host})")
    print(status.trust)
    print(f"router     {status.router_url} {'answers' if status.router_ok else 'is not running'}")
    for check in health.checks:
        print(f"{check.name:<10} {'ok' if check.ok else check.detail}")
    print(", ".join(f"{count} {name.replace('_', ' ')}" for name, count in status.counts.items()))
    if status.schedules_note:
        print(status.schedules_note)
    return 0 if health.ok else 1
