"""Endpoints as files for those who apply them to a cluster themselves."""

from __future__ import annotations

from redspot.contracts.requests import ExportQuery
from redspot.ids import ModelRef
from redspot.serving.kubernetes.export import ExportKind, export
from redspot.serving.kubernetes.gateway import Gateway
from redspot.serving.kubernetes.rendering import render_yaml
from redspot_server.content import Content
from redspot_server.definitions import pinned
from redspot_server.identity import Caller
from redspot_server.kubernetes.factory import cluster_of, version_arm
from redspot_server.services import Services


def export_endpoint(services: Services, caller: Caller, name: str, query: ExportQuery) -> Content:
    """Return an endpoint as plain YAML, with the exact versions that its definition was resolved to."""
    definition = pinned(services.endpoints.definition(name))
    arms = [
        version_arm(
            services,
            services.models.get(ModelRef.parse(version)),
            endpoint=name,
            deployment_id=version,
            instance_type=definition.instance_type,
            image=query.image or services.config.kubernetes_image,
            share=share,
            replicas=max(1, definition.min_replicas),
        )
        for version, share in definition.shares.items()
    ]
    gateway_name, _, namespace = query.gateway.partition(".")
    gateway = Gateway(gateway_name, namespace) if query.gateway else None
    exported = export(ExportKind(query.to), definition, arms, cluster_of(services.config), gateway=gateway)
    return Content(render_yaml(exported).encode(), "application/yaml", f"{name}.yaml")
