"""Arms and clusters that tests of manifests share, and the schemas that they are held against."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from kubernetes_validate.utils import schema_contents
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from redspot.compute.instance import InstanceType
from redspot.serving.kubernetes.arm import Cluster, KubernetesArm, PipelineFile, PipelineSource, PullPolicy
from redspot.serving.kubernetes.rendering import render_documents

HERE = Path(__file__).parent
VERSION = "1.36"
SCHEMAS = f"kubernetes-json-schema/v{VERSION}.0-local-strict"
SMALL = InstanceType("cpu.small", 1.0, 2 * 1024**3, "1 CPU, 2 GiB")
ODD = InstanceType("cpu.odd", 0.25, 1_000_000_000, "a quarter, 1 GB")
DIGEST = "sha256:" + "0" * 64
SOURCE = PipelineSource("https://hub.example.org/services/redspot/", "10.3.0.7/32", "redspot-token")
CLUSTER = Cluster("ml", PullPolicy.NEVER, installation="4f9a")
FETCHING = Cluster("ml", router_namespace="redspot", allows_dns=True, source=SOURCE, installation="4f9a")


def small_arm(**changes: Any) -> KubernetesArm:
    """Return an arm whose pipeline comes with it."""
    given: dict[str, Any] = {
        "endpoint": "penguins",
        "deployment_id": "d_01jaa0000000000000a",
        "model": "penguins",
        "version": "7",
        "image": "redspot/endpoint:7",
        "instance": SMALL,
        "pipeline": PipelineFile(DIGEST, 8, b"pipeline"),
        "settings": {"trusted_modules": []},
    }
    return KubernetesArm(**{**given, **changes})


def large_arm(**changes: Any) -> KubernetesArm:
    """Return an arm that fetches its pipeline."""
    return small_arm(**{"pipeline": PipelineFile(DIGEST, 5_000_000), "instance": ODD, "replicas": 3, **changes})


@cache
def pod_schemas() -> tuple[Any, Registry[Any]]:
    """Return what kubernetes-validate has of all kinds, read once: it reads them at each call."""
    content = schema_contents(f"{SCHEMAS}/_definitions.json", VERSION)
    resource = Resource.from_contents(content)
    return content, (resource @ Registry()).crawl()


@cache
def validator_of(kind: str, api_version: str) -> Draft202012Validator:
    """Return the validator of a kind's published schema; of custom resources it is a fixture here."""
    own = {"HTTPRoute": "httproute.json", "InferenceService": "inferenceservice.json"}.get(kind)
    if own is not None:
        schema = json.loads((HERE / "schemas" / own).read_text())
    else:
        group = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", api_version)
        schema = schema_contents(f"{SCHEMAS}/{kind.lower()}-{group}.json", VERSION)
    registry = pod_schemas()[1].with_resource(schema.get("$id", "urn:own"), Resource(schema, DRAFT202012))
    return Draft202012Validator(schema, registry=registry)


def check_schema(manifest: Mapping[str, Any]) -> None:
    """Raise unless a manifest is what its published schema says, unknown fields refused."""
    validator_of(manifest["kind"], manifest["apiVersion"]).validate(manifest)


def golden(name: str, manifests: Sequence[dict[str, Any]]) -> tuple[list[Any], list[Any]]:
    """Return manifests as they are and as ``golden/NAME.yaml`` has them."""
    made = list(yaml.safe_load_all(render_documents(manifests)))
    file = HERE / "golden" / f"{name}.yaml"
    return made, list(yaml.safe_load_all(file.read_text())) if file.exists() else []
