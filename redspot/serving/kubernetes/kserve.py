"""The KServe `InferenceService` of an endpoint (https://kserve.github.io/website/docs/reference/crd-api)."""

from __future__ import annotations

from typing import Any

from redspot.serving.kubernetes.arm import Cluster, KubernetesArm
from redspot.serving.kubernetes.pod import pod_spec, replica_container

API_VERSION = "serving.kserve.io/v1beta1"
# The container that KServe takes for the model server, and the port's name for HTTP/1.1.
_CONTAINER = "kserve-container"
_PORT = "http1"


def inference_service(arm: KubernetesArm, cluster: Cluster, *, least: int, most: int) -> dict[str, Any]:
    """Return the InferenceService that serves one version, which speaks the Open Inference Protocol v2.

    It asks for KServe's raw deployments: those of Knative know neither tmpfs limits nor init containers
    everywhere, and a replica needs both.
    """
    predictor = {
        **pod_spec(arm, cluster),
        "containers": [replica_container(arm, cluster, name=_CONTAINER, port=_PORT)],
        "minReplicas": max(1, least),
        "maxReplicas": max(1, least, most),
    }
    metadata = {
        "name": arm.name,
        "namespace": cluster.namespace,
        "labels": arm.labels(cluster),
        "annotations": {
            "serving.kserve.io/deploymentMode": "RawDeployment",
            "org.redspot/endpoint": arm.endpoint,
            "org.redspot/version": arm.ref,
        },
    }
    return {
        "apiVersion": API_VERSION,
        "kind": "InferenceService",
        "metadata": metadata,
        "spec": {"predictor": predictor},
    }
