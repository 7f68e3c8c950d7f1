"""``redspot jobs``: frozen jobs and their schedules."""

from __future__ import annotations

import argparse

from redspot.config import Config
from redspot_server.verbs.show import connect, print_json, print_table

HELP = "List jobs; `start ID`, `schedules`, `pause ID` and `resume ID` act on them."


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("action", nargs="?", default="list", choices=("list", "start", "schedules", "pause", "resume"))
    parser.add_argument("id", nargs="?", help="the job (start) or schedule (pause, resume)")


def run(arguments: argparse.Namespace, config: Config) -> int:
    """Do it and print what is there now."""
    if arguments.action in ("start", "pause", "resume") and not arguments.id:
        from redspot_server.problems import RequestError

        raise RequestError(f"`redspot jobs {arguments.action}` needs the id of what to {arguments.action}.")
    with connect(config) as client:
        if arguments.action == "start":
            run_started = client.start_run(arguments.id)
            print_json(run_started) if arguments.json else print(f"started {run_started.id}")
            return 0
        if arguments.action in ("pause", "resume"):
            client.set_schedule_active(arguments.id, active=arguments.action == "resume")
        if arguments.action != "list":
            schedules = client.schedules()
            if arguments.json:
                print_json(schedules)
                return 0
            rows = [
                (s.id, s.job_name, s.cron, s.time_zone, s.next_fire if s.active else "paused", s.fired)
                for s in schedules
            ]
            print_table(("SCHEDULE", "JOB", "CRON", "ZONE", "NEXT", "FIRED"), rows, "Nothing is scheduled.")
            return 0
        jobs = client.jobs()
    if arguments.json:
        print_json(jobs)
        return 0
    rows_of_jobs = [(j.id, j.name, j.outcome.register, j.outcome.deploy, j.last_run_state, j.created_at) for j in jobs]
    print_table(("JOB", "NAME", "REGISTERS", "DEPLOYS", "LAST RUN", "MADE"), rows_of_jobs, "No job is frozen yet.")
    return 0
