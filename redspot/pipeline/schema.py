"""What a fitted pipeline takes and gives."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.column import Column, Dtype, Table

# Beyond this a text column is prose or a key, not a choice.
MAX_CATEGORIES = 50
MAX_EXAMPLE_LENGTH = 100

JsonValue = str | int | float | bool | list[Any] | None


@dataclass(frozen=True, slots=True)
class InputColumn:
    """One raw column that the pipeline reads.

    Attributes
    ----------
    name, dtype
        Its name and type.
    nullable
        Whether training saw it missing.
    categories
        The values of a text column that training saw, when they are few.
    example
        One value that training saw.
    range
        The least and the largest number, or the first and the last time (ISO, UTC), that training saw; None for other
        types. Values outside of it are answered all the same; whoever watches an endpoint may want to know.
    """

    name: str
    dtype: Dtype
    nullable: bool
    categories: tuple[str, ...] | None
    example: JsonValue
    range: tuple[JsonValue, JsonValue] | None = None


@dataclass(frozen=True, slots=True)
class OutputColumn:
    """One thing that the pipeline gives; `categories` are the classes, as text."""

    name: str
    dtype: Dtype
    categories: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Schema:
    """Inputs and outputs of a fitted pipeline, and the kind of its task."""

    task: Literal["classification", "regression", "other"]
    inputs: tuple[InputColumn, ...]
    outputs: tuple[OutputColumn, ...]

    @property
    def dtypes(self) -> dict[str, Dtype]:
        """Type of each input by name."""
        return {column.name: column.dtype for column in self.inputs}

    @property
    def has_probabilities(self) -> bool:
        """Whether the pipeline gives a probability for each class."""
        return any(column.name == "probabilities" for column in self.outputs)

    def to_json(self) -> dict[str, Any]:
        """Return the schema as JSON."""
        data = asdict(self)
        for column in (*data["inputs"], *data["outputs"]):
            column["categories"] = None if column["categories"] is None else list(column["categories"])
        for column in data["inputs"]:
            column["range"] = None if column["range"] is None else list(column["range"])
        return {"task": self.task, "inputs": list(data["inputs"]), "outputs": list(data["outputs"])}

    @classmethod
    def of_json(cls, data: dict[str, Any]) -> Schema:
        """Return the schema that `to_json` wrote."""
        return cls(
            data["task"],
            tuple(
                InputColumn(**{**each, "categories": _tuple(each["categories"]), "range": _pair(each["range"])})
                for each in data["inputs"]
            ),
            tuple(OutputColumn(**{**each, "categories": _tuple(each["categories"])}) for each in data["outputs"]),
        )


def learn_inputs(table: Table) -> tuple[InputColumn, ...]:
    """Return the inputs as training data shows them."""
    return tuple(_input(column) for column in table.columns)


def output_columns(classes: NDArray[np.generic] | None, has_probabilities: bool) -> tuple[OutputColumn, ...]:
    """Return the outputs of a predictor; `classes` is None where it predicts numbers."""
    if classes is None:
        return (OutputColumn("prediction", "float", None),)
    kinds: dict[str, Dtype] = {"U": "text", "i": "int", "b": "bool"}
    names = tuple(str(value) for value in classes.tolist())
    prediction = OutputColumn("prediction", kinds.get(classes.dtype.kind, "float"), names)
    return (prediction, OutputColumn("probabilities", "float", names)) if has_probabilities else (prediction,)


def json_values(column: Column) -> list[JsonValue]:
    """Return the values of a column as JSON, None for missing."""
    if column.dtype in ("text", "list"):
        return [None if value is None else value for value in column.values.tolist()]
    if column.dtype == "image":
        return [None if value is None else _image(value) for value in column.values]
    if column.dtype == "datetime":
        return [None if np.isnat(value) else str(value) for value in column.values]
    convert = _FROM_FLOAT[column.dtype]
    return [None if np.isnan(value) else convert(value) for value in column.floats().tolist()]


def _image(value: object) -> JsonValue:
    return (
        base64.b64encode(value).decode() if isinstance(value, bytes) else cast("list[Any]", cast("Any", value).tolist())
    )


def _whole(value: float) -> int | float:
    return int(value) if value.is_integer() else value


_FROM_FLOAT: Mapping[Dtype, Callable[[float], JsonValue]] = {"bool": bool, "int": _whole, "float": float}


def _shown_time(value: int | None) -> JsonValue:
    return None if value is None else str(np.datetime64(value, "us"))


def _shown_image(value: object) -> JsonValue:
    return None if value is None else _image(value)


def _shown_number(convert: Callable[[float], JsonValue]) -> Callable[[float], JsonValue]:
    return lambda value: None if value != value else convert(value)


# By type: a value as compiled code has it, as `json_values` would give it.
SHOWN: Mapping[Dtype, Callable[[Any], JsonValue]] = {
    **{dtype: _shown_number(convert) for dtype, convert in _FROM_FLOAT.items()},
    "text": lambda value: value,
    "list": lambda value: value,
    "datetime": _shown_time,
    "image": _shown_image,
}


def _input(column: Column) -> InputColumn:
    missing = column.missing()
    known = np.flatnonzero(~missing)
    example: JsonValue = None
    if len(known):
        first = column.at(known[:1])
        example = json_values(first)[0]
        example = example[:MAX_EXAMPLE_LENGTH] if isinstance(example, str) else example
    categories: tuple[str, ...] | None = None
    if column.dtype == "text":
        texts = column.texts
        distinct = {label for label, count in zip(texts.labels, texts.counts().tolist(), strict=True) if count}
        categories = tuple(sorted(distinct)) if len(distinct) <= MAX_CATEGORIES else None
    return InputColumn(column.name, column.dtype, bool(missing.any()), categories, example, _range(column, known))


def _range(column: Column, known: NDArray[np.intp]) -> tuple[JsonValue, JsonValue] | None:
    if not len(known) or column.dtype not in ("float", "int", "datetime"):
        return None
    values = column.values[known]
    ends = known[[int(values.argmin()), int(values.argmax())]]
    least, most = json_values(column.at(ends))
    return least, most


def _pair(values: Sequence[JsonValue] | None) -> tuple[JsonValue, JsonValue] | None:
    if values is None:
        return None
    least, most = values
    return least, most


def _tuple(values: Sequence[str] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(values)
