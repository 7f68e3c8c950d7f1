"""Whole manifests, compared with golden files and held against the published schemas and our own checks.

A golden file is a text to read in review. `python -m tests.serving.kubernetes.test_manifests` writes them anew.
"""

from __future__ import annotations

import base64
import copy
import json
import string
from typing import Any

import kubernetes_validate
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import ValidationError

from redspot.compute.instance import InstanceType
from redspot.registry.definition import EndpointDefinition
from redspot.serving.events.settings import EventSettings
from redspot.serving.kubernetes.arm import (
    MAX_EMBEDDED_BYTES,
    Cluster,
    KubernetesArm,
    PipelineFile,
    PipelineSource,
)
from redspot.serving.kubernetes.checking import problems
from redspot.serving.kubernetes.errors import KubernetesExportError, KubernetesSettingError
from redspot.serving.kubernetes.export import ExportKind, export
from redspot.serving.kubernetes.gateway import Gateway, weights
from redspot.serving.kubernetes.manifests import arm_manifests, secret
from redspot.serving.kubernetes.naming import LABEL_VALUE, NAME, arm_name, label_value
from redspot.serving.kubernetes.pod import replica_config
from redspot.serving.kubernetes.rendering import render_documents, render_yaml
from redspot.serving.replica import ReplicaConfig
from tests.serving.kubernetes.arms import (
    CLUSTER,
    DIGEST,
    FETCHING,
    HERE,
    VERSION,
    check_schema,
    golden,
    large_arm,
    small_arm,
)

ONE = EndpointDefinition("penguins", "penguins@7")
TWO = EndpointDefinition(
    "penguins", split={"penguins@7": 0.9, "penguins@8": 0.1}, min_replicas=2, max_replicas=6, instance_type="cpu.odd"
)
CANARY = large_arm(deployment_id="d_01jaa0000000000000b", version="8", share=0.1)


def applied() -> tuple[dict[str, Any], ...]:
    return (secret(small_arm(), CLUSTER, "s3cret"), *arm_manifests(small_arm(), CLUSTER))


def split() -> tuple[dict[str, Any], ...]:
    arms = (large_arm(share=0.9), CANARY)
    return export(ExportKind.KUBERNETES, TWO, arms, FETCHING, gateway=Gateway("public", "gateways")).objects


def kserve() -> tuple[dict[str, Any], ...]:
    return export(ExportKind.KSERVE, ONE, (small_arm(),), CLUSTER).objects


SETS = {"applied": applied, "split": split, "kserve": kserve}


@pytest.mark.parametrize("name", SETS)
def test_manifests_are_whole_what_the_golden_file_shows(name: str) -> None:
    made, expected = golden(name, SETS[name]())
    assert made == expected


@pytest.mark.parametrize("name", SETS)
def test_manifests_satisfy_the_published_schemas_strictly_and_our_own_checks(name: str) -> None:
    manifests = SETS[name]()
    for manifest in manifests:
        check_schema(manifest)
    assert problems(manifests) == ()


def test_yaml_says_everything_in_its_place() -> None:
    text = render_yaml(export(ExportKind.KUBERNETES, ONE, (small_arm(),), CLUSTER))
    assert "&" not in text
    assert text.startswith("# Endpoint 'penguins'")
    assert f"kubectl -n ml create secret generic {small_arm().secret_name} " in text


def test_the_validator_itself_takes_what_is_applied() -> None:
    for manifest in applied():
        assert kubernetes_validate.validate(manifest, VERSION, strict=True) == VERSION


@pytest.mark.parametrize("name", SETS)
def test_schemas_refuse_a_field_that_nobody_knows(name: str) -> None:
    for manifest in SETS[name]():
        if manifest["kind"] in ("ConfigMap", "Secret"):
            continue
        broken = copy.deepcopy(manifest)
        broken["spec"]["replicaz"] = 1
        with pytest.raises(ValidationError):
            check_schema(broken)


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("Service", "spec", "selector", "app.kubernetes.io/instance"), "other", "selector takes the pods of []"),
        (("Service", "spec", "ports", 0, "port"), 70000, "70000 is not a port"),
        (("Service", "spec", "ports", 0, "targetPort"), "grpc", "no port grpc"),
        (("Service", "metadata", "name"), "7penguins", "not an RFC 1035 label"),
        (("Deployment", "metadata", "labels", "org.redspot/endpoint"), "a" * 64, "not the value of a label"),
        (("ConfigMap", "metadata", "name"), "elsewhere", "there is no ConfigMap"),
        (("Deployment", "spec", "template", "spec", "volumes", 0, "name"), "other", "mounts 'config'"),
    ],
)
def test_checks_find_what_schemas_do_not(path: tuple[Any, ...], value: object, says: str) -> None:
    manifests = copy.deepcopy(list(applied()))
    kind, *steps, last = path
    place: Any = next(each for each in manifests if each["kind"] == kind)
    for step in steps:
        place = place[step]
    place[last] = value
    assert any(says in problem for problem in problems(manifests)), problems(manifests)


NAMES = st.text(string.ascii_letters + string.digits + "._-", min_size=1, max_size=100).filter(
    lambda text: text[0].isalnum()
)


@st.composite
def sets(draw: st.DrawFn) -> tuple[dict[str, Any], ...]:
    """Return the objects of an endpoint of any name, with several arms of any shares."""
    name = draw(NAMES)
    shares = draw(st.lists(st.floats(0.001, 1), min_size=1, max_size=4))
    size = draw(st.sampled_from([10, 5_000_000]))
    arms = tuple(
        KubernetesArm(
            name,
            draw(NAMES) + str(number),
            draw(NAMES),
            str(number + 1),
            "redspot:1",
            InstanceType("x", draw(st.floats(0.01, 64)), draw(st.integers(2**20, 2**40)), ""),
            PipelineFile(DIGEST, size, b"x" * 10 if size == 10 else None),
            share / sum(shares),
            draw(st.integers(0, 100)),
        )
        for number, share in enumerate(shares)
    )
    definition = EndpointDefinition(name, "m@1", max_replicas=draw(st.integers(1, 100)))
    source = PipelineSource("http://redspot:8000", "0.0.0.0/0", "token")
    cluster = Cluster("ml", source=source, allows_dns=draw(st.booleans()))
    return export(ExportKind.KUBERNETES, definition, arms, cluster, gateway=Gateway("g")).objects


@settings(max_examples=60, deadline=None)
@given(sets())
def test_objects_of_any_endpoint_pass_our_checks(manifests: tuple[dict[str, Any], ...]) -> None:
    assert problems(manifests) == ()
    (route,) = (each for each in manifests if each["kind"] == "HTTPRoute")
    assert sum(ref["weight"] for ref in route["spec"]["rules"][0]["backendRefs"]) == 1000


@settings(max_examples=10, deadline=None)
@given(sets())
def test_objects_of_any_endpoint_satisfy_the_published_schemas(manifests: tuple[dict[str, Any], ...]) -> None:
    for manifest in manifests:
        check_schema(manifest)


@settings(max_examples=300)
@given(NAMES, NAMES, NAMES)
def test_names_are_valid_and_tell_endpoints_and_arms_apart(name: str, other: str, key: str) -> None:
    assert NAME.fullmatch(arm_name(name, key))
    assert len(arm_name(name, key)) <= 51
    assert (arm_name(name, key) == arm_name(other, key)) == (name == other)
    assert LABEL_VALUE.fullmatch(label_value(name))
    assert (label_value(name) == label_value(other)) == (name == other)


def test_names_that_differ_in_letters_that_kubernetes_lacks_stay_apart() -> None:
    assert arm_name("Penguins.v2", "a") != arm_name("penguins-v2", "a")


def test_weights_sum_to_a_thousand_and_keep_small_shares() -> None:
    arms = [small_arm(share=share) for share in (0.99995, 0.00005)]
    assert weights(arms) == (999, 1)
    assert weights([small_arm(share=share) for share in (1 / 3, 1 / 3, 1 / 3)]) == (334, 333, 333)
    with pytest.raises(KubernetesExportError):
        weights([small_arm(share=0.0)])


def test_a_secret_is_only_in_the_secret() -> None:
    first, *others = applied()
    assert base64.b64decode(first["data"]["secret"]) == b"s3cret"
    assert "s3cret" not in json.dumps(others)
    assert first["data"]["secret"] not in json.dumps(others)


def test_the_replica_reads_its_configuration(tmp_path: Any) -> None:
    file = tmp_path / "replica.json"
    file.write_text(replica_config(small_arm(settings={"trusted_modules": ["mine"]})))
    config = ReplicaConfig.read(file)
    (entry,) = config.models
    assert (config.endpoint, entry.version, str(config.door)) == ("penguins", "7", "0.0.0.0:8080")
    assert config.trusted_modules == ("mine",)
    assert config.events is None or isinstance(config.events, EventSettings)


def test_a_large_pipeline_without_a_place_to_fetch_it_is_refused() -> None:
    with pytest.raises(KubernetesSettingError, match=rf"5000000 bytes and a ConfigMap takes {MAX_EMBEDDED_BYTES}"):
        arm_manifests(large_arm(), CLUSTER)


def test_pods_may_only_reach_what_they_fetch_from() -> None:
    closed = next(each for each in applied() if each["kind"] == "NetworkPolicy")
    assert closed["spec"]["egress"] == []
    open_ = next(each for each in arm_manifests(large_arm(), FETCHING) if each["kind"] == "NetworkPolicy")
    assert [rule.get("to") for rule in open_["spec"]["egress"]] == [None, [{"ipBlock": {"cidr": "10.3.0.7/32"}}]]


def test_an_inference_service_of_a_split_is_refused() -> None:
    with pytest.raises(KubernetesExportError, match="among 2 versions"):
        export(ExportKind.KSERVE, TWO, (small_arm(), CANARY), FETCHING)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Cluster("ML"),
        lambda: Cluster(router_labels={}),
        lambda: Cluster(router_labels={"a": "b c"}),
        lambda: PipelineSource("ftp://x", "10.0.0.0/8", "t"),
        lambda: PipelineSource("http://x", "everywhere", "t"),
        lambda: PipelineSource("http://x", "10.0.0.0/8", "T"),
        lambda: small_arm(image=""),
        lambda: small_arm(image="a b"),
    ],
)
def test_settings_that_kubernetes_does_not_take_are_refused(make: Any) -> None:
    with pytest.raises(KubernetesSettingError):
        make()


if __name__ == "__main__":
    for each in SETS:
        (HERE / "golden" / f"{each}.yaml").write_text(render_documents(SETS[each]()))
