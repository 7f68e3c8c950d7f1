"""Places on the earth as the cells of a grid in which they lie."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.column import Column, Table, merged_origins
from redspot.pipeline.errors import InvalidStepError
from redspot.pipeline.node import State, Step, Target
from redspot.pipeline.rowcode import RowCode, Value
from redspot.pipeline.steps.coordinates import coordinates, require_coordinates, require_pair
from redspot.pipeline.steps.parameters import require_columns, require_number, require_whole
from redspot.pipeline.steps.values import made, numeral
from redspot.pipeline.texts import Texts

# Of geohashes: digits and small letters without a, i, l and o.
_LETTERS = "0123456789bcdefghjkmnpqrstuvwxyz"

MAX_LENGTH = 12
LEAST_SIZE = 1e-6


@dataclass(frozen=True)
class GridCell(Step):
    """Names the cell of a grid in which a place lies."""

    kind: ClassVar[str] = "grid_cell"

    size: float | None = None
    geohash: int | None = None
    columns: tuple[str, str] = ("latitude", "longitude")

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", require_pair(self.kind, "columns", self.columns))
        if (self.size is None) == (self.geohash is None):
            raise InvalidStepError("grid_cell: give size, in degrees, or geohash, a number of letters.")
        if self.size is not None:
            require_number(self.kind, "size", self.size, LEAST_SIZE, 180.0)
        if self.geohash is not None:
            require_whole(self.kind, "geohash", self.geohash, 1, MAX_LENGTH)

    def fit(self, table: Table, target: Target | None) -> State:
        """Learn nothing; check the columns."""
        require_coordinates(self.kind, table, self.columns)
        return {}

    def apply(self, table: Table, state: State) -> Table:
        """Return the cells, each distinct one named once."""
        latitudes, longitudes = coordinates(table, self.columns)
        known = np.flatnonzero(~np.isnan(latitudes) & ~np.isnan(longitudes))
        rows, columns = self._cells(latitudes[known], longitudes[known])
        # Both numbers in one, so that equal pairs are found at once.
        together = rows * 2**32 + columns
        distinct, inverse = np.unique(together, return_inverse=True)
        name = self._namer()
        labels = tuple(name(int(each // 2**32), int(each % 2**32)) for each in distinct.tolist())
        codes = np.full(table.rows, -1, dtype=np.int32)
        codes[known] = inverse
        origins = merged_origins([table[name] for name in self.columns])
        # Two cells may have the same name where a pole or the date line is.
        return Table((Column("cell", "text", Texts(codes, labels).mapped(str), origins),), table.rows)

    def row(self, code: RowCode, inputs: Sequence[Value], state: State) -> list[Value]:
        """Write down the naming of the cell."""
        by_name = {value.name: value for value in inputs}
        given = ", ".join(numeral(code, by_name[name]) for name in self.columns)
        return [made("cell", "text", code.variable(f"{code.constant(self._of_one())}({given})"))]

    def names(self, inputs: tuple[str, ...]) -> tuple[str, ...]:
        """Return the name of the only column."""
        require_columns(self.kind, self.columns, inputs)
        return ("cell",)

    def _bits(self) -> tuple[int, int]:
        """Return how many bits a geohash has for latitude, and how many for longitude."""
        bits = 5 * (self.geohash or 0)
        return bits // 2, bits - bits // 2

    def _cells(
        self, latitudes: NDArray[np.float64], longitudes: NDArray[np.float64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the numbers of the cells from the south pole up, and from the date line east."""
        around = (longitudes + 180.0) % 360.0
        if self.size is not None:
            rows, columns = np.floor((latitudes + 90.0) / self.size), np.floor(around / self.size)
            return rows.astype(np.int64), columns.astype(np.int64)
        up, along = self._bits()
        rows = np.floor((latitudes + 90.0) / 180.0 * 2.0**up)
        columns = np.floor(around / 360.0 * 2.0**along)
        return np.minimum(rows, 2.0**up - 1).astype(np.int64), np.minimum(columns, 2.0**along - 1).astype(np.int64)

    def _of_one(self) -> Callable[[float, float], str | None]:
        name, size = self._namer(), self.size
        up, along = self._bits()

        def cell(latitude: float, longitude: float) -> str | None:
            if not -90.0 <= latitude <= 90.0 or longitude != longitude:
                return None
            around = (longitude + 180.0) % 360.0
            if size is not None:
                return name(math.floor((latitude + 90.0) / size), math.floor(around / size))
            row = math.floor((latitude + 90.0) / 180.0 * 2.0**up)
            column = math.floor(around / 360.0 * 2.0**along)
            return name(min(row, 2**up - 1), min(column, 2**along - 1))

        return cell

    def _namer(self) -> Callable[[int, int], str]:
        if self.size is None:
            return self._geohash
        size = self.size
        return lambda row, column: f"{_degrees(row * size - 90.0)},{_degrees(column * size - 180.0)}"

    def _geohash(self, row: int, column: int) -> str:
        up, along = self._bits()
        letters, letter = [], 0
        for index in range(up + along):
            # Longitude comes first, and both in turn from their highest bits.
            bit = (row >> (up - 1 - index // 2)) if index % 2 else (column >> (along - 1 - index // 2))
            letter = letter * 2 + (bit & 1)
            if index % 5 == 4:
                letters.append(_LETTERS[letter])
                letter = 0
        return "".join(letters)


def _degrees(value: float) -> str:
    # Six digits behind the point are a tenth of a metre, and no cell is smaller.
    return f"{round(value, 6) + 0.0:.10g}"


def grid_cell(
    size: float | None = None, *, geohash: int | None = None, columns: tuple[str, str] = ("latitude", "longitude")
) -> GridCell:
    """Name the cell of a grid in which a place lies.

    Two columns of degrees in; out comes one text column ``cell``: the south-west corner of the cell in degrees, such
    as ``52.5,13.25``, or the geohash. It is missing where a coordinate is, or where a latitude is not from -90 to 90;
    training refuses the latter.

    Parameters
    ----------
    size
        Height and width of a cell in degrees; cells begin at the south pole and at 180° west.
    geohash
        Instead, how many letters the geohash has, from 1 to 12 (Niemeyer, 2008): 5 letters are about 5 km, 6 are 1 km
        by half a km, 7 are 150 m.
    columns
        Names of the columns with latitude and longitude.

    Examples
    --------
    >>> from redspot.pipeline import Pipeline, branch
    >>> place = {"latitude": [52.52, None], "longitude": [13.405, 13.0]}
    >>> made = Pipeline(x=branch(*place).then(grid_cell(0.25)), y=branch(*place).then(grid_cell(geohash=6))).fit(place)
    >>> {name: values.tolist() for name, values in made.transform(place).items()}
    {'x_grid_cell.cell': ['52.5,13.25', None], 'y_grid_cell.cell': ['u33dc0', None]}
    """
    return GridCell(size, geohash, columns)
