"""Models and versions."""

from __future__ import annotations

from redspot.contracts.replies import Page
from redspot.contracts.requests import AliasIn, ListQuery, VersionIn
from redspot.ids import ModelRef, parse_name
from redspot.registry.model import Model, Version, VersionNotFoundError
from redspot_server.content import Content
from redspot_server.identity import Caller
from redspot_server.registering import new_version
from redspot_server.services import Services


def list_models(services: Services, caller: Caller, query: ListQuery) -> Page[Model]:
    """Return models by name."""
    found = services.models.models(limit=query.limit + 1, after=query.cursor)
    return Page(found[: query.limit], found[query.limit - 1].name if len(found) > query.limit else None)


def read_model(services: Services, caller: Caller, name: str) -> Model:
    """Return one model."""
    return services.models.model(name)


def list_versions(services: Services, caller: Caller, name: str, query: ListQuery) -> Page[Version]:
    """Return versions, newest first."""
    before = int(query.cursor) if query.cursor and query.cursor.isdigit() else None
    found = services.models.versions(name, limit=query.limit + 1, before=before)
    return Page(found[: query.limit], str(found[query.limit - 1].number) if len(found) > query.limit else None)


def read_version(services: Services, caller: Caller, ref: str) -> Version:
    """Return one version."""
    return services.models.get(ModelRef.parse(ref))


def register_version(services: Services, caller: Caller, name: str, body: VersionIn) -> Version:
    """Register the pipeline file that was sent, or a notebook that answers; what it is, is read from it."""
    parse_name(name, "model")
    return services.models.add(new_version(services, caller.name, name, body))


def set_alias(services: Services, caller: Caller, name: str, alias: str, body: AliasIn) -> Model:
    """Point an alias at a version."""
    return services.models.set_alias(name, alias, body.number, by=caller.name)


def read_pipeline(services: Services, caller: Caller, ref: str) -> Content:
    """Return the pipeline file."""
    artifact = services.models.get(ModelRef.parse(ref)).pipeline
    return Content(services.artifacts.get(artifact.digest), artifact.media_type, artifact.name)


def read_notebook(services: Services, caller: Caller, ref: str) -> Content:
    """Return the notebook that made the version."""
    version = services.models.get(ModelRef.parse(ref))
    if version.notebook is None:
        raise VersionNotFoundError(f"{version.ref} was registered without a notebook.", ref=ref)
    artifact = version.notebook
    return Content(services.artifacts.get(artifact.digest), artifact.media_type, artifact.name)
