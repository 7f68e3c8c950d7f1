"""Experiments and runs, as MLflow's client asks for them."""

from __future__ import annotations

import secrets
from typing import Any

from redspot.registry.filtering import EXPERIMENTS, RUNS, parse_filter, parse_orders
from redspot.registry.recorded_run import STATUSES, DatasetInput, RunModel
from redspot.stores.recording.run_search import RunSearch
from redspot_server.mlflow.call import Call, Pending
from redspot_server.mlflow.fields import (
    MAX_EXPERIMENT_TAG,
    MAX_PARAM,
    MAX_TAG,
    Fields,
    check_key,
    check_length,
    experiment_id,
    page_token,
    point_of,
)
from redspot_server.mlflow.problems import FieldError
from redspot_server.mlflow.wire import experiment_json, page, run_info, run_json, value_of

_STAGES = {"ACTIVE_ONLY": ("active",), "DELETED_ONLY": ("deleted",), "ALL": ("active", "deleted")}
_MAX_METRICS, _MAX_PARAMS_OR_TAGS, _MAX_TOGETHER = 1000, 100, 1000
_RUN_NAME = "mlflow.runName"


def create_experiment(call: Call) -> Pending:
    """Add an experiment."""
    name = call.fields.text("name")
    if not name:
        raise FieldError(f"Invalid experiment name: '{name}'", field="name")
    check_length("name", name, 500)
    location = call.fields.text("artifact_location")
    if location.startswith("runs:"):
        raise FieldError(f"Artifact location cannot be a runs:/ URI. Given: '{location[:200]}'")
    tags = call.fields.pairs("tags", MAX_EXPERIMENT_TAG)
    made = call.recording.experiments.create(name, location or None, tags, by=call.by)
    return Pending(made, lambda made: {"experiment_id": str(made)})


def get_experiment(call: Call) -> Any:
    """Return one by its id."""
    found = call.recording.experiments.get(experiment_id(call.fields.needed("experiment_id")))
    return {"experiment": experiment_json(found)}


def get_experiment_by_name(call: Call) -> Any:
    """Return one by its name."""
    return {"experiment": experiment_json(call.recording.experiments.named(call.fields.needed("experiment_name")))}


def search_experiments(call: Call) -> Any:
    """Return those that match a filter."""
    limit, offset = call.fields.limit(1000, 50_000), call.fields.offset()
    found = call.recording.experiments.search(
        parse_filter(call.fields.text("filter"), EXPERIMENTS),
        parse_orders(call.fields.texts("order_by"), EXPERIMENTS),
        stages=_stages(call.fields, "view_type"),
        limit=limit + 1,
        offset=offset,
    )
    return page("experiments", [experiment_json(item) for item in found], limit, offset)


def _stages(fields: Fields, name: str) -> tuple[str, ...]:
    view = fields.text(name, "ACTIVE_ONLY")
    if view not in _STAGES:
        raise FieldError(f"Invalid value {view[:40]!r} for parameter '{name}': one of {', '.join(_STAGES)}.")
    return _STAGES[view]


def update_experiment(call: Call) -> Pending:
    """Rename one."""
    key = experiment_id(call.fields.needed("experiment_id"))
    name = check_length("name", call.fields.needed("new_name"), 500)
    return Pending(call.recording.experiments.rename(key, name, by=call.by))


def delete_experiment(call: Call) -> Pending:
    """Delete one, softly."""
    key = experiment_id(call.fields.needed("experiment_id"))
    return Pending(call.recording.experiments.set_stage(key, "deleted", by=call.by))


def restore_experiment(call: Call) -> Pending:
    """Take that back."""
    key = experiment_id(call.fields.needed("experiment_id"))
    return Pending(call.recording.experiments.set_stage(key, "active", by=call.by))


def set_experiment_tag(call: Call) -> Pending:
    """Set a tag."""
    key = experiment_id(call.fields.needed("experiment_id"))
    tag, value = check_key(call.fields.needed("key"), "key"), call.fields.text("value")
    check_length("value", value, MAX_EXPERIMENT_TAG)
    return Pending(call.recording.experiments.set_tag(key, tag, value, by=call.by))


def delete_experiment_tag(call: Call) -> Pending:
    """Remove a tag."""
    key = experiment_id(call.fields.needed("experiment_id"))
    return Pending(call.recording.experiments.delete_tag(key, call.fields.needed("key"), by=call.by))


def create_run(call: Call) -> Pending:
    """Begin a run."""
    fields = call.fields
    tags = fields.pairs("tags", MAX_TAG)
    name, tagged = fields.text("run_name"), tags.get(_RUN_NAME, "")
    if name and tagged and name != tagged:
        raise FieldError(
            "Both 'run_name' argument and 'mlflow.runName' tag are specified, but with different values"
            f" (run_name='{name}', mlflow.runName='{tagged}')."
        )
    name = check_length("run_name", name or tagged or f"run-{secrets.token_hex(3)}", MAX_TAG)
    made = call.recording.runs.create(
        experiment_id(fields.text("experiment_id", "0")),
        name=name,
        start_ms=fields.whole("start_time"),
        tags={**tags, _RUN_NAME: name},
        owner=check_length("user_id", fields.text("user_id"), 255),
        by=call.by,
    )
    return Pending(made, lambda run: {"run": run_json(run)})


def get_run(call: Call) -> Any:
    """Return one run."""
    return {"run": run_json(call.recording.runs.get(_run_id(call)))}


def _run_id(call: Call) -> str:
    return call.fields.needed("run_id", "run_uuid")


def update_run(call: Call) -> Pending:
    """Change its status, end or name."""
    status = call.fields.raw("status")
    if isinstance(status, int) and 0 < status <= len(STATUSES):
        status = STATUSES[status - 1]
    if status is not None and status not in STATUSES:
        raise FieldError(f"Invalid value {str(status)[:40]!r} for parameter 'status': one of {', '.join(STATUSES)}.")
    name = check_length("run_name", call.fields.text("run_name"), MAX_TAG)
    end_ms = call.fields.whole("end_time")
    done = call.recording.runs.update(_run_id(call), status=status, end_ms=end_ms, name=name, by=call.by)
    return Pending(done, lambda run: {"run_info": run_info(run)})


def delete_run(call: Call) -> Pending:
    """Delete it, softly."""
    return Pending(call.recording.runs.set_stage(_run_id(call), "deleted", by=call.by))


def restore_run(call: Call) -> Pending:
    """Take that back."""
    return Pending(call.recording.runs.set_stage(_run_id(call), "active", by=call.by))


def search_runs(call: Call) -> Any:
    """Return a page of the runs that match a filter."""
    fields = call.fields
    limit, offset = fields.limit(1000, 50_000), fields.offset()
    found = call.recording.runs.search(
        RunSearch(
            tuple(dict.fromkeys(experiment_id(key) for key in fields.texts("experiment_ids"))),
            parse_filter(fields.text("filter"), RUNS),
            parse_orders(fields.texts("order_by"), RUNS),
            _stages(fields, "run_view_type"),
            limit + 1,
            offset,
        )
    )
    return page("runs", [run_json(run) for run in found[: limit + 1]], limit, offset)


def log_metric(call: Call) -> Pending:
    """Add one point."""
    return Pending(call.recording.runs.log(_run_id(call), metrics=[point_of(call.fields, "")]))


def log_parameter(call: Call) -> Pending:
    """Add one parameter."""
    key = check_key(call.fields.needed("key"), "key")
    value = check_length("Param value", call.fields.text("value")[:MAX_PARAM], MAX_PARAM)
    return Pending(call.recording.runs.log(_run_id(call), params=[(key, value)]))


def log_batch(call: Call) -> Pending:
    """Add points, parameters and tags, all or nothing."""
    fields = call.fields
    metrics = [point_of(item, f"metrics[{place}].") for place, item in enumerate(fields.objects("metrics"))]
    given = fields.objects("params")
    params = fields.pairs("params", MAX_PARAM, cut=True)
    if len(params) < len(given):
        raise FieldError("Duplicate parameter keys have been submitted.", field="params")
    tags = fields.pairs("tags", MAX_TAG, cut=True)
    _limit("metrics", len(metrics), _MAX_METRICS)
    _limit("params", len(params), _MAX_PARAMS_OR_TAGS)
    _limit("tags", len(tags), _MAX_PARAMS_OR_TAGS)
    _limit("metrics, params, and tags", len(metrics) + len(params) + len(tags), _MAX_TOGETHER)
    logged = call.recording.runs.log(
        _run_id(call), params=list(params.items()), metrics=metrics, tags=list(tags.items())
    )
    return Pending(logged)


def _limit(what: str, count: int, most: int) -> None:
    if count > most:
        raise FieldError(
            f"A batch logging request can contain at most {most} {what}. Got {count} {what}."
            f" Please split up {what} across multiple requests and try again."
        )


def set_tag(call: Call) -> Pending:
    """Set a tag."""
    key = check_key(call.fields.needed("key"), "key")
    value = check_length("value", call.fields.text("value")[:MAX_TAG], MAX_TAG)
    return Pending(call.recording.runs.log(_run_id(call), tags=[(key, value)]))


def delete_tag(call: Call) -> Pending:
    """Remove a tag."""
    return Pending(call.recording.runs.delete_tag(_run_id(call), call.fields.needed("key")))


def log_inputs(call: Call) -> Pending:
    """Record which data sets and models were read."""
    datasets = []
    for item in call.fields.objects("datasets"):
        facts = item.object("dataset")
        datasets.append(
            DatasetInput(
                check_length("name", facts.needed("name"), 500),
                check_length("digest", facts.needed("digest"), 36),
                check_length("source_type", facts.needed("source_type"), 255),
                check_length("source", facts.needed("source"), 65_535),
                check_length("schema", facts.text("schema"), 1_048_575) or None,
                check_length("profile", facts.text("profile"), 16_777_215) or None,
                item.pairs("tags", 500),
            )
        )
    models = [RunModel(item.needed("model_id"), 0) for item in call.fields.objects("models")]
    return Pending(call.recording.runs.add_inputs(_run_id(call), datasets, models))


def log_outputs(call: Call) -> Pending:
    """Record which models were made."""
    models = [RunModel(item.needed("model_id"), item.whole("step", 0) or 0) for item in call.fields.objects("models")]
    return Pending(call.recording.runs.add_outputs(_run_id(call), models))


def log_model(call: Call) -> Pending:
    """Keep the description of a model, as clients before logged models were sent it."""
    text = check_length("model_json", call.fields.needed("model_json"), MAX_TAG)
    return Pending(call.recording.runs.log(_run_id(call), tags=[("mlflow.log-model.history", f"[{text}]")]))


def get_history(call: Call) -> Any:
    """Return the points of a metric."""
    key = call.fields.needed("metric_key")
    offset, most = call.fields.offset(), call.fields.whole("max_results")
    steps, times, values = call.recording.runs.history(_run_id(call), key)
    last = len(steps) if most is None else min(len(steps), offset + most)
    points = [
        {"key": key, "value": value_of(values[place]), "timestamp": times[place], "step": steps[place]}
        for place in range(offset, last)
    ]
    return {"metrics": points} | ({"next_page_token": page_token(last)} if last < len(steps) else {})


def get_history_of_runs(call: Call) -> Any:
    """Return points of a metric of several runs, thinned to at most ``max_results`` of each."""
    key, most = call.fields.needed("metric_key"), call.fields.limit(2500, 2500)
    run_ids = call.fields.texts("run_ids")
    if not 0 < len(run_ids) <= 100:
        raise FieldError(f"Expected 1 to 100 'run_ids', got {len(run_ids)}.", field="run_ids")
    first, last = call.fields.whole("start_step"), call.fields.whole("end_step")
    if (first is None) != (last is None):
        raise FieldError("If either start step or end step are specified, both must be specified.")
    if first is not None and last is not None and first > last:
        raise FieldError(f"end_step must be greater than start_step. Found start_step={first} and end_step={last}.")
    points = []
    for run_id in run_ids:
        steps, times, values = call.recording.runs.history(run_id, key)
        within = [place for place, step in enumerate(steps) if first is None or last is None or first <= step <= last]
        stride = -(-len(within) // most) or 1
        kept = within[::stride] if not within or within[::stride][-1] == within[-1] else [*within[::stride], within[-1]]
        points += [
            {"key": key, "value": value_of(values[at]), "timestamp": times[at], "step": steps[at], "run_id": run_id}
            for at in kept
        ]
    return {"metrics": points}
