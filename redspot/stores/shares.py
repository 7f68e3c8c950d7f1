"""The parts that deployments have in an endpoint: each change is a new row of the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from redspot.errors import JsonScalar
from redspot.registry.deployment import DeploymentState, LedgerEvent
from redspot.registry.endpoint import Arm, ArmRole
from redspot.stores import audit
from redspot.stores.endpoint_rows import OPEN, open_rows
from redspot.stores.tables import DeploymentRow, EndpointRow, LedgerRow, ReplicaRow


@dataclass(frozen=True, slots=True)
class Cause:
    """Who changes something, when, and why in one sentence."""

    who: str
    at: datetime
    why: str


def note(session: Session, row: DeploymentRow, event: LedgerEvent, before: float, generation: int, by: Cause) -> None:
    """Add a row to the ledger, and to the audit log, about a deployment as it is from now on."""
    session.add(
        LedgerRow(
            at=by.at,
            endpoint=row.endpoint,
            deployment_id=row.id,
            version=f"{row.model}@{row.version}",
            event=event,
            role=row.role,
            share_before=before,
            share=row.share,
            generation=generation,
            who=by.who,
            why=by.why,
        )
    )
    facts: dict[str, JsonScalar] = {"deployment": row.id, "role": row.role, "share": row.share, "why": by.why}
    facts["version"] = f"{row.model}@{row.version}"
    audit.note(session, by.at, by.who, f"deployment-{event}", row.endpoint, **facts)


def current_arms(session: Session, name: str) -> tuple[Arm, ...]:
    """Return the arms that answer or are compared now."""
    return tuple(
        Arm(row.id, ArmRole(row.role), row.share)
        for row in open_rows(session, name)
        if row.state == DeploymentState.LIVE and row.share > 0
    )


def shift(session: Session, endpoint: EndpointRow, arms: Iterable[Arm], by: Cause) -> None:
    """Give open deployments their parts; those that are not named have none, and go on."""
    wanted = {arm.deployment_id: arm for arm in arms}
    for row in open_rows(session, endpoint.name):
        arm = wanted.get(row.id) or Arm(row.id, ArmRole.LIVE, 0.0)
        before = row.share
        if (row.role, row.share) == (arm.role, arm.share) and (row.state == DeploymentState.LIVE or not arm.share):
            continue
        row.role, row.share = arm.role, arm.share
        if arm.share and row.state == DeploymentState.STARTING:
            row.state, row.live_at = DeploymentState.LIVE, by.at
        note(session, row, LedgerEvent.SHIFTED, before, endpoint.generation, by)
    endpoint.updated_at = by.at
    session.flush()


def end(session: Session, row: DeploymentRow, state: DeploymentState, generation: int, by: Cause) -> None:
    """End an open deployment; its replicas are no longer wanted."""
    if row.state not in OPEN:
        return
    before, never_answered = row.share, row.live_at is None
    row.state, row.ended_at, row.share = state, by.at, 0.0
    row.failure = by.why[:2000] if state is DeploymentState.FAILED or never_answered else ""
    session.execute(delete(ReplicaRow).where(ReplicaRow.deployment_id == row.id))
    event = LedgerEvent.FAILED if state is DeploymentState.FAILED else LedgerEvent.ENDED
    note(session, row, event, before, generation, by)
    session.flush()
