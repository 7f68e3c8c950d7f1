"""Objects in memory in place of a cluster: what we ask for can be looked at, and what became of it is said by hand."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, cast

from redspot_server.kubernetes.api import KubernetesApi
from redspot_server.kubernetes.refusals import refusal


class MemoryCluster:
    """Keeps what is applied. It answers nothing by itself: pods are put into it.

    Attributes
    ----------
    refuses
        Kind → status and message that applying it is answered with; ``*`` is everything.
    """

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], dict[str, Any]] = {}
        self.refuses: dict[str, tuple[int, str]] = {}
        self.logs: dict[tuple[str, bool], str] = {}
        self.namespace = "ml"

    @property
    def api(self) -> KubernetesApi:
        return cast("KubernetesApi", self)

    def get(self, kind: str, name: str) -> dict[str, Any] | None:
        self._refuse("*")
        return self.objects.get((kind, name))

    def find(self, kind: str, selector: Mapping[str, str]) -> list[dict[str, Any]]:
        self._refuse("*")
        return [
            each
            for (of, _), each in self.objects.items()
            if of == kind and selector.items() <= each["metadata"]["labels"].items()
        ]

    def apply(self, manifest: Mapping[str, Any]) -> dict[str, Any]:
        self._refuse("*")
        self._refuse(manifest["kind"])
        kept = copy.deepcopy(dict(manifest))
        kept["metadata"]["uid"] = f"uid-{manifest['metadata']['name']}"
        self.objects[manifest["kind"], manifest["metadata"]["name"]] = kept
        return kept

    def change(self, kind: str, name: str, change: Mapping[str, Any]) -> dict[str, Any] | None:
        self._refuse("*")
        found = self.objects.get((kind, name))
        if found is not None:
            found["metadata"]["annotations"] |= change["metadata"]["annotations"]
            found["spec"] |= change["spec"]
        return found

    def delete(self, kind: str, name: str) -> None:
        self._refuse("*")
        gone = self.objects.pop((kind, name), None)
        for key, each in list(self.objects.items()):
            owners = each["metadata"].get("ownerReferences", ())
            if gone is not None and any(owner["uid"] == gone["metadata"]["uid"] for owner in owners):
                del self.objects[key]

    def log(self, pod: str, *, container: str, lines: int, previous: bool) -> str:
        return self.logs.get((pod, previous), "")

    def serves(self, kind: str) -> bool:
        return False

    def put_pod(self, name: str, *, ready: bool, created: str = "2026-03-01T11:00:00Z", **status: Any) -> None:
        """Put a pod of the only Deployment there is."""
        (deployment,) = self.find("Deployment", {})
        self.objects["Pod", name] = {
            "metadata": {
                "name": name,
                "creationTimestamp": created,
                "labels": deployment["spec"]["template"]["metadata"]["labels"],
            },
            "spec": {"nodeName": "node-a", "containers": deployment["spec"]["template"]["spec"]["containers"]},
            "status": {"conditions": [{"type": "Ready", "status": "True" if ready else "False"}], **status},
        }

    def _refuse(self, kind: str) -> None:
        if kind in self.refuses:
            raise refusal(*self.refuses[kind], self.namespace)
