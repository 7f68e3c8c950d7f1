"""Targets that a branch makes of raw columns, in training only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression

from redspot.pipeline import Pipeline, branch, estimate, loads, step, target
from redspot.pipeline.errors import InvalidTargetError, MissingColumnError
from redspot.pipeline.space import choice

ROWS = {
    "beds": [1, 2, 3, 4, 5, 6],
    "price": ["$10.00", "$20.00", None, "$80.00", "$160.00", "$1,320.00"],
}


def priced(**options: Any) -> Pipeline:
    return Pipeline(
        size=branch("beds").scale(),
        price=target("price", **options).parse_number().log(),
        model=estimate(LinearRegression()),
    )


def test_the_target_is_made_transformed_and_undone() -> None:
    made = priced(missing="drop").fit(ROWS)
    beds, price = np.array([1.0, 2, 4, 5, 6]), np.array([10.0, 20, 80, 160, 1320])
    theirs = LinearRegression().fit(beds[:, None], np.log1p(price)) if _is_log1p() else None
    theirs = theirs or LinearRegression().fit(beds[:, None], np.log(price))
    undo = np.expm1 if _is_log1p() else np.exp
    assert made.predict({"beds": [3]})[0] == pytest.approx(undo(theirs.predict([[3.0]]))[0], rel=1e-9)
    assert made.predict_one({"beds": 3})["prediction"] == pytest.approx(made.predict({"beds": [3]})[0], rel=1e-12)
    assert made.columns == ("beds",)
    assert made.schema_.dtypes == {"beds": "int"}


def _is_log1p() -> bool:
    from redspot.pipeline import log

    return bool(Pipeline(x=branch("x").then(log())).fit({"x": [0.0]}).transform({"x": [0.0]})["x"][0] == 0.0)


def test_rows_without_a_target_are_refused_unless_they_may_be_left_out() -> None:
    with pytest.raises(InvalidTargetError, match=r"'price' is missing in 1 rows \(first in row 2\); .*missing='drop'"):
        priced().fit(ROWS)
    assert priced(missing="drop").fit(ROWS).evaluate(ROWS).rows == 5


def test_metrics_have_the_unit_of_the_target_before_it_was_transformed() -> None:
    made = priced(missing="drop").fit(ROWS)
    kept = [0, 1, 3, 4, 5]
    truth = np.array([10.0, 20, 80, 160, 1320])
    predicted = made.predict({"beds": [ROWS["beds"][row] for row in kept]})
    assert made.evaluate(ROWS)["mae"] == pytest.approx(float(np.abs(predicted - truth).mean()))
    assert dict(made.evaluate({"beds": ROWS["beds"]}, ROWS["price"])) == dict(made.evaluate(ROWS))
    assert dict(made.evaluate({"beds": [1, 2]}, [10.0, 20.0])) == dict(made.evaluate({"beds": [1, 2]}, ["$10", "$20"]))


def test_the_target_can_be_given_in_place_of_its_column() -> None:
    one = priced(missing="drop").fit(ROWS)
    other = priced(missing="drop").fit({"beds": ROWS["beds"]}, ROWS["price"])
    assert one.predict({"beds": [3]}) == other.predict({"beds": [3]})
    assert priced(missing="drop").fit(ROWS, "price").predict({"beds": [3]}) == one.predict({"beds": [3]})
    with pytest.raises(InvalidTargetError, match="The target has 2 values for 6 rows"):
        priced().fit(ROWS, ["$1", "$2"])
    with pytest.raises(InvalidTargetError, match=r"made of 'price' by price, not of 'beds'"):
        priced().fit(ROWS, "beds")
    with pytest.raises(MissingColumnError, match="'price', of which the target is made, is missing"):
        priced().fit({"beds": [1]})


def test_it_survives_the_file_and_answers_without_the_column() -> None:
    made = priced(missing="drop").fit(ROWS)
    again = loads(made.dumps())
    assert again.dumps() == made.dumps()
    assert again.predict({"beds": [1, 9]}).tolist() == made.predict({"beds": [1, 9]}).tolist()
    assert again.check_parity().ok
    assert dict(again.evaluate(ROWS)) == dict(made.evaluate(ROWS))
    assert again.transform(ROWS, "price_log").keys() == {"price"}
    roles = {node["id"]: node["role"] for node in again.describe()["nodes"]}
    assert roles["price"] == roles["price_parse_number"] == roles["price_log"] == "target"
    assert {"from": "price_log", "to": "model"}.items() <= next(
        edge for edge in again.describe()["edges"] if edge["from"] == "price_log"
    ).items()


def test_folds_searches_and_importance_make_the_target_too() -> None:
    generator = np.random.default_rng(0)
    beds = generator.integers(1, 9, 60).astype(float)
    data = {"beds": beds, "noise": generator.normal(size=60), "price": np.where(beds == 4, np.nan, 2.0**beds)}
    made = Pipeline(
        x=branch("beds", "noise").scale(),
        price=target("price", missing="drop").log(),
        model=estimate(LinearRegression()),
    )
    assert made.cross_validate(data, folds=3)["r2"] > 0.9
    assert made.cross_validate(data, data["price"], folds=3)["r2"] == made.cross_validate(data, folds=3)["r2"]
    found = made.search({"x_scale__method": choice("standard", "robust")}, data, trials=2, folds=2)
    assert found.best_value > 0.9
    assert next(iter(made.fit(data).importance(data))) == "beds"


@step
def nights(start, end):  # type: ignore[no-untyped-def]
    return (end - start).astype("timedelta64[D]").astype(float)


def test_a_target_of_several_columns_and_labels() -> None:
    data = {
        "x": [0.0, 1.0, 2.0, 3.0],
        "start": pd.to_datetime(["2026-01-01"] * 4),
        "end": pd.to_datetime(["2026-01-02", "2026-01-03", "2026-01-20", "2026-02-20"]),
    }
    made = Pipeline(
        x=branch("x"),
        stay=target("start", "end").then(nights).bin("edges", edges=[7], output="text"),
        model=estimate(LogisticRegression()),
    )
    made.fit(data)
    assert made.classes_.tolist() == ["7 or more", "below 7"]
    assert made.predict({"x": [0.0, 3.0]}).tolist() == ["below 7", "7 or more"]
    assert made.evaluate(data)["accuracy"] == 1.0
    with pytest.raises(InvalidTargetError, match="made of 'start', 'end'; leave y out"):
        made.fit(data, [1, 2, 3, 4])


def test_a_target_of_two_columns_at_the_end_is_refused() -> None:
    with pytest.raises(InvalidTargetError, match="The branch y gives 'a', 'b'; a target is one column"):
        Pipeline(x=branch("x"), y=target("a", "b"), m=estimate(LinearRegression())).fit(
            {"x": [1.0], "a": [1.0], "b": [1.0]}
        )


def test_prices_of_real_listings(listings_file: Path) -> None:
    listings = pd.read_csv(listings_file)
    made = Pipeline(
        numbers=branch("accommodates", "bedrooms", "beds").impute().scale(),
        words=branch("room_type", "neighbourhood_cleansed").one_hot(min_support=20),
        price=target("price", missing="drop").parse_number().log(),
        model=estimate(LinearRegression()),
    )
    made.fit(listings)
    report = made.evaluate(listings)
    assert report.rows == int(listings["price"].notna().sum())
    assert report["medae"] < 60
