"""Logged models, registered models and versions, as MLflow's client asks for them."""

from __future__ import annotations

from typing import Any

from redspot.registry.filtering import LOGGED_MODELS, MODELS, VERSIONS, Comparison, Order, parse_filter, parse_orders
from redspot.stores.recording.registered import STAGES
from redspot_server.mlflow.call import Call, Pending
from redspot_server.mlflow.fields import MAX_MODEL_TAG, MAX_PARAM, MAX_TAG, check_key, check_length, experiment_id
from redspot_server.mlflow.problems import FieldError
from redspot_server.mlflow.registering import new_version
from redspot_server.mlflow.wire import logged_model_json, model_json, page, version_json

_IS_PROMPT = "mlflow.prompt.is_prompt"
_STATUSES = ("LOGGED_MODEL_PENDING", "LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED")


def create_logged_model(call: Call) -> Pending:
    """Begin a logged model."""
    fields = call.fields
    made = call.recording.logged_models.create(
        experiment_id(fields.text("experiment_id", "0")),
        name=check_length("name", fields.text("name") or "model", 500),
        model_type=check_length("model_type", fields.text("model_type"), 500),
        source_run_id=check_length("source_run_id", fields.text("source_run_id"), 255),
        params=fields.pairs("params", MAX_PARAM),
        tags=fields.pairs("tags", MAX_TAG),
        by=call.by,
    )
    return Pending(made, _logged)


def _logged(model: Any) -> Any:
    return {"model": logged_model_json(model)}


def get_logged_model(call: Call) -> Any:
    """Return one."""
    return _logged(call.recording.logged_models.get(call.parts["model_id"]))


def finalize_logged_model(call: Call) -> Pending:
    """Say whether its files arrived."""
    status = call.fields.raw("status")
    if isinstance(status, int) and 0 < status <= len(_STATUSES):
        status = _STATUSES[status - 1]
    if status not in _STATUSES:
        raise FieldError(f"Invalid value {str(status)[:40]!r} for parameter 'status': one of {', '.join(_STATUSES)}.")
    return Pending(call.recording.logged_models.finalize(call.parts["model_id"], status, by=call.by), _logged)


def delete_logged_model(call: Call) -> Pending:
    """Delete it, softly."""
    return Pending(call.recording.logged_models.delete(call.parts["model_id"], by=call.by))


def log_logged_model_params(call: Call) -> Pending:
    """Add parameters."""
    params = call.fields.pairs("params", MAX_PARAM)
    return Pending(call.recording.logged_models.add_params(call.parts["model_id"], params, by=call.by))


def set_logged_model_tags(call: Call) -> Pending:
    """Set tags."""
    tags = call.fields.pairs("tags", MAX_TAG)
    return Pending(call.recording.logged_models.set_tags(call.parts["model_id"], tags, by=call.by), _logged)


def delete_logged_model_tag(call: Call) -> Pending:
    """Remove a tag."""
    return Pending(call.recording.logged_models.delete_tag(call.parts["model_id"], call.parts["key"], by=call.by))


def search_logged_models(call: Call) -> Any:
    """Return those that match a filter."""
    fields = call.fields
    limit, offset = fields.limit(100, 1000), fields.offset()
    orders = []
    for item in fields.objects("order_by"):
        direction = "ASC" if item.raw("ascending") in (True, None) else "DESC"
        orders.append(f"{item.needed('field_name')} {direction}")
    found = call.recording.logged_models.search(
        tuple(experiment_id(key) for key in fields.texts("experiment_ids")),
        parse_filter(fields.text("filter"), LOGGED_MODELS),
        parse_orders(orders, LOGGED_MODELS),
        limit=limit + 1,
        offset=offset,
    )
    return page("models", [logged_model_json(model) for model in found], limit, offset)


def _name(call: Call) -> str:
    return call.fields.needed("name")


def _number(call: Call) -> int:
    text = call.fields.raw("version")
    text = str(text) if isinstance(text, int) else text
    if not isinstance(text, str) or not text.isascii() or not text.isdigit() or len(text) > 9:
        raise FieldError(f"Parameter 'version' must be an integer, got {str(text)[:40]!r}.", field="version")
    return int(text)


def _model(model: Any) -> Any:
    return {"registered_model": model_json(model)}


def _version(version: Any) -> Any:
    return {"model_version": version_json(version)}


def _description(call: Call) -> str:
    return check_length("description", call.fields.text("description"), 100_000)


def create_registered_model(call: Call) -> Pending:
    """Register a name."""
    tags = call.fields.pairs("tags", MAX_MODEL_TAG)
    return Pending(call.recording.registered.create(_name(call), _description(call), tags, by=call.by), _model)


def get_registered_model(call: Call) -> Any:
    """Return one."""
    return _model(call.recording.registered.get(_name(call)))


def update_registered_model(call: Call) -> Pending:
    """Describe it."""
    return Pending(call.recording.registered.describe(_name(call), _description(call), by=call.by), _model)


def rename_registered_model(call: Call) -> Pending:
    """Rename it."""
    new = call.fields.needed("new_name")
    return Pending(call.recording.registered.rename(_name(call), new, by=call.by), _model)


def delete_registered_model(call: Call) -> Pending:
    """Delete it, softly."""
    return Pending(call.recording.registered.delete(_name(call), by=call.by))


def search_registered_models(call: Call) -> Any:
    """Return those that match a filter."""
    comparisons, nothing = _without_prompts(parse_filter(call.fields.text("filter"), MODELS))
    orders = parse_orders(call.fields.texts("order_by"), MODELS)
    limit, offset = call.fields.limit(100, 1000), call.fields.offset()
    if nothing:
        return page("registered_models", [], limit, offset)
    found = call.recording.registered.search(comparisons, orders, limit=limit + 1, offset=offset)
    return page("registered_models", [model_json(model) for model in found], limit, offset)


def _without_prompts(comparisons: tuple[Comparison, ...]) -> tuple[tuple[Comparison, ...], bool]:
    """Return what else is asked, and whether only prompts are: no model is a prompt, though none has the tag."""
    asked = [(item.operator, item.value) for item in comparisons if item.key == _IS_PROMPT]
    nothing = any(item not in (("=", "false"), ("!=", "true")) for item in asked)
    return tuple(item for item in comparisons if item.key != _IS_PROMPT), nothing


def get_latest_versions(call: Call) -> Any:
    """Return the newest version of each stage."""
    wanted = {stage.lower() for stage in call.fields.texts("stages")}
    for stage in wanted:
        _stage(stage)
    latest = call.recording.registered.get(_name(call)).latest
    return {
        "model_versions": [version_json(version) for version in latest if not wanted or version.stage.lower() in wanted]
    }


def _stage(text: str) -> str:
    known = {stage.lower(): stage for stage in STAGES}
    if text.lower() not in known:
        raise FieldError(f"Invalid Model Version stage: {text[:40]}. Value must be one of {', '.join(STAGES)}.")
    return known[text.lower()]


def set_registered_model_tag(call: Call) -> Pending:
    """Set a tag."""
    key, value = _tag(call)
    return Pending(call.recording.registered.set_tag(_name(call), key, value, by=call.by))


def _tag(call: Call) -> tuple[str, str]:
    key = check_key(call.fields.needed("key"), "key")
    return key, check_length("value", call.fields.text("value"), MAX_MODEL_TAG)


def delete_registered_model_tag(call: Call) -> Pending:
    """Remove a tag."""
    return Pending(call.recording.registered.delete_tag(_name(call), call.fields.needed("key"), by=call.by))


def set_alias(call: Call) -> Pending:
    """Point an alias at a version."""
    alias = call.fields.needed("alias")
    return Pending(call.recording.registered.set_alias(_name(call), alias, _number(call), by=call.by))


def delete_alias(call: Call) -> Pending:
    """Remove an alias."""
    return Pending(call.recording.registered.delete_alias(_name(call), call.fields.needed("alias"), by=call.by))


def get_by_alias(call: Call) -> Any:
    """Return the version that an alias points at."""
    return _version(call.recording.registered.by_alias(_name(call), call.fields.needed("alias")))


def create_model_version(call: Call) -> Any:
    """Register a version; what its files are now is what it stays."""
    return Pending(call.recording.registered.add(new_version(call)), _version)


def get_model_version(call: Call) -> Any:
    """Return one."""
    return _version(call.recording.registered.version(_name(call), _number(call)))


def update_model_version(call: Call) -> Pending:
    """Describe it."""
    done = call.recording.registered.describe_version(_name(call), _number(call), _description(call), by=call.by)
    return Pending(done, _version)


def transition_stage(call: Call) -> Pending:
    """Move it to a stage."""
    archive = call.fields.flag("archive_existing_versions")
    stage = _stage(call.fields.needed("stage"))
    done = call.recording.registered.set_version_stage(_name(call), _number(call), stage, archive=archive, by=call.by)
    return Pending(done, _version)


def delete_model_version(call: Call) -> Pending:
    """Delete it, softly."""
    return Pending(call.recording.registered.delete_version(_name(call), _number(call), by=call.by))


def set_model_version_tag(call: Call) -> Pending:
    """Set a tag."""
    key, value = _tag(call)
    return Pending(call.recording.registered.set_version_tag(_name(call), _number(call), key, value, by=call.by))


def delete_model_version_tag(call: Call) -> Pending:
    """Remove a tag."""
    key = call.fields.needed("key")
    return Pending(call.recording.registered.delete_version_tag(_name(call), _number(call), key, by=call.by))


def get_download_uri(call: Call) -> Any:
    """Return where the files of a version are: a folder that never changes."""
    version = call.recording.registered.version(_name(call), _number(call))
    return {"artifact_uri": f"mlflow-artifacts:/versions/{version.model}/{version.number}"}


def search_model_versions(call: Call) -> Any:
    """Return those that match a filter."""
    comparisons, nothing = _without_prompts(parse_filter(call.fields.text("filter"), VERSIONS))
    orders: tuple[Order, ...] = parse_orders(call.fields.texts("order_by"), VERSIONS)
    limit, offset = call.fields.limit(10_000, 200_000), call.fields.offset()
    if nothing:
        return page("model_versions", [], limit, offset)
    found = call.recording.registered.search_versions(comparisons, orders, limit=limit + 1, offset=offset)
    return page("model_versions", [version_json(version) for version in found], limit, offset)
