"""Endpoints and deployments."""

from __future__ import annotations

import time

from redspot.contracts.replies import Page, Prediction
from redspot.contracts.requests import DeploymentIn, EndpointChange, PredictIn
from redspot.ids import ModelRef
from redspot.registry.definition import EndpointDefinition
from redspot.registry.deployment import Deployment
from redspot.registry.endpoint import EndpointState
from redspot.registry.standing import Endpoint
from redspot_server.controllers.router_unit import ask_endpoint
from redspot_server.definitions import check_parity, standing_or_none
from redspot_server.identity import Caller
from redspot_server.services import Services


def list_endpoints(services: Services, caller: Caller) -> Page[Endpoint]:
    """Return all endpoints by name."""
    return Page(services.endpoints.endpoints())


def read_endpoint(services: Services, caller: Caller, name: str) -> Endpoint:
    """Return one endpoint."""
    return services.endpoints.get(name)


def change_endpoint(services: Services, caller: Caller, name: str, body: EndpointChange) -> Endpoint:
    """Start or stop an endpoint; its definition stays."""
    return services.endpoints.set_state(name, EndpointState(body.state), by=caller.name)


def list_deployments(services: Services, caller: Caller, name: str) -> Page[Deployment]:
    """Return the deployments of an endpoint, newest first."""
    return Page(services.endpoints.deployments(name))


def deploy(services: Services, caller: Caller, name: str, body: DeploymentIn) -> Endpoint:
    """Want a version to answer at the endpoint; all else of its definition stays."""
    version = services.models.get(ModelRef.parse(body.version))
    pins = {str(version.ref): str(version.ref)}
    standing = standing_or_none(services, name)
    definition = (
        EndpointDefinition(name, model=str(version.ref))
        if standing is None
        else standing.applied.definition.serving(str(version.ref))
    )
    check_parity(services, definition, pins, is_confirmed=body.confirm)
    return services.endpoints.deploy(name, version.ref, by=caller.name, why=body.why)


def predict(services: Services, caller: Caller, name: str, body: PredictIn) -> Prediction:
    """Send rows to the endpoint through the router, as any caller would."""
    began = time.perf_counter()
    if _answers_payloads(services, name):
        answers = [ask_endpoint(services, name, "/predict", row) for row in body.rows]
        predictions = [{"prediction": answer["prediction"]} for answer in answers]
    else:
        answers = [ask_endpoint(services, name, "/predict", body.rows)]
        predictions = answers[0]["predictions"]
    first = answers[0]
    return Prediction(first["model"], str(first["version"]), tuple(predictions), time.perf_counter() - began)


def _answers_payloads(services: Services, name: str) -> bool:
    """Return whether a notebook answers, which takes one payload at a time."""
    serving = services.endpoints.get(name).serving
    return serving is not None and services.models.get(ModelRef.parse(serving)).is_notebook
