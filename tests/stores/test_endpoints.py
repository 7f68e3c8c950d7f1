from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from redspot.ids import ModelRef
from redspot.registry.definition import EndpointDefinition
from redspot.registry.deployment import DeploymentState, LedgerEvent, ReplicaState
from redspot.registry.endpoint import ArmRole, EndpointConflictError, EndpointNotFoundError, EndpointState
from redspot.registry.endpoint_store import StaleDefinitionError
from redspot.registry.figures import ArmFigures, LabelScores, NumberScores, Observation
from redspot.registry.policy import RolloutPolicy, Strategy
from redspot.registry.rollout import Move, Rollout, RolloutStage
from redspot.registry.standing import Standing
from redspot.stores.database import Database
from redspot.stores.endpoints import SqlEndpointStore
from tests.clock import SetClock

V1, V2, V3 = ModelRef("m", "1"), ModelRef("m", "2"), ModelRef("m", "3")
CANARY = RolloutPolicy(strategy=Strategy.CANARY, steps=(0.25, 1.0))


@pytest.fixture
def endpoints(database: Database) -> SqlEndpointStore:
    return SqlEndpointStore(database, "http://router")


def apply(endpoints: SqlEndpointStore, model: str, **changes: object) -> Standing:
    definition = EndpointDefinition.from_dict({"name": "front", "model": model, **changes})
    return endpoints.apply(definition, {model: model}, by="ada", why="")


def rollout(endpoints: SqlEndpointStore) -> Rollout:
    found = endpoints.standing("front").rollout
    assert found is not None
    return found


def move(endpoints: SqlEndpointStore, stage: RolloutStage, step: int = 0, reason: str = "") -> Rollout:
    return endpoints.move(rollout(endpoints), Move(stage, step, reason), baseline=None)


def shares(endpoints: SqlEndpointStore) -> dict[str, float]:
    return {arm.version: arm.share for arm in endpoints.get("front").arms}


def test_a_first_deployment_defines_the_endpoint(endpoints: SqlEndpointStore) -> None:
    endpoint = endpoints.deploy("front", V1, by="ada", why="first")
    assert (endpoint.url, endpoint.generation) == ("http://router/endpoints/front", 1)
    assert endpoint.serving is None
    assert endpoint.deployment is not None
    assert endpoint.deployment.state is DeploymentState.STARTING
    move(endpoints, RolloutStage.DONE)
    live = endpoints.get("front")
    assert live.serving == "m@1"
    assert live.deployment is not None
    assert live.deployment.live_at is not None


def test_wanting_what_is_there_or_on_its_way_changes_nothing(endpoints: SqlEndpointStore) -> None:
    endpoints.deploy("front", V1, by="ada", why="")
    endpoints.deploy("front", V1, by="ada", why="")
    move(endpoints, RolloutStage.DONE)
    endpoints.deploy("front", V1, by="ada", why="")
    assert len(endpoints.deployments("front")) == 1
    assert endpoints.get("front").generation == 1


def test_a_version_that_never_answered_gives_way(endpoints: SqlEndpointStore) -> None:
    endpoints.deploy("front", V1, by="ada", why="")
    endpoints.deploy("front", V2, by="bob", why="better")
    newest, first = endpoints.deployments("front")
    assert (newest.state, first.state) == (DeploymentState.STARTING, DeploymentState.ENDED)
    assert first.failure == "replaced before it answered"


def test_a_canary_takes_over_by_steps_and_the_ledger_tells_when(endpoints: SqlEndpointStore, clock: SetClock) -> None:
    apply(endpoints, "m@1")
    move(endpoints, RolloutStage.DONE)
    clock.forward(seconds=60)
    apply(endpoints, "m@2", rollout={"strategy": "canary", "steps": [0.25, 1.0]})
    assert shares(endpoints) == {"m@1": 1.0}
    clock.forward(seconds=60)
    move(endpoints, RolloutStage.CANARY)
    assert shares(endpoints) == {"m@1": 0.75, "m@2": 0.25}
    assert endpoints.get("front").serving == "m@1"
    clock.forward(seconds=60)
    move(endpoints, RolloutStage.DONE)
    assert shares(endpoints) == {"m@2": 1.0}
    at = lambda seconds: {  # noqa: E731
        arm.version: arm.share for arm in endpoints.live_at("front", clock.at - timedelta(seconds=seconds))
    }
    assert [at(s) for s in (0, 1, 61, 121, 1000)] == [
        {"m@2": 1.0},
        {"m@1": 0.75, "m@2": 0.25},
        {"m@1": 1.0},
        {"m@1": 1.0},
        {},
    ]
    events = [(entry.version, entry.event, entry.share_before, entry.share) for entry in endpoints.ledger("front")]
    assert events[0] == ("m@2", LedgerEvent.SHIFTED, 0.25, 1.0)
    assert ("m@1", LedgerEvent.ENDED, 0.75, 0.0) in events


def test_what_is_rolled_back_fails_with_its_reason_and_what_was_before_goes_on(endpoints: SqlEndpointStore) -> None:
    apply(endpoints, "m@1")
    move(endpoints, RolloutStage.DONE)
    apply(endpoints, "m@2", rollout={"strategy": "shadow-canary"})
    move(endpoints, RolloutStage.SHADOW)
    assert {(arm.version, arm.role) for arm in endpoints.get("front").arms} == {
        ("m@1", ArmRole.LIVE),
        ("m@2", ArmRole.SHADOW),
    }
    move(endpoints, RolloutStage.ROLLED_BACK, reason="It is worse.")
    endpoint = endpoints.get("front")
    assert (endpoint.serving, shares(endpoints)) == ("m@1", {"m@1": 1.0})
    assert endpoint.deployment is not None
    assert (endpoint.deployment.state, endpoint.deployment.failure) == (DeploymentState.FAILED, "It is worse.")
    assert endpoints.ledger("front")[0].why == "It is worse."
    again = apply(endpoints, "m@2", rollout={"strategy": "shadow-canary"})
    assert (again.applied.generation, rollout(endpoints).stage) == (3, RolloutStage.STARTING)


def test_a_stage_is_left_once(endpoints: SqlEndpointStore) -> None:
    apply(endpoints, "m@1")
    seen = rollout(endpoints)
    endpoints.move(seen, Move(RolloutStage.DONE), baseline=None)
    late = endpoints.move(seen, Move(RolloutStage.ROLLED_BACK, reason="late"), baseline=None)
    assert late.stage is RolloutStage.DONE
    assert endpoints.get("front").serving == "m@1"


def test_another_definition_replaces_a_roll_out_under_way(endpoints: SqlEndpointStore) -> None:
    apply(endpoints, "m@1")
    move(endpoints, RolloutStage.DONE)
    apply(endpoints, "m@2", rollout={"strategy": "canary"})
    move(endpoints, RolloutStage.CANARY)
    apply(endpoints, "m@3", rollout={"strategy": "canary"})
    assert shares(endpoints) == {"m@1": 1.0}
    states = {str(row.ref): row.state for row in endpoints.deployments("front")}
    assert states == {
        "m@1": DeploymentState.LIVE,
        "m@2": DeploymentState.ENDED,
        "m@3": DeploymentState.STARTING,
    }


def test_going_back_to_what_still_answers_takes_no_roll_out(endpoints: SqlEndpointStore) -> None:
    apply(endpoints, "m@1")
    move(endpoints, RolloutStage.DONE)
    apply(endpoints, "m@2", rollout={"strategy": "canary"})
    move(endpoints, RolloutStage.CANARY)
    apply(endpoints, "m@1")
    assert shares(endpoints) == {"m@1": 1.0}
    assert rollout(endpoints).stage is RolloutStage.REPLACED
    assert len(endpoints.standing("front").deployments) == 1


def test_shares_of_an_experiment_change_at_once(endpoints: SqlEndpointStore) -> None:
    def split(one: float) -> Standing:
        definition = EndpointDefinition("front", split={"m@1": one, "m@2": 1 - one}, sticky="header:X-User")
        return endpoints.apply(definition, {"m@1": "m@1", "m@2": "m@2"}, by="ada", why="")

    split(0.5)
    move(endpoints, RolloutStage.DONE)
    assert shares(endpoints) == {"m@1": 0.5, "m@2": 0.5}
    split(0.75)
    assert shares(endpoints) == {"m@1": 0.75, "m@2": 0.25}
    assert len(endpoints.deployments("front")) == 2


def test_a_shadow_for_good_is_compared_and_can_be_promoted(endpoints: SqlEndpointStore) -> None:
    definition = EndpointDefinition("front", model="m@1", shadow="m@2")
    endpoints.apply(definition, {"m@1": "m@1", "m@2": "m@2"}, by="ada", why="")
    move(endpoints, RolloutStage.DONE)
    assert {arm.version: arm.role for arm in endpoints.get("front").arms} == {
        "m@1": ArmRole.LIVE,
        "m@2": ArmRole.SHADOW,
    }
    apply(endpoints, "m@2")
    assert rollout(endpoints).new == (endpoints.deployments("front")[0].id,)
    move(endpoints, RolloutStage.DONE)
    assert shares(endpoints) == {"m@2": 1.0}


def test_another_instance_type_needs_other_replicas(endpoints: SqlEndpointStore) -> None:
    apply(endpoints, "m@1")
    move(endpoints, RolloutStage.DONE)
    apply(endpoints, "m@1", max_replicas=3)
    assert len(endpoints.deployments("front")) == 1
    apply(endpoints, "m@1", max_replicas=3, instance_type="cpu.large")
    newest, first = endpoints.deployments("front")
    assert (newest.spec.instance_type, first.state) == ("cpu.large", DeploymentState.LIVE)


def test_a_stale_change_is_refused(endpoints: SqlEndpointStore) -> None:
    apply(endpoints, "m@1")
    definition = EndpointDefinition("front", model="m@2")
    with pytest.raises(StaleDefinitionError, match="generation 1") as caught:
        endpoints.apply(definition, {"m@2": "m@2"}, by="bob", why="", expected=0)
    assert caught.value.facts["generation"] == 1
    with pytest.raises(StaleDefinitionError, match="does not exist"):
        endpoints.apply(replace(definition, name="back"), {"m@2": "m@2"}, by="bob", why="", expected=4)
    endpoints.apply(definition, {"m@2": "m@2"}, by="bob", why="", expected=1)


def test_earlier_definitions_stay_readable(endpoints: SqlEndpointStore) -> None:
    apply(endpoints, "m@1", max_replicas=2)
    apply(endpoints, "m@2")
    assert endpoints.definition("front", 1).definition.max_replicas == 2
    assert endpoints.definition("front").pins == {"m@2": "m@2"}
    with pytest.raises(EndpointConflictError, match="generations 1 to 2"):
        endpoints.definition("front", 7)


def test_stop_and_start_serve_the_last_version_again(endpoints: SqlEndpointStore, clock: SetClock) -> None:
    apply(endpoints, "m@1")
    move(endpoints, RolloutStage.DONE)
    apply(endpoints, "m@2")
    move(endpoints, RolloutStage.ROLLED_BACK, reason="It is worse.")
    clock.forward(seconds=1)
    stopped = endpoints.set_state("front", EndpointState.STOPPED, by="ada")
    assert (stopped.state, stopped.arms, stopped.serving) == (EndpointState.STOPPED, (), None)
    assert endpoints.live_at("front", clock.at) == ()
    again = endpoints.set_state("front", EndpointState.LIVE, by="ada").deployment
    assert again is not None
    assert (again.state, str(again.ref)) == (DeploymentState.STARTING, "m@1")


def test_replicas_count_once_per_need_and_numbers_are_never_used_again(endpoints: SqlEndpointStore) -> None:
    deployment = endpoints.deploy("front", V1, by="ada", why="").deployment
    assert deployment is not None
    first = endpoints.add_replica(deployment.id, seen=0)
    assert first is not None
    assert endpoints.add_replica(deployment.id, seen=0) is None
    endpoints.mark_ready(first)
    assert [each.state for each in endpoints.standing("front").replicas] == [ReplicaState.READY]
    endpoints.drop_replica(first, why="gone")
    second = endpoints.add_replica(deployment.id, seen=1)
    assert second is not None
    assert (first.unit_id, second.unit_id) == (f"{deployment.id}-1", f"{deployment.id}-2")


def test_a_number_of_replicas_changes_only_from_what_was_seen(endpoints: SqlEndpointStore) -> None:
    deployment = apply(endpoints, "m@1", max_replicas=4).deployments[0]
    assert endpoints.scale(deployment.id, 3, seen=1, why="busy").replicas == 3
    assert endpoints.scale(deployment.id, 1, seen=1, why="late").replicas == 3
    apply(endpoints, "m@1", max_replicas=2)
    assert endpoints.standing("front").deployments[0].replicas == 2


def test_a_new_version_starts_with_as_many_replicas_as_answer_now(endpoints: SqlEndpointStore) -> None:
    first = apply(endpoints, "m@1", max_replicas=4).deployments[0]
    move(endpoints, RolloutStage.DONE)
    endpoints.scale(first.id, 3, seen=1, why="busy")
    assert [each.replicas for each in apply(endpoints, "m@2", max_replicas=4).deployments] == [3, 3]


def test_what_was_counted_when_a_step_began_survives(endpoints: SqlEndpointStore, clock: SetClock) -> None:
    apply(endpoints, "m@1")
    figures = ArmFigures(5, 1, (1.0, 2.0), (3, 2, 0), 0, 0, 0, {"p": LabelScores({"a": 5})})
    numbers = ArmFigures(scores={"p": NumberScores((0.0, 1.0), (1, 2, 3))})
    seen = Observation(clock.at, 12.5, {"d_1": figures, "d_2": numbers})
    endpoints.move(rollout(endpoints), Move(RolloutStage.SHADOW), baseline=seen)
    assert endpoints.standing("front").baseline == seen


def test_an_unknown_endpoint_lists_those_that_exist(endpoints: SqlEndpointStore) -> None:
    endpoints.deploy("front", V1, by="ada", why="")
    with pytest.raises(EndpointNotFoundError, match="endpoints: front"):
        endpoints.get("back")
