"""``redspot demo``: a real notebook all the way to a model that answers over HTTP."""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import httpx

from redspot.client.service import ServiceClient
from redspot.config import Config
from redspot.contracts.requests import JobIn, OutcomeIn
from redspot.errors import RedspotError
from redspot.examples.progress import Progress
from redspot.jobs.job import Job, Schedule
from redspot.jobs.run import Run, RunState
from redspot.registry.deployment import DeploymentState
from redspot.registry.standing import Endpoint

HELP = "Take the example notebook to a scheduled job and a live endpoint, and check every step."

MODEL = ENDPOINT = "penguins"
CRON = "* * * * *"
_CALLS = 50


class DemoError(RedspotError):
    """A step of the demo did not hold."""

    code = "demo-failed"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--keep", action="store_true", help="leave the endpoint and the service's router running")


def run(arguments: argparse.Namespace, config: Config) -> int:
    """Run the demo; its last line of output is one JSON object, and the status 0 only if every step held."""
    from redspot_server.child import join_or_start
    from redspot_server.down import stop_everything

    progress = Progress()
    setup_s = float(os.environ.get("REDSPOT_DEMO_SETUP_S", "0"))
    began = time.monotonic()
    with progress.step("Start the service"):
        child = join_or_start(config)
    try:
        with ServiceClient(socket=config.socket) as client:
            outcome = Demo(client, config, progress).play()
    finally:
        if child is not None:
            child.terminate()
            child.wait()
            if not arguments.keep:
                with progress.step("Stop what was started"):
                    stop_everything(config, grace_s=10.0)
    outcome["seconds"] |= {"setup": round(setup_s, 1), "total": round(time.monotonic() - began + setup_s, 1)}
    print(json.dumps(outcome))
    return 0


@dataclass
class Demo:
    """The steps, in order; each checks what it did."""

    client: ServiceClient
    config: Config
    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)

    def play(self) -> dict[str, Any]:
        """Play all steps and return what the last line says."""
        self._wait_ready()
        job = self._freeze()
        first = self._run_job(job)
        self._registered(first)
        schedule, second = self._fire_schedule(job)
        newest = self._registered(second)
        endpoint = self._deploy(newest)
        parity, p50_ms = self._ask(endpoint, second)
        self._leave(schedule)
        return {
            "model": newest,
            "runs": [
                {"id": run.id, "status": str(run.state), "seconds": round(_seconds(run), 1)} for run in (first, second)
            ],
            "schedule": {"cron": schedule.cron, "time_zone": schedule.time_zone, "fired": schedule.fired},
            "endpoint": {"url": endpoint.url, "p50_ms": round(p50_ms, 2)},
            "parity": parity,
            "seconds": dict(self.seconds),
        }

    def _wait_ready(self) -> None:
        with self.progress.step("Wait until the service is ready"):
            self.client.wait(self.client.ready, lambda health: health.ok, timeout_s=30, what="readiness")

    def _freeze(self) -> Job:
        with self.progress.step("Freeze the notebook penguins.ipynb with typed parameters"):
            notebook = json.loads(files("redspot.examples").joinpath("penguins.ipynb").read_text())
            job = self.client.freeze(
                JobIn(
                    name="penguins",
                    notebook=notebook,
                    notebook_name="penguins.ipynb",
                    values={"regularisation": 0.5, "seed": 11},
                    outcome=OutcomeIn(register_as=MODEL, variable="pipeline"),
                )
            )
        self.progress.fact(f"job {job.id}: {', '.join(f'{p.name}: {p.kind}' for p in job.parameters)}")
        return job

    def _run_job(self, job: Job) -> Run:
        began = time.monotonic()
        with self.progress.step("Run it through papermill"):
            run = self._follow(self.client.start_run(job.id).id)
            self._check_outputs(run)
        self.seconds["job"] = round(time.monotonic() - began, 1)
        self.progress.fact(f"run {run.id}: output notebook and page kept")
        return run

    def _follow(self, run_id: str) -> Run:
        def look() -> Run:
            run = self.client.run(run_id)
            if run.progress:
                done, total = run.progress.cells_done, run.progress.cells_total
                self.progress.part(done, total, f"{run.state}, cell {run.progress.current_cell or done} of {total}")
            return run

        run = self.client.wait(look, lambda seen: seen.state.ended, timeout_s=240, what=f"the end of run {run_id}")
        if run.state is not RunState.SUCCEEDED:
            why = run.failure.message if run.failure else "no reason was recorded"
            raise DemoError(f"Run {run.id} {run.state}: {why}")
        return run

    def _check_outputs(self, run: Run) -> None:
        notebook = json.loads(self.client.run_output(run.id, "notebook"))
        page = self.client.run_output(run.id, "html").decode()
        if not any(cell.get("outputs") for cell in notebook["cells"]) or "<html" not in page:
            raise DemoError(f"Run {run.id} left no outputs.")
        if "https://" in page:
            raise DemoError(f"The page of run {run.id} would load something from the network.")

    def _registered(self, run: Run) -> str:
        began = time.monotonic()
        if run.version is None:
            raise DemoError(f"Run {run.id} registered nothing.")
        with self.progress.step(f"Look at {run.version}"):
            version = self.client.version(run.version)
            if not version.metrics or version.notebook is None or not version.environment.lock:
                raise DemoError(f"{run.version} lacks metrics, code or environment.")
        self.seconds["register"] = round(time.monotonic() - began, 2)
        metrics = ", ".join(f"{name} {value:.3f}" for name, value in version.metrics.items())
        self.progress.fact(f"{version.ref}: {metrics}; parameters {json.dumps(version.parameters)}")
        return str(version.ref)

    def _fire_schedule(self, job: Job) -> tuple[Schedule, Run]:
        with self.progress.step(f"Schedule it ({CRON} {self.config.time_zone}) and wait until it fires"):
            known = [s for s in self.client.schedules() if s.job_id == job.id and s.cron == CRON]
            if known:
                schedule = self.client.set_schedule_active(known[0].id, active=True)
            else:
                schedule = self.client.add_schedule(job.id, CRON, self.config.time_zone)
            fired = self._await_fire(schedule)
            paused = self.client.set_schedule_active(schedule.id, active=False)
        self.progress.fact(f"schedule {paused.id} fired and started {fired.id}; paused again")
        with self.progress.step("Follow the scheduled run"):
            return paused, self._follow(fired.id)

    def _await_fire(self, schedule: Schedule) -> Run:
        known = {run.id for run in self.client.runs(job_id=schedule.job_id)}

        def look() -> list[Run]:
            if schedule.next_fire:
                left = schedule.next_fire.timestamp() - time.time()
                self.progress.say(f"{max(left, 0):.0f} s")
            runs = self.client.runs(job_id=schedule.job_id)
            return [run for run in runs if run.schedule_id == schedule.id and run.id not in known]

        return self.client.wait(look, bool, timeout_s=75, what="the schedule's firing", pause_s=0.5)[0]

    def _deploy(self, version: str) -> Endpoint:
        began = time.monotonic()
        with self.progress.step(f"Deploy {version} to the endpoint {ENDPOINT}"):
            self.client.deploy(ENDPOINT, version, why="the demo")

            def look() -> Endpoint:
                endpoint = self.client.endpoint(ENDPOINT)
                if endpoint.deployment and endpoint.deployment.state is DeploymentState.FAILED:
                    raise DemoError(f"The deployment failed: {endpoint.deployment.failure}")
                return endpoint

            endpoint = self.client.wait(
                look, lambda seen: seen.serving == version, timeout_s=90, what=f"{version} going live"
            )
        self.seconds["deploy"] = round(time.monotonic() - began, 1)
        return endpoint

    def _ask(self, endpoint: Endpoint, run: Run) -> tuple[bool, float]:
        holdout = run.records.get("holdout")
        if not holdout:
            raise DemoError(f"Run {run.id} recorded no predictions to compare with.")
        with self.progress.step(f"Ask {endpoint.url} and compare with the notebook's own predictions"):
            token = self.client.make_token("demo", days=1).token
            times = []
            with httpx.Client(headers={"Authorization": f"Bearer {token}"}, trust_env=False, timeout=30) as http:
                self._await_token(http, endpoint)
                for number in range(_CALLS):
                    wanted = holdout[number % len(holdout)]
                    sent = time.perf_counter()
                    answer = http.post(f"{endpoint.url}/predict", json=wanted["row"])
                    times.append((time.perf_counter() - sent) * 1000)
                    said = answer.raise_for_status().json()["predictions"][0]
                    if said != wanted["answer"]:
                        raise DemoError(
                            f"The endpoint says {said} for {wanted['row']}, the notebook {wanted['answer']}."
                        )
        p50_ms = statistics.median(times)
        self.progress.fact(f"{_CALLS} predictions, all equal; p50 {p50_ms:.2f} ms")
        return True, p50_ms

    def _await_token(self, http: httpx.Client, endpoint: Endpoint) -> None:
        """Wait until the router has read the table with the new token."""
        self.client.wait(
            lambda: http.get(f"{endpoint.url}/v2").status_code,
            lambda status: status == 200,
            timeout_s=10,
            what="the router's answer",
            pause_s=0.1,
        )

    def _leave(self, schedule: Schedule) -> None:
        with self.progress.step("Stop the replicas; the endpoint's definition stays"):
            self.client.set_endpoint_state(ENDPOINT, "stopped")
            self.client.wait(
                lambda: self.client.endpoint(ENDPOINT), lambda seen: seen.serving is None, timeout_s=30, what="the stop"
            )
            if self.client.schedule(schedule.id).active:
                raise DemoError("The schedule is still active.")


def _seconds(run: Run) -> float:
    return (run.ended_at - run.started_at).total_seconds() if run.ended_at and run.started_at else 0.0
