"""What schemas of Kubernetes do not check: names, labels, selectors, mounts and references of a set of objects."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from redspot.serving.kubernetes.naming import LABEL_VALUE, NAME

_LABEL_KEY = re.compile(r"([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_PORT_NAME = re.compile(r"(?=.*[a-z])[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?")
# https://kubernetes.io/docs/concepts/configuration/: of a ConfigMap's or Secret's values, and of annotations.
_MAX_DATA_BYTES = 1024 * 1024
_MAX_ANNOTATIONS_BYTES = 256 * 1024
_MAX_PORT = 65535

Manifest = Mapping[str, Any]


def problems(manifests: Sequence[Manifest]) -> tuple[str, ...]:
    """Return what an API server, or a pod that does not start, would say about these objects; empty when all is well.

    Examples
    --------
    >>> problems([{"kind": "Service", "metadata": {"name": "A"}}])
    ("Service 'A': its name is not an RFC 1035 label.",)
    """
    found = [problem for manifest in manifests for problem in _of_one(manifest)]
    return (*found, *_of_all(manifests))


def _of_one(manifest: Manifest) -> Iterator[str]:
    kind, metadata = manifest["kind"], manifest["metadata"]
    where = f"{kind} {metadata['name']!r}"
    if not NAME.fullmatch(metadata["name"]):
        yield f"{where}: its name is not an RFC 1035 label."
    for labels in _labels(manifest):
        for key, value in labels.items():
            if not _LABEL_KEY.fullmatch(key):
                yield f"{where}: {key!r} is not the key of a label."
            if not LABEL_VALUE.fullmatch(value):
                yield f"{where}: {value!r} is not the value of a label."
    annotations = metadata.get("annotations", {})
    if sum(len(key) + len(value.encode()) for key, value in annotations.items()) > _MAX_ANNOTATIONS_BYTES:
        yield f"{where}: its annotations are too long."
    for port in _ports(manifest):
        if not 1 <= port <= _MAX_PORT:
            yield f"{where}: {port} is not a port."
    if kind in ("ConfigMap", "Secret") and _size(manifest) > _MAX_DATA_BYTES:
        yield f"{where}: it holds more than {_MAX_DATA_BYTES} bytes."
    pod = _pod(manifest)
    if pod is not None:
        yield from (f"{where}: {problem}" for problem in _of_pod(pod))


def _of_pod(pod: Manifest) -> Iterator[str]:
    volumes = [volume["name"] for volume in pod.get("volumes", ())]
    containers = (*pod.get("initContainers", ()), *pod["containers"])
    names = [container["name"] for container in containers]
    for repeated in ({name for name in names if names.count(name) > 1}, {v for v in volumes if volumes.count(v) > 1}):
        yield from (f"two are named {name!r}." for name in sorted(repeated))
    for container in containers:
        for mount in container.get("volumeMounts", ()):
            if mount["name"] not in volumes:
                yield f"container {container['name']!r} mounts {mount['name']!r}, which is no volume."
        for port in container.get("ports", ()):
            if not _PORT_NAME.fullmatch(port["name"]):
                yield f"{port['name']!r} is not the name of a port."
        given = container["resources"]
        if given["requests"] != given["limits"]:
            yield f"container {container['name']!r} may use more than it asks for."


def _of_all(manifests: Sequence[Manifest]) -> Iterator[str]:
    keys = [(each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]) for each in manifests]
    yield from (
        f"{kind} {name!r} is there twice." for kind, _, name in sorted(set(keys)) if _count(keys, kind, name) > 1
    )
    pods = [
        (each["metadata"]["name"], each["spec"]["template"]["metadata"]["labels"], each["spec"]["template"]["spec"])
        for each in manifests
        if each["kind"] == "Deployment"
    ]
    for manifest in manifests:
        where = f"{manifest['kind']} {manifest['metadata']['name']!r}"
        selector = _selector(manifest)
        if selector is None:
            continue
        chosen = [name for name, labels, _ in pods if selector.items() <= labels.items()]
        if pods and chosen != [manifest["metadata"]["name"]]:
            yield f"{where}: its selector takes the pods of {chosen}."
        for _, labels, spec in pods if manifest["kind"] == "Service" else ():
            named = {port["name"] for container in spec["containers"] for port in container["ports"]}
            targets = {port["targetPort"] for port in manifest["spec"]["ports"]}
            if selector.items() <= labels.items() and not targets <= named:
                yield f"{where}: its pods have no port {', '.join(sorted(targets - named))}."
    services = {name for kind, _, name in keys if kind == "Service"}
    maps = {name for kind, _, name in keys if kind == "ConfigMap"}
    for manifest in manifests:
        where = f"{manifest['kind']} {manifest['metadata']['name']!r}"
        if manifest["kind"] == "HTTPRoute":
            backends = {ref["name"] for rule in manifest["spec"]["rules"] for ref in rule["backendRefs"]}
            yield from (f"{where}: there is no Service {name!r}." for name in sorted(backends - services))
        used = {
            volume["configMap"]["name"] for volume in (_pod(manifest) or {}).get("volumes", ()) if "configMap" in volume
        }
        yield from (f"{where}: there is no ConfigMap {name!r}." for name in sorted(used - maps))


def _count(keys: Sequence[tuple[str, Any, str]], kind: str, name: str) -> int:
    return sum(1 for each in keys if (each[0], each[2]) == (kind, name))


def _pod(manifest: Manifest) -> Manifest | None:
    spec = manifest.get("spec", {})
    found = {"Deployment": lambda: spec["template"]["spec"], "InferenceService": lambda: spec["predictor"]}
    return found[manifest["kind"]]() if manifest["kind"] in found else None


def _labels(manifest: Manifest) -> Iterator[Mapping[str, str]]:
    yield manifest["metadata"].get("labels", {})
    if manifest["kind"] == "Deployment":
        yield manifest["spec"]["template"]["metadata"]["labels"]
    selector = _selector(manifest)
    if selector is not None:
        yield selector


def _selector(manifest: Manifest) -> Mapping[str, str] | None:
    spec = manifest.get("spec", {})
    found: Mapping[str, str] | None = None
    match manifest["kind"]:
        case "Service":
            found = spec.get("selector")
        case "Deployment" | "PodDisruptionBudget":
            found = spec["selector"]["matchLabels"]
        case "NetworkPolicy":
            found = spec["podSelector"]["matchLabels"]
    return found


def _ports(manifest: Manifest) -> Iterator[int]:
    spec = manifest.get("spec", {})
    for port in spec.get("ports", ()) if manifest["kind"] == "Service" else ():
        yield port["port"]
    for container in (_pod(manifest) or {}).get("containers", ()):
        yield from (port["containerPort"] for port in container.get("ports", ()))
    for rule in (*spec.get("ingress", ()), *spec.get("egress", ())) if manifest["kind"] == "NetworkPolicy" else ():
        yield from (port["port"] for port in rule.get("ports", ()))


def _size(manifest: Manifest) -> int:
    # Base 64: four characters for three bytes.
    packed = sum(len(value) for key in ("binaryData",) for value in manifest.get(key, {}).values()) * 3 // 4
    return packed + sum(len(value.encode()) for value in manifest.get("data", {}).values())
