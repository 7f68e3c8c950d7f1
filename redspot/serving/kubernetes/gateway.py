"""The HTTPRoute of an endpoint: Gateway API v1 (https://gateway-api.sigs.k8s.io/reference/spec/), for splits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redspot.serving.kubernetes.arm import PORT, Cluster, KubernetesArm
from redspot.serving.kubernetes.errors import KubernetesExportError
from redspot.serving.kubernetes.naming import NAME, arm_name

API_VERSION = "gateway.networking.k8s.io/v1"
_WEIGHTS = 1000


@dataclass(frozen=True, slots=True)
class Gateway:
    """The Gateway that an HTTPRoute hangs on.

    Attributes
    ----------
    namespace
        Empty for the endpoint's own.
    """

    name: str
    namespace: str = ""

    def __post_init__(self) -> None:
        """Refuse names that Kubernetes does not take (KubernetesExportError)."""
        for name in (self.name, self.namespace or "x"):
            if not NAME.fullmatch(name):
                raise KubernetesExportError(f"{name!r} is not the name of a Gateway or its namespace.", name=name)


def http_route(endpoint: str, arms: Sequence[KubernetesArm], cluster: Cluster, gateway: Gateway) -> dict[str, Any]:
    """Return the route that sends ``/endpoints/NAME/…`` to the arms by their shares.

    Raises
    ------
    KubernetesExportError
        Without an arm that has a share.
    """
    parent: dict[str, Any] = {"name": gateway.name}
    if gateway.namespace:
        parent["namespace"] = gateway.namespace
    prefix = f"/endpoints/{endpoint}"
    rewrite = {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}}
    rule = {
        "matches": [{"path": {"type": "PathPrefix", "value": prefix}}],
        "filters": [{"type": "URLRewrite", "urlRewrite": rewrite}],
        "backendRefs": [
            {"name": arm.name, "port": PORT, "weight": weight} for arm, weight in zip(arms, weights(arms), strict=True)
        ],
    }
    metadata = {
        "name": arm_name(endpoint, "route"),
        "namespace": cluster.namespace,
        "labels": _labels(arms[0], cluster),
        "annotations": {"org.redspot/endpoint": endpoint},
    }
    spec = {"parentRefs": [parent], "rules": [rule]}
    return {"apiVersion": API_VERSION, "kind": "HTTPRoute", "metadata": metadata, "spec": spec}


def weights(arms: Sequence[KubernetesArm]) -> tuple[int, ...]:
    """Return shares as whole numbers that sum to 1000; what is above zero stays so.

    Raises
    ------
    KubernetesExportError
        When no share is above zero.
    """
    total = math.fsum(arm.share for arm in arms)
    if total <= 0:
        raise KubernetesExportError("No version of the endpoint has a share of its requests.")
    exact = [arm.share / total * _WEIGHTS for arm in arms]
    given = [max(1, math.floor(each)) if each > 0 else 0 for each in exact]
    order = sorted(range(len(arms)), key=lambda index: given[index] - exact[index])
    for index in order[: max(0, _WEIGHTS - sum(given))]:
        given[index] += 1
    while sum(given) > _WEIGHTS:
        given[max(range(len(given)), key=given.__getitem__)] -= 1
    return tuple(given)


def _labels(arm: KubernetesArm, cluster: Cluster) -> dict[str, str]:
    known = arm.labels(cluster)
    shared = ("app.kubernetes.io/part-of", "app.kubernetes.io/managed-by", "org.redspot/installation")
    return {name: known[name] for name in (*shared, "org.redspot/endpoint")}
