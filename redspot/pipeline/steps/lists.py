"""Lists: read from JSON, counted, and looked through."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, cast

import numpy as np

from redspot.pipeline.column import Column, Table, unique_names
from redspot.pipeline.errors import ColumnTypeError
from redspot.pipeline.node import State, Step, Target, require_choice
from redspot.pipeline.rowcode import RowCode, Value
from redspot.pipeline.steps.bags import distinct
from redspot.pipeline.steps.parameters import require_names
from redspot.pipeline.steps.values import called, made, require_dtype, table_of, with_unique_names

Invalid = Literal["missing", "error"]


@dataclass(frozen=True)
class ParseList(Step):
    """Reads text such as ``["Wifi", "Kitchen"]`` as lists."""

    kind: ClassVar[str] = "parse_list"

    invalid: Invalid = "missing"

    def __post_init__(self) -> None:
        require_choice(self.kind, "invalid", self.invalid, ("missing", "error"))

    def fit(self, table: Table, target: Target | None) -> State:
        """Learn nothing; check the columns."""
        for column in table.columns:
            require_dtype(self.kind, column, ("text", "list"))
        return {}

    def apply(self, table: Table, state: State) -> Table:
        """Return the columns as lists; rows with the same text share one, and lists stay as they are."""
        return Table(tuple(self._parsed(column) for column in table.columns), table.rows)

    def row(self, code: RowCode, inputs: Sequence[Value], state: State) -> list[Value]:
        """Write down the reading of each text."""
        outputs = []
        for value in inputs:
            if value.dtype == "list":
                outputs.append(value)
                continue
            outputs.append(made(value.name, "list", called(code, value, self._reader(value.name))))
        return outputs

    def names(self, inputs: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the inputs."""
        return inputs

    def _parsed(self, column: Column) -> Column:
        if column.dtype == "list":
            return column
        texts, read = column.texts, self._reader(column.name)
        lists = np.empty(len(texts.labels) + 1, dtype=object)
        for code, label in enumerate(texts.labels):
            try:
                lists[code] = read(label)
            except ColumnTypeError as error:
                rows = np.flatnonzero(texts.codes == code)
                if len(rows):
                    where = f"Row {int(rows[0])}: "
                    raise ColumnTypeError(f"{where}{error}", **{**error.facts, "row": int(rows[0])}) from error
        return Column(column.name, "list", lists[texts.codes], column.origins)

    def _reader(self, name: str) -> Callable[[str], list[Any] | None]:
        def read(text: str) -> list[Any] | None:
            items = parse_json_list(text)
            if items is None and self.invalid == "error":
                raise ColumnTypeError(
                    f'Column {name!r} has {text[:40]!r}, which is no JSON list such as ["a", "b"].', column=name
                )
            return items

        return read


def parse_json_list(text: str) -> list[Any] | None:
    """Return the list of texts, numbers and truths that a text says, or None when it says none.

    Examples
    --------
    >>> parse_json_list('["Wifi", 2]'), parse_json_list("Wifi"), parse_json_list('{"a": 1}'), parse_json_list("[[1]]")
    (['Wifi', 2], None, None, None)
    """
    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(items, list) or not all(map(_is_item, items)):
        return None
    return items


def _is_item(item: object) -> bool:
    # JSON in Python also reads NaN and Infinity, and 1e999 as the latter; none of them is an item.
    return isinstance(item, str | int) or (isinstance(item, float) and math.isfinite(item))


@dataclass(frozen=True)
class ListCount(Step):
    """How many items each list has."""

    kind: ClassVar[str] = "list_count"

    def fit(self, table: Table, target: Target | None) -> State:
        """Learn nothing; check the columns."""
        for column in table.columns:
            require_dtype(self.kind, column, ("list",))
        return {}

    def apply(self, table: Table, state: State) -> Table:
        """Return the numbers of items."""
        counted = []
        for column in table.columns:
            counts = [math.nan if value is None else len(value) for value in column.values]
            counted.append(column.numeric(np.array(counts, dtype=np.float64)))
        return Table(tuple(counted), table.rows)

    def row(self, code: RowCode, inputs: Sequence[Value], state: State) -> list[Value]:
        """Write down the counting of each list."""
        return [
            made(value.name, "float", called(code, value, _count, math.nan), may_miss=value.may_miss)
            for value in inputs
        ]

    def names(self, inputs: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the inputs."""
        return inputs


def _count(items: Sequence[Any]) -> float:
    return float(len(items))


@dataclass(frozen=True)
class ListContains(Step):
    """Whether each list has certain items."""

    kind: ClassVar[str] = "list_contains"

    items: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        items = (self.items,) if isinstance(self.items, str) else tuple(self.items)
        require_names(self.kind, "items", items)
        object.__setattr__(self, "items", items)

    def fit(self, table: Table, target: Target | None) -> State:
        """Learn nothing; check the columns."""
        for column in table.columns:
            require_dtype(self.kind, column, ("list",))
        return {}

    def apply(self, table: Table, state: State) -> Table:
        """Return one column of 0 and 1 per item of each column in turn."""
        columns: list[Column] = []
        look = self._looker()
        for column in table.columns:
            codes, lists = distinct(column)
            found = np.full((len(lists) + 1, len(self.items)), np.nan)
            for code, items in enumerate(lists):
                found[code] = look(items)
            bits = found[codes]
            columns.extend(
                column.numeric(bits[:, index], name) for index, name in enumerate(self._output_names(column.name))
            )
        return table_of(columns, table.rows)

    def row(self, code: RowCode, inputs: Sequence[Value], state: State) -> list[Value]:
        """Write down the look through each list."""
        outputs: list[Value] = []
        look = self._looker()
        for value in inputs:
            found = called(code, value, look, (math.nan,) * len(self.items))
            outputs.extend(
                made(name, "float", code.variable(f"{found}[{index}]"), may_miss=value.may_miss)
                for index, name in enumerate(self._output_names(value.name))
            )
        return with_unique_names(outputs)

    def names(self, inputs: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the bits."""
        return tuple(unique_names([each for name in inputs for each in self._output_names(name)]))

    def _looker(self) -> Callable[[Sequence[Any]], tuple[float, ...]]:
        wanted = self.items

        def look(items: Sequence[Any]) -> tuple[float, ...]:
            names = set(map(item_name, items))
            return tuple([1.0 if each in names else 0.0 for each in wanted])

        return look

    def _output_names(self, name: str) -> list[str]:
        return [f"{name} has {item}" for item in self.items]


def item_name(item: object) -> str:
    """Return the text that names an item of a list: a number that is whole without its point.

    Examples
    --------
    >>> [item_name(item) for item in ("Wifi", 2, 2.0, True, None)]
    ['Wifi', '2', '2', 'True', 'None']
    """
    if isinstance(item, str):
        return item
    if isinstance(item, float | np.floating) and math.isfinite(item):
        return f"{float(cast('float', item)) + 0.0:.17g}"
    return str(item)


def parse_list(*, invalid: Invalid = "missing") -> ParseList:
    """Read lists that were written as JSON.

    Text in, lists of texts, numbers and truths out, under the same names; missing stays missing. Columns that are
    lists already stay as they are.

    Parameters
    ----------
    invalid
        What becomes of a text that is no JSON list, or has lists, objects or nulls in it: ``missing``, or an ``error``.

    Examples
    --------
    >>> from redspot.pipeline import Pipeline, branch
    >>> made = Pipeline(x=branch("amenities").then(parse_list())).fit({"amenities": ["[]"]})
    >>> made.transform({"amenities": ['["Wifi", "Kitchen"]', "none", None]})["amenities"].tolist()
    [['Wifi', 'Kitchen'], None, None]
    """
    return ParseList(invalid)


def list_count() -> ListCount:
    """Count the items of lists.

    Lists in, float out, under the same names; missing stays missing, and an empty list has 0 items.

    Examples
    --------
    >>> from redspot.pipeline import Pipeline, branch
    >>> made = Pipeline(x=branch("amenities").then(list_count())).fit({"amenities": [["Wifi"]]})
    >>> made.transform({"amenities": [["Wifi", "Kitchen"], [], None]})
    {'amenities': array([ 2.,  0., nan])}
    """
    return ListCount()


def list_contains(*items: str) -> ListContains:
    """Tell whether lists have certain items.

    Lists in; out comes one float column ``<column> has <item>`` of 0 and 1 per item, missing where the list is. A
    number in a list is compared by its shortest text: 2 and 2.0 are ``2``.

    Parameters
    ----------
    *items
        What to look for.

    Examples
    --------
    >>> from redspot.pipeline import Pipeline, branch
    >>> made = Pipeline(x=branch("amenities").then(list_contains("Wifi"))).fit({"amenities": [["Wifi"]]})
    >>> made.transform({"amenities": [["Kitchen", "Wifi"], [], None]})
    {'amenities has Wifi': array([ 1.,  0., nan])}
    """
    return ListContains(items)
