"""What a run left behind, and what follows from it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from redspot.artifacts import Artifact
from redspot.compute.unit import ExitReason, ExitRecord
from redspot.jobs.job import Job
from redspot.jobs.notebook import MEDIA_TYPE
from redspot.jobs.run import Run, RunEnd, RunFailure, RunOutputs, RunState
from redspot.registry.model import NewVersion
from redspot_productionize.papers import RunFolder, read_progress, read_result

if TYPE_CHECKING:
    from redspot_productionize.runner import Runner

PIPELINE_MEDIA_TYPE = "application/vnd.redspot.pipeline+zip"


def collect_outcome(runner: Runner, run: Run, exit_record: ExitRecord | None) -> RunEnd:
    """Return the end of a run whose unit is gone; its output is kept whatever happened.

    Parameters
    ----------
    exit_record
        None when the unit vanished without one.
    """
    folder = runner.folder(run)
    result = read_result(folder)
    end = RunEnd(
        state=RunState.SUCCEEDED,
        ended_at=exit_record.ended_at if exit_record else runner.clock.now(),
        outputs=_keep_outputs(runner, run, folder),
        records=result.records if result else {},
        progress=read_progress(folder),
    )
    state, failure = _verdict(runner, run, exit_record, result.failure if result else None, result is not None)
    if failure is not None:
        failure = replace(failure, cell=failure.cell or (end.progress.current_cell if end.progress else None))
        return replace(end, state=state, failure=failure)
    job = runner.jobs.get(run.job_id)
    if job.outcome.register is None:
        return end
    return _with_version(runner, run, job, end, folder)


def _verdict(
    runner: Runner, run: Run, exit_record: ExitRecord | None, failure: RunFailure | None, has_result: bool
) -> tuple[RunState, RunFailure | None]:
    from redspot_productionize.runner import failure_of_exit, lost_failure

    if exit_record is None:
        return RunState.LOST, lost_failure()
    state, decided = failure_of_exit(exit_record.reason, exit_record.message)
    if decided is not None:
        return state, decided
    if exit_record.reason is ExitReason.STOPPED:
        if runner.runs.cancel_requested(run.id):
            return RunState.CANCELLED, RunFailure("cancelled", "Cancelled while it was running.")
        return RunState.FAILED, RunFailure(
            "stopped", "Its unit was stopped from outside, for example by `redspot down`."
        )
    if failure is not None:
        return RunState.FAILED, failure
    if not exit_record.ok or not has_result:
        how = exit_record.message or f"exit status {exit_record.exit_code}, signal {exit_record.signal}"
        tail = runner.backend.log_tail(run.unit_id, max_bytes=8192)
        return RunState.FAILED, RunFailure("unit-failed", f"The notebook's process ended early: {how}.", traceback=tail)
    return RunState.SUCCEEDED, None


def _keep_outputs(runner: Runner, run: Run, folder: RunFolder) -> RunOutputs:
    def keep(path: Any, media_type: str) -> Artifact | None:
        if not path.is_file():
            return None
        return runner.artifacts.put(path.read_bytes(), name=f"{run.job_name}-{path.name}", media_type=media_type)

    return RunOutputs(keep(folder.output, MEDIA_TYPE), keep(folder.html, "text/html"))


def _with_version(runner: Runner, run: Run, job: Job, end: RunEnd, folder: RunFolder) -> RunEnd:
    """Return the end with the version to register, or a failure when there is no pipeline to register."""
    listing = folder.captured / "captured.json"
    found: list[Mapping[str, Any]] = json.loads(listing.read_text()) if listing.is_file() else []
    names = ", ".join(str(item["variable"]) for item in found) or "none"
    wanted = job.outcome.variable
    chosen = [item for item in found if wanted is None or item["variable"] == wanted]
    if len(chosen) != 1:
        what = f"no fitted pipeline called {wanted!r}" if wanted else f"{len(chosen)} fitted pipelines, not one"
        message = f"Nothing was registered: the notebook ended with {what}; fitted pipelines: {names}."
        return replace(end, state=RunState.FAILED, failure=RunFailure("no-pipeline", message))
    return replace(end, register=_new_version(runner, run, job, chosen[0], folder), deploy_to=job.outcome.deploy)


def _new_version(runner: Runner, run: Run, job: Job, captured: Mapping[str, Any], folder: RunFolder) -> NewVersion:
    model = job.outcome.register
    if model is None:
        raise ValueError("the job registers nothing")
    data = (folder.captured / str(captured["file"])).read_bytes()
    defaults = {parameter.name: parameter.default for parameter in job.parameters if parameter.has_default}
    return NewVersion(
        model=model,
        pipeline=runner.artifacts.put(data, name=f"{model}.redspot", media_type=PIPELINE_MEDIA_TYPE),
        notebook=job.notebook,
        environment=job.environment,
        parameters={**defaults, **run.parameters},
        metrics=numbers_of(captured.get("metrics") or {}),
        schema=captured["schema"],
        graph=captured["graph"],
        parity_rows=captured["parity_rows"],
        run_id=run.id,
        created_by=run.owner,
    )


def numbers_of(values: Mapping[str, Any]) -> dict[str, float]:
    """Return the entries that are finite numbers."""
    return {
        name: float(value)
        for name, value in values.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    }
