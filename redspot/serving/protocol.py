"""The Open Inference Protocol, version 2, over REST: what it calls things, and what our answers look like."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from redspot._version import __version__
from redspot.pipeline import Schema
from redspot.pipeline.schema import OutputColumn
from redspot.serving.answer import Answer, json_answer, to_json
from redspot.serving.binary import JSON_SIZE_HEADER, OCTETS, pack
from redspot.serving.errors import InvalidBodyError, InvalidTensorError
from redspot.serving.predictor import PREDICTION, PROBABILITIES, Predictions
from redspot.serving.tensor import PREFERRED, read_tensors

PROBABILITY = "probability"


@dataclass(frozen=True, slots=True)
class InferRequest:
    """An inference request, checked.

    Attributes
    ----------
    columns
        Values by input, None for missing.
    outputs
        Names of the outputs that are wanted.
    binary
        Those of them whose values follow the JSON as bytes.
    """

    id: str | None
    columns: Mapping[str, Sequence[Any]]
    rows: int
    outputs: tuple[str, ...]
    binary: frozenset[str]

    def part(self, begin: int, end: int) -> dict[str, Sequence[Any]]:
        """Return the columns of some of the rows."""
        return {name: values[begin:end] for name, values in self.columns.items()}

    def first(self) -> dict[str, Any]:
        """Return the first row; of arrays, as plain Python values."""
        return {
            name: values[:1].tolist()[0] if isinstance(values, np.ndarray) else values[0]
            for name, values in self.columns.items()
        }


def server_metadata() -> dict[str, Any]:
    """Return what ``GET /v2`` answers."""
    return {"name": "redspot", "version": __version__, "extensions": ["binary_tensor_data", "model_repository"]}


def model_metadata(model: str, versions: Sequence[str], schema: Schema) -> dict[str, Any]:
    """Return what ``GET /v2/models/<model>`` answers."""
    inputs = [{"name": column.name, "datatype": PREFERRED[column.dtype], "shape": [-1]} for column in schema.inputs]
    outputs = [_output_metadata(name, schema) for name in output_names(schema)]
    told = {"name": model, "versions": list(versions), "platform": "redspot_pipeline"}
    return {**told, "inputs": inputs, "outputs": outputs}


def output_names(schema: Schema) -> tuple[str, ...]:
    """Return the outputs as the protocol names them."""
    return tuple(PROBABILITY if output.name == PROBABILITIES else output.name for output in schema.outputs)


def read_infer(body: object, schema: Schema, max_rows: int, binary: memoryview) -> InferRequest:
    """Check the body of ``POST …/infer``: its JSON, and the bytes that follow it.

    Raises
    ------
    InvalidBodyError, InvalidTensorError
        Naming what is wrong and what exists.
    """
    if not isinstance(body, dict):
        raise InvalidBodyError("An inference request is a JSON object with 'inputs'.")
    request_id = body.get("id")
    if request_id is not None and not isinstance(request_id, str):
        raise InvalidBodyError("'id' must be text.")
    columns, rows = read_tensors(body.get("inputs"), schema, max_rows, binary)
    known = output_names(schema)
    wanted = _wanted(body.get("outputs"), known)
    all_binary = _parameters(body).get("binary_data_output", False)
    # What an output says of itself goes before what the request says of all.
    as_bytes = frozenset(name for name in wanted if wanted[name].get("binary_data", all_binary) is True)
    return InferRequest(request_id, columns, rows, tuple(wanted), as_bytes)


def infer_answer(request: InferRequest, predictions: Predictions, model: str, version: str, schema: Schema) -> Answer:
    """Return the answer to an inference request."""
    outputs: list[dict[str, Any]] = []
    behind: list[bytes] = []
    for name in request.outputs:
        output = _output_metadata(name, schema)
        if name == PREDICTION:
            shape, data = [request.rows], predictions.values
        elif name == PROBABILITY:
            likely = predictions.probabilities or []
            shape, data = [request.rows, len(predictions.classes)], [value for row in likely for value in row]
        else:
            shape, data = _extra(_output(name, schema), predictions.extras[name])
        output["shape"] = shape
        if name in request.binary:
            behind.append(pack(name, output["datatype"], data))
            output["parameters"] = {**output.get("parameters", {}), "binary_data_size": len(behind[-1])}
        else:
            output["data"] = data
        outputs.append(output)
    answer: dict[str, Any] = {"model_name": model, "model_version": version, "outputs": outputs}
    if request.id is not None:
        answer = {"id": request.id, **answer}
    if not behind:
        return json_answer(answer)
    head = to_json(answer)
    return Answer(200, b"".join((head, *behind)), OCTETS, ((JSON_SIZE_HEADER, str(len(head))),))


def _output_metadata(name: str, schema: Schema) -> dict[str, Any]:
    if name == PREDICTION:
        return {"name": name, "datatype": PREFERRED[schema.outputs[0].dtype], "shape": [-1]}
    if name == PROBABILITY:
        classes = list(_output(PROBABILITIES, schema).categories or ())
        return {"name": name, "datatype": "FP64", "shape": [-1, len(classes)], "parameters": {"classes": classes}}
    output = _output(name, schema)
    kind = {"name": name, "datatype": PREFERRED[output.dtype]}
    if output.categories is None:
        return {**kind, "shape": [-1]}
    columns = list(output.categories)
    return {**kind, "shape": [-1, len(columns)], "parameters": {"columns": columns}}


def _output(name: str, schema: Schema) -> OutputColumn:
    return next(output for output in schema.outputs if output.name == name)


def _extra(output: OutputColumn, values: Sequence[Any]) -> tuple[list[int], list[Any]]:
    """Return shape and data of an output; one of several columns has a place for each, also where it gives none."""
    columns = output.categories
    if columns is None:
        return [len(values)], [_element(value) for value in values]
    return [len(values), len(columns)], [_element(row.get(column)) for row in values for column in columns]


def _element(value: Any) -> Any:
    # A tensor has no lists in it; they travel as JSON text.
    return json.dumps(value) if isinstance(value, list | dict) else value


def _wanted(outputs: object, known: tuple[str, ...]) -> dict[str, Mapping[str, Any]]:
    """Return the parameters of each output that is wanted, in the order of the model's."""
    if outputs is None:
        return {name: {} for name in known}
    if not isinstance(outputs, list) or not all(isinstance(output, dict) for output in outputs):
        raise InvalidTensorError("'outputs' must be a list of objects with a name.")
    asked = {}
    for output in outputs:
        name = output.get("name")
        if name not in known:
            raise InvalidTensorError(f"There is no output {name!r}; the model gives {', '.join(map(repr, known))}.")
        asked[name] = _parameters(output)
    return {name: asked[name] for name in known if name in asked}


def _parameters(holder: Mapping[str, Any]) -> Mapping[str, Any]:
    parameters = holder.get("parameters", {})
    if not isinstance(parameters, dict):
        raise InvalidBodyError("'parameters' must be an object.")
    return parameters
