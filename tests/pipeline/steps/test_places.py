"""Steps on places."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics.pairwise import haversine_distances

from redspot.pipeline import Pipeline, branch, distance, grid_cell, one_hot
from redspot.pipeline.errors import ColumnTypeError, InvalidStepError, UnknownColumnError
from redspot.pipeline.steps.distances import EARTH_RADIUS_KM
from tests.pipeline.steps.agreement import FEW, assert_agrees, fitted, outcome

degrees = st.one_of(
    st.none(), st.floats(-90, 90), st.sampled_from([0.0, -0.0, 90.0, -90.0, 52.52, 45.0, 180.0, -180.0, 360.0, 1e300])
)
COLUMNS = ("latitude", "longitude", "lat", "lon")
rows = st.lists(st.tuples(*[degrees] * 4), min_size=1, max_size=10)
TRAINING = {"latitude": [52.5, None], "longitude": [13.4, 1.0], "lat": [0.0, 1.0], "lon": [0.0, 200.0]}

STEPS: list[Any] = [
    distance({"b": (52.52, 13.405), "a": (-90, 0)}),
    distance(end=("lat", "lon")),
    distance({"here": (0.0, 0.0)}, start=("lat", "lon")),
    grid_cell(0.25),
    grid_cell(7),
    grid_cell(0.001, columns=("lat", "lon")),
    *(grid_cell(geohash=length) for length in (1, 2, 5, 12)),
]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: f"{step.kind}-{list(step.params().values())}")
@FEW
@given(later=rows)
def test_one_row_is_as_many_rows(step: Any, later: list[tuple[Any, ...]]) -> None:
    assert_agrees(step, TRAINING, dict(zip(COLUMNS, map(list, zip(*later, strict=True)), strict=True)))
    assert step.names(COLUMNS) == tuple(outcome(step, TRAINING))


def test_distances_are_those_of_scikit_learn() -> None:
    generator = np.random.default_rng(0)
    places = np.stack([generator.uniform(-89, 89, 50), generator.uniform(-180, 180, 50)], axis=1)
    expected = haversine_distances(np.radians(places), np.radians([[52.52, 13.405]]))[:, 0] * EARTH_RADIUS_KM
    made = outcome(distance({"it": (52.52, 13.405)}), {"latitude": places[:, 0], "longitude": places[:, 1]})
    assert made["distance to it"] == pytest.approx(expected.tolist(), rel=1e-9)


def test_neighbours_and_antipodes_are_exact() -> None:
    near = outcome(distance({"it": (10.0, 20.0)}), {"latitude": [10.0 + 1e-9], "longitude": [20.0]})
    assert near["distance to it"][0] == pytest.approx(math.radians(1e-9) * EARTH_RADIUS_KM, rel=1e-5)
    far = outcome(distance({"it": (10.0, 20.0)}), {"latitude": [-10.0], "longitude": [-160.0]})
    assert far["distance to it"][0] == pytest.approx(math.pi * EARTH_RADIUS_KM, rel=1e-12)
    same = {"latitude": [10.0], "longitude": [20.0], "lat": [10.0], "lon": [380.0]}
    assert outcome(distance(end=("lat", "lon")), same)["distance"][0] == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("latitude", "longitude", "cell"),
    [
        (57.64911, 10.40744, "u4pruydqqvj8"),
        (42.6, -5.6, "ezs42e44yx96"),
        (-25.382708, -49.265506, "6gkzwgjzn820"),
        (0.0, 0.0, "s00000000000"),
    ],
)
def test_geohashes_are_the_known_ones(latitude: float, longitude: float, cell: str) -> None:
    place = {"latitude": [latitude], "longitude": [longitude]}
    for length in range(1, 12):
        assert outcome(grid_cell(geohash=length), place)["cell"] == [cell[:length]]


def test_cells_are_named_by_their_corner() -> None:
    place = {"latitude": [52.52, -0.1, 90.0, None], "longitude": [13.405, 179.9, -180.0, 1.0]}
    assert outcome(grid_cell(0.5), place)["cell"] == ["52.5,13", "-0.5,179.5", "90,-180", None]
    assert outcome(grid_cell(0.1), place)["cell"][0] == "52.5,13.4"


def test_cells_can_be_categories() -> None:
    place = {"latitude": [52.52, 48.1], "longitude": [13.405, 11.5]}
    pipeline = Pipeline(x=branch(*place).then(grid_cell(geohash=2)).then(one_hot())).fit(place)
    assert list(pipeline.transform(place)) == ["cell=u2", "cell=u3", "cell is other", "cell is missing"]
    assert pipeline.features("x_one_hot")[0].columns == ("latitude", "longitude")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: distance(), "give points, such as"),
        (lambda: distance({"a": (0, 0)}, end=("a", "b")), "give points, such as"),
        (lambda: distance({}), "points are places by name"),
        (lambda: distance([(1, 2)]), "points are places by name"),
        (lambda: distance({"a": (91, 0)}), "latitude is a number from -90 to 90, not 91"),
        (lambda: distance({"a": 4}), "a point is a pair of latitude and longitude"),
        (lambda: distance(end=("a",)), "end are two columns"),
        (lambda: distance(end=("a", "a")), "end are two columns"),
        (lambda: grid_cell(), "give size, in degrees, or geohash"),
        (lambda: grid_cell(1, geohash=3), "give size, in degrees, or geohash"),
        (lambda: grid_cell(0), "size is a number from 1e-06 to 180"),
        (lambda: grid_cell(geohash=13), "geohash is a whole number from 1 to 12"),
        (lambda: grid_cell(1, columns="ab"), "columns are two columns"),
    ],
)
def test_a_wrong_parameter_is_refused_at_once(make: Any, message: str) -> None:
    with pytest.raises(InvalidStepError, match=message):
        make()


@pytest.mark.parametrize("step", [distance({"a": (0, 0)}), grid_cell(1)])
def test_what_is_no_place_is_refused(step: Any) -> None:
    with pytest.raises(UnknownColumnError, match=f"{step.kind}: no column 'longitude'; there are 'latitude'"):
        fitted(step, {"latitude": [1.0]})
    with pytest.raises(UnknownColumnError, match=f"{step.kind}: no column 'latitude'; there are 'x'"):
        step.names(("x",))
    with pytest.raises(ColumnTypeError, match="'latitude' has 120.5 in row 1, and a latitude is from -90 to 90"):
        fitted(step, {"latitude": [1.0, 120.5], "longitude": [1.0, 1.0]})
    with pytest.raises(ColumnTypeError, match="Column 'longitude' holds text"):
        fitted(step, {"latitude": [1.0], "longitude": ["a"]})
