"""``redspot endpoints``: what endpoints shall be and are; applied, rolled out and rolled back."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from redspot.client.service import ServiceClient
from redspot.config import Config
from redspot.registry.definition import EndpointDefinition
from redspot.registry.definition_file import parse_definition, render_definition
from redspot.registry.plan import EndpointPlan
from redspot.registry.standing import Endpoint
from redspot.serving.kubernetes.export import ExportKind
from redspot_server.problems import RequestError
from redspot_server.verbs.show import connect, print_json, print_table

HELP = "List endpoints, `plan FILE` and `apply FILE` definitions; `show`, `rollback`, `scale`, `export` …"

_NEEDS = {
    "deploy": ("name", "version"),
    "scale": ("name", "version"),
    "list": (),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("action", nargs="?", default="list", choices=("list", *_ACTIONS))
    parser.add_argument("name", nargs="?", help="the endpoint; for `plan` and `apply` the file; for `token` a name")
    parser.add_argument(
        "version",
        nargs="?",
        help="what to deploy, e.g. penguins@2; for `rollback` a deployment; for `scale` a number, or like 0..4",
    )
    parser.add_argument("--why", default="", help="reason, kept in the ledger")
    parser.add_argument("--yes", action="store_true", help="apply without asking, versions without recorded rows too")
    parser.add_argument(
        "--to",
        default="toml",
        choices=("toml", *ExportKind),
        help="for `export`: a definition, or objects of a cluster",
    )
    parser.add_argument("--image", default="", help="for `export --to`: what runs in the pods")
    parser.add_argument("--gateway", default="", help="for `export --to`: NAME or NAME.NAMESPACE of a Gateway")
    parser.add_argument("--at", help="for `ledger`: the moment to tell of, like 2026-03-01T12:00:00Z")


def run(arguments: argparse.Namespace, config: Config) -> int:
    """Do it and print what is there now."""
    for part in _NEEDS.get(arguments.action, ("name",)):
        if not getattr(arguments, part):
            raise RequestError(f"`redspot endpoints {arguments.action}` needs the {part}.")
    with connect(config) as client:
        if arguments.action != "list":
            status = _ACTIONS[arguments.action](arguments, client)
            if status is not None:
                return status
        endpoints = client.endpoints()
    if arguments.json:
        print_json(endpoints)
        return 0
    rows = [(e.name, e.state, e.serving, e.deployment.state if e.deployment else None, e.url) for e in endpoints]
    print_table(("ENDPOINT", "WANTED", "SERVES", "DEPLOYMENT", "URL"), rows, "No endpoint is defined yet.")
    return 0


def _plan(arguments: argparse.Namespace, client: ServiceClient) -> int:
    _print_plan(arguments, client.plan(_definition(arguments.name)))
    return 0


def _apply(arguments: argparse.Namespace, client: ServiceClient) -> int | None:
    definition = _definition(arguments.name)
    plan = client.plan(definition)
    if not arguments.json:
        _print_plan(arguments, plan)
    if not arguments.yes and not _agrees():
        return 1
    client.apply(definition, plan=plan, why=arguments.why, confirm=True)
    return None


def _agrees() -> bool:
    """Ask a person; a program has to say ``--yes``."""
    if not sys.stdin.isatty():
        raise RequestError("`redspot endpoints apply` asks before it applies: answer it in a terminal, or add --yes.")
    return input("Apply this? [y/N] ").strip().lower() in ("y", "yes")


def _print_plan(arguments: argparse.Namespace, plan: EndpointPlan) -> None:
    if arguments.json:
        print_json(plan)
        return
    rows = [(change.field, change.before, change.after) for change in plan.changes]
    print_table(("FIELD", "NOW", "THEN"), rows, f"Nothing changes in the definition of {plan.name}.")
    for action in plan.actions or ("nothing has to be done",):
        print(f"  - {action}")
    for version in plan.unchecked:
        print(f"{version} has no recorded rows: nobody can prove that it answers here as where it was fitted.")


def _show(arguments: argparse.Namespace, client: ServiceClient) -> int:
    endpoint = client.endpoint(arguments.name)
    if arguments.json:
        print_json(endpoint)
        return 0
    print(f"{endpoint.name} is wanted {endpoint.state}, generation {endpoint.generation}: {endpoint.url}")
    rows = [(a.version, a.role, f"{a.share:.1%}", f"{a.ready}/{a.replicas}", a.deployment_id) for a in endpoint.arms]
    print_table(("VERSION", "ROLE", "SHARE", "READY", "DEPLOYMENT"), rows, "Nothing answers now.")
    if endpoint.rollout is not None:
        print(f"Roll-out: {_rollout(endpoint)}")
    return 0


def _rollout(endpoint: Endpoint) -> str:
    rollout = endpoint.rollout
    if rollout is None:
        return ""
    share = f" at {rollout.share:.0%}" if rollout.stage == "canary" else ""
    return f"{rollout.stage}{share}" + (f": {rollout.reason}" if rollout.reason else "")


def _ledger(arguments: argparse.Namespace, client: ServiceClient) -> int:
    ledger = client.ledger(arguments.name, at=_moment(arguments.at))
    if arguments.json:
        print_json(ledger)
        return 0
    live = ", ".join(f"{arm.version} {arm.share:.1%}" + _role(arm.role) for arm in ledger.live) or "nothing"
    print(f"At {ledger.at.astimezone():%Y-%m-%d %H:%M:%S} answered: {live}")
    rows = [
        (e.at, e.version, e.event, e.role, f"{e.share_before:.1%} → {e.share:.1%}", e.who, e.why, e.deployment_id)
        for e in ledger.entries
    ]
    heads = ("WHEN", "VERSION", "WHAT", "ROLE", "SHARE", "BY", "WHY", "DEPLOYMENT")
    print_table(heads, rows, "Nothing deployed yet.")
    return 0


def _role(role: str) -> str:
    return " (shadow)" if role == "shadow" else ""


def _export(arguments: argparse.Namespace, client: ServiceClient) -> int:
    if arguments.to != "toml":
        text = client.export(arguments.name, to=arguments.to, image=arguments.image, gateway=arguments.gateway)
        print(text, end="")
        return 0
    applied = client.definition(arguments.name)
    print_json(applied) if arguments.json else print(render_definition(applied.definition), end="")
    return 0


def _token(arguments: argparse.Namespace, client: ServiceClient) -> int:
    token = client.make_token(arguments.name)
    print_json(token) if arguments.json else print(token.token)
    return 0


def _scale(arguments: argparse.Namespace, client: ServiceClient) -> None:
    least, _, most = arguments.version.partition("..")
    if not least.isdigit() or (most and not most.isdigit()):
        raise RequestError(f"{arguments.version!r} is neither a number of replicas nor bounds such as 0..4.")
    client.scale(arguments.name, int(least), int(most or least), why=arguments.why)


def _deploy(arguments: argparse.Namespace, client: ServiceClient) -> None:
    client.deploy(arguments.name, arguments.version, why=arguments.why, confirm=arguments.yes)


def _roll_back(arguments: argparse.Namespace, client: ServiceClient) -> None:
    client.roll_back(arguments.name, arguments.version, why=arguments.why)


def _promote(arguments: argparse.Namespace, client: ServiceClient) -> None:
    client.promote(arguments.name, why=arguments.why)


def _abort(arguments: argparse.Namespace, client: ServiceClient) -> None:
    client.abort(arguments.name, why=arguments.why)


def _stop(arguments: argparse.Namespace, client: ServiceClient) -> None:
    client.set_endpoint_state(arguments.name, "stopped")


def _start(arguments: argparse.Namespace, client: ServiceClient) -> None:
    client.set_endpoint_state(arguments.name, "live")


_ACTIONS: dict[str, Callable[[argparse.Namespace, ServiceClient], int | None]] = {
    "plan": _plan,
    "apply": _apply,
    "show": _show,
    "deploy": _deploy,
    "rollback": _roll_back,
    "promote": _promote,
    "abort": _abort,
    "scale": _scale,
    "stop": _stop,
    "start": _start,
    "ledger": _ledger,
    "export": _export,
    "token": _token,
}


def _definition(file: str) -> EndpointDefinition:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError(f"The definition cannot be read: {error}.") from error
    return parse_definition(text)


def _moment(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise RequestError(f"{text!r} is no moment: write it like 2026-03-01T12:00:00Z.") from None
    return moment if moment.tzinfo else moment.astimezone()
