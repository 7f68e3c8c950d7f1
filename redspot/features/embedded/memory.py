"""Tables in memory, whatever library made them, as Arrow."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import pyarrow as pa

from redspot.features.errors import SourceSchemaError
from redspot.features.schema import ColumnType, Kind, Schema


def arrow_of(data: Any, name: str) -> pa.Table:
    """Return a pandas, polars or Arrow table as Arrow; columns of Arrow and polars are not copied.

    Raises
    ------
    SourceSchemaError
        If it is no table.
    """
    if isinstance(data, pa.Table):
        return data
    try:
        frame = nw.from_native(data, eager_only=True)
    except TypeError as error:
        raise SourceSchemaError(f"{name}: {type(data).__name__} is no pandas, polars or Arrow table.") from error
    try:
        return frame.to_arrow()
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise SourceSchemaError(f"{name}: a column holds values of several types: {error}.") from error


def schema_of(data: Any, name: str) -> Schema:
    """Return the columns of a table in memory that features can read, with their types.

    Raises
    ------
    SourceSchemaError
        If it is no table.
    """
    found = [(field.name, type_of_arrow(field.type)) for field in arrow_of(data, name).schema]
    return tuple((column, kind) for column, kind in found if kind is not None)


def type_of_arrow(kind: pa.DataType) -> ColumnType | None:
    """Return the type of an Arrow column, or None if features cannot read it."""
    types = pa.types
    if types.is_list(kind) or types.is_large_list(kind):
        inner = type_of_arrow(kind.value_type)
        return None if inner is None or inner.is_list else ColumnType(inner.kind, is_list=True)
    if types.is_dictionary(kind):
        return type_of_arrow(kind.value_type)
    checks = (
        (types.is_boolean, Kind.BOOLEAN),
        (types.is_integer, Kind.INTEGER),
        (types.is_floating, Kind.FLOAT),
        (types.is_decimal, Kind.FLOAT),
        (types.is_timestamp, Kind.TIMESTAMP),
        (types.is_date, Kind.DATE),
        (types.is_null, Kind.FLOAT),
    )
    for check, found in checks:
        if check(kind):
            return ColumnType(found)
    is_text = types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind)
    return ColumnType(Kind.STRING) if is_text else None
