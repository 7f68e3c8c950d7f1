"""What the service's client asks about endpoints and their tokens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol, TypeVar
from urllib.parse import quote

from pydantic import BaseModel

from redspot.contracts import requests as given
from redspot.contracts.replies import Ledger, NewToken, Page, Prediction
from redspot.registry.definition import EndpointDefinition
from redspot.registry.deployment import Deployment
from redspot.registry.plan import EndpointPlan
from redspot.registry.standing import AppliedDefinition, Endpoint
from redspot.registry.token import Token

T = TypeVar("T")


class _Calls(Protocol):
    def call(
        self,
        reply: type[T],
        method: str,
        path: str,
        *,
        body: BaseModel | None = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> T: ...


class EndpointCalls:
    """Endpoints: what they shall be, what they are, and what they answer."""

    def endpoints(self: _Calls) -> tuple[Endpoint, ...]:
        """Return the endpoints by name."""
        return self.call(Page[Endpoint], "GET", "endpoints").items

    def endpoint(self: _Calls, name: str) -> Endpoint:
        """Return one endpoint."""
        return self.call(Endpoint, "GET", _path(name))

    def deployments(self: _Calls, name: str) -> tuple[Deployment, ...]:
        """Return an endpoint's deployments, newest first."""
        return self.call(Page[Deployment], "GET", _path(name, "deployments")).items

    def ledger(self: _Calls, name: str, *, at: datetime | None = None, limit: int = 100) -> Ledger:
        """Return what answered at some moment with which share, and what had changed until then."""
        query = {"at": None if at is None else at.isoformat(), "limit": limit}
        return self.call(Ledger, "GET", _path(name, "ledger"), query=query)

    def plan(self: _Calls, definition: EndpointDefinition) -> EndpointPlan:
        """Return what applying a definition would do."""
        return self.call(EndpointPlan, "POST", "endpoints/plan", body=given.PlanIn(definition=definition.to_dict()))

    def definition(self: _Calls, name: str) -> AppliedDefinition:
        """Return the definition in force."""
        return self.call(AppliedDefinition, "GET", _path(name, "definition"))

    def apply(
        self: _Calls,
        definition: EndpointDefinition,
        *,
        plan: EndpointPlan | None = None,
        why: str = "",
        confirm: bool = False,
    ) -> AppliedDefinition:
        """Want what a definition says.

        Parameters
        ----------
        plan
            What was looked at before: nothing is done when another definition was applied since.
        confirm
            Deploy versions also when they have no recorded rows to check.

        Raises
        ------
        ServiceProblemError
            With code ``stale-definition`` when it is not the plan's generation that is in force.
        """
        body = given.DefinitionIn(definition=definition.to_dict(), why=why, confirm=confirm)
        headers = {} if plan is None else {"If-Match": plan.etag}
        return self.call(AppliedDefinition, "PUT", _path(definition.name, "definition"), body=body, headers=headers)

    def deploy(self: _Calls, endpoint: str, version: str, *, why: str = "", confirm: bool = False) -> Endpoint:
        """Deploy a version; all else of the endpoint's definition stays."""
        body = given.DeploymentIn(version=version, why=why, confirm=confirm)
        return self.call(Endpoint, "POST", _path(endpoint, "deployments"), body=body)

    def roll_back(self: _Calls, name: str, deployment_id: str | None = None, *, why: str = "") -> Endpoint:
        """Go back to a row of the ledger; without one, abort the roll-out under way, or undo the last one."""
        body = given.RollbackIn(deployment_id=deployment_id, why=why)
        return self.call(Endpoint, "POST", _path(name, "rollback"), body=body)

    def promote(self: _Calls, name: str, *, why: str = "") -> Endpoint:
        """Give what is being rolled out all requests now."""
        return self.call(Endpoint, "POST", _path(name, "promote"), body=given.WhyIn(why=why))

    def abort(self: _Calls, name: str, *, why: str = "") -> Endpoint:
        """Take back what is being rolled out now."""
        return self.call(Endpoint, "POST", _path(name, "abort"), body=given.WhyIn(why=why))

    def scale(self: _Calls, name: str, min_replicas: int, max_replicas: int, *, why: str = "") -> Endpoint:
        """Bound the replicas of each version of an endpoint."""
        body = given.ScaleIn(min_replicas=min_replicas, max_replicas=max_replicas, why=why)
        return self.call(Endpoint, "POST", _path(name, "scale"), body=body)

    def set_endpoint_state(self: _Calls, name: str, state: str) -> Endpoint:
        """Start (``live``) or stop (``stopped``) an endpoint."""
        return self.call(Endpoint, "PATCH", _path(name), body=given.EndpointChange(state=state))

    def predict(self: _Calls, name: str, rows: list[dict[str, Any]]) -> Prediction:
        """Try an endpoint."""
        return self.call(Prediction, "POST", _path(name, "predict"), body=given.PredictIn(rows=rows))

    def tokens(self: _Calls) -> tuple[Token, ...]:
        """Return one's tokens that are taken now, newest first."""
        return self.call(Page[Token], "GET", "tokens").items

    def make_token(
        self: _Calls,
        name: str,
        *,
        days: int = 90,
        endpoints: list[str] | None = None,
        rate_per_s: float | None = None,
        burst: int | None = None,
    ) -> NewToken:
        """Make a token that calls endpoints."""
        body = given.TokenIn(name=name, days=days, endpoints=endpoints, rate_per_s=rate_per_s, burst=burst)
        return self.call(NewToken, "POST", "tokens", body=body)

    def rotate_token(self: _Calls, token_id: str, *, grace_s: float = 86400) -> NewToken:
        """Make another token like one, which itself ends after `grace_s` seconds."""
        path = f"tokens/{quote(token_id, safe='')}/rotate"
        return self.call(NewToken, "POST", path, body=given.RotationIn(grace_s=grace_s))

    def revoke_token(self: _Calls, token_id: str) -> Token:
        """End a token now."""
        return self.call(Token, "DELETE", f"tokens/{quote(token_id, safe='')}")


def _path(name: str, part: str = "") -> str:
    return f"endpoints/{quote(name, safe='')}" + (f"/{part}" if part else "")
