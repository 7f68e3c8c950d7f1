"""The installation itself: status, instance types, images, audit."""

from __future__ import annotations

from redspot._version import __version__
from redspot.compute.instance import InstanceType
from redspot.compute.unit import Isolation
from redspot.contracts.replies import AuditEntry, ImageSummary, Page, Status
from redspot.contracts.requests import ListQuery
from redspot.errors import InvalidError
from redspot.images.process import running_image
from redspot.registry.endpoint import EndpointState
from redspot_server.controllers.router_unit import router_is_up
from redspot_server.identity import Caller
from redspot_server.services import Services


class CursorError(InvalidError):
    """A cursor is not one that a list gave out."""

    code = "invalid-cursor"


def read_status(services: Services, caller: Caller) -> Status:
    """Return what this installation is and what the caller may do."""
    endpoints = services.endpoints.endpoints()
    return Status(
        version=__version__,
        host=services.host,
        caller=caller.name,
        rights=tuple(sorted(caller.rights)),
        trust=trust_sentence(services),
        isolates=str(services.backend.isolates),
        schedules_note=(
            ""
            if services.host == "hub"
            else "Schedules fire only while a Jupyter server or `redspot service` is up for this state directory."
        ),
        router_url=services.config.router_url,
        router_ok=router_is_up(services),
        time_zone=services.config.time_zone,
        counts={
            "models": len(services.models.models(limit=500)),
            "open_runs": len(services.runs.open_runs()),
            "live_endpoints": sum(endpoint.state is EndpointState.LIVE for endpoint in endpoints),
        },
    )


def trust_sentence(services: Services) -> str:
    """Return who is kept apart from whom, in one sentence."""
    if services.backend.isolates is not Isolation.NONE:
        return f"Runs and replicas of different users are kept apart by {services.backend.isolates}."
    who = services.users[0] if services.users else "the owner of the state directory"
    return f"One trust domain: everything runs with the rights of {who}, the only person allowed here."


def list_instance_types(services: Services, caller: Caller) -> Page[InstanceType]:
    """Return the instance types."""
    return Page(services.instance_types)


def list_images(services: Services, caller: Caller) -> Page[ImageSummary]:
    """Return the images that jobs can run in."""
    image = running_image()
    return Page((ImageSummary(image.name, image.lock, image.python, len(image.requirements)),))


def list_audit(services: Services, caller: Caller, query: ListQuery) -> Page[AuditEntry]:
    """Return changes, newest first."""
    if query.cursor is not None and not query.cursor.isdigit():
        raise CursorError(f"{query.cursor!r} is not a cursor of this list.")
    entries = services.audit.entries(limit=query.limit + 1, before=int(query.cursor) if query.cursor else None)
    more = len(entries) > query.limit
    return Page(entries[: query.limit], str(entries[query.limit - 1].id) if more else None)
