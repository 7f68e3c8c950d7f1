"""``redspot runs``: runs, their logs and failures."""

from __future__ import annotations

import argparse
import json

from redspot.config import Config
from redspot_server.verbs.show import connect, print_json, print_table

HELP = "List runs; `show ID`, `log ID` and `cancel ID` act on one."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("action", nargs="?", default="list", choices=("list", "show", "log", "cancel"))
    parser.add_argument("id", nargs="?", help="the run")
    parser.add_argument("--limit", type=int, default=20, help="how many to list (default 20)")


def run(arguments: argparse.Namespace, config: Config) -> int:
    """Do it."""
    if arguments.action != "list" and not arguments.id:
        from redspot_server.problems import RequestError

        raise RequestError(f"`redspot runs {arguments.action}` needs the id of a run.")
    with connect(config) as client:
        if arguments.action == "log":
            text = client.run_log(arguments.id)
            print(json.dumps({"text": text}) if arguments.json else text, end="\n" if arguments.json else "")
            return 0
        if arguments.action in ("show", "cancel"):
            run_ = client.cancel(arguments.id) if arguments.action == "cancel" else client.run(arguments.id)
            if arguments.json:
                print_json(run_)
                return 0
            print(f"{run_.id}  {run_.job_name}  {run_.state}  {run_.version or ''}".rstrip())
            if run_.failure:
                print(f"{run_.failure.message} [{run_.failure.code}]\n{run_.failure.traceback}".rstrip())
            return 0
        runs = client.runs(limit=arguments.limit)
    if arguments.json:
        print_json(runs)
        return 0
    rows = [
        (r.id, r.job_name, r.state, r.version, r.started_at, r.failure.message[:60] if r.failure else None)
        for r in runs
    ]
    print_table(("RUN", "JOB", "STATE", "VERSION", "STARTED", "FAILURE"), rows, "Nothing has run yet.")
    return 0
