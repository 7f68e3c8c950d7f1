"""The Open Inference Protocol, version 2, over REST: what it calls things, and what our answers look like."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redspot._version import __version__
from redspot.pipeline import Schema
from redspot.pipeline.schema import OutputColumn
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
    """

    id: str | None
    columns: Mapping[str, list[Any]]
    rows: int
    outputs: tuple[str, ...]


def server_metadata() -> dict[str, Any]:
    """Return what ``GET /v2`` answers."""
    return {"name": "redspot", "version": __version__, "extensions": []}


def model_metadata(model: str, version: str, schema: Schema) -> dict[str, Any]:
    """Return what ``GET /v2/models/<model>`` answers."""
    inputs = [{"name": column.name, "datatype": PREFERRED[column.dtype], "shape": [-1]} for column in schema.inputs]
    outputs = [_output_metadata(name, schema) for name in output_names(schema)]
    return {"name": model, "versions": [version], "platform": "redspot_pipeline", "inputs": inputs, "outputs": outputs}


def output_names(schema: Schema) -> tuple[str, ...]:
    """Return the outputs as the protocol names them."""
    return tuple(PROBABILITY if output.name == PROBABILITIES else output.name for output in schema.outputs)


def read_infer(body: object, schema: Schema, max_rows: int) -> InferRequest:
    """Check the body of ``POST …/infer``.

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
    columns, rows = read_tensors(body.get("inputs"), schema, max_rows)
    return InferRequest(request_id, columns, rows, _wanted(body.get("outputs"), output_names(schema)))


def render_infer(request: InferRequest, predictions: Predictions, model: str, version: str, schema: Schema) -> Any:
    """Return the answer to an inference request."""
    outputs: list[dict[str, Any]] = []
    for name in request.outputs:
        metadata = _output_metadata(name, schema)
        if name == PREDICTION:
            metadata |= {"shape": [request.rows], "data": predictions.values}
        elif name == PROBABILITY:
            likely = predictions.probabilities or []
            metadata |= {
                "shape": [request.rows, len(predictions.classes)],
                "data": [value for row in likely for value in row],
            }
        else:
            metadata |= _extra(_output(name, schema), predictions.extras[name])
        outputs.append(metadata)
    answer: dict[str, Any] = {"model_name": model, "model_version": version, "outputs": outputs}
    return answer if request.id is None else {"id": request.id, **answer}


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


def _extra(output: OutputColumn, values: Sequence[Any]) -> dict[str, Any]:
    """Return shape and data of an output; one of several columns has a place for each, also where it gives none."""
    columns = output.categories
    if columns is None:
        return {"shape": [len(values)], "data": [_element(value) for value in values]}
    data = [_element(row.get(column)) for row in values for column in columns]
    return {"shape": [len(values), len(columns)], "data": data}


def _element(value: Any) -> Any:
    # A tensor has no lists in it; they travel as JSON text.
    return json.dumps(value) if isinstance(value, list | dict) else value


def _wanted(outputs: object, known: tuple[str, ...]) -> tuple[str, ...]:
    if outputs is None:
        return known
    names = (
        [output.get("name") if isinstance(output, dict) else None for output in outputs]
        if isinstance(outputs, list)
        else [None]
    )
    for name in names:
        if name not in known:
            raise InvalidTensorError(f"There is no output {name!r}; the model gives {', '.join(map(repr, known))}.")
    return tuple(name for name in known if name in names)
