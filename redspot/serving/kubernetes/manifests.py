"""All objects of one arm: what runs, how it is reached, and who may not reach it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from redspot.serving.kubernetes.arm import MAX_EMBEDDED_BYTES, PORT, Cluster, KubernetesArm
from redspot.serving.kubernetes.errors import KubernetesSettingError
from redspot.serving.kubernetes.pod import CONFIG_KEY, PIPELINE_KEY, SECRET_KEY, pod_template, replica_config

Manifest = dict[str, Any]

_UTILIZATION_PERCENT = 70


def arm_manifests(arm: KubernetesArm, cluster: Cluster) -> tuple[Manifest, ...]:
    """Return an arm's objects but its secret, the Deployment last: what it needs is there before its pods.

    Raises
    ------
    KubernetesSettingError
        When the pipeline neither fits into a ConfigMap nor can be fetched.
    """
    files = [config_map(arm, cluster), *pipeline_map(arm, cluster)]
    around = [service(arm, cluster), network_policy(arm, cluster), disruption_budget(arm, cluster)]
    return (*files, *around, deployment(arm, cluster))


def deployment(arm: KubernetesArm, cluster: Cluster) -> Manifest:
    """Return the Deployment: new pods come before old ones go."""
    spec = {
        "replicas": arm.replicas,
        "revisionHistoryLimit": 2,
        "selector": {"matchLabels": arm.selector},
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
        "template": pod_template(arm, cluster),
    }
    return {**_head(arm, cluster, "apps/v1", "Deployment", arm.name), "spec": spec}


def service(arm: KubernetesArm, cluster: Cluster) -> Manifest:
    """Return the Service: one address in the cluster for all pods that are ready."""
    spec = {
        "type": "ClusterIP",
        "selector": arm.selector,
        "ports": [{"name": "http", "port": PORT, "targetPort": "http", "protocol": "TCP"}],
    }
    return {**_head(arm, cluster, "v1", "Service", arm.name), "spec": spec}


def disruption_budget(arm: KubernetesArm, cluster: Cluster) -> Manifest:
    """Return the PodDisruptionBudget: when nodes are emptied, one pod at a time."""
    spec = {
        "maxUnavailable": 1,
        "selector": {"matchLabels": arm.selector},
        "unhealthyPodEvictionPolicy": "AlwaysAllow",
    }
    return {**_head(arm, cluster, "policy/v1", "PodDisruptionBudget", arm.name), "spec": spec}


def network_policy(arm: KubernetesArm, cluster: Cluster) -> Manifest:
    """Return the NetworkPolicy: only the router comes in, and nothing goes out that was not asked for."""
    peer: Manifest = {"podSelector": {"matchLabels": dict(cluster.router_labels)}}
    if cluster.router_namespace:
        peer["namespaceSelector"] = {"matchLabels": {"kubernetes.io/metadata.name": cluster.router_namespace}}
    egress: list[Manifest] = []
    fetches = cluster.source if arm.pipeline.content is None else None
    if cluster.allows_dns or fetches is not None:
        egress.append({"ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]})
    if fetches is not None:
        ports = [{"protocol": "TCP", "port": fetches.port}]
        egress.append({"to": [{"ipBlock": {"cidr": fetches.cidr}}], "ports": ports})
    spec = {
        "podSelector": {"matchLabels": arm.selector},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": [peer], "ports": [{"protocol": "TCP", "port": PORT}]}],
        "egress": egress,
    }
    return {**_head(arm, cluster, "networking.k8s.io/v1", "NetworkPolicy", arm.name), "spec": spec}


def config_map(arm: KubernetesArm, cluster: Cluster) -> Manifest:
    """Return the ConfigMap of ``replica.json``; it holds no secret."""
    return {**_head(arm, cluster, "v1", "ConfigMap", arm.config_name), "data": {CONFIG_KEY: replica_config(arm)}}


def pipeline_map(arm: KubernetesArm, cluster: Cluster) -> tuple[Manifest, ...]:
    """Return the ConfigMap of the pipeline file; none when the pods fetch it.

    Raises
    ------
    KubernetesSettingError
        When it is too large, and there is nowhere to fetch it from.
    """
    file = arm.pipeline
    if file.content is None:
        if cluster.source is None:
            raise KubernetesSettingError(
                f"The pipeline of {arm.ref} has {file.size_bytes} bytes and a ConfigMap takes {MAX_EMBEDDED_BYTES}:"
                " set kubernetes_service_url, kubernetes_service_cidr and kubernetes_token_secret, so that pods fetch"
                " it.",
                size_bytes=file.size_bytes,
            )
        return ()
    head = _head(arm, cluster, "v1", "ConfigMap", arm.pipeline_name)
    data = {PIPELINE_KEY: base64.b64encode(file.content).decode()}
    return ({**head, "immutable": True, "binaryData": data},)


def secret(arm: KubernetesArm, cluster: Cluster, value: str) -> Manifest:
    """Return the Secret that the router shows to the replicas."""
    data = {SECRET_KEY: base64.b64encode(value.encode()).decode()}
    return {**_head(arm, cluster, "v1", "Secret", arm.secret_name), "type": "Opaque", "data": data}


def autoscaler(arm: KubernetesArm, cluster: Cluster, *, least: int, most: int) -> Manifest:
    """Return a HorizontalPodAutoscaler by CPU time, for clusters that scale without Redspot's own service."""
    metric = {
        "type": "Resource",
        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": _UTILIZATION_PERCENT}},
    }
    spec = {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": arm.name},
        "minReplicas": max(1, least),
        "maxReplicas": max(1, least, most),
        "metrics": [metric],
        "behavior": {"scaleDown": {"stabilizationWindowSeconds": 300}},
    }
    return {**_head(arm, cluster, "autoscaling/v2", "HorizontalPodAutoscaler", arm.name), "spec": spec}


def _head(arm: KubernetesArm, cluster: Cluster, api_version: str, kind: str, name: str) -> Manifest:
    # A label holds 63 characters of some kinds; the whole truth is in annotations.
    annotations: Mapping[str, str] = {"org.redspot/endpoint": arm.endpoint, "org.redspot/version": arm.ref}
    metadata = {
        "name": name,
        "namespace": cluster.namespace,
        "labels": arm.labels(cluster),
        "annotations": dict(annotations),
    }
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata}
