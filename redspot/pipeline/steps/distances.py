"""Places on the earth as distances from other places."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.column import Column, Table, merged_origins, unique_names
from redspot.pipeline.errors import InvalidStepError
from redspot.pipeline.node import State, Step, Target
from redspot.pipeline.rowcode import RowCode, Value
from redspot.pipeline.steps.coordinates import coordinates, require_coordinates, require_pair, require_point
from redspot.pipeline.steps.parameters import require_columns
from redspot.pipeline.steps.values import made, numeral

# Mean radius R1 of the GRS 80 ellipsoid, (2a + b) / 3 = 6371008.7714 m: Moritz, Geodetic Reference System 1980,
# Journal of Geodesy 74 (2000).
EARTH_RADIUS_KM = 6371.0087714

Pair = tuple[str, str]


@dataclass(frozen=True)
class Distance(Step):
    """Great-circle distance in kilometres."""

    kind: ClassVar[str] = "distance"

    start: Pair = ("latitude", "longitude")
    points: Mapping[str, tuple[float, float]] | None = None
    end: Pair | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", require_pair(self.kind, "start", self.start))
        if (self.points is None) == (self.end is None):
            raise InvalidStepError(
                "distance: give points, such as {'centre': (52.52, 13.4)}, or end, a second pair of columns."
            )
        if self.end is not None:
            object.__setattr__(self, "end", require_pair(self.kind, "end", self.end))
        if self.points is not None:
            if not isinstance(self.points, Mapping) or not self.points:
                raise InvalidStepError(
                    f"distance: points are places by name, such as {{'centre': (52.52, 13.4)}}, not {self.points!r}.",
                    parameter="points",
                )
            places = {str(name): require_point(self.kind, point) for name, point in sorted(self.points.items())}
            object.__setattr__(self, "points", places)

    def fit(self, table: Table, target: Target | None) -> State:
        """Learn nothing; check the columns."""
        for pair in self._pairs():
            require_coordinates(self.kind, table, pair)
        return {}

    def apply(self, table: Table, state: State) -> Table:
        """Return the distances."""
        latitudes, longitudes = coordinates(table, self.start)
        if self.end is not None:
            numbers = _distances(latitudes, longitudes, *coordinates(table, self.end))
            origins = merged_origins([table[name] for name in (*self.start, *self.end)])
            return Table((Column("distance", "float", numbers, origins),), table.rows)
        origins = merged_origins([table[name] for name in self.start])
        columns = [
            Column(name, "float", _distances(latitudes, longitudes, *map(np.float64, point)), origins)
            for name, point in zip(self._output_names(), (self.points or {}).values(), strict=True)
        ]
        return Table(tuple(columns), table.rows)

    def row(self, code: RowCode, inputs: Sequence[Value], state: State) -> list[Value]:
        """Write down the distances of one place."""
        by_name = {value.name: value for value in inputs}
        given = [by_name[name] for name in self.start]
        here = ", ".join(numeral(code, value) for value in given)
        if self.end is not None:
            others = [by_name[name] for name in self.end]
            there = ", ".join(numeral(code, value) for value in others)
            number = code.variable(f"{code.constant(_distance)}({here}, {there})")
            return [made("distance", "float", number)]
        outputs = []
        for name, point in zip(self._output_names(), (self.points or {}).values(), strict=True):
            number = code.variable(f"{code.constant(_to(*point))}({here})")
            outputs.append(made(name, "float", number))
        return outputs

    def names(self, inputs: tuple[str, ...]) -> tuple[str, ...]:
        """Return the names of the distances."""
        for pair in self._pairs():
            require_columns(self.kind, pair, inputs)
        return tuple(self._output_names())

    def _pairs(self) -> list[Pair]:
        return [self.start] if self.end is None else [self.start, self.end]

    def _output_names(self) -> list[str]:
        return unique_names([f"distance to {name}" for name in self.points or {}]) or ["distance"]


def _distances(
    latitude: NDArray[np.float64],
    longitude: NDArray[np.float64],
    other_latitude: NDArray[np.float64] | np.float64,
    other_longitude: NDArray[np.float64] | np.float64,
) -> NDArray[np.float64]:
    """Return great-circle distances in km of places in degrees.

    The haversine formula, with cos φ₁ cos φ₂ written as cos²((φ₁ + φ₂) / 2) - sin²((φ₁ - φ₂) / 2): then both the
    haversine and what it lacks to 1 are sums of squares, and the angle is exact for neighbours and antipodes alike.
    """
    half_up = np.radians(other_latitude - latitude) / 2.0
    half_along = np.radians(other_longitude - longitude) / 2.0
    middle = np.radians(other_latitude + latitude) / 2.0
    along, across = np.sin(half_along) ** 2, np.cos(half_along) ** 2
    haversine = np.sin(half_up) ** 2 * across + np.cos(middle) ** 2 * along
    rest = np.cos(half_up) ** 2 * across + np.sin(middle) ** 2 * along
    return np.asarray(2.0 * EARTH_RADIUS_KM * np.arctan2(np.sqrt(haversine), np.sqrt(rest)), dtype=np.float64)


def _distance(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    if not (-90.0 <= latitude <= 90.0 and -90.0 <= other_latitude <= 90.0):
        return math.nan
    if longitude != longitude or other_longitude != other_longitude:
        return math.nan
    half_up = math.radians(other_latitude - latitude) / 2.0
    half_along = math.radians(other_longitude - longitude) / 2.0
    middle = math.radians(other_latitude + latitude) / 2.0
    along, across = math.sin(half_along) ** 2, math.cos(half_along) ** 2
    haversine = math.sin(half_up) ** 2 * across + math.cos(middle) ** 2 * along
    rest = math.cos(half_up) ** 2 * across + math.sin(middle) ** 2 * along
    return 2.0 * EARTH_RADIUS_KM * math.atan2(math.sqrt(haversine), math.sqrt(rest))


def _to(latitude: float, longitude: float) -> Callable[[float, float], float]:
    return lambda own_latitude, own_longitude: _distance(own_latitude, own_longitude, latitude, longitude)


def distance(
    points: Mapping[str, tuple[float, float]] | None = None,
    *,
    start: Pair = ("latitude", "longitude"),
    end: Pair | None = None,
) -> Distance:
    """Measure distances on the earth, in kilometres.

    Two or four columns of degrees in; out comes one float column ``distance to <name>`` for each point in alphabetical
    order, or one column ``distance``. It is missing where a coordinate is, or where a latitude is not from -90 to 90;
    training refuses the latter.

    The distance is that along a great circle of a sphere with the mean radius of the earth, 6371.0087714 km (R1 of
    GRS 80; Moritz, 2000), by the haversine formula; the true earth differs by up to 0.6 percent.

    Parameters
    ----------
    points
        Latitude and longitude in degrees, by name.
    start
        Names of the columns with latitude and longitude.
    end
        Instead of points, the columns of a second place, row by row.

    Examples
    --------
    >>> from redspot.pipeline import Pipeline, branch
    >>> place = {"latitude": [48.8566, None], "longitude": [2.3522, 2.0]}
    >>> made = Pipeline(x=branch(*place).then(distance({"Berlin": (52.52, 13.405)}))).fit(place)
    >>> made.transform(place)["distance to Berlin"].round(1).tolist()
    [877.5, nan]
    """
    return Distance(start, points, end)
