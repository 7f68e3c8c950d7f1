"""The pod of a replica: what runs in it, what it may use, and what it may not do."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from redspot.serving.kubernetes.arm import PORT, Cluster, KubernetesArm, PipelineSource

Manifest = dict[str, Any]

CONTAINER = "replica"
SECRET_VARIABLE = "REDSPOT_REPLICA_SECRET"
SECRET_KEY = "secret"
PIPELINE_KEY = "pipeline.redspot"
CONFIG_KEY = "replica.json"
_CONFIG_FOLDER = "/etc/redspot"
_PIPELINE_FOLDER = "/var/lib/redspot"
_UID = _GID = 1000
# A terminating pod is out of the router's table and of its Service's endpoints before it stops to listen.
_DRAIN_S = 5
_GRACE_S = 45
_START_PERIOD_S = 2
_START_FAILURES = 150  # five minutes to load and to prove


def replica_config(arm: KubernetesArm) -> str:
    """Return ``replica.json``, with its keys in order: equal arms give equal texts."""
    content: dict[str, object] = {
        **arm.settings,
        "endpoint": arm.endpoint,
        "deployment_id": arm.deployment_id,
        "model": arm.model,
        "version": arm.version,
        "pipeline": f"{_PIPELINE_FOLDER}/{PIPELINE_KEY}",
        "host": "0.0.0.0",
        "port": PORT,
        "secret_env": SECRET_VARIABLE,
    }
    return json.dumps(content, indent=1, sort_keys=True)


def pod_template(arm: KubernetesArm, cluster: Cluster) -> Manifest:
    """Return the template of an arm's pods."""
    config_digest = hashlib.sha256(replica_config(arm).encode()).hexdigest()
    annotations = {
        "kubectl.kubernetes.io/default-container": CONTAINER,
        "org.redspot/config": f"sha256:{config_digest}",
        "org.redspot/pipeline": arm.pipeline.digest,
    }
    container = {**replica_container(arm, cluster), "lifecycle": {"preStop": {"sleep": {"seconds": _DRAIN_S}}}}
    spec = {
        **pod_spec(arm, cluster),
        "containers": [container],
        "terminationGracePeriodSeconds": _GRACE_S,
    }
    return {"metadata": {"labels": arm.labels(cluster), "annotations": annotations}, "spec": spec}


def pod_spec(arm: KubernetesArm, cluster: Cluster) -> Manifest:
    """Return what a pod of an arm has beside its container."""
    volumes: list[Manifest] = [{"name": "config", "configMap": {"name": arm.config_name, "defaultMode": 0o444}}]
    spec: Manifest = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _UID,
            "runAsGroup": _GID,
            "fsGroup": _GID,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }
    if arm.pipeline.content is not None:
        volumes.append({"name": "pipeline", "configMap": {"name": arm.pipeline_name, "defaultMode": 0o444}})
    elif cluster.source is not None:
        volumes.append({"name": "pipeline", "emptyDir": {"sizeLimit": str(2 * arm.pipeline.size_bytes)}})
        spec["initContainers"] = [_fetching(arm, cluster, cluster.source)]
    volumes.append({"name": "scratch", "emptyDir": {"sizeLimit": "256Mi"}})
    return {**spec, "volumes": volumes}


def replica_container(arm: KubernetesArm, cluster: Cluster, *, name: str = CONTAINER, port: str = "http") -> Manifest:
    """Return the container that answers. Its port opens once the pipeline has proved itself: that is being ready."""
    secret = {"valueFrom": {"secretKeyRef": {"name": arm.secret_name, "key": SECRET_KEY}}}
    probe = {"tcpSocket": {"port": PORT}}
    return {
        **_container(arm, cluster, name),
        "command": ["python", "-m", "redspot.serving.replica", f"{_CONFIG_FOLDER}/{CONFIG_KEY}"],
        "env": [{"name": SECRET_VARIABLE, **secret}, *_environment()],
        "ports": [{"name": port, "containerPort": PORT, "protocol": "TCP"}],
        "startupProbe": {**probe, "periodSeconds": _START_PERIOD_S, "failureThreshold": _START_FAILURES},
        "readinessProbe": {**probe, "periodSeconds": 2, "timeoutSeconds": 1, "failureThreshold": 2},
        "livenessProbe": {**probe, "periodSeconds": 10, "timeoutSeconds": 2, "failureThreshold": 3},
        "volumeMounts": [
            {"name": "config", "mountPath": _CONFIG_FOLDER, "readOnly": True},
            {"name": "pipeline", "mountPath": _PIPELINE_FOLDER, "readOnly": True},
            {"name": "scratch", "mountPath": "/tmp"},
        ],
    }


def resources(arm: KubernetesArm) -> Manifest:
    """Return what the instance type gives, asked for and bounded alike: such pods are the last to be evicted."""
    given = {"cpu": cpu_quantity(arm.instance.cpu), "memory": memory_quantity(arm.instance.memory_bytes)}
    return {"requests": given, "limits": dict(given)}


def cpu_quantity(cores: float) -> str:
    """Return cores as Kubernetes writes them; it knows thousandths.

    Examples
    --------
    >>> cpu_quantity(2.0), cpu_quantity(0.25)
    ('2', '250m')
    """
    thousandths = max(1, round(cores * 1000))
    return str(thousandths // 1000) if thousandths % 1000 == 0 else f"{thousandths}m"


def memory_quantity(size_bytes: int) -> str:
    """Return bytes as Kubernetes writes them, exactly.

    Examples
    --------
    >>> memory_quantity(2 * 1024**3), memory_quantity(1000)
    ('2Gi', '1000')
    """
    for unit, factor in (("Gi", 2**30), ("Mi", 2**20), ("Ki", 2**10)):
        if size_bytes % factor == 0:
            return f"{size_bytes // factor}{unit}"
    return str(size_bytes)


def _fetching(arm: KubernetesArm, cluster: Cluster, source: PipelineSource) -> Manifest:
    """Return the init container that fetches the pipeline and checks its hash."""
    token = {"valueFrom": {"secretKeyRef": {"name": source.token_secret, "key": "token"}}}
    target = f"{_PIPELINE_FOLDER}/{PIPELINE_KEY}"
    url, limit = source.url_of(arm.ref), str(arm.pipeline.size_bytes)
    return {
        **_container(arm, cluster, "pipeline"),
        "command": ["python", "-m", "redspot.serving.fetching", url, arm.pipeline.digest, limit, target],
        "env": [{"name": "REDSPOT_FETCH_TOKEN", **token}, *_environment()],
        "volumeMounts": [
            {"name": "pipeline", "mountPath": _PIPELINE_FOLDER},
            {"name": "scratch", "mountPath": "/tmp"},
        ],
    }


def _container(arm: KubernetesArm, cluster: Cluster, name: str) -> Manifest:
    return {
        "name": name,
        "image": arm.image,
        "imagePullPolicy": cluster.pull_policy.value,
        "resources": resources(arm),
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "privileged": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }


def _environment() -> list[Mapping[str, str]]:
    # No root file system to write byte code to, and no home.
    values = {"HOME": "/tmp", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
    return [{"name": name, "value": value} for name, value in values.items()]
