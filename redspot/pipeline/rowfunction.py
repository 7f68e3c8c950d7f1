"""The function that answers one row: a dict in, a dict out, and no table in between."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import Any, cast

from redspot.pipeline.column import Dtype, unique_names
from redspot.pipeline.errors import ColumnTypeError
from redspot.pipeline.estimating import Estimate
from redspot.pipeline.fitting import Fitted
from redspot.pipeline.frame import refuse_unknown
from redspot.pipeline.graph import Graph, Node
from redspot.pipeline.rowcode import RowCode, Value, applied, read

RowFunction = Callable[[Mapping[str, object]], dict[str, Any]]

_NAME = "answer"


def row_function(graph: Graph, fitted: Fitted) -> RowFunction:
    """Return the function that answers one row of a fitted graph with a predictor."""
    source, names = row_source(graph, fitted)
    exec(compile(source, "<redspot row>", "exec"), names)
    return cast("RowFunction", names[_NAME])


def row_source(graph: Graph, fitted: Fitted) -> tuple[str, dict[str, Any]]:
    """Return the source of the row function, and the objects that it names.

    The source holds numbers, variables of our own making and `repr` of texts; nothing of a file or a row is pasted in.
    """
    code = RowCode(names={"nan": math.nan, "inf": math.inf})
    dtypes = fitted.schema.dtypes
    raw = _read_row(code, dtypes)
    values: dict[str, list[Value]] = {
        source.name: [raw[column] for column in source.columns] for source in graph.sources
    }
    result = "None"
    for node in graph.nodes:
        inputs = _joined(values, node.inputs)
        state = fitted.states[node.name]
        if node is graph.predictor:
            result = cast("Estimate", node.step).write_answer(code, inputs, state)
            break
        values[node.name] = _written(code, node, inputs, fitted)
    lines = "\n ".join([*code.lines, f"return {result}"])
    return f"def {_NAME}(row):\n {lines}\n", code.names


def _written(code: RowCode, node: Node, inputs: Sequence[Value], fitted: Fitted) -> list[Value]:
    state = fitted.states[node.name]
    written = node.step.row(code, inputs, state)
    if written is not None:
        return written
    outputs = [(feature.name, cast("Dtype", feature.dtype)) for feature in fitted.features[node.name]]
    return applied(code, node.step, inputs, state, outputs)


def _read_row(code: RowCode, dtypes: Mapping[str, Dtype]) -> dict[str, Value]:
    columns = list(dtypes)
    variables = [code.fresh() for _ in columns]

    def complete(row: Mapping[str, object]) -> tuple[object, ...]:
        if not isinstance(row, Mapping):
            raise ColumnTypeError(f"A row is a mapping of column to value, not {type(row).__name__}.")
        refuse_unknown(row, dtypes)
        return tuple(row.get(name) for name in columns)

    getter = itemgetter(*columns) if len(columns) > 1 else _only(columns[0])
    # The usual row has every column and no other; that is known after one look at its length.
    code.line(f"try: given = {code.constant(getter)}(row) if len(row) == {len(columns)} else None")
    code.line("except (KeyError, TypeError, IndexError): given = None")
    code.line(f"if given is None: given = {code.constant(complete)}(row)")
    code.line(f"{', '.join(variables)}, = given")
    return {
        name: read(code, name, dtype, variable)
        for (name, dtype), variable in zip(dtypes.items(), variables, strict=True)
    }


def _only(column: str) -> Callable[[Mapping[str, object]], tuple[object]]:
    return lambda row: (row[column],)


def _joined(values: Mapping[str, list[Value]], names: Sequence[str]) -> list[Value]:
    """Return values side by side, named as `redspot.pipeline.graph.joined` names columns."""
    if len(names) == 1:
        return values[names[0]]
    counts: dict[str, int] = {}
    for name in names:
        for value in values[name]:
            counts[value.name] = counts.get(value.name, 0) + 1
    together = [(name, value) for name in names for value in values[name]]
    unique = unique_names([f"{name}.{v.name}" if counts[v.name] > 1 else v.name for name, v in together])
    return [replace(value, name=name) for (_, value), name in zip(together, unique, strict=True)]
