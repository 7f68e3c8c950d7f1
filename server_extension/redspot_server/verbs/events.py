"""``redspot events``: what the predictions of endpoints say, what was true of them, and forgetting some."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from redspot.config import Config
from redspot_server.problems import RequestError
from redspot_server.verbs.show import connect, print_json, print_table

HELP = "`watch ENDPOINT` shows its health by its events; `feedback FILE` and `erase COLUMN JSON` change what is kept."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("action", choices=("watch", "feedback", "erase"))
    parser.add_argument("name", help="the endpoint; the file of labels, - for standard input; or the column")
    parser.add_argument("value", nargs="?", help="what the column holds where events shall go, as JSON")
    parser.add_argument("--hours", type=float, default=24.0, help="how far to look back")
    parser.add_argument("--endpoint", help="erase events of this endpoint only")


def run(arguments: argparse.Namespace, config: Config) -> int:
    """Do it and say what came of it."""
    if arguments.action == "feedback":
        return _feedback(arguments, config)
    return _erase(arguments, config) if arguments.action == "erase" else _watch(arguments, config)


def _watch(arguments: argparse.Namespace, config: Config) -> int:
    from redspot.pipeline import loads
    from redspot.serving.events import joined
    from redspot.serving.monitors import Reference, Window, watch

    if not 0 < arguments.hours <= 24 * 366:
        raise RequestError("--hours is more than 0 and at most a year.")
    with connect(config) as client:
        serving = client.endpoint(arguments.name).serving
        if serving is None:
            raise RequestError(f"Endpoint {arguments.name!r} serves nothing now, so there is nothing to compare with.")
        pipeline = loads(client.pipeline_file(serving), trusted_modules=config.trusted)
    until = datetime.now(UTC)
    since = until - timedelta(hours=arguments.hours)
    events = joined(config.events, endpoint=arguments.name, since=since, until=until).to_pylist()
    window = Window.of(events, since, until, version=serving.rpartition("@")[2])
    signals = watch(window, Reference.of(pipeline))
    if arguments.json:
        print_json(signals)
        return 0
    rows = [(s.name, s.subject, s.value, s.threshold, s.severity.name.lower()) for s in signals]
    print_table(("SIGNAL", "OF", "VALUE", "THRESHOLD", "SEVERITY"), rows, "There are no events.")
    return 0


def _feedback(arguments: argparse.Namespace, config: Config) -> int:
    from redspot.serving.events import read_labels, write_feedback

    try:
        text = sys.stdin.read() if arguments.name == "-" else Path(arguments.name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError(f"The labels cannot be read: {error}.") from error
    kept = write_feedback(config.events, read_labels(text.splitlines()))
    print(json.dumps({"labels": kept}) if arguments.json else f"{kept} labels are kept.")
    return 0


def _erase(arguments: argparse.Namespace, config: Config) -> int:
    from redspot.serving.events.erasure import erase

    try:
        value = json.loads(arguments.value or "")
    except ValueError as error:
        raise RequestError(f"The value is JSON, such as 7 or '\"Oslo\"': {error}.") from error
    if isinstance(value, list | dict):
        raise RequestError("The value is a text, a number or a truth.")
    erased = erase(config.events, arguments.name, value, endpoint=arguments.endpoint)
    if arguments.json:
        print_json(erased)
        return 0
    print(f"{erased.events} events and {erased.labels} labels are erased, from {erased.files} files.")
    print("What has not been shipped yet comes later: erase again in a minute or two.")
    return 0
