"""MLflow's ``POST /invocations``: frames as JSON or CSV, read into rows or columns of the model."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redspot.pipeline import Schema
from redspot.pipeline.errors import ColumnTypeError, MissingColumnError, UnknownColumnError
from redspot.serving.body import read_json
from redspot.serving.errors import InvalidBodyError, UnsupportedContentError, UnsupportedParamsError

FORMATS = ("dataframe_split", "dataframe_records", "instances", "inputs")
CSV = "text/csv"

Columns = Mapping[str, Sequence[Any]]
Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Invocation:
    """What is to be predicted: columns of equal length, or rows in which an absent key means missing."""

    data: Columns | Rows
    rows: int

    def part(self, begin: int, end: int) -> Columns | Rows:
        """Return some of the rows."""
        if isinstance(self.data, Mapping):
            return {name: values[begin:end] for name, values in self.data.items()}
        return self.data[begin:end]

    def first(self) -> Mapping[str, Any]:
        """Return the first row."""
        if isinstance(self.data, Mapping):
            return {name: values[0] for name, values in self.data.items()}
        return self.data[0]


def read_invocation(body: bytes, content_type: str, schema: Schema) -> Invocation:
    """Check the body of ``POST /invocations``.

    Raises
    ------
    InvalidBodyError, UnsupportedContentError, UnsupportedParamsError, UnknownColumnError, MissingColumnError,
    ColumnTypeError
        Naming the row and the column where there is one.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == CSV:
        return _of_csv(body, schema)
    if kind not in ("", "application/json"):
        raise UnsupportedContentError(f"/invocations reads application/json and {CSV}, not {kind!r}.")
    content = read_json(body)
    given = [name for name in FORMATS if isinstance(content, dict) and name in content]
    if len(given) != 1 or not set(content) <= {*FORMATS, "params"}:
        raise InvalidBodyError(
            f"The body must be a JSON object with exactly one of {', '.join(FORMATS)}, and 'params' or nothing else."
        )
    if content.get("params"):
        raise UnsupportedParamsError("A pipeline is fitted with its settings and takes no 'params'; leave them out.")
    return _READ[given[0]](content[given[0]], schema)


def _of_split(frame: object, schema: Schema) -> Invocation:
    if not isinstance(frame, dict) or not set(frame) <= {"columns", "data", "index"}:
        raise InvalidBodyError("'dataframe_split' must be an object with 'columns' and 'data'.")
    columns, data = frame.get("columns", list(schema.dtypes)), frame.get("data")
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        raise InvalidBodyError("'columns' of 'dataframe_split' must be a list of names.")
    if len(set(columns)) < len(columns):
        raise InvalidBodyError("'columns' of 'dataframe_split' names a column twice.")
    return _of_lists(data, columns, schema, "'data' of 'dataframe_split'")


def _of_lists(data: object, columns: Sequence[str], schema: Schema, where: str) -> Invocation:
    _require_columns(columns, schema)
    if not isinstance(data, list):
        raise InvalidBodyError(f"{where} must be a list of rows.")
    for number, row in enumerate(data):
        if not isinstance(row, list) or len(row) != len(columns):
            shown = f"{len(row)} values" if isinstance(row, list) else type(row).__name__
            raise InvalidBodyError(f"Row {number}: {len(columns)} values are expected in {where}, not {shown}.")
    return Invocation({name: [row[place] for row in data] for place, name in enumerate(columns)}, len(data))


def _of_records(rows: object, schema: Schema) -> Invocation:
    if not isinstance(rows, list):
        raise InvalidBodyError("'dataframe_records' must be a list of rows.")
    for number, row in enumerate(rows):
        if not isinstance(row, dict):
            raise InvalidBodyError(f"Row {number}: a row is an object of column to value, not {type(row).__name__}.")
    return Invocation(rows, len(rows))


def _of_instances(rows: object, schema: Schema) -> Invocation:
    """Read rows as objects, as lists in the order of the model's inputs, or as values of its only input."""
    if isinstance(rows, list) and rows and not isinstance(rows[0], dict):
        columns = list(schema.dtypes)
        if len(columns) == 1 and not isinstance(rows[0], list):
            rows = [[value] for value in rows]
        return _of_lists(rows, columns, schema, "'instances' or 'inputs'")
    return _of_records(rows, schema)


def _of_inputs(values: object, schema: Schema) -> Invocation:
    if not isinstance(values, dict):
        return _of_instances(values, schema)
    _require_columns(values, schema)
    columns = {name: [each] if not isinstance(each, list) else each for name, each in values.items()}
    sizes = {name: len(each) for name, each in columns.items()}
    if len(set(sizes.values())) > 1:
        told = ", ".join(f"{name!r} has {size}" for name, size in sizes.items())
        raise InvalidBodyError(f"The columns of 'inputs' differ in length: {told}.")
    return Invocation(columns, next(iter(sizes.values()), 0))


_READ: Mapping[str, Callable[[object, Schema], Invocation]] = {
    "dataframe_split": _of_split,
    "dataframe_records": _of_records,
    "instances": _of_instances,
    "inputs": _of_inputs,
}


def _of_csv(body: bytes, schema: Schema) -> Invocation:
    try:
        lines = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InvalidBodyError(f"The body is not CSV: {error}.") from error
    if not lines:
        raise InvalidBodyError("The CSV has no line; the first one names the columns.")
    columns = lines[0]
    if len(set(columns)) < len(columns):
        raise InvalidBodyError("The first line of the CSV names a column twice.")
    _require_columns(columns, schema)
    rows = [line for line in lines[1:] if line]
    found: dict[str, list[Any]] = {}
    for number, row in enumerate(rows):
        if len(row) != len(columns):
            raise InvalidBodyError(f"Row {number}: the CSV has {len(columns)} columns, and here {len(row)} values.")
    for place, name in enumerate(columns):
        read = _CELL.get(schema.dtypes[name], str)
        found[name] = [_cell(read, row[place], name, number) for number, row in enumerate(rows)]
    return Invocation(found, len(rows))


def _cell(read: Callable[[str], Any], text: str, name: str, row: int) -> Any:
    if not text:
        return None
    try:
        return read(text)
    except ValueError as error:
        message = f"Row {row}: column {name!r} has the text {text[:60]!r}, which is no {_KIND[read]}."
        raise ColumnTypeError(message, column=name, row=row) from error


def _truth(text: str) -> bool:
    known = {"true": True, "1": True, "false": False, "0": False}
    if text.lower() not in known:
        raise ValueError(text)
    return known[text.lower()]


_CELL: Mapping[str, Callable[[str], Any]] = {"float": float, "int": float, "bool": _truth}
_KIND: Mapping[Callable[[str], Any], str] = {float: "number", _truth: "truth"}


def _require_columns(columns: Iterable[str], schema: Schema) -> None:
    """Refuse a frame with other columns: in a row a key may be absent, and in a frame that is a mistake."""
    given = list(columns)
    for name in given:
        if name not in schema.dtypes:
            known = ", ".join(map(repr, schema.dtypes))
            raise UnknownColumnError(f"Unknown column {name!r}; the pipeline reads {known}.", column=name)
    for name in schema.dtypes:
        if name not in given:
            raise MissingColumnError(f"Column {name!r} is missing; a value not known is null.", column=name)
