"""The binary tensor extension, spoken byte by byte and by the protocol's own client, through the router."""

from __future__ import annotations

import json
import struct
from typing import Any

import numpy as np
import pytest

from redspot.serving.binary import JSON_SIZE_HEADER, pack
from redspot.serving.errors import InvalidTensorError
from tests.serving.conftest import ADELIE, NUMBERS, TOKEN, RouterProcess

INFER = "/endpoints/penguins/v2/models/species/infer"
WORDS = ("island", "sex")


def packed(*texts: bytes) -> bytes:
    return b"".join(struct.pack("<I", len(text)) + text for text in texts)


def message(**changes: bytes) -> tuple[list[dict[str, Any]], bytes]:
    """Return tensors of two rows and the bytes that follow them; some bytes may be others."""
    numbers = {name: np.array([ADELIE[name], np.nan], "<f4").tobytes() for name in NUMBERS}
    words = {name: packed(str(ADELIE[name]).encode(), b"") for name in WORDS}
    parts = {**numbers, **words, **changes}
    tensors = [
        {
            "name": name,
            "shape": [2, 1],
            "datatype": "FP32" if name in NUMBERS else "BYTES",
            "parameters": {"binary_data_size": len(part)},
        }
        for name, part in parts.items()
    ]
    return tensors, b"".join(parts.values())


def ask(router: RouterProcess, body: dict[str, Any], binary: bytes, size: str | None = None) -> Any:
    head = json.dumps(body).encode()
    headers = {JSON_SIZE_HEADER: size or str(len(head)), "Content-Type": "application/octet-stream"}
    return router.client.post(INFER, content=head + binary, headers=headers)


def test_values_come_and_go_as_bytes(router: RouterProcess) -> None:
    tensors, binary = message()
    plain = ask(router, {"inputs": tensors}, binary).json()
    answer = ask(router, {"inputs": tensors, "parameters": {"binary_data_output": True}}, binary)
    assert answer.headers["content-type"] == "application/octet-stream"
    size = int(answer.headers[JSON_SIZE_HEADER])
    head, rest = json.loads(answer.content[:size]), answer.content[size:]
    prediction, probability = head["outputs"]
    assert "data" not in prediction
    first = prediction["parameters"]["binary_data_size"]
    assert rest[:first] == packed(*(label.encode() for label in plain["outputs"][0]["data"]))
    assert np.frombuffer(rest[first:], "<f8").tolist() == plain["outputs"][1]["data"]
    assert probability["parameters"]["classes"] == ["Adelie", "Chinstrap", "Gentoo"]
    some = [{"name": "prediction", "parameters": {"binary_data": True}}, {"name": "probability"}]
    mixed = ask(router, {"inputs": tensors, "outputs": some}, binary)
    head = json.loads(mixed.content[: int(mixed.headers[JSON_SIZE_HEADER])])
    assert ["data" in output for output in head["outputs"]] == [False, True]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"sex": packed(b"male")}, "ends too early"),
        ({"sex": packed(b"male", b"male", b"male")}, "more than its 2 rows"),
        ({"sex": packed(b"male", b"\xff")}, "Row 1: input 'sex' is not UTF-8"),
        ({"sex": struct.pack("<I", 2**32 - 1) + b"male"}, "ends too early"),
        ({"body_mass_g": b"1234"}, "2 of FP32 are 8"),
        ({"body_mass_g": np.array([1, np.inf], "<f4").tobytes()}, "infinite value in row 1"),
    ],
)
def test_bytes_that_do_not_fit_are_told_why(router: RouterProcess, changes: dict[str, bytes], says: str) -> None:
    tensors, binary = message(**changes)
    answer = ask(router, {"inputs": tensors}, binary)
    assert (answer.status_code, says in answer.json()["error"]) == (400, True), answer.text


def test_sizes_that_do_not_fit_are_told_why(router: RouterProcess) -> None:
    tensors, binary = message()
    for size in ("-1", "9999999", "one", "1" * 5000):
        assert JSON_SIZE_HEADER in ask(router, {"inputs": tensors}, binary, size).json()["error"]
    assert "bytes follow the JSON" in ask(router, {"inputs": tensors}, binary + b"x").json()["error"]
    assert "bytes are left" in ask(router, {"inputs": tensors}, binary[:-1]).json()["error"]
    for size in (True, -1, "8", None):
        tensors[0]["parameters"] = {"binary_data_size": size}
        assert ask(router, {"inputs": tensors}, binary).status_code == 400
    both = [{**tensors[0], "parameters": {"binary_data_size": 8}, "data": [1, 2]}, *tensors[1:]]
    assert "both" in ask(router, {"inputs": both}, binary).json()["error"]
    tensors, binary = message()
    assert "'parameters'" in ask(router, {"inputs": tensors, "parameters": []}, binary).json()["error"]


def test_what_has_no_bytes_is_said() -> None:
    assert np.isnan(np.frombuffer(pack("why", "FP64", [1.0, None]), "<f8")).tolist() == [False, True]
    assert pack("flag", "BOOL", [True, False]) == b"\x01\x00"
    assert pack("n", "INT64", [-1]) == b"\xff" * 8
    with pytest.raises(InvalidTensorError, match="gaps"):
        pack("place", "BYTES", ["a", None])


@pytest.mark.parametrize("is_binary", [True, False])
def test_the_protocols_own_client_is_answered(router: RouterProcess, is_binary: bool) -> None:
    triton = pytest.importorskip("tritonclient.http", reason="pip install tritonclient[http]")
    client = triton.InferenceServerClient(f"127.0.0.1:{router.port}/endpoints/penguins")
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert client.is_server_ready(headers=headers)
    assert client.is_model_ready("species", "1", headers=headers)
    assert "binary_tensor_data" in client.get_server_metadata(headers=headers)["extensions"]
    inputs = []
    for name in ADELIE:
        values = np.array([ADELIE[name]] * 2, np.float64 if name in NUMBERS else np.object_)
        tensor = triton.InferInput(name, [2], "FP64" if name in NUMBERS else "BYTES")
        tensor.set_data_from_numpy(values, binary_data=is_binary)
        inputs.append(tensor)
    outputs = [triton.InferRequestedOutput(name, binary_data=is_binary) for name in ("prediction", "probability")]
    answer = client.infer("species", inputs, outputs=outputs, headers=headers)
    assert answer.as_numpy("prediction").astype(str).tolist() in (["Adelie"] * 2, ["b'Adelie'"] * 2)
    assert answer.as_numpy("probability").shape == (2, 3)
    with pytest.raises(triton.InferenceServerException, match="is missing"):
        client.infer("species", inputs[:1], headers=headers)
    client.close()
