"""Pairs of columns that hold latitude and longitude, in degrees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.column import Table
from redspot.pipeline.errors import ColumnTypeError, InvalidStepError
from redspot.pipeline.steps.parameters import require_columns, require_number

POLE = 90.0


def require_pair(kind: str, parameter: str, pair: object) -> tuple[str, str]:
    """Return a pair of column names.

    Raises
    ------
    InvalidStepError
        When it is something else.
    """
    names = tuple(pair) if isinstance(pair, tuple | list) else ()
    if len(names) != 2 or not all(isinstance(name, str) for name in names) or names[0] == names[1]:
        raise InvalidStepError(
            f"{kind}: {parameter} are two columns, such as ('latitude', 'longitude'), not {pair!r}.",
            parameter=parameter,
        )
    return cast("tuple[str, str]", names)


def require_point(kind: str, point: object) -> tuple[float, float]:
    """Return a place as latitude and longitude in degrees.

    Raises
    ------
    InvalidStepError
        When it is no pair of numbers, or none on the earth.
    """
    pair = tuple(point) if isinstance(point, tuple | list) else ()
    if len(pair) != 2:
        raise InvalidStepError(f"{kind}: a point is a pair of latitude and longitude in degrees, not {point!r}.")
    require_number(kind, "latitude", pair[0], -POLE, POLE)
    require_number(kind, "longitude", pair[1], -360.0, 360.0)
    return float(pair[0]), float(pair[1])


def require_coordinates(kind: str, table: Table, pair: Sequence[str]) -> None:
    """Refuse columns that do not exist, hold no numbers, or have a latitude beyond the poles.

    Raises
    ------
    UnknownColumnError, ColumnTypeError
        Naming the column, and the row.
    """
    require_columns(kind, pair, table.names)
    latitudes = table[pair[0]].floats()
    table[pair[1]].floats()
    beyond = np.flatnonzero(np.abs(latitudes) > POLE)
    if len(beyond):
        row = int(beyond[0])
        raise ColumnTypeError(
            f"{kind}: column {pair[0]!r} has {float(latitudes[row])!r} in row {row}, and a latitude is from -90 to 90; "
            "are latitude and longitude swapped?",
            column=pair[0],
            row=row,
        )


def coordinates(table: Table, pair: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return latitudes, NaN where they are beyond the poles, and longitudes: float64, one per row."""
    latitudes = table[pair[0]].floats()
    return np.where(np.abs(latitudes) <= POLE, latitudes, np.nan), table[pair[1]].floats()
