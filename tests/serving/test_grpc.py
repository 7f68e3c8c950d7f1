"""The inference protocol over gRPC: a client of others against a real router and a real replica."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from redspot.pipeline import load
from redspot.registry.endpoint import EndpointState
from redspot.serving.grpc.messages import METHODS, message
from redspot.serving.snapshot import CallerEntry, EndpointEntry, Snapshot, token_hash
from tests.serving.conftest import (
    ADELIE,
    NUMBERS,
    TOKEN,
    ReplicaProcess,
    RouterProcess,
    replicas_in,
    wait_until,
)
from tests.serving.test_batching import random_rows

grpcclient = pytest.importorskip("tritonclient.grpc")

METADATA = {"authorization": f"Bearer {TOKEN}", "redspot-endpoint": "penguins"}


@pytest.fixture(scope="module")
def models(pipeline_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReplicaProcess]:
    """A replica of two versions."""
    folder = tmp_path_factory.mktemp("versions")
    files = [shutil.copy(pipeline_file, folder / f"{number}.redspot") for number in (1, 2)]
    entries = [{"model": "species", "version": str(n), "pipeline": str(file)} for n, file in enumerate(files, 1)]
    with replicas_in(pipeline_file) as start:
        replica = start(models=entries, model=None, version=None, pipeline=None)
        with replica.client() as client:
            wait_until(lambda: client.get("/v2/health/ready").status_code == 200)
        yield replica


@pytest.fixture
def grpc_port(start_router: Callable[..., RouterProcess], models: ReplicaProcess, tmp_path: Path) -> int:
    callers = {token_hash(TOKEN): CallerEntry("ada"), token_hash("others"): CallerEntry("grace", ("others",))}
    endpoints = {"penguins": EndpointEntry(EndpointState.LIVE, (models.entry,))}
    start_router(Snapshot(1, callers, endpoints), "--grpc-port", "0")
    return int(json.loads((tmp_path / "ready.json").read_text())["grpc_port"])


@pytest.fixture
def client(grpc_port: int) -> Iterator[Any]:
    client = grpcclient.InferenceServerClient(f"127.0.0.1:{grpc_port}")
    yield client
    client.close()


def inputs_of(rows: list[dict[str, Any]]) -> list[Any]:
    made = []
    for name in ADELIE:
        is_number = name in NUMBERS
        column = grpcclient.InferInput(name, [len(rows)], "FP64" if is_number else "BYTES")
        values = [row[name] for row in rows]
        array = np.array(values, dtype=np.float64) if is_number else np.array(values, dtype=np.object_)
        column.set_data_from_numpy(array)
        made.append(column)
    return made


def test_a_client_of_others_learns_what_there_is(client: Any) -> None:
    assert client.is_server_live(headers=METADATA)
    assert client.is_server_ready(headers=METADATA)
    assert client.is_server_live()
    assert client.is_server_ready()
    for headers in (METADATA, {}):
        server = client.get_server_metadata(headers=headers)
        assert (server.name, "binary_tensor_data" in server.extensions) == ("redspot", True)
    model = client.get_model_metadata("species", headers=METADATA)
    assert (model.name, model.platform, list(model.versions)) == ("species", "redspot_pipeline", ["1", "2"])
    assert {tensor.name: (tensor.datatype, list(tensor.shape)) for tensor in model.inputs} == {
        name: ("FP64" if name in NUMBERS else "BYTES", [-1]) for name in ADELIE
    }
    assert [(tensor.name, list(tensor.shape)) for tensor in model.outputs] == [
        ("prediction", [-1]),
        ("probability", [-1, 3]),
    ]
    assert client.is_model_ready("species", "2", headers=METADATA)
    with pytest.raises(grpcclient.InferenceServerException, match="species@2") as absent:
        client.is_model_ready("species", "3", headers=METADATA)
    assert absent.value.status() == "StatusCode.NOT_FOUND"


@pytest.mark.parametrize(("rows", "version"), [(1, ""), (3, "1"), (5000, "2")])
def test_rows_get_the_answers_of_the_pipeline(client: Any, pipeline_file: Path, rows: int, version: str) -> None:
    asked = [{**row, "island": row["island"] or "Dream", "sex": row["sex"] or "male"} for row in random_rows(rows)]
    answer = client.infer("species", inputs_of(asked), model_version=version, request_id="q-1", headers=METADATA)
    response = answer.get_response()
    assert (response.id, response.model_name, response.model_version) == ("q-1", "species", version or "1")
    wanted = load(pipeline_file).answers(asked)
    assert [value.decode() for value in answer.as_numpy("prediction")] == [each["prediction"] for each in wanted]
    likely = answer.as_numpy("probability")
    assert likely.shape == (rows, 3)
    assert likely == pytest.approx(np.array([list(each["probabilities"].values()) for each in wanted]))
    classes = answer.get_output("probability").parameters["classes"].string_param
    assert json.loads(classes) == ["Adelie", "Chinstrap", "Gentoo"]


def test_outputs_are_chosen_and_the_endpoint_may_be_in_the_name(client: Any) -> None:
    only = [grpcclient.InferRequestedOutput("prediction")]
    headers = {"authorization": METADATA["authorization"]}
    answer = client.infer("penguins/species", inputs_of([ADELIE]), outputs=only, headers=headers)
    assert [output.name for output in answer.get_response().outputs] == ["prediction"]
    with pytest.raises(grpcclient.InferenceServerException, match="redspot-endpoint") as unnamed:
        client.infer("species", inputs_of([ADELIE]), headers=headers)
    assert unnamed.value.status() == "StatusCode.NOT_FOUND"


def test_values_may_be_typed(grpc_port: int, pipeline_file: Path) -> None:
    import grpc

    request = message("ModelInferRequest")(model_name="species")
    for name, value in ADELIE.items():
        if name == "body_mass_g":
            request.inputs.add(name=name, datatype="INT32", shape=[1], contents={"int_contents": [3750]})
        elif isinstance(value, float):
            request.inputs.add(name=name, datatype="FP64", shape=[1, 1], contents={"fp64_contents": [value]})
        else:
            contents = {"bytes_contents": [str(value).encode()]}
            request.inputs.add(name=name, datatype="BYTES", shape=[1], contents=contents)
    with grpc.insecure_channel(f"127.0.0.1:{grpc_port}") as channel:
        infer = channel.unary_unary(
            "/inference.GRPCInferenceService/ModelInfer",
            request_serializer=lambda each: each.SerializeToString(),
            response_deserializer=message("ModelInferResponse").FromString,
        )
        metadata = tuple(METADATA.items())
        response = infer(request, metadata=metadata, timeout=20)
        probabilities = np.frombuffer(response.raw_output_contents[1])
        assert list(probabilities) == list(load(pipeline_file).predict_one(ADELIE)["probabilities"].values())
        wrong = [
            (lambda each: each.inputs[0].contents.fp32_contents.append(1.0), "fp32_contents"),
            (lambda each: setattr(each.inputs[0], "datatype", "FP16"), "no contents"),
            (lambda each: each.inputs[0].shape.__setitem__(0, 2), "bytes of binary data"),
            (lambda each: each.raw_input_contents.append(b"x"), "1 raw contents"),
            (lambda each: setattr(each.inputs[3], "datatype", "INT8"), "no INT8"),
            (lambda each: each.inputs[4].contents.bytes_contents.__setitem__(0, b"\xff"), "UTF-8"),
            (lambda each: each.inputs.pop(), "missing"),
        ]
        for change, says in wrong:
            broken = message("ModelInferRequest")()
            broken.CopyFrom(request)
            change(broken)
            with pytest.raises(grpc.RpcError, match=says) as refused:
                infer(broken, metadata=metadata, timeout=20)
            assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
            assert dict(refused.value.trailing_metadata())["redspot-code"] == "invalid-tensor"


def test_nobody_gets_in_without_a_token(client: Any) -> None:
    for token, status in (("", "UNAUTHENTICATED"), ("guessed", "UNAUTHENTICATED"), ("others", "PERMISSION_DENIED")):
        headers = {**METADATA, "authorization": f"Bearer {token}"}
        for ask in (
            lambda headers=headers: client.infer("species", inputs_of([ADELIE]), headers=headers),
            lambda headers=headers: client.get_model_metadata("species", headers=headers),
            lambda headers=headers: client.is_model_ready("species", headers=headers),
        ):
            with pytest.raises(grpcclient.InferenceServerException) as refused:
                ask()
            assert refused.value.status() == f"StatusCode.{status}"


def test_the_messages_are_those_of_the_protocol() -> None:
    from tritonclient.grpc import service_pb2

    def compare(ours: Any, theirs: Any) -> None:
        for field in ours.fields:
            other = theirs.fields_by_name[field.name]
            same = [(each.number, each.type, each.is_repeated) for each in (field, other)]
            assert same[0] == same[1], f"{ours.full_name}.{field.name}"
            assert (field.containing_oneof is None) == (other.containing_oneof is None)
            if field.message_type is not None:
                assert field.message_type.GetOptions().map_entry == other.message_type.GetOptions().map_entry
                compare(field.message_type, other.message_type)

    for pair in METHODS.values():
        for name in pair:
            theirs = service_pb2.DESCRIPTOR.message_types_by_name[name]
            compare(message(name).DESCRIPTOR, theirs)
            # Triton has more in some; nothing that it sends under our numbers is something else here.
            numbers = {field.number for field in message(name).DESCRIPTOR.fields}
            assert numbers <= {field.number for field in theirs.fields}
