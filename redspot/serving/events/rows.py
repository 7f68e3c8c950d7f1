"""Inputs and outputs by row, out of the bodies of a request and its answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]

PREDICT, INFER, INVOCATIONS = "predict", "infer", "invocations"
_PROBABILITY, _PROBABILITIES = "probability", "probabilities"


def form_of(path: str) -> str:
    """Return which form of body is sent to a path: the last part of it."""
    return path.rpartition("/")[2]


def input_rows(form: str, body: Any) -> list[Row] | None:
    """Return the inputs as one object per row; None when the body is of no form that is known.

    Examples
    --------
    >>> input_rows("predict", {"beds": 2})
    [{'beds': 2}]
    >>> input_rows("infer", {"inputs": [{"name": "beds", "shape": [2, 1], "data": [[2], [3]]}]})
    [{'beds': 2}, {'beds': 3}]
    """
    if form == INFER:
        return _of_tensors(body.get("inputs")) if isinstance(body, dict) else None
    if form == INVOCATIONS and isinstance(body, dict):
        return _of_invocation(body)
    rows = [body] if isinstance(body, dict) else body
    return rows if isinstance(rows, list) and all(isinstance(row, dict) for row in rows) else None


def output_rows(form: str, body: Any) -> list[Any] | None:
    """Return the answers by row, shaped as ``Pipeline.predict_one`` shapes them where the form allows it.

    Examples
    --------
    >>> output_rows("predict", {"model": "m", "version": "1", "predictions": [{"prediction": 3.0}]})
    [{'prediction': 3.0}]
    """
    if not isinstance(body, dict):
        return None
    if form == INFER:
        return _of_tensors(body.get("outputs"))
    predictions = body.get("predictions")
    return predictions if isinstance(predictions, list) else None


def _of_invocation(body: Mapping[str, Any]) -> list[Row] | None:
    split = body.get("dataframe_split")
    if isinstance(split, dict) and isinstance(split.get("columns"), list) and isinstance(split.get("data"), list):
        names = split["columns"]
        if all(isinstance(values, list) and len(values) == len(names) for values in split["data"]):
            return [dict(zip(map(str, names), values, strict=True)) for values in split["data"]]
        return None
    for key in ("dataframe_records", "instances"):
        if key in body:
            return input_rows(PREDICT, body[key])
    return None


def _of_tensors(tensors: Any) -> list[Row] | None:
    if not isinstance(tensors, list) or not tensors:
        return None
    columns: dict[str, Sequence[Any]] = {}
    for tensor in tensors:
        if not isinstance(tensor, dict) or not isinstance(tensor.get("name"), str):
            return None
        values = _values(tensor)
        if values is None:
            return None
        columns[_PROBABILITIES if tensor["name"] == _PROBABILITY else tensor["name"]] = values
    if len({len(values) for values in columns.values()}) != 1:
        return None
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _values(tensor: Mapping[str, Any]) -> list[Any] | None:
    """Return one value per row; an object of its columns where there are several."""
    data, shape = tensor.get("data"), tensor.get("shape")
    if not isinstance(data, list) or not isinstance(shape, list) or not shape:
        return None
    if data and isinstance(data[0], list):
        data = [value for row in data for value in (row if isinstance(row, list) else [row])]
    parameters = tensor.get("parameters")
    named = parameters.get("classes", parameters.get("columns")) if isinstance(parameters, dict) else None
    width = len(named) if isinstance(named, list) else 1
    if width == 0 or len(data) % width:
        return None
    if not isinstance(named, list):
        return data
    return [dict(zip(map(str, named), data[at : at + width], strict=True)) for at in range(0, len(data), width)]
