"""Takes roll-outs to their next stage, by what router and replicas count."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace

from redspot.registry.deployment import ReplicaState
from redspot.registry.figures import ArmFigures, Observation, Scores, joined_scores
from redspot.registry.rollout import RolloutStage, Seen, advance
from redspot.registry.standing import Standing
from redspot_server.controllers.backends import ReplicaBackends
from redspot_server.controllers.stats import RouterStats
from redspot_server.services import Services

_log = logging.getLogger(__name__)
# So long the router may take to read a new table, with much room.
_SETTLING_S = 3.0
_COUNTED = (RolloutStage.SHADOW, RolloutStage.CANARY)


class Rollouts:
    """Looks at a roll-out, and records its next stage when there is one."""

    def __init__(self, services: Services, backends: ReplicaBackends) -> None:
        self._services = services
        self._backends = backends

    def step(self, standing: Standing, failures: Mapping[str, str], stats: RouterStats | None) -> None:
        """Take an endpoint's roll-out one stage further where it may.

        Parameters
        ----------
        failures
            Why deployments cannot go on, by their id.
        stats
            What the router counts now; None when it does not answer.
        """
        rollout = standing.rollout
        if rollout is None or rollout.stage.is_over:
            return
        new = {arm.deployment_id for arm in rollout.after} - {arm.deployment_id for arm in rollout.before}
        failure = next((sentence for name, sentence in failures.items() if name in new), "")
        now = self._services.clock.now()
        counted = self._observe(standing, stats) if rollout.stage in _COUNTED else None
        figures = None if counted is None else counted.since(standing.baseline)
        is_young = (now - rollout.since).total_seconds() < _SETTLING_S
        if counted is not None and figures is not None and is_young and not _is_asked(figures, rollout.new):
            # Old and new are compared over the same requests: what came before the router knew, does not count.
            self._services.endpoints.rebase(rollout, counted)
            return
        move = advance(rollout, Seen(is_ready(standing), failure, figures), now)
        if move is None:
            return
        baseline = (counted or self._observe(standing, stats)) if move.stage in _COUNTED else None
        if move.stage in _COUNTED and baseline is None:
            return  # nobody could judge it: the router is asked again at the next step
        _log.info("roll-out of %s: %s", standing.name, move.stage, extra={"endpoint": standing.name})
        self._services.endpoints.move(rollout, move, baseline=baseline)

    def _observe(self, standing: Standing, stats: RouterStats | None) -> Observation | None:
        if stats is None:
            return None
        known = stats.endpoints.get(standing.name)
        arms: dict[str, ArmFigures] = {}
        for deployment in standing.deployments:
            counted = (known.arms if known else {}).get(deployment.id, ArmFigures())
            arms[deployment.id] = replace(counted, scores=self._scores(standing, deployment.id))
        return Observation(self._services.clock.now(), stats.started_at, arms)

    def _scores(self, standing: Standing, deployment_id: str) -> Mapping[str, Scores]:
        deployment = next(each for each in standing.deployments if each.id == deployment_id)
        backend = self._backends.of(deployment)
        ready = (each for each in standing.replicas_of(deployment_id) if each.state is ReplicaState.READY)
        return joined_scores(backend.scores(deployment, replica) for replica in ready)


def _is_asked(figures: Mapping[str, ArmFigures], names: Iterable[str]) -> bool:
    new = (figures[name] for name in names if name in figures)
    return any(each.requests or each.compared or each.failed for each in new)


def is_rolling(standing: Standing) -> bool:
    """Return whether a roll-out is under way."""
    return standing.rollout is not None and not standing.rollout.stage.is_over


def is_ready(standing: Standing) -> bool:
    """Return whether all replicas of what a roll-out goes to answer; one that sleeps is ready."""
    rollout = standing.rollout
    if rollout is None:
        return True
    after = {arm.deployment_id for arm in rollout.after}
    return all(
        sum(each.state is ReplicaState.READY for each in standing.replicas_of(deployment.id)) >= deployment.replicas
        for deployment in standing.deployments
        if deployment.id in after
    )
