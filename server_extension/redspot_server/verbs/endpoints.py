"""``redspot endpoints``: endpoints, what they serve, and tokens to call them."""

from __future__ import annotations

import argparse

from redspot.config import Config
from redspot_server.verbs.show import connect, print_json, print_table

HELP = "List endpoints; `deploy NAME MODEL@N`, `stop NAME`, `start NAME`, `ledger NAME`, `token NAME` act on them."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    choices = ("list", "deploy", "stop", "start", "ledger", "token")
    parser.add_argument("action", nargs="?", default="list", choices=choices)
    parser.add_argument("name", nargs="?", help="the endpoint; for `token` a name for the token")
    parser.add_argument("version", nargs="?", help="what to deploy, e.g. penguins@2")
    parser.add_argument("--why", default="", help="reason, kept in the ledger")


def run(arguments: argparse.Namespace, config: Config) -> int:
    """Do it and print what is there now."""
    needs = {
        "deploy": ("name", "version"),
        "stop": ("name",),
        "start": ("name",),
        "ledger": ("name",),
        "token": ("name",),
    }
    for part in needs.get(arguments.action, ()):
        if not getattr(arguments, part):
            from redspot_server.problems import RequestError

            raise RequestError(f"`redspot endpoints {arguments.action}` needs the {part}.")
    with connect(config) as client:
        if arguments.action == "token":
            token = client.make_token(arguments.name)
            print_json(token) if arguments.json else print(token.token)
            return 0
        if arguments.action == "ledger":
            ledger = client.deployments(arguments.name)
            if arguments.json:
                print_json(ledger)
                return 0
            rows = [(d.id, d.ref, d.state, d.live_at, d.ended_at, d.created_by, d.why or d.failure) for d in ledger]
            print_table(("DEPLOYMENT", "VERSION", "STATE", "LIVE", "ENDED", "BY", "WHY"), rows, "Nothing deployed yet.")
            return 0
        if arguments.action == "deploy":
            client.deploy(arguments.name, arguments.version, why=arguments.why)
        elif arguments.action in ("stop", "start"):
            client.set_endpoint_state(arguments.name, "stopped" if arguments.action == "stop" else "live")
        endpoints = client.endpoints()
    if arguments.json:
        print_json(endpoints)
        return 0
    rows_of_endpoints = [
        (e.name, e.state, e.serving, e.deployment.state if e.deployment else None, e.url) for e in endpoints
    ]
    print_table(("ENDPOINT", "WANTED", "SERVES", "DEPLOYMENT", "URL"), rows_of_endpoints, "No endpoint is defined yet.")
    return 0
