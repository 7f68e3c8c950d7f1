from __future__ import annotations

import pytest

from redspot.ids import ModelRef
from redspot.registry.endpoint import DeploymentState, EndpointNotFoundError, EndpointState
from redspot.stores.database import Database
from redspot.stores.endpoints import SqlEndpointStore

V1, V2 = ModelRef("m", "1"), ModelRef("m", "2")


@pytest.fixture
def endpoints(database: Database) -> SqlEndpointStore:
    return SqlEndpointStore(database, "http://router")


def test_a_first_deployment_defines_the_endpoint(endpoints: SqlEndpointStore) -> None:
    endpoint = endpoints.deploy("front", V1, by="ada", why="first")
    assert endpoint.url == "http://router/endpoints/front"
    assert endpoint.serving is None
    assert endpoint.deployment is not None
    live = endpoints.mark(endpoint.deployment.id, DeploymentState.LIVE)
    assert live.live_at is not None
    assert endpoints.get("front").serving == "m@1"


def test_wanting_what_is_there_changes_nothing(endpoints: SqlEndpointStore) -> None:
    endpoints.deploy("front", V1, by="ada", why="")
    endpoints.deploy("front", V1, by="ada", why="")
    assert len(endpoints.deployments("front")) == 1


def test_the_ledger_keeps_what_ended(endpoints: SqlEndpointStore) -> None:
    first = endpoints.deploy("front", V1, by="ada", why="").deployment
    second = endpoints.deploy("front", V2, by="bob", why="better").deployment
    assert first is not None
    assert second is not None
    endpoints.mark(first.id, DeploymentState.ENDED)
    endpoints.mark(first.id, DeploymentState.LIVE)
    assert [row.state for row in endpoints.deployments("front")] == [DeploymentState.STARTING, DeploymentState.ENDED]
    assert [row.id for row in endpoints.open_deployments("front")] == [second.id]


def test_stop_and_start_serve_the_last_version_again(endpoints: SqlEndpointStore) -> None:
    deployment = endpoints.deploy("front", V2, by="ada", why="").deployment
    assert deployment is not None
    assert endpoints.set_state("front", EndpointState.STOPPED, by="ada").state is EndpointState.STOPPED
    endpoints.mark(deployment.id, DeploymentState.ENDED)
    again = endpoints.set_state("front", EndpointState.LIVE, by="ada").deployment
    assert again is not None
    assert (again.id != deployment.id, str(again.ref)) == (True, "m@2")


def test_incarnations_count_only_once_per_death(endpoints: SqlEndpointStore) -> None:
    deployment = endpoints.deploy("front", V1, by="ada", why="").deployment
    assert deployment is not None
    assert endpoints.next_incarnation(deployment.id, 1).incarnation == 2
    assert endpoints.next_incarnation(deployment.id, 1).incarnation == 2


def test_an_unknown_endpoint_lists_those_that_exist(endpoints: SqlEndpointStore) -> None:
    endpoints.deploy("front", V1, by="ada", why="")
    with pytest.raises(EndpointNotFoundError, match="endpoints: front"):
        endpoints.get("back")
