"""An endpoint as one file of plain YAML's objects, for those who apply it themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from redspot.registry.definition import EndpointDefinition
from redspot.serving.kubernetes.arm import Cluster, KubernetesArm
from redspot.serving.kubernetes.errors import KubernetesExportError
from redspot.serving.kubernetes.gateway import Gateway, http_route
from redspot.serving.kubernetes.kserve import inference_service
from redspot.serving.kubernetes.manifests import (
    arm_manifests,
    autoscaler,
    config_map,
    pipeline_map,
)


class ExportKind(StrEnum):
    """What an endpoint is written for."""

    KUBERNETES = "kubernetes"
    KSERVE = "kserve"


@dataclass(frozen=True, slots=True)
class Exported:
    """What is applied, and what has to be known before.

    Attributes
    ----------
    objects
        In the order in which they are applied.
    remarks
        Sentences and commands for the top of the file.
    """

    objects: tuple[dict[str, Any], ...]
    remarks: tuple[str, ...]


def export(
    kind: ExportKind,
    definition: EndpointDefinition,
    arms: Sequence[KubernetesArm],
    cluster: Cluster,
    *,
    gateway: Gateway | None = None,
) -> Exported:
    """Return an endpoint's objects.

    Parameters
    ----------
    arms
        One for each version that answers.
    gateway
        What an HTTPRoute hangs on; None writes no route.

    Raises
    ------
    KubernetesExportError
        When it cannot be said in these objects.
    KubernetesSettingError
        When a pipeline is too large and cannot be fetched.
    """
    least, most = definition.min_replicas, definition.max_replicas
    remarks = (
        f"Endpoint {definition.name!r}, written by Redspot. Callers and gateways send each replica's secret in the",
        "header X-Redspot-Replica-Secret; no secret is in this file, so make them first:",
        *(
            f"  kubectl -n {cluster.namespace} create secret generic {arm.secret_name}"
            " --from-literal=secret=$(openssl rand -hex 32)"
            for arm in arms
        ),
    )
    if kind is ExportKind.KSERVE:
        if len(arms) != 1 or gateway is not None:
            raise KubernetesExportError(
                f"Endpoint {definition.name!r} splits requests among {len(arms)} versions, and an InferenceService"
                " serves one of them without a route: export it for kubernetes."
            )
        (arm,) = arms
        objects = (config_map(arm, cluster), *pipeline_map(arm, cluster))
        served = inference_service(arm, cluster, least=least, most=most)
        return Exported((*objects, served), remarks)
    written: list[dict[str, Any]] = []
    for arm in arms:
        made = arm_manifests(arm, cluster)
        if most > max(1, least):
            # Two must not scale the same: without a number of its own, a Deployment leaves it to the autoscaler.
            del made[-1]["spec"]["replicas"]
            made = (*made, autoscaler(arm, cluster, least=least, most=most))
        written += made
    if gateway is not None:
        written.append(http_route(definition.name, arms, cluster, gateway))
    return Exported(tuple(written), remarks)
