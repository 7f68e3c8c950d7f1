"""The Open Inference Protocol, version 2, over REST: what it calls things, and what our answers look like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redspot._version import __version__
from redspot.pipeline import Schema
from redspot.serving.errors import InvalidBodyError, InvalidTensorError
from redspot.serving.predictor import PREDICTION, Predictions
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
    return (PREDICTION, PROBABILITY) if len(schema.outputs) > 1 else (PREDICTION,)


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
        else:
            likely = predictions.probabilities or []
            metadata |= {
                "shape": [request.rows, len(predictions.classes)],
                "data": [value for row in likely for value in row],
            }
        outputs.append(metadata)
    answer: dict[str, Any] = {"model_name": model, "model_version": version, "outputs": outputs}
    return answer if request.id is None else {"id": request.id, **answer}


def _output_metadata(name: str, schema: Schema) -> dict[str, Any]:
    if name == PREDICTION:
        return {"name": name, "datatype": PREFERRED[schema.outputs[0].dtype], "shape": [-1]}
    classes = list(schema.outputs[1].categories or ())
    return {"name": name, "datatype": "FP64", "shape": [-1, len(classes)], "parameters": {"classes": classes}}


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
