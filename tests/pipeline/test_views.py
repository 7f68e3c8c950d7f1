"""Steps and training data as objects that draw themselves."""

from __future__ import annotations

import json
from importlib import metadata
from typing import Any

import numpy as np
import pandas as pd
import pytest

from redspot.pipeline import Pipeline, branch, impute, loads, one_hot, parse_number, step
from redspot.pipeline.errors import MissingColumnError, NotFittedError, StepNotFoundError
from redspot.pipeline.pictures import profile_html, step_html


@pytest.fixture
def fitted(classifier: Pipeline, penguins: Any) -> Pipeline:
    return classifier.fit(penguins, "species")


def test_a_step_is_seen_from_both_sides(fitted: Pipeline, penguins: Any) -> None:
    view = fitted.step_view("numbers_scale", penguins)
    assert (view.step, view.title, view.rows) == ("numbers_scale", "scale", 344)
    assert view.before["body_mass_g"].mean == pytest.approx(4201, abs=1)
    assert view.after["body_mass_g"].mean == pytest.approx(0, abs=1e-9)
    assert view.before["body_mass_g"].missing == 0
    assert json.loads(json.dumps(view.to_json(), allow_nan=False)) == view.to_json()
    assert "<svg" in step_html(view.to_json())


def test_one_hot_has_a_vocabulary(fitted: Pipeline, penguins: Any) -> None:
    view = fitted.step_view("words_one_hot", penguins)
    assert view.vocabulary[:2] == (("island=Biscoe", 168.0), ("sex=male", 168.0))
    assert dict(view.vocabulary)["sex is missing"] == 11.0
    assert not view.categories


def test_text_that_becomes_one_number_has_categories() -> None:
    rows = {"price": ["$1.00", "$20.00", None, "$20.00", "ask"]}
    pipeline = Pipeline(x=branch("price").then(parse_number())).fit(rows)
    view = pipeline.step_view("x_parse_number", rows)
    assert view.categories == {"price": (("$20.00", 20.0), ("$1.00", 1.0), ("ask", None))}
    assert view.vocabulary == ()
    assert "Categories of price" in view._repr_mimebundle_()["text/html"]


def test_the_predictor_is_a_step_too(fitted: Pipeline, penguins: Any) -> None:
    view = fitted.step_view("model", penguins)
    assert view.after.names == ("prediction",)
    assert dict(view.after["prediction"].top or ())["Adelie"] > 100


def test_lists_are_seen_by_their_items() -> None:
    @step
    def counted(words: Any) -> Any:
        return np.array([float(len(each)) for each in words])

    made = Pipeline(x=branch("words").then(counted)).fit({"words": [["a"], ["b", "c"]]})
    view = made.step_view("x_counted", {"words": [["a"]]})
    assert view.before["words"].top == (("a", 1),)
    assert view.after["counted"].mean == 1.0


def test_what_cannot_be_seen_is_said(fitted: Pipeline, classifier: Pipeline, penguins: Any) -> None:
    with pytest.raises(StepNotFoundError, match="No step 'nothing'"):
        fitted.step_view("nothing", penguins)
    with pytest.raises(MissingColumnError, match="island"):
        fitted.step_view("model", penguins.drop(columns="island"))
    with pytest.raises(NotFittedError):
        classifier.clone().step_view("model", penguins)
    with pytest.raises(NotFittedError):
        classifier.clone().training_data()


def test_training_data_is_compared_with_what_is_served(fitted: Pipeline, penguins: Any) -> None:
    alone = fitted.training_data()
    assert alone.serve is None
    assert alone.train == fitted.profile_
    served = penguins[penguins["island"] == "Dream"]
    both = loads(fitted.dumps()).training_data(served)
    assert both.serve is not None
    assert both.serve["island"].drift is not None
    assert both.serve["island"].drift.verdict == "strong"
    assert repr(both) == "TrainingData(6 columns, 344 rows, 124 rows in serving)"
    assert "strong drift" in profile_html(both.to_json())


def test_cells_keep_a_static_picture_of_each(fitted: Pipeline, penguins: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "entry_points", lambda group: [])
    shown = [fitted.step_view("model", penguins), fitted.training_data(), fitted.evaluate(penguins, "species")]
    for each in shown:
        bundle = each._repr_mimebundle_()
        assert set(bundle) == {"text/plain", "text/html"}
        assert "rsp-static" in bundle["text/html"]
        assert each._repr_mimebundle_(exclude=["text/html"]).keys() == {"text/plain"}


def test_a_wide_step_is_seen_in_part() -> None:
    frame = pd.DataFrame({f"c{index}": [f"{index}", "x"] for index in range(150)})
    pipeline = Pipeline(x=branch(*frame.columns).then(impute("most_frequent")).then(one_hot())).fit(frame)
    view = pipeline.step_view("x_one_hot", frame)
    assert len(view.after.columns) == 200
    assert len(view.vocabulary) == 30
