"""A fitted scikit-learn pipeline, taken over as it is, answers as scikit-learn does, alone and among many."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    AdaBoostClassifier,
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestRegressor,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor, RidgeClassifier, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    RobustScaler,
    StandardScaler,
)
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from redspot.pipeline import Pipeline, loads
from redspot.pipeline.errors import ColumnTypeError, InvalidPipelineError, UnsavableStepError
from redspot.pipeline.rowfunction import row_source

NUMBERS, WORDS = ["a", "b", "c"], ["w", "v"]


def frame_of(rows: int, seed: int, *, unseen: bool = False) -> Any:
    random = np.random.default_rng(seed)
    frame = pd.DataFrame({name: random.normal(index, 1 + index, rows) for index, name in enumerate(NUMBERS)})
    frame["w"] = random.choice(np.array(["x", "y", "z"], dtype=object), rows)
    frame["v"] = random.choice(np.array(["ü", "'", "a=b", "rare"], dtype=object), rows, p=[0.4, 0.3, 0.25, 0.05])
    for name in frame.columns:
        frame.loc[random.random(rows) < 0.1, name] = np.nan
    if unseen:
        frame.loc[random.random(rows) < 0.2, "w"] = "never seen"
    return frame


def target_of(frame: Any, kind: str) -> Any:
    score = frame["a"].fillna(0) + (frame["w"] == "x") - 0.1 * frame["c"].fillna(2)
    if kind == "number":
        return score.to_numpy()
    return np.digitize(score, [0.0] if kind == "two" else [-0.5, 0.5])


def numbers(*steps: Any) -> Any:
    return make_pipeline(SimpleImputer(strategy="median"), *steps)


def words(**options: Any) -> Any:
    return make_pipeline(
        SimpleImputer(strategy="most_frequent"), OneHotEncoder(**{"handle_unknown": "ignore", **options})
    )


def columns(*parts: Any, **options: Any) -> Any:
    named = [(f"part{index}", part, chosen) for index, (part, chosen) in enumerate(parts)]
    return ColumnTransformer(named, **options)


RARE = {"handle_unknown": "infrequent_if_exist", "min_frequency": 0.1}
BINS = KBinsDiscretizer(3, encode="onehot-dense", quantile_method="averaged_inverted_cdf")
INNER = columns((FunctionTransformer(np.abs), [0]), (StandardScaler(), [2, 1]))
CODES = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2)
UNION = FeatureUnion([("s", StandardScaler()), ("p", PCA(2))])

BEFORE = {
    "standard": columns((numbers(StandardScaler()), NUMBERS), (words(), WORDS)),
    "min_max": columns((numbers(MinMaxScaler()), NUMBERS), (words(drop="if_binary"), WORDS)),
    "clipped": columns((numbers(MinMaxScaler(clip=True)), NUMBERS), (words(sparse_output=False), WORDS)),
    "robust": columns((words(**RARE), WORDS), (numbers(RobustScaler()), NUMBERS)),
    "passed": columns((words(), WORDS), ("drop", ["c"]), remainder=numbers(MaxAbsScaler())),
    "missing": columns((numbers(), [0, 1]), (OneHotEncoder(handle_unknown="ignore"), [3, 4])),
    "ordinal": columns((SimpleImputer(strategy="constant", fill_value=-1.0), slice("a", "c")), (CODES, WORDS)),
    "union": columns((numbers(UNION), make_column_selector(dtype_include="number")), (words(), WORDS)),
    "nested": columns((numbers(INNER), NUMBERS), (words(), WORDS)),
    "products": columns((numbers(PolynomialFeatures(2)), NUMBERS), (words(), WORDS)),
}
TWO = {
    "logistic": LogisticRegression(max_iter=500),
    "boosting": GradientBoostingClassifier(n_estimators=8, random_state=0),
    "exponential": GradientBoostingClassifier(loss="exponential", n_estimators=8, random_state=0),
    "histogram": HistGradientBoostingClassifier(max_iter=8),
    "vectors": SVC(),
    "ridge": RidgeClassifier(),
}
THREE = {
    "logistic": LogisticRegression(max_iter=500),
    "boosting": GradientBoostingClassifier(n_estimators=5, random_state=0),
    "extra": ExtraTreesClassifier(8, random_state=0),
    "tree": DecisionTreeClassifier(max_depth=4, random_state=0),
    "gradient": SGDClassifier(loss="log_loss", random_state=0),
    "ada": AdaBoostClassifier(n_estimators=5, random_state=0),
}
NUMBER = {
    "linear": LinearRegression(),
    "poisson": PoissonRegressor(),
    "boosting": GradientBoostingRegressor(n_estimators=8, random_state=0),
    "forest": RandomForestRegressor(8, random_state=0),
    "neighbors": KNeighborsRegressor(3, algorithm="brute"),
}


def assert_same(theirs: Any, taken: Pipeline, asked: Any) -> None:
    rows = [
        {str(name): None if value != value else value for name, value in row.items() if name in taken.columns}
        for row in asked.head(40).to_dict("records")
    ]
    alone = [taken.predict_one(row) for row in rows]
    is_clear = np.ones(len(asked), dtype=bool)
    if hasattr(theirs, "predict_proba"):
        wanted = theirs.predict_proba(asked)
        # Two classes that are equally likely up to the last bits have no order.
        highest = np.sort(wanted, axis=1)
        is_clear = highest[:, -1] - highest[:, -2] > 1e-9
        assert is_clear.mean() > 0.5
        assert np.abs(taken.predict_proba(asked) - wanted).max() <= 1e-9
        assert np.abs(np.array([list(each["probabilities"].values()) for each in alone]) - wanted[:40]).max() <= 1e-9
    wanted = theirs.predict(asked)
    given_ = taken.predict(asked)
    if wanted.dtype.kind == "f":
        assert (np.abs(given_ - wanted) <= 1e-9 * np.maximum(1, np.abs(wanted))).all()
        one = np.array([each["prediction"] for each in alone])
        assert (np.abs(one - wanted[:40]) <= 1e-9 * np.maximum(1, np.abs(wanted[:40]))).all()
    else:
        assert given_[is_clear].tolist() == wanted[is_clear].tolist()
        one = np.array([each["prediction"] for each in alone])
        assert one[is_clear[:40]].tolist() == wanted[:40][is_clear[:40]].tolist()
    assert taken.check_parity().ok


@pytest.mark.parametrize("before", BEFORE)
@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 2**20))
def test_what_comes_before(before: str, seed: int) -> None:
    frame = frame_of(200, seed)
    theirs = make_pipeline(BEFORE[before], GradientBoostingClassifier(n_estimators=5, random_state=0))
    theirs.fit(frame, target_of(frame, "two"))
    for taken in (Pipeline.from_sklearn(theirs, frame), Pipeline.from_sklearn(theirs)):
        with warnings.catch_warnings():
            # scikit-learn says that a category is new, which is what is asked here.
            warnings.filterwarnings("ignore", message="Found unknown categories")
            assert_same(theirs, taken, frame_of(100, seed + 1, unseen=True))
            assert_same(theirs, loads(taken.dumps()), frame_of(50, seed + 2, unseen=True))


@pytest.mark.parametrize(
    ("kind", "name"), [("two", n) for n in TWO] + [("three", n) for n in THREE] + [("number", n) for n in NUMBER]
)
def test_what_predicts(kind: str, name: str) -> None:
    frame = frame_of(300, 1)
    estimator = {"two": TWO, "three": THREE, "number": NUMBER}[kind][name]
    target = target_of(frame, kind)
    theirs = make_pipeline(BEFORE["standard"], estimator).fit(frame, np.abs(target) if name == "poisson" else target)
    taken = Pipeline.from_sklearn(theirs, frame)
    assert_same(theirs, taken, frame_of(200, 2, unseen=True))
    assert loads(taken.dumps()).check_parity().ok


def test_an_estimator_alone_and_a_search_are_taken_too() -> None:
    values = np.random.default_rng(0).normal(size=(60, 3))
    search = GridSearchCV(
        make_pipeline(StandardScaler(), LinearRegression()), {"linearregression__positive": [True, False]}
    )
    for theirs in (LinearRegression(), make_pipeline(StandardScaler(), LinearRegression()), search):
        theirs.fit(values, values @ [1.0, 2.0, 3.0])
        taken = Pipeline.from_sklearn(theirs)
        assert taken.columns == ("x0", "x1", "x2")
        assert np.allclose(taken.predict(values), theirs.predict(values), rtol=0, atol=1e-9)


def test_the_usual_pipeline_becomes_native_through_and_through() -> None:
    frame = frame_of(200, 3)
    theirs = make_pipeline(BEFORE["standard"], LogisticRegression()).fit(frame, target_of(frame, "two"))
    taken = Pipeline.from_sklearn(theirs, frame)
    source, _ = row_source(taken.graph, taken._learned())
    assert {step.kind for step in taken.steps.values()} == {"impute", "scale", "indicate", "estimate"}
    # What has no code of its own is called with a table of one row, and unpacked.
    assert "[0]" not in source
    assert taken.features(list(taken.steps)[-1])[0].columns == (*NUMBERS, *WORDS)


def test_an_unknown_category_is_an_error_where_it_was_one() -> None:
    frame = frame_of(100, 4)
    theirs = make_pipeline(ColumnTransformer([("w", words(handle_unknown="error"), ["w"])]), LogisticRegression()).fit(
        frame, target_of(frame, "two")
    )
    taken = Pipeline.from_sklearn(theirs, frame)
    with pytest.raises(ColumnTypeError, match="Column 'w' has the unknown value 'nix'; training saw 'x', 'y', 'z'"):
        taken.predict_one({"w": "nix"})
    with pytest.raises(ColumnTypeError, match="has the unknown value 'nix' in row 1"):
        taken.predict({"w": ["x", "nix"]})


def test_what_cannot_be_taken_is_named() -> None:
    frame = frame_of(100, 5)
    known = frame.dropna()
    texts = make_pipeline(columns((TfidfVectorizer(token_pattern="."), "w")), LogisticRegression())
    texts.fit(known, target_of(known, "two"))
    with pytest.raises(InvalidPipelineError, match=r"TfidfVectorizer reads the text of 'w'"):
        Pipeline.from_sklearn(texts, known)
    own = make_pipeline(FunctionTransformer(lambda values: values * 2), LinearRegression())
    own.fit(frame[["a"]].dropna(), frame["a"].dropna())
    with pytest.raises(InvalidPipelineError, match=r"FunctionTransformer calls '<lambda>', which no file can hold"):
        Pipeline.from_sklearn(own)
    with pytest.raises(InvalidPipelineError, match="LinearRegression is not fitted"):
        Pipeline.from_sklearn(LinearRegression())


def test_a_transformer_without_a_native_step_is_kept_as_it_is() -> None:
    frame = frame_of(100, 6)
    theirs = make_pipeline(columns((numbers(BINS), NUMBERS), (words(), WORDS)), LogisticRegression())
    theirs.fit(frame, target_of(frame, "two"))
    taken = Pipeline.from_sklearn(theirs, frame)
    assert_same(theirs, taken, frame_of(50, 7, unseen=True))
    with pytest.raises(UnsavableStepError, match="KBinsDiscretizer, which is not on the list of trusted types"):
        taken.dumps()
