"""The function that answers one row: a dict in, a dict out, and no table in between."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from typing import TYPE_CHECKING, Any, cast

from redspot.pipeline.column import NUMERIC, Dtype
from redspot.pipeline.errors import ColumnTypeError
from redspot.pipeline.estimating import Estimate
from redspot.pipeline.fitting import Fitted
from redspot.pipeline.frame import refuse_unknown
from redspot.pipeline.graph import Graph, Node, Output, joined_names
from redspot.pipeline.node import State
from redspot.pipeline.rowcode import RowCode, Value, applied, read
from redspot.pipeline.schema import SHOWN

if TYPE_CHECKING:
    from redspot.pipeline.steps.explaining import Explain

RowFunction = Callable[[Mapping[str, object]], dict[str, Any]]

_NAME = "answer"


def row_function(graph: Graph, fitted: Fitted, *, with_outputs: bool = True) -> RowFunction:
    """Return the function that answers one row of a fitted graph with a predictor.

    Without outputs it gives the prediction and its probabilities only.
    """
    source, names = row_source(graph, fitted, with_outputs=with_outputs)
    exec(compile(source, "<redspot row>", "exec"), names)
    return cast("RowFunction", names[_NAME])


def row_source(graph: Graph, fitted: Fitted, *, with_outputs: bool = True) -> tuple[str, dict[str, Any]]:
    """Return the source of the row function, and the objects that it names.

    The source holds numbers, variables of our own making and `repr` of texts; nothing of a file or a row is pasted in.
    """
    code = RowCode(names={"nan": math.nan, "inf": math.inf})
    raw = _read_row(code, fitted.schema.dtypes)
    values: dict[str, list[Value]] = {
        source.name: [raw[column] for column in source.columns] for source in graph.sources
    }
    predictor = cast("Node", graph.predictor)
    outputs = graph.outputs if with_outputs else ()
    needed = graph.needed({*predictor.inputs, *(output.node for output in outputs)})
    for node in graph.nodes:
        if node.name in needed and node is not predictor:
            values[node.name] = _written(code, node, _joined(values, node.inputs), fitted)
    result = cast("Estimate", predictor.step).write_answer(
        code, _joined(values, predictor.inputs), fitted.states[predictor.name]
    )
    if graph.target is not None or outputs or (with_outputs and graph.explanations):
        code.line(f"answer = {result}")
        result = "answer"
        if graph.target is not None:
            from redspot.pipeline.targeting import undone_code

            plain = undone_code(code, graph, fitted.states, "answer['prediction']")
            code.line(f"answer['prediction'] = {plain}")
        _write_outputs(code, outputs, values, fitted)
        if with_outputs and graph.explanations:
            _write_explanations(code, graph, fitted)
    lines = "\n ".join([*code.lines, f"return {result}"])
    return f"def {_NAME}(row):\n {lines}\n", code.names


def _write_outputs(
    code: RowCode, outputs: Sequence[Output], values: Mapping[str, Sequence[Value]], fitted: Fitted
) -> None:
    for output in outputs:
        shown = []
        for value in values[output.node]:
            show = code.constant(SHOWN[value.dtype])
            shown.append((value.name, f"{show}({code.floats(value) if value.dtype in NUMERIC else value.code})"))
        pairs = ", ".join(f"{name!r}: {text}" for name, text in shown)
        code.line(f"answer[{output.name!r}] = {shown[0][1] if len(shown) == 1 else f'{{{pairs}}}'}")


def _write_explanations(code: RowCode, graph: Graph, fitted: Fitted) -> None:
    plain = row_function(graph, fitted, with_outputs=False)
    for node in graph.explanations:
        explain, state = cast("Explain", node.step), fitted.states[node.name]

        def effects(
            row: Mapping[str, object], answer: Mapping[str, Any], explain: Explain = explain, state: State = state
        ) -> dict[str, float]:
            return explain.of_one(row, answer, plain, state)

        code.line(f"answer[{node.name!r}] = {code.constant(effects)}(row, answer)")


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
    """Return values side by side, named as `redspot.pipeline.graph.joined_names` says."""
    if len(names) == 1:
        return values[names[0]]
    unique = joined_names(tuple(names), [tuple(value.name for value in values[name]) for name in names])
    together = [value for name in names for value in values[name]]
    return [replace(value, name=name) for value, name in zip(together, unique, strict=True)]
