"""What an API server's refusals mean, in one sentence each.

The texts are those of ``k8s.io/apiserver`` (authorisation, quota and Status objects).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from redspot.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    MissingExtraError,
    NotFoundError,
    RedspotError,
    UnavailableError,
)

_RBAC = re.compile(
    r'User "(?P<user>[^"]*)" cannot (?P<verb>\w+) resource "(?P<kind>[^"]*)" in API group "(?P<group>[^"]*)"'
)
_QUOTA = re.compile(
    r"exceeded quota: (?P<name>\S+), requested: (?P<asked>.*), used: (?P<used>.*), limited: (?P<limit>.*)"
)
_NAMESPACE = re.compile(r'namespaces "(?P<name>[^"]*)" not found')
_MOST_CHARS = 500


class KubernetesMissingError(MissingExtraError):
    """The library that talks to Kubernetes is not installed."""

    code = "kubernetes-missing"


class KubernetesConfigError(InvalidError):
    """No cluster is configured, or its configuration cannot be read."""

    code = "kubernetes-config"


class KubernetesUnavailableError(UnavailableError):
    """The cluster's API does not answer; the same call may succeed later."""

    code = "kubernetes-unavailable"


class KubernetesForbiddenError(ForbiddenError):
    """The account that Redspot uses lacks a right in the cluster."""

    code = "kubernetes-forbidden"


class KubernetesQuotaError(ConflictError):
    """A quota of the namespace leaves no room."""

    code = "kubernetes-quota"


class KubernetesNamespaceError(NotFoundError):
    """The namespace does not exist in the cluster."""

    code = "kubernetes-namespace"


class KubernetesRefusedError(InvalidError):
    """The cluster refused what it was asked."""

    code = "kubernetes-refused"


# What is wrong with the cluster or our account there, and says nothing about a replica.
CLUSTER_ERRORS = (
    KubernetesUnavailableError,
    KubernetesForbiddenError,
    KubernetesRefusedError,
    KubernetesMissingError,
    KubernetesConfigError,
)


def refusal(status: int, said: str, namespace: str) -> RedspotError:
    """Return the error that an answer stands for.

    Parameters
    ----------
    said
        The message of the API's Status object.
    """
    if status == 429 or status >= 500:
        return KubernetesUnavailableError(f"The cluster cannot do it now: {_sentence(said)}", status=status)
    if status == 401:
        return KubernetesForbiddenError(
            "The cluster does not know Redspot's account: its token or certificate is not valid."
        )
    if (missing := _NAMESPACE.search(said)) is not None:
        return KubernetesNamespaceError(
            f"Namespace {missing['name']!r} does not exist in the cluster: make it, or name another one.",
            namespace=missing["name"],
        )
    if (over := quota_sentence(said, namespace)) is not None:
        return KubernetesQuotaError(over, namespace=namespace)
    if (lacking := rights_sentence(said, namespace)) is not None:
        return KubernetesForbiddenError(lacking, namespace=namespace)
    return KubernetesRefusedError(f"The cluster refused it: {_sentence(said)}", status=status)


def quota_sentence(said: str, namespace: str) -> str | None:
    """Return which quota leaves no room, or None when it is not about one."""
    found = _QUOTA.search(said)
    if found is None:
        return None
    limit = found["limit"].rstrip(". ")
    return (
        f"Quota {found['name']!r} of namespace {namespace!r} leaves no room: it allows {limit},"
        f" {found['used']} is used, and a replica asks for {found['asked']}."
    )


def rights_sentence(said: str, namespace: str) -> str | None:
    """Return which right is lacking, or None when it is not about rights."""
    found = _RBAC.search(said)
    if found is None:
        return None
    what = f"{found['kind']}.{found['group']}" if found["group"] else found["kind"]
    return (
        f"Account {found['user']!r} may not {found['verb']} {what} in namespace {namespace!r} of the cluster:"
        " bind the Role of docs/kubernetes.md to it."
    )


def controller_sentence(deployment: Mapping[str, Any]) -> str:
    """Return why a Deployment's pods cannot even be made, as its conditions tell; empty when they can."""
    namespace = deployment["metadata"]["namespace"]
    for condition in deployment.get("status", {}).get("conditions", ()):
        if condition["type"] == "ReplicaFailure" and condition["status"] == "True":
            said = str(condition.get("message", ""))
            return (
                quota_sentence(said, namespace)
                or rights_sentence(said, namespace)
                or f"The cluster does not make its pods: {_sentence(said)}"
            )
    return ""


def _sentence(said: str) -> str:
    text = " ".join(said.split())[:_MOST_CHARS].rstrip(". ")
    return f"{text or 'it gives no reason'}."
