"""Inference requests of gRPC as those of REST with binary tensors, and the answers back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from redspot.serving.answer import Answer
from redspot.serving.binary import JSON_SIZE_HEADER, pack, pack_bytes, split
from redspot.serving.errors import InvalidTensorError, ReplicaFailedError
from redspot.serving.grpc.messages import message

# Where the values of each datatype are when they are not raw.
_CONTENTS: Mapping[str, str] = {
    "BOOL": "bool_contents",
    **dict.fromkeys(("INT8", "INT16", "INT32"), "int_contents"),
    "INT64": "int64_contents",
    **dict.fromkeys(("UINT8", "UINT16", "UINT32"), "uint_contents"),
    "UINT64": "uint64_contents",
    "FP32": "fp32_contents",
    "FP64": "fp64_contents",
    "BYTES": "bytes_contents",
}
_CHOICE = "parameter_choice"


def rest_body(request: Any) -> tuple[bytes, int]:
    """Return the body of a ``ModelInferRequest`` for REST, and the size of its JSON.

    Raises
    ------
    InvalidTensorError
        When a tensor has its values in another place than its datatype says, or they do not fit it.
    """
    raw: Sequence[bytes] = request.raw_input_contents
    if raw and len(raw) != len(request.inputs):
        raise InvalidTensorError(f"There are {len(request.inputs)} inputs and {len(raw)} raw contents.")
    inputs, pieces = [], []
    for number, tensor in enumerate(request.inputs):
        if raw and tensor.HasField("contents"):
            raise InvalidTensorError(f"Input {tensor.name!r} has both contents and raw contents.", input=tensor.name)
        piece = raw[number] if raw else _packed(tensor)
        pieces.append(piece)
        parameters = {**_parameters(tensor.parameters), "binary_data_size": len(piece)}
        told = {"name": tensor.name, "datatype": tensor.datatype, "shape": list(tensor.shape)}
        inputs.append({**told, "parameters": parameters})
    content: dict[str, Any] = {
        "parameters": {**_parameters(request.parameters), "binary_data_output": True},
        "inputs": inputs,
    }
    if request.id:
        content["id"] = request.id
    if request.outputs:
        # What an output said of itself would go before: here all are bytes.
        content["outputs"] = [
            {"name": each.name, "parameters": {**_parameters(each.parameters), "binary_data": True}}
            for each in request.outputs
        ]
    head = json.dumps(content).encode()
    return b"".join((head, *pieces)), len(head)


def infer_response(answer: Answer) -> Any:
    """Return the ``ModelInferResponse`` of an answer with binary tensors.

    Raises
    ------
    ReplicaFailedError
        When it is none.
    """
    size = next((value for name, value in answer.headers if name == JSON_SIZE_HEADER), "")
    try:
        head, left = split(answer.body, size)
        content = json.loads(head)
        response = message("ModelInferResponse")(
            model_name=content["model_name"], model_version=content["model_version"], id=content.get("id", "")
        )
        for output in content["outputs"]:
            tensor = response.outputs.add(name=output["name"], datatype=output["datatype"], shape=output["shape"])
            parameters = dict(output["parameters"])
            count = parameters.pop("binary_data_size")
            for name, value in parameters.items():
                tensor.parameters[name].CopyFrom(_parameter(value))
            response.raw_output_contents.append(bytes(left[:count]))
            left = left[count:]
    except (ValueError, KeyError, TypeError) as error:
        raise ReplicaFailedError("The replica's answer is no inference answer with binary tensors.") from error
    return response


def metadata_response(name: str, content: Mapping[str, Any]) -> Any:
    """Return the message of that name that says what an answer of REST says; what it has no field for is left out."""
    kind = message(name)
    known = kind.DESCRIPTOR.fields_by_name
    tensors = {"inputs", "outputs"} & set(known)
    response = kind(**{key: value for key, value in content.items() if key in set(known) - tensors})
    for key in tensors:
        for each in content.get(key, ()):
            getattr(response, key).add(name=each["name"], datatype=each["datatype"], shape=each["shape"])
    return response


def _packed(tensor: Any) -> bytes:
    name, datatype = tensor.name, tensor.datatype
    place = _CONTENTS.get(datatype)
    if place is None:
        known = ", ".join(_CONTENTS)
        raise InvalidTensorError(
            f"Input {name!r} has datatype {datatype!r}, which has no contents; there are {known}.", input=name
        )
    filled = [field.name for field, _ in tensor.contents.ListFields()]
    if filled not in ([], [place]):
        raise InvalidTensorError(
            f"Input {name!r} has its values in {', '.join(filled)}; those of {datatype} belong in {place}.", input=name
        )
    values = list(getattr(tensor.contents, place))
    if datatype == "BYTES":
        return pack_bytes(values)
    try:
        return pack(name, datatype, values)
    except OverflowError as error:
        raise InvalidTensorError(f"Input {name!r} has a value that is no {datatype}.", input=name) from error


def _parameters(given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: getattr(value, chosen) for name, value in given.items() if (chosen := value.WhichOneof(_CHOICE))}


def _parameter(value: Any) -> Any:
    kind = message("InferParameter")
    if isinstance(value, bool):
        return kind(bool_param=value)
    if isinstance(value, int):
        return kind(int64_param=value)
    if isinstance(value, float):
        return kind(double_param=value)
    # A list, such as that of the classes, is JSON text.
    return kind(string_param=value if isinstance(value, str) else json.dumps(value))
