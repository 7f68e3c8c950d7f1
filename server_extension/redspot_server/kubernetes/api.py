"""The API of a cluster: the few calls that replicas need, with objects as dicts in the API's own shape."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from redspot_server.kubernetes.refusals import (
    KubernetesConfigError,
    KubernetesMissingError,
    KubernetesUnavailableError,
    refusal,
)

if TYPE_CHECKING:
    from kubernetes.client import ApiClient

FIELD_MANAGER = "redspot"
_TIMEOUT_S = (5.0, 20.0)  # to connect, and between two packets
# Server-side apply: https://kubernetes.io/docs/reference/using-api/server-side-apply/
_APPLY = "application/apply-patch+yaml"
_MERGE = "application/merge-patch+json"
PLACES = {
    "Pod": ("/api/v1", "pods"),
    "Service": ("/api/v1", "services"),
    "Secret": ("/api/v1", "secrets"),
    "ConfigMap": ("/api/v1", "configmaps"),
    "Deployment": ("/apis/apps/v1", "deployments"),
    "NetworkPolicy": ("/apis/networking.k8s.io/v1", "networkpolicies"),
    "PodDisruptionBudget": ("/apis/policy/v1", "poddisruptionbudgets"),
    "HTTPRoute": ("/apis/gateway.networking.k8s.io/v1", "httproutes"),
}

Object = dict[str, Any]


def connect(kubeconfig: str = "", context: str = "") -> ApiClient:
    """Return the official client: of a kubeconfig, or of the cluster whose pod this process runs in.

    Parameters
    ----------
    kubeconfig, context
        Empty for ``KUBECONFIG`` or ``~/.kube/config``, and its current context.

    Raises
    ------
    KubernetesMissingError
        When the library is not installed.
    KubernetesConfigError
        When no cluster is configured.
    """
    try:
        from kubernetes.client import ApiClient, Configuration
        from kubernetes.config import ConfigException, load_incluster_config, load_kube_config
    except ImportError:
        raise KubernetesMissingError("Kubernetes needs its library: pip install 'redspot[kubernetes]'.") from None
    configuration = Configuration()
    configuration.retries = False  # the deployer asks again in its next step
    try:
        if is_inside() and not kubeconfig and not os.environ.get("KUBECONFIG"):
            load_incluster_config(configuration)
        else:
            file = kubeconfig or os.environ.get("KUBECONFIG")
            load_kube_config(file or None, context or None, configuration, persist_config=False)
    except (ConfigException, OSError) as error:
        raise KubernetesConfigError(f"No cluster can be reached: {str(error).rstrip('.')}.") from error
    client: ApiClient = ApiClient(configuration)
    return client


def is_inside() -> bool:
    """Return whether this process runs in a pod, and so may reach pods and Services by itself."""
    return bool(os.environ.get("KUBERNETES_SERVICE_HOST"))


class KubernetesApi:
    """Calls that are bounded in time and whose refusals are errors of ours.

    Parameters
    ----------
    namespace
        Where all objects are.
    """

    def __init__(self, client: ApiClient, namespace: str) -> None:
        self.client = client
        self.namespace = namespace

    def get(self, kind: str, name: str) -> Object | None:
        """Return an object, or None when there is none."""
        status, content = self._ask("GET", self._path(kind, name))
        if status == 404:
            return None
        return self._checked(status, content)

    def find(self, kind: str, selector: Mapping[str, str]) -> list[Object]:
        """Return the objects with these labels, their kind left out as the API does."""
        query = [("labelSelector", ",".join(f"{key}={value}" for key, value in selector.items()))]
        content = self._checked(*self._ask("GET", self._path(kind), query=query))
        items: list[Object] = content["items"]
        return items

    def apply(self, manifest: Mapping[str, Any]) -> Object:
        """Make an object what a manifest says, and return it; what others say of it in other fields stays.

        Raises
        ------
        KubernetesRefusedError, KubernetesForbiddenError, KubernetesQuotaError, KubernetesNamespaceError
            When the cluster does not take it.
        KubernetesUnavailableError
            When it does not answer.
        """
        path = self._path(manifest["kind"], manifest["metadata"]["name"])
        query = [("fieldManager", FIELD_MANAGER), ("force", "true"), ("fieldValidation", "Strict")]
        return self._checked(*self._ask("PATCH", path, query=query, body=manifest, content_type=_APPLY))

    def change(self, kind: str, name: str, change: Mapping[str, Any]) -> Object | None:
        """Change some fields of an object; None when there is none."""
        query = [("fieldManager", FIELD_MANAGER)]
        status, content = self._ask("PATCH", self._path(kind, name), query=query, body=change, content_type=_MERGE)
        return None if status == 404 else self._checked(status, content)

    def delete(self, kind: str, name: str) -> None:
        """Delete an object and what it owns; one that is gone is fine."""
        body = {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
        status, content = self._ask("DELETE", self._path(kind, name), body=body, content_type="application/json")
        if status != 404:
            self._checked(status, content)

    def log(self, pod: str, *, container: str, lines: int, previous: bool) -> str:
        """Return the end of a container's log; empty when there is none."""
        query = [("container", container), ("tailLines", str(lines)), ("previous", "true" if previous else "false")]
        status, content = self._ask("GET", f"{self._path('Pod', pod)}/log", query=query)
        return content.decode("utf-8", "replace") if status == 200 else ""

    def serves(self, kind: str) -> bool:
        """Return whether the cluster knows a kind, such as those of the Gateway API, which is installed apart."""
        status, content = self._ask("GET", PLACES[kind][0])
        if status == 404:
            return False
        return any(each["kind"] == kind for each in self._checked(status, content)["resources"])

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def _path(self, kind: str, name: str = "") -> str:
        group, plural = PLACES[kind]
        path = f"{group}/namespaces/{quote(self.namespace, safe='')}/{plural}"
        return f"{path}/{quote(name, safe='')}" if name else path

    def _ask(
        self,
        method: str,
        path: str,
        *,
        query: list[tuple[str, str]] | None = None,
        body: Mapping[str, Any] | None = None,
        content_type: str = "",
    ) -> tuple[int, bytes]:
        from kubernetes.client import ApiException
        from urllib3.exceptions import HTTPError

        headers = {"Accept": "*/*" if path.endswith("/log") else "application/json"}
        if content_type:
            headers["Content-Type"] = content_type
        try:
            request = self.client.param_serialize(
                method, path, query_params=query or [], header_params=headers, body=body, auth_settings=["BearerToken"]
            )
            answer = self.client.call_api(*request, _request_timeout=_TIMEOUT_S)
            return int(answer.status), bytes(answer.read())
        except (HTTPError, ApiException, OSError) as error:
            raise KubernetesUnavailableError(f"The cluster's API does not answer: {_last(error)}.") from error

    def _checked(self, status: int, content: bytes) -> Object:
        try:
            read = json.loads(content)
        except ValueError:
            read = {"message": content.decode("utf-8", "replace")}
        if not isinstance(read, dict):
            read = {"message": str(read)}
        if not 200 <= status < 300:
            raise refusal(status, str(read.get("message", "")), self.namespace)
        return read


def _last(error: BaseException) -> str:
    """Return the cause that says most: libraries wrap it in their own words."""
    reason = getattr(error, "reason", None)
    text = " ".join(str(reason or error).split())
    return text.rsplit("): ", 1)[-1].rstrip(".")[:300] or type(error).__name__
