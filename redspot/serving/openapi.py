"""The OpenAPI description of one model's endpoint, made from the schema that its pipeline learned."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from redspot._version import __version__
from redspot.pipeline import Schema
from redspot.pipeline.schema import InputColumn, OutputColumn
from redspot.serving.predictor import PREDICTION, PROBABILITIES
from redspot.serving.tensor import DATATYPES

_TYPES: Mapping[str, dict[str, Any]] = {
    "float": {"type": "number"},
    "int": {"type": "integer"},
    "bool": {"type": "boolean"},
    "text": {"type": "string"},
    "datetime": {"type": "string", "format": "date-time"},
    "list": {"type": "array", "items": {}},
    "image": {"type": "string", "contentEncoding": "base64"},
}


def openapi(endpoint: str, model: str, version: str, schema: Schema, prefix: str = "") -> dict[str, Any]:
    """Return the description as an OpenAPI 3.1 document; its paths are relative to where it is read.

    Parameters
    ----------
    prefix
        Path of the model in a server of several, such as ``/models/m/versions/1``; empty for the one that answers
        where none is named.
    """
    path = f"/v2{prefix}" if prefix else f"/v2/models/{quote(model, safe='')}"
    rows = {"oneOf": [_ref("Row"), {"type": "array", "items": _ref("Row")}]}
    answers = _object(
        {"model": {"type": "string"}, "version": {"type": "string"}, "predictions": _list(_ref("Answer"))}
    )
    values = _list(_ref("Answer") if len(_extras(schema)) else _value(schema.outputs[0]))
    frames = {"application/json": {"schema": _ref("Frame")}, "text/csv": {"schema": {"type": "string"}}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": endpoint,
            "version": version,
            "summary": f"Version {version} of the model {model}, a {schema.task} pipeline.",
            "x-redspot": {"endpoint": endpoint, "model": model, "version": version, "server": __version__},
        },
        "servers": [{"url": "/".join([".."] * prefix.count("/")) or "."}],
        "security": [{"token": []}],
        "paths": {
            f"{prefix}/predict": {
                "post": _call("predict", "Answer one row, or a list of rows", _json(rows, example_row(schema)), answers)
            },
            f"{prefix}/invocations": {
                "post": _call(
                    "invoke",
                    "Answer as MLflow's scoring server does",
                    frames,
                    _object({"predictions": values}),
                    more={"415": "The body is of a type that is not read here."},
                )
            },
            f"{path}/infer": {
                "post": _call(
                    "infer",
                    "Answer as the Open Inference Protocol, version 2, says",
                    _json(_ref("InferRequest")),
                    _ref("InferAnswer"),
                    problem="InferProblem",
                )
            },
            path: {"get": _get("metadata", "Tell inputs and outputs as tensors")},
            "/v2/health/ready": {"get": _get("ready", "Tell whether the endpoint answers")},
        },
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": _schemas(schema),
        },
    }


def example_row(schema: Schema) -> dict[str, Any]:
    """Return a row of values that training saw."""
    return {column.name: column.example for column in schema.inputs}


def _schemas(schema: Schema) -> dict[str, Any]:
    row = _object({column.name: _input(column) for column in schema.inputs}, required=())
    tensor = {
        "type": "object",
        "required": ["name", "shape", "datatype"],
        "properties": {
            "name": {"enum": list(schema.dtypes)},
            "shape": _list({"type": "integer", "minimum": 0}),
            "datatype": {"enum": list(DATATYPES)},
            "parameters": {"type": "object"},
            "data": {"type": "array"},
        },
    }
    text = {"type": "string"}
    problem = {"type": text, "title": text, "status": {"type": "integer"}, "code": text, "detail": text}
    return {
        "Row": {**row, "additionalProperties": False, "examples": [example_row(schema)]},
        "Answer": _object({output.name: _output(output) for output in schema.outputs}),
        "Frame": _frame(),
        "InferRequest": {
            "type": "object",
            "required": ["inputs"],
            "properties": {
                "id": text,
                "parameters": {"type": "object"},
                "inputs": _list(tensor),
                "outputs": _list(_object({"name": text})),
            },
        },
        "InferAnswer": _object({"model_name": text, "model_version": text, "outputs": _list({"type": "object"})}),
        "Problem": _object({**problem, "facts": {"type": "object"}}),
        "InferProblem": _object({"error": text, "code": text}),
    }


def _frame() -> dict[str, Any]:
    rows = _list(_ref("Row"))
    split = _object({"columns": _list({"type": "string"}), "data": _list({"type": "array"})})
    return {
        "oneOf": [
            _object({"dataframe_split": split}),
            _object({"dataframe_records": rows}),
            _object({"instances": {"type": "array"}}),
            _object({"inputs": {"type": ["array", "object"]}}),
        ]
    }


def _input(column: InputColumn) -> dict[str, Any]:
    """Return what a value may be; categories are told and not demanded, since the pipeline answers others too."""
    kind = _TYPES[column.dtype]
    told = {**kind, "type": [kind["type"], "null"]}
    if column.categories is not None:
        told |= {"examples": list(column.categories), "description": "The examples are the values that training saw."}
    elif column.example is not None:
        told["examples"] = [column.example]
    return told | {"x-redspot-nullable": column.nullable, "x-redspot-type": column.dtype}


def _output(output: OutputColumn) -> dict[str, Any]:
    if output.name == PREDICTION:
        return _value(output)
    if output.categories is None:
        return _maybe(output)
    columns = {name: _maybe(output) for name in output.categories}
    return _object(columns, required=tuple(columns) if output.name == PROBABILITIES else ())


def _value(output: OutputColumn) -> dict[str, Any]:
    kind = _TYPES[output.dtype]
    return {**kind, "enum": list(output.categories)} if output.categories and output.dtype == "text" else kind


def _maybe(output: OutputColumn) -> dict[str, Any]:
    kind = _TYPES[output.dtype]
    return {**kind, "type": [kind["type"], "null"]}


def _extras(schema: Schema) -> list[str]:
    return [output.name for output in schema.outputs if output.name not in (PREDICTION, PROBABILITIES)]


def _call(
    name: str,
    summary: str,
    content: dict[str, Any],
    answer: dict[str, Any],
    problem: str = "Problem",
    more: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    kind = "application/problem+json" if problem == "Problem" else "application/json"
    wrong = {kind: {"schema": _ref(problem)}}
    told = {
        "400": "The request does not fit; the message names the row and the field.",
        "401": "No valid token was sent.",
        "413": "The body has too many bytes or rows.",
        "503": "The endpoint cannot answer now; Retry-After says when to ask again.",
        **more,
    }
    return {
        "operationId": name,
        "summary": summary,
        "requestBody": {"required": True, "content": content},
        "responses": {
            "200": {"description": "The answers, in the order of the rows.", "content": _json(answer)},
            **{status: {"description": text, "content": wrong} for status, text in told.items()},
        },
    }


def _get(name: str, summary: str) -> dict[str, Any]:
    told = {"200": {"description": summary + ".", "content": _json({"type": "object"})}}
    told["503"] = {"description": "It does not answer yet.", "content": _json({"type": "object"})}
    return {"operationId": name, "summary": summary, "responses": told}


def _json(schema: dict[str, Any], example: Any = None) -> dict[str, Any]:
    told = {"schema": schema} if example is None else {"schema": schema, "example": example}
    return {"application/json": told}


def _object(properties: dict[str, Any], required: tuple[str, ...] | None = None) -> dict[str, Any]:
    needed = list(properties) if required is None else list(required)
    told = {"type": "object", "properties": properties}
    return {**told, "required": needed} if needed else told


def _list(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}
