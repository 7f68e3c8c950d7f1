"""``redspot token``: tokens that call endpoints, made, replaced and ended."""

from __future__ import annotations

import argparse

from redspot.config import Config
from redspot_server.problems import RequestError
from redspot_server.verbs.show import connect, print_json, print_table

HELP = "List tokens that call endpoints; `make NAME`, `rotate ID` and `revoke ID` change them."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("action", nargs="?", default="list", choices=("list", "make", "rotate", "revoke"))
    parser.add_argument("name", nargs="?", help="a name for the new token; its id to rotate or revoke it")
    parser.add_argument("--endpoint", action="append", dest="endpoints", help="only this endpoint; may be repeated")
    parser.add_argument("--days", type=int, default=90, help="how long it is taken")
    parser.add_argument("--rate", type=float, help="requests each second")
    parser.add_argument("--burst", type=int, help="requests at once")
    parser.add_argument("--grace-s", type=float, default=86400.0, help="for `rotate`: how long the old one goes on")


def run(arguments: argparse.Namespace, config: Config) -> int:
    """Do it; a new token is printed this once."""
    if arguments.action != "list" and not arguments.name:
        raise RequestError(f"`redspot token {arguments.action}` needs the token's name or id.")
    with connect(config) as client:
        if arguments.action in ("make", "rotate"):
            if arguments.action == "rotate":
                made = client.rotate_token(arguments.name, grace_s=arguments.grace_s)
            else:
                made = client.make_token(
                    arguments.name,
                    days=arguments.days,
                    endpoints=arguments.endpoints,
                    rate_per_s=arguments.rate,
                    burst=arguments.burst,
                )
            print_json(made) if arguments.json else print(made.token)
            return 0
        if arguments.action == "revoke":
            client.revoke_token(arguments.name)
        tokens = client.tokens()
    if arguments.json:
        print_json(tokens)
        return 0
    rows = [
        (t.id, t.name, "all" if t.endpoints is None else ", ".join(t.endpoints), t.rate_per_s, t.expires_at)
        for t in tokens
    ]
    print_table(("TOKEN", "NAME", "ENDPOINTS", "PER SECOND", "UNTIL"), rows, "There is no token.")
    return 0
