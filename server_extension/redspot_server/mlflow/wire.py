"""What the stores return, as the objects of MLflow's protocol."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from redspot.registry.experiment import Experiment
from redspot.registry.logged_model import LoggedModel
from redspot.registry.recorded_run import DatasetInput, RecordedRun
from redspot.registry.registered import RegisteredModel, RegisteredVersion
from redspot_server.mlflow.fields import page_token

Json = dict[str, Any]


def value_of(value: float | None) -> float | str:
    """Return a float, NaN as protobuf's JSON has it."""
    return "NaN" if value is None or math.isnan(value) else value


def pairs(items: Iterable[tuple[str, str]]) -> list[Json]:
    """Return key-value objects."""
    return [{"key": key, "value": value} for key, value in items]


def experiment_json(experiment: Experiment) -> Json:
    """Return an ``Experiment``."""
    return {
        "experiment_id": str(experiment.id),
        "name": experiment.name,
        "artifact_location": experiment.artifact_location,
        "lifecycle_stage": experiment.stage,
        "creation_time": experiment.created_ms,
        "last_update_time": experiment.updated_ms,
        "tags": pairs(experiment.tags.items()),
    }


def run_info(run: RecordedRun) -> Json:
    """Return a ``RunInfo``."""
    info = {
        "run_id": run.run_id,
        "run_uuid": run.run_id,
        "run_name": run.name,
        "experiment_id": str(run.experiment),
        "user_id": run.owner,
        "status": run.status,
        "start_time": run.start_ms,
        "artifact_uri": run.artifact_uri,
        "lifecycle_stage": run.stage,
    }
    if run.end_ms is not None:
        info["end_time"] = run.end_ms
    return info


def run_json(run: RecordedRun) -> Json:
    """Return a ``Run``."""
    run_id = run.run_id
    metrics = []
    for key, value, time_ms, step, model_id, dataset, digest in run.metrics:
        metric = {
            "key": key,
            "value": "NaN" if value is None else value,
            "timestamp": time_ms,
            "step": step,
            "run_id": run_id,
        }
        if model_id or dataset:
            metric |= _measured(model_id, dataset, digest)
        metrics.append(metric)
    made: Json = {
        "info": run_info(run),
        "data": {"metrics": metrics, "params": pairs(run.params), "tags": pairs(run.tags)},
        "inputs": {
            "dataset_inputs": [_dataset(item) for item in run.datasets],
            "model_inputs": [{"model_id": model.model_id} for model in run.inputs],
        },
        "outputs": {"model_outputs": [{"model_id": model.model_id, "step": model.step} for model in run.outputs]},
    }
    return made


def _measured(model_id: str, dataset: str, digest: str) -> Json:
    named = {"model_id": model_id, "dataset_name": dataset, "dataset_digest": digest}
    return {name: value for name, value in named.items() if value}


def _dataset(item: DatasetInput) -> Json:
    facts = {"name": item.name, "digest": item.digest, "source_type": item.source_type, "source": item.source}
    facts |= {"schema": item.schema} if item.schema is not None else {}
    facts |= {"profile": item.profile} if item.profile is not None else {}
    return {"dataset": facts, "tags": pairs(item.tags.items())}


def logged_model_json(model: LoggedModel) -> Json:
    """Return a ``LoggedModel``."""
    metrics = []
    for key, value, time_ms, step, run_id, dataset, digest in model.metrics:
        metric = {"key": key, "value": "NaN" if value is None else value, "timestamp": time_ms, "step": step}
        metrics.append(metric | {"run_id": run_id} | _measured(model.model_id, dataset, digest))
    return {
        "info": {
            "model_id": model.model_id,
            "experiment_id": str(model.experiment),
            "name": model.name,
            "creation_timestamp_ms": model.created_ms,
            "last_updated_timestamp_ms": model.updated_ms,
            "artifact_uri": model.artifact_uri,
            "status": model.status,
            "model_type": model.model_type,
            "source_run_id": model.source_run_id,
            "tags": pairs(model.tags.items()),
            "registrations": [{"name": name, "version": str(number)} for name, number in model.registrations],
        },
        "data": {"params": pairs(model.params.items()), "metrics": metrics},
    }


def version_json(version: RegisteredVersion) -> Json:
    """Return a ``ModelVersion``; one that holds a pickle says so in its tags."""
    tags: Mapping[str, str] = version.tags
    if version.unsafe:
        tags = {**tags, "redspot.unsafe_format": version.unsafe}
    made = {
        "name": version.model,
        "version": str(version.number),
        "creation_timestamp": version.created_ms,
        "last_updated_timestamp": version.updated_ms,
        "current_stage": version.stage,
        "description": version.description,
        "source": version.source,
        "run_id": version.run_id,
        "run_link": version.run_link,
        "status": "READY",
        "tags": pairs(tags.items()),
        "aliases": list(version.aliases),
    }
    if version.model_id:
        made["model_id"] = version.model_id
    return made


def model_json(model: RegisteredModel) -> Json:
    """Return a ``RegisteredModel``."""
    return {
        "name": model.name,
        "creation_timestamp": model.created_ms,
        "last_updated_timestamp": model.updated_ms,
        "description": model.description,
        "tags": pairs(model.tags.items()),
        "aliases": [{"alias": alias, "version": str(number)} for alias, number in model.aliases.items()],
        "latest_versions": [version_json(version) for version in model.latest],
    }


def page(name: str, items: list[Json], limit: int, offset: int) -> Json:
    """Return a page of at most `limit` of the items, of which one more was asked for."""
    made: Json = {name: items[:limit]}
    if len(items) > limit:
        made["next_page_token"] = page_token(offset + limit)
    return made
