"""Columns as the inputs of an ONNX model: side by side as one matrix, or each by its name."""

from __future__ import annotations

from typing import Any

import numpy as np

from redspot.pipeline.column import NUMERIC, Column, Table, listed
from redspot.pipeline.compiled.thresholds import as_float32
from redspot.pipeline.errors import ColumnTypeError, EstimatorRefusedError
from redspot.pipeline.frameworks.onnx_file import OnnxFacts, Port

_NUMBERS = {"float32": np.float32, "float64": np.float64, "int64": np.int64, "int32": np.int32, "bool": np.bool_}


def inputs_of(facts: OnnxFacts, table: Table, *, allow_missing: bool) -> dict[str, Any]:
    """Return arrays with one entry per row, by name of the input.

    Raises
    ------
    EstimatorRefusedError
        When the model reads other columns.
    ColumnTypeError
        When it reads a column as another type.
    MissingValueError
        When a value is missing that must not be.
    """
    inputs = facts.inputs
    if len(inputs) == 1 and (len(table.columns) > 1 or inputs[0].name not in table.names):
        return {inputs[0].name: _matrix(inputs[0], table, allow_missing)}
    wanted = {port.name for port in inputs}
    if wanted != set(table.names):
        raise EstimatorRefusedError(
            f"The ONNX model reads {listed(sorted(wanted))}, and is given {listed(table.names)}; "
            "give it columns by these names."
        )
    return {port.name: _column(table[port.name], port, allow_missing) for port in inputs}


def _matrix(port: Port, table: Table, allow_missing: bool) -> Any:
    if port.element not in ("float32", "float64") or (port.shape is not None and len(port.shape) != 2):
        raise EstimatorRefusedError(
            f"The ONNX model reads {port.name!r} ({port.element}, shape {port.shape}); a matrix of float32, rows by "
            "columns, is needed, or one input for each column."
        )
    width = port.shape[-1] if port.shape else None
    if width is not None and width != len(table.columns):
        raise EstimatorRefusedError(
            f"The ONNX model reads {width} columns, and is given {len(table.columns)} ({listed(table.names)})."
        )
    matrix = table.matrix("OnnxModel", allow_missing=allow_missing)
    return _numbers(matrix, port)


def _column(column: Column, port: Port, allow_missing: bool) -> Any:
    shape = (-1,) if port.shape is not None and len(port.shape) == 1 else (-1, 1)
    if port.element == "text":
        # The runtime has no missing text; an empty one is what exporters of scikit-learn use.
        texts = ["" if text is None else text for text in column.texts.decoded().tolist()]
        return np.array(texts, dtype=object).reshape(shape)
    if port.element not in _NUMBERS or column.dtype not in NUMERIC:
        raise ColumnTypeError(
            f"The ONNX model reads {port.name!r} as {port.element}, and the column holds {column.dtype}.",
            column=column.name,
        )
    table = Table((column,), len(column.values))
    matrix = table.matrix("OnnxModel", allow_missing=allow_missing and port.element.startswith("float"))
    return _numbers(matrix, port).reshape(shape)


def _numbers(matrix: Any, port: Port) -> Any:
    return (as_float32(matrix) if port.element == "float32" else matrix).astype(_NUMBERS[port.element])
