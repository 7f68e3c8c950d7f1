"""The work of the pipeline benchmark: a table like those that people train on, and single requests."""

from __future__ import annotations

from typing import Any

import numpy as np

NUMBERS = [f"n{index}" for index in range(10)]
WORDS = [f"c{index}" for index in range(5)]
CATEGORIES = (3, 8, 20, 50, 100)


def table(rows: int, seed: int = 7, missing: float = 0.05, unseen: float = 0.0) -> tuple[Any, Any]:
    """Return a pandas frame of 10 numbers and 5 categories, and a 0/1 target that depends on both.

    Parameters
    ----------
    rows, seed
        Size and seed.
    missing
        Share of missing values in each column.
    unseen
        Share of categories that no other table has.
    """
    import pandas as pd

    random = np.random.default_rng(seed)
    columns: dict[str, Any] = {}
    score = random.normal(0, 1, rows)
    for index, name in enumerate(NUMBERS):
        values = random.normal(index, 1 + index, rows)
        score += (values - index) / (1 + index) * (0.5 if index % 2 else -0.3)
        values[random.random(rows) < missing] = np.nan
        columns[name] = values
    for name, count in zip(WORDS, CATEGORIES, strict=True):
        code = random.integers(0, count, rows)
        score += code / count - 0.5
        words = np.array([f"{name}_{index}" for index in range(count)], dtype=object)[code]
        words[random.random(rows) < unseen] = "never seen"
        words[random.random(rows) < missing] = np.nan
        columns[name] = words
    return pd.DataFrame(columns), (score > 0).astype("int64")


def requests(count: int, seed: int = 11) -> list[dict[str, Any]]:
    """Return rows as dicts; in each one number is missing."""
    frame, _ = table(count, seed, missing=0.0)
    rows: list[dict[str, Any]] = frame.to_dict("records")
    for index, row in enumerate(rows):
        row[NUMBERS[index % len(NUMBERS)]] = None
    return rows


def sklearn_pipeline(kind: str, absent: Any = float("nan")) -> Any:
    """Return the pipeline as people write it with scikit-learn, not fitted; `kind` is ``linear`` or ``trees``."""
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import GradientBoostingClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    words = make_pipeline(
        SimpleImputer(missing_values=absent, strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")
    )
    before = ColumnTransformer([("numbers", numbers, NUMBERS), ("words", words, WORDS)])
    model = LogisticRegression(max_iter=200) if kind == "linear" else GradientBoostingClassifier(random_state=0)
    return make_pipeline(before, model)


LISTING_NUMBERS = ["accommodates", "bathrooms", "bedrooms", "beds", "minimum_nights", "number_of_reviews"]
LISTING_RATES = ["host_response_rate", "host_acceptance_rate"]
LISTING_WORDS = ["room_type", "neighbourhood_cleansed", "property_type", "host_is_superhost"]


def listings() -> tuple[Any, Any]:
    """Return the Airbnb listings that have a price, messy as they are, and whether the price is above the median."""
    import os
    from pathlib import Path

    import pandas as pd

    default = Path(__file__).resolve().parents[3] / "shared" / "data"
    folder = Path(os.environ.get("REDSPOT_TEST_DATA", default))
    frame = pd.read_csv(folder / "airbnb-dc-listings.csv.gz").dropna(subset=["price"])
    price = frame["price"].str.replace(r"[$,]", "", regex=True).astype("float64")
    columns = [*LISTING_NUMBERS, *LISTING_RATES, *LISTING_WORDS]
    return frame[columns].reset_index(drop=True), (price > price.median()).astype("int64").to_numpy()


def read_rates(frame: Any) -> Any:
    """Return texts such as ``95%`` as fractions, the way people do it beside scikit-learn."""
    return frame.apply(lambda column: column.str.rstrip("%").astype("float64") / 100)


def sklearn_listings() -> Any:
    """Return the same for the listings: rates are read, numbers filled and scaled, words one-hot encoded."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    rates = make_pipeline(FunctionTransformer(read_rates), SimpleImputer(strategy="median"), StandardScaler())
    words = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    parts = [("numbers", numbers, LISTING_NUMBERS), ("rates", rates, LISTING_RATES), ("words", words, LISTING_WORDS)]
    return make_pipeline(ColumnTransformer(parts), LogisticRegression(max_iter=1000))
