"""The Kubernetes backend of an installation, from its settings."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from redspot.compute.instance import find_instance_type
from redspot.config import Config
from redspot.registry.deployment import Deployment
from redspot.registry.model import Version
from redspot.serving.kubernetes.arm import (
    MAX_EMBEDDED_BYTES,
    Cluster,
    KubernetesArm,
    PipelineFile,
    PipelineSource,
    PullPolicy,
)
from redspot.serving.kubernetes.errors import KubernetesSettingError
from redspot_server.kubernetes.api import KubernetesApi, connect, is_inside
from redspot_server.kubernetes.replicas import KubernetesReplicas, Reach
from redspot_server.services import Services

_Choice = TypeVar("_Choice", bound=StrEnum)


def kubernetes_replicas(services: Services) -> KubernetesReplicas:
    """Return the backend. It asks the cluster when it is needed, and says then what is not installed or not set.

    Raises
    ------
    KubernetesSettingError
        Naming the setting that is wrong.
    """
    config = services.config
    cluster = cluster_of(config, installation_of(services))

    def reach() -> KubernetesApi:
        if not config.kubernetes_namespace:
            raise KubernetesSettingError("No cluster is used: set kubernetes_namespace, and see docs/kubernetes.md.")
        return KubernetesApi(connect(context=config.kubernetes_context), cluster.namespace)

    return KubernetesReplicas(
        cluster,
        connect=reach,
        arm_of=lambda deployment: arm_of(services, deployment),
        secret_of=lambda deployment: services.secret_of(f"replica:{deployment.id}"),
        clock=services.clock,
        reach=_one_of(Reach, "kubernetes_reach", config.kubernetes_reach),
        can_ask=is_inside(),
    )


def installation_of(services: Services) -> str:
    """Return what tells this installation's objects from those of others in the same namespace."""
    return services.secret_of("kubernetes-installation")[:16]


def cluster_of(config: Config, installation: str = "exported") -> Cluster:
    """Return where objects go, as the settings say (KubernetesSettingError naming the one that is wrong)."""
    labels = {}
    for pair in filter(None, (part.strip() for part in config.kubernetes_router_labels.split(","))):
        key, equals, value = pair.partition("=")
        if not equals:
            raise KubernetesSettingError(f"kubernetes_router_labels has {pair!r}; it is like 'app=router,tier=web'.")
        labels[key] = value
    parts = (config.kubernetes_service_url, config.kubernetes_service_cidr, config.kubernetes_token_secret)
    if any(parts) and not all(parts):
        raise KubernetesSettingError(
            "kubernetes_service_url, kubernetes_service_cidr and kubernetes_token_secret are set together,"
            " or none of them is."
        )
    return Cluster(
        config.kubernetes_namespace or "default",
        _one_of(PullPolicy, "kubernetes_pull_policy", config.kubernetes_pull_policy),
        labels,
        config.kubernetes_router_namespace,
        source=PipelineSource(*parts) if all(parts) else None,
        installation=installation,
    )


def arm_of(services: Services, deployment: Deployment) -> KubernetesArm:
    """Return what a deployment of the ledger is in the cluster.

    Raises
    ------
    KubernetesSettingError
        When no image is set, or events are wanted: nothing ships them from pods yet.
    """
    if deployment.spec.log_sample:
        raise KubernetesSettingError(
            f"Endpoint {deployment.endpoint!r} keeps events, and nothing ships them from pods yet:"
            " set log_sample = 0 in its definition.",
            endpoint=deployment.endpoint,
        )
    version = services.models.get(deployment.ref)
    return version_arm(
        services,
        version,
        endpoint=deployment.endpoint,
        deployment_id=deployment.id,
        instance_type=deployment.spec.instance_type,
        image=services.config.kubernetes_image,
        share=deployment.share,
    )


def version_arm(
    services: Services,
    version: Version,
    *,
    endpoint: str,
    deployment_id: str,
    instance_type: str,
    image: str,
    share: float,
    replicas: int = 1,
) -> KubernetesArm:
    """Return one version at an endpoint; a small pipeline comes with it (KubernetesSettingError without an image)."""
    if version.is_notebook:
        raise KubernetesSettingError(f"{version.ref} is a notebook; those run on 'process' or 'docker'.")
    artifact = version.pipeline
    fits = artifact.size_bytes <= MAX_EMBEDDED_BYTES
    content = services.artifacts.get(artifact.digest) if fits else None
    return KubernetesArm(
        endpoint,
        deployment_id,
        version.model,
        str(version.number),
        image,
        find_instance_type(services.instance_types, instance_type),
        PipelineFile(artifact.digest, artifact.size_bytes, content),
        share,
        replicas,
        settings={"trusted_modules": list(services.config.trusted)},
    )


def _one_of(kind: type[_Choice], setting: str, value: str) -> _Choice:
    if value not in list(kind):
        raise KubernetesSettingError(f"{setting} is {value!r}; there is {', '.join(kind)}.", setting=setting)
    return kind(value)
