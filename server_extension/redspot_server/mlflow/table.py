"""The one table of MLflow's routes: method, path, operation and the right that it needs."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from redspot_server.identity import Right
from redspot_server.mlflow import files, models, tracking
from redspot_server.mlflow.call import Call


@dataclass(frozen=True, slots=True)
class MlflowRoute:
    """One operation.

    Attributes
    ----------
    path
        Below ``api/2.0/``, with ``{name}`` parts.
    slow
        Whether it may take long before it waits for a write: such run in a thread of their own.
    """

    method: str
    path: str
    operation: Callable[[Call], Any]
    right: Right
    slow: bool = False


def _reads(method: str, path: str, operation: Callable[[Call], Any]) -> MlflowRoute:
    return MlflowRoute(method, f"mlflow/{path}", operation, Right.READ, slow=True)


def _writes(method: str, path: str, operation: Callable[[Call], Any], *, slow: bool = False) -> MlflowRoute:
    return MlflowRoute(method, f"mlflow/{path}", operation, Right.AUTHOR, slow)


MLFLOW_ROUTES: tuple[MlflowRoute, ...] = (
    _writes("POST", "experiments/create", tracking.create_experiment),
    _reads("GET", "experiments/get", tracking.get_experiment),
    _reads("GET", "experiments/get-by-name", tracking.get_experiment_by_name),
    _reads("POST", "experiments/search", tracking.search_experiments),
    _reads("GET", "experiments/search", tracking.search_experiments),
    _writes("POST", "experiments/update", tracking.update_experiment),
    _writes("POST", "experiments/delete", tracking.delete_experiment),
    _writes("POST", "experiments/restore", tracking.restore_experiment),
    _writes("POST", "experiments/set-experiment-tag", tracking.set_experiment_tag),
    _writes("POST", "experiments/delete-experiment-tag", tracking.delete_experiment_tag),
    _writes("POST", "runs/create", tracking.create_run),
    _reads("GET", "runs/get", tracking.get_run),
    _writes("POST", "runs/update", tracking.update_run),
    _writes("POST", "runs/delete", tracking.delete_run),
    _writes("POST", "runs/restore", tracking.restore_run),
    _reads("POST", "runs/search", tracking.search_runs),
    _writes("POST", "runs/log-metric", tracking.log_metric),
    _writes("POST", "runs/log-parameter", tracking.log_parameter),
    _writes("POST", "runs/log-batch", tracking.log_batch),
    _writes("POST", "runs/set-tag", tracking.set_tag),
    _writes("POST", "runs/delete-tag", tracking.delete_tag),
    _writes("POST", "runs/log-inputs", tracking.log_inputs),
    _writes("POST", "runs/outputs", tracking.log_outputs),
    _writes("POST", "runs/log-model", tracking.log_model),
    _reads("GET", "metrics/get-history", tracking.get_history),
    _reads("GET", "metrics/get-history-bulk-interval", tracking.get_history_of_runs),
    _reads("GET", "artifacts/list", files.list_artifacts),
    _writes("POST", "logged-models", models.create_logged_model),
    _reads("POST", "logged-models/search", models.search_logged_models),
    _reads("GET", "logged-models/{model_id}", models.get_logged_model),
    _writes("PATCH", "logged-models/{model_id}", models.finalize_logged_model),
    _writes("DELETE", "logged-models/{model_id}", models.delete_logged_model),
    _writes("POST", "logged-models/{model_id}/params", models.log_logged_model_params),
    _writes("PATCH", "logged-models/{model_id}/tags", models.set_logged_model_tags),
    _writes("DELETE", "logged-models/{model_id}/tags/{key}", models.delete_logged_model_tag),
    _reads("GET", "logged-models/{model_id}/artifacts/directories", files.list_logged_model_artifacts),
    _writes("POST", "registered-models/create", models.create_registered_model),
    _reads("GET", "registered-models/get", models.get_registered_model),
    _writes("PATCH", "registered-models/update", models.update_registered_model),
    _writes("POST", "registered-models/rename", models.rename_registered_model),
    _writes("DELETE", "registered-models/delete", models.delete_registered_model),
    _reads("GET", "registered-models/search", models.search_registered_models),
    _reads("POST", "registered-models/get-latest-versions", models.get_latest_versions),
    _reads("GET", "registered-models/get-latest-versions", models.get_latest_versions),
    _writes("POST", "registered-models/set-tag", models.set_registered_model_tag),
    _writes("DELETE", "registered-models/delete-tag", models.delete_registered_model_tag),
    _writes("POST", "registered-models/alias", models.set_alias),
    _writes("DELETE", "registered-models/alias", models.delete_alias),
    _reads("GET", "registered-models/alias", models.get_by_alias),
    _writes("POST", "model-versions/create", models.create_model_version, slow=True),
    _reads("GET", "model-versions/get", models.get_model_version),
    _writes("PATCH", "model-versions/update", models.update_model_version),
    _writes("POST", "model-versions/transition-stage", models.transition_stage),
    _writes("DELETE", "model-versions/delete", models.delete_model_version),
    _reads("GET", "model-versions/search", models.search_model_versions),
    _reads("GET", "model-versions/get-download-uri", models.get_download_uri),
    _writes("POST", "model-versions/set-tag", models.set_model_version_tag),
    _writes("DELETE", "model-versions/delete-tag", models.delete_model_version_tag),
    MlflowRoute("GET", "mlflow-artifacts/artifacts", files.list_proxied, Right.READ, slow=True),
    MlflowRoute("DELETE", "mlflow-artifacts/artifacts/{path}", files.delete_proxied, Right.AUTHOR),
    MlflowRoute("POST", "mlflow-artifacts/mpu/{step}/{path}", files.no_multipart, Right.AUTHOR),
    MlflowRoute("GET", "mlflow-artifacts/presigned/{path}", files.no_multipart, Right.READ),
)

_EXACT = {(route.method, route.path): route for route in MLFLOW_ROUTES if "{" not in route.path}


def _pattern(path: str) -> re.Pattern[str]:
    one = re.sub(r"\{path\}", "(?P<path>.+)", path)
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", one))


_PATTERNS = [(route, _pattern(route.path)) for route in MLFLOW_ROUTES if "{" in route.path]


def find_route(method: str, path: str) -> tuple[MlflowRoute, dict[str, str]] | None:
    """Return the route of a request and what stands in its path, or None."""
    exact = _EXACT.get((method, path))
    if exact is not None:
        return exact, {}
    for route, pattern in _PATTERNS:
        match = pattern.fullmatch(path) if route.method == method else None
        if match is not None:
            return route, match.groupdict()
    return None
