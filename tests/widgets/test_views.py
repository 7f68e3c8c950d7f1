"""Training data, steps and evaluations: their state, what they refuse, what a saved notebook keeps."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import redspot_widgets.view
from redspot_widgets import EvaluationView, FrontEndMissingError, StepView, TrainingData, picture

from redspot.pipeline import Pipeline
from redspot.pipeline.pictures import InvalidPictureError
from tests.widgets.recording import EVALUATIONS, recorded

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"


class Report(Mapping[str, float]):
    """Like an evaluation: a mapping of metrics that knows its JSON."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.data = data

    def __getitem__(self, name: str) -> float:
        return float(self.data["metrics"][name])

    def __iter__(self) -> Any:
        return iter(self.data["metrics"])

    def __len__(self) -> int:
        return len(self.data["metrics"])

    def to_json(self) -> dict[str, Any]:
        return self.data


@pytest.mark.parametrize("name", EVALUATIONS)
def test_an_evaluation_is_taken_as_object_or_json(name: str) -> None:
    data = recorded(name)
    for source in (data, Report(data)):
        widget = EvaluationView(source)
        assert widget.evaluation == data
        assert widget.get_state()["picture"] == "evaluation"
    bundle, _ = widget._repr_mimebundle_()
    assert set(bundle) == {WIDGET_VIEW, "text/plain", "text/html"}
    assert next(iter(data["metrics"])) in bundle["text/plain"]


def test_training_data_is_a_comparison_or_one_or_two_profiles() -> None:
    data = recorded("comparison")
    assert TrainingData(data).comparison == data
    assert TrainingData(data["train"]).comparison == {"train": data["train"], "serve": None}
    assert TrainingData(data["train"], data["serve"]).comparison == data
    bundle, _ = TrainingData(data)._repr_mimebundle_()
    assert bundle["text/plain"] == "Training data of 8 columns"
    assert "strong drift" in bundle["text/html"]


def test_a_step() -> None:
    widget = StepView(recorded("step"))
    bundle, _ = widget._repr_mimebundle_()
    assert bundle["text/plain"] == "Step words_one_hot: one_hot"
    assert "harbour" in bundle["text/html"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data.pop("metrics"), r"the evaluation lacks metrics\."),
        (
            lambda data: data["metrics"].update(auc=float("nan")),
            r"the evaluation\.metrics\.auc is nan; .* finite number",
        ),
        (lambda data: data["slices"][0].update(rows="many"), r"the evaluation\.slices\[0\]\.rows is 'many'"),
        (lambda data: data["confusion"]["counts"].pop(), r"counts has to be 2 lists of 2"),
        (lambda data: data["roc"]["tpr"].pop(), "fpr and tpr of the evaluation.roc differ in length"),
        (lambda data: data.update(residuals={"edges": [1], "counts": [1]}), "1 edges for 1 counts"),
        (
            lambda data: data["intervals"].update(accuracy=[1]),
            r"intervals\.accuracy is \[1\]; it has to be a list of 2",
        ),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_its_place(change: Callable[[Any], Any], message: str) -> None:
    data = copy.deepcopy(recorded("binary"))
    change(data)
    with pytest.raises(InvalidPictureError, match=message):
        EvaluationView(data)
    widget = EvaluationView(recorded("binary"))
    with pytest.raises(InvalidPictureError, match=message):
        widget.evaluation = data
    assert widget.evaluation == recorded("binary")


def test_other_kinds_are_refused_too() -> None:
    with pytest.raises(
        InvalidPictureError, match=r"An evaluation is JSON or an object whose to_json\(\) gives it, not"
    ):
        EvaluationView(3)
    with pytest.raises(InvalidPictureError, match="the comparison lacks train"):
        TrainingData({"metrics": {}})
    bad = recorded("comparison")
    bad["serve"]["columns"][0]["drift"]["verdict"] = "huge"
    with pytest.raises(InvalidPictureError, match=r"drift\.verdict is 'huge'; it has to be one of none, some, strong"):
        TrainingData(bad)
    with pytest.raises(InvalidPictureError, match="the step lacks title, before, after"):
        StepView({"step": "x"})


def test_without_a_built_front_end_widgets_say_what_to_do(fitted: Pipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redspot_widgets.view, "is_built", lambda: False)
    with pytest.raises(FrontEndMissingError, match="make setup"):
        EvaluationView(recorded("binary"))
    assert picture(fitted) == {}
