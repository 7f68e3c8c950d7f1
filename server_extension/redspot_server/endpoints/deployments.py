"""Endpoints and deployments."""

from __future__ import annotations

import time

from redspot.contracts.replies import Page, Prediction
from redspot.contracts.requests import DeploymentIn, EndpointChange, PredictIn
from redspot.ids import ModelRef
from redspot.registry.endpoint import Deployment, DeploymentState, Endpoint, EndpointState, EndpointUnavailableError
from redspot_server.controllers.replica import ask_replica
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
    """Return the ledger of an endpoint, newest first."""
    return Page(services.endpoints.deployments(name))


def deploy(services: Services, caller: Caller, name: str, body: DeploymentIn) -> Endpoint:
    """Want a version to answer at the endpoint."""
    version = services.models.get(ModelRef.parse(body.version))
    return services.endpoints.deploy(name, version.ref, by=caller.name, why=body.why)


def predict(services: Services, caller: Caller, name: str, body: PredictIn) -> Prediction:
    """Send rows to the endpoint's live replica, as its URL would."""
    endpoint = services.endpoints.get(name)
    live = [item for item in services.endpoints.open_deployments(name) if item.state is DeploymentState.LIVE]
    if not live:
        raise EndpointUnavailableError(
            f"Endpoint {name!r} does not answer now: it is {endpoint.state}"
            + (f", its newest deployment is {endpoint.deployment.state}." if endpoint.deployment else "."),
            endpoint=name,
        )
    began = time.perf_counter()
    answer = ask_replica(services, live[-1], "POST", "/predict", body.rows, caller=caller.name)
    return Prediction(answer["model"], str(answer["version"]), tuple(answer["predictions"]), time.perf_counter() - began)
