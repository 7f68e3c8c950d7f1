"""What Kubernetes is told about one version at an endpoint, and about the cluster it goes to."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from redspot.compute.instance import InstanceType
from redspot.serving.kubernetes.errors import KubernetesSettingError
from redspot.serving.kubernetes.naming import LABEL_VALUE, NAME, arm_name, label_value

PORT = 8080
# A ConfigMap holds at most 1 MiB; what its keys and the other fields need is left.
MAX_EMBEDDED_BYTES = 900_000
_LABEL_KEY = re.compile(r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]{0,499}")


class PullPolicy(StrEnum):
    """When a node fetches an image: when it lacks it, never, or each time."""

    IF_NOT_PRESENT = "IfNotPresent"
    NEVER = "Never"
    ALWAYS = "Always"


@dataclass(frozen=True, slots=True)
class PipelineSource:
    """Where pods fetch pipeline files that are too large for a ConfigMap: from Redspot's own service.

    Attributes
    ----------
    service_url
        The service as pods see it, such as ``https://hub.example.org/services/redspot/``.
    cidr
        The addresses behind that URL, such as ``10.3.0.7/32``: nothing else can be reached from a pod.
    token_secret
        Secret in the same namespace whose key ``token`` may read versions.
    """

    service_url: str
    cidr: str
    token_secret: str

    def __post_init__(self) -> None:
        """Refuse what cannot be used (KubernetesSettingError)."""
        parts = urlsplit(self.service_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise KubernetesSettingError(f"The service's URL {self.service_url!r} is not of http or https.")
        try:
            ipaddress.ip_network(self.cidr)
        except ValueError as error:
            raise KubernetesSettingError(f"The addresses {self.cidr!r} are not like 10.3.0.7/32: {error}.") from error
        if not NAME.fullmatch(self.token_secret):
            raise KubernetesSettingError(f"The token's secret {self.token_secret!r} is not the name of a Secret.")

    @property
    def port(self) -> int:
        """The port behind the URL."""
        parts = urlsplit(self.service_url)
        return parts.port or (443 if parts.scheme == "https" else 80)

    def url_of(self, ref: str) -> str:
        """Return where the pipeline file of a version is."""
        return f"{self.service_url.rstrip('/')}/api/versions/{ref}/pipeline"


@dataclass(frozen=True, slots=True)
class Cluster:
    """Where objects go, and what is the same for all endpoints there.

    Attributes
    ----------
    pull_policy
        ``Never`` where images are put on nodes by hand.
    router_labels, router_namespace
        Pods that may reach replicas, in which namespace; without a name in the same.
    allows_dns
        Whether replicas may ask for names of the cluster.
    source
        Where large pipelines are fetched; None lets a large one be refused.
    installation
        Tells objects of several installations in one namespace apart.
    """

    namespace: str = "default"
    pull_policy: PullPolicy = PullPolicy.IF_NOT_PRESENT
    router_labels: Mapping[str, str] = field(default_factory=lambda: {"app.kubernetes.io/name": "redspot-router"})
    router_namespace: str = ""
    allows_dns: bool = False
    source: PipelineSource | None = None
    installation: str = "exported"

    def __post_init__(self) -> None:
        """Refuse names that Kubernetes does not take (KubernetesSettingError)."""
        for name in (self.namespace, self.router_namespace or "x"):
            if not re.fullmatch(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", name):
                raise KubernetesSettingError(f"{name!r} is not the name of a namespace.", namespace=name)
        if not self.router_labels:
            raise KubernetesSettingError("The router's labels are empty: then every pod could reach replicas.")
        for key, value in self.router_labels.items():
            if not _LABEL_KEY.fullmatch(key) or not LABEL_VALUE.fullmatch(value):
                raise KubernetesSettingError(f"{key}={value} is not a label.", label=key)


@dataclass(frozen=True, slots=True)
class PipelineFile:
    """The file that an arm answers with.

    Attributes
    ----------
    digest
        ``sha256:`` and 64 hexadecimal digits.
    content
        Its bytes, where they go into the objects; None lets the pod fetch it.
    """

    digest: str
    size_bytes: int
    content: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class KubernetesArm:
    """One version at an endpoint, as Kubernetes shall run it.

    Attributes
    ----------
    deployment_id
        Of the ledger; an exact version where there is no ledger, as in an exported file.
    share
        Part of the endpoint's requests, 0 to 1.
    replicas
        How many pods are wanted.
    image
        What runs in them; it holds Redspot's base install and what the pipeline was fitted with.
    settings
        The rest of ``replica.json``, such as trusted modules.
    """

    endpoint: str
    deployment_id: str
    model: str
    version: str
    image: str
    instance: InstanceType
    pipeline: PipelineFile
    share: float = 1.0
    replicas: int = 1
    settings: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse an image that is none (KubernetesSettingError)."""
        if not _IMAGE.fullmatch(self.image):
            given = f"is {self.image!r}" if self.image else "is not given"
            raise KubernetesSettingError(f"The image of endpoint {self.endpoint!r} {given}: name one that nodes have.")

    @property
    def name(self) -> str:
        """The name of its Deployment, Service, PodDisruptionBudget and NetworkPolicy."""
        return arm_name(self.endpoint, self.deployment_id)

    @property
    def ref(self) -> str:
        """The exact version, such as ``penguins@7``."""
        return f"{self.model}@{self.version}"

    @property
    def config_name(self) -> str:
        """The name of the ConfigMap that holds ``replica.json``."""
        return f"{self.name}-config"

    @property
    def pipeline_name(self) -> str:
        """The name of the ConfigMap that holds the pipeline file."""
        return f"{self.name}-pipeline"

    @property
    def secret_name(self) -> str:
        """The name of the Secret that the router shows to replicas."""
        return f"{self.name}-secret"

    @property
    def selector(self) -> dict[str, str]:
        """Labels that its pods have and no others."""
        return {"app.kubernetes.io/name": "redspot-replica", "app.kubernetes.io/instance": self.name}

    def labels(self, cluster: Cluster) -> dict[str, str]:
        """Return the labels of all its objects, pods included."""
        return {
            **self.selector,
            "app.kubernetes.io/version": label_value(self.version),
            "app.kubernetes.io/component": "replica",
            "app.kubernetes.io/part-of": "redspot",
            "app.kubernetes.io/managed-by": "redspot",
            "org.redspot/installation": label_value(cluster.installation),
            "org.redspot/endpoint": label_value(self.endpoint),
            "org.redspot/deployment": label_value(self.deployment_id),
            "org.redspot/model": label_value(self.model),
        }
