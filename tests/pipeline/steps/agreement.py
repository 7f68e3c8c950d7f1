"""One step on its own: the same from its row code, from a table of one row, from many rows and after a file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from hypothesis import HealthCheck, settings

from redspot.pipeline import Pipeline, branch, loads
from redspot.pipeline.column import NUMERIC, Dtype, Table
from redspot.pipeline.frame import Frame
from redspot.pipeline.node import Step
from redspot.pipeline.rowcode import RowCode, Value, read, taken

RELATIVE = 1e-12

# Many steps, and each example is fitted, compiled and saved; few examples each keep the suite quick.
FEW = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])

Columns = Mapping[str, Any]


def outcome(step: Step, data: Columns, later: Columns | None = None, target: object = None) -> dict[str, list[Any]]:
    """Fit a step on some columns and return its own, as lists, for other ones or for the same."""
    return {name: values.tolist() for name, values in fitted(step, data, target).transform(later or data).items()}


def fitted(step: Step, data: Columns, target: object = None) -> Pipeline:
    """A pipeline of nothing but the step, fitted."""
    return Pipeline(part=branch(*data).then(step, name="step")).fit(dict(data), target)


def assert_agrees(
    step: Step, data: Columns, later: Columns | None = None, target: object = None, *, has_row: bool = True
) -> dict[str, list[Any]]:
    """Check a step that was fitted on `data` on the rows of `later`, and return its columns for them."""
    pipeline = fitted(step, data, target)
    dtypes: dict[str, Dtype] = dict(pipeline.schema_.dtypes)
    state = pipeline.learned("step")
    table = Frame.of(dict(later or data)).table(dtypes)
    made = step.apply(table, state)
    learned = [(feature.name, feature.dtype) for feature in pipeline.features("step")]
    assert [(column.name, column.dtype) for column in made.columns] == learned
    assert all(set(column.origins) <= set(data) for column in made.columns)
    for row in range(table.rows):
        alone = step.apply(Table(tuple(c.at(np.array([row])) for c in table.columns), 1), state)
        for one, many in zip(alone.columns, made.columns, strict=True):
            assert same(taken(one), taken(many.at(np.array([row])))), (one.name, row)
    if has_row:
        assert_row_code(step, table, state, made)
    stored = pipeline.dumps()
    again = loads(stored)
    assert again.dumps() == stored
    assert again.describe() == pipeline.describe()
    restored = again.transform(dict(later or data))
    for column in made.columns:
        for one, other in zip(restored[column.name].tolist(), column.values.tolist(), strict=True):
            assert same(one, other, 0.0), column.name
    return {column.name: column.values.tolist() for column in made.columns}


def assert_row_code(step: Step, table: Table, state: Any, made: Table) -> None:
    """Compile the row code of a step and compare it with what `apply` made of the table."""
    code = RowCode(names={"nan": math.nan, "inf": math.inf})
    names = [code.fresh() for _ in table.columns]
    inputs = [read(code, c.name, c.dtype, name) for c, name in zip(table.columns, names, strict=True)]
    outputs = step.row(code, inputs, state)
    assert outputs is not None, "the step has no row code"
    assert [(value.name, value.dtype) for value in outputs] == [(c.name, c.dtype) for c in made.columns]
    results = [code.floats(value) if value.dtype in NUMERIC else value.code for value in outputs]
    bases = ["None" if value.base is None else value.base[0] for value in outputs]
    body = "\n ".join([*code.lines, f"return ({', '.join([*results, ''])}), ({', '.join([*bases, ''])})"])
    exec(compile(f"def answer({', '.join(names)}):\n {body}\n", "<row>", "exec"), code.names)
    for row in range(table.rows):
        given = [taken(column.at(np.array([row]))) for column in table.columns]
        answers, starts = code.names["answer"](*map(raw, table.columns, given))
        for value, column, answer, start in zip(outputs, made.columns, answers, starts, strict=True):
            expected = taken(column.at(np.array([row])))
            assert type(answer) is type(expected) or answer is expected, (value.name, row, answer, expected)
            assert same(answer, expected), (value.name, row, answer, expected)
            if not value.may_miss:
                assert not is_gap(answer), (value.name, row)
            if value.base is not None:
                assert_moved(value, start, answer)


def is_gap(value: Any) -> bool:
    """Tell whether a value of row code is missing."""
    return value is None or bool(isinstance(value, float) and math.isnan(value))


def raw(column: Any, value: Any) -> Any:
    """A value as a request would give it."""
    if column.dtype == "datetime" and value is not None:
        return np.datetime64(value, "us")
    if column.dtype == "bool" and value == value:
        return bool(value)
    return value


def assert_moved(value: Value, start: Any, answer: float) -> None:
    """Check that a value is exactly what its base says that it is."""
    assert value.base is not None
    moved = np.array([float(start)])
    with np.errstate(all="ignore"):
        for step in value.base[1]:
            moved = step(moved)
    assert same(float(moved[0]), float(answer), 0.0), value.name


def same(one: Any, other: Any, relative: float = RELATIVE) -> bool:
    """Tell whether two values are the same, numbers up to their last digits."""
    if isinstance(one, float) and isinstance(other, float):
        if math.isnan(one) or math.isnan(other):
            return math.isnan(one) and math.isnan(other)
        return one == other or math.isclose(one, other, rel_tol=relative, abs_tol=0.0)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(a, b, relative) for a, b in zip(one, other, strict=True))
    if isinstance(one, np.ndarray) and isinstance(other, np.ndarray):
        return one.shape == other.shape and one.dtype == other.dtype and bool((one == other).all())
    return bool(one == other)
