"""Training data, steps and evaluations in a cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import traitlets

from redspot.pipeline.pictures import evaluation_html, profile_html, step_html
from redspot.pipeline.pictures.shape import checked_comparison, checked_evaluation, checked_step
from redspot_widgets.view import View, json_of, live


class TrainingData(View):
    """What the columns of the training data hold, compared with what is served.

    Parameters
    ----------
    train
        A profile, or a comparison of two (JSON, or an object with `to_json`).
    serve
        The profile of what is served, when `train` is a profile.

    Attributes
    ----------
    comparison : dict
        ``{"train": profile, "serve": profile or None}``; a new value redraws the picture.

    Examples
    --------
    >>> TrainingData({"rows": 3, "columns": []}).comparison["serve"] is None
    True
    """

    picture = traitlets.Unicode("training-data", read_only=True).tag(sync=True)
    comparison = traitlets.Dict().tag(sync=True)

    def __init__(self, train: object, serve: object = None) -> None:
        data = dict(json_of(train, "The training data"))
        if serve is not None:
            data = {"train": data, "serve": dict(json_of(serve, "The served data"))}
        super().__init__(comparison=checked_comparison(data))

    @traitlets.validate("comparison")
    def _check(self, proposal: Mapping[str, Any]) -> dict[str, Any]:
        return checked_comparison(proposal["value"])

    def _static(self) -> dict[str, Any]:
        count = len(self.comparison["train"]["columns"])
        return {"text/plain": f"Training data of {count} columns", "text/html": profile_html(self.comparison)}


class StepView(View):
    """What goes into a step of a pipeline and what comes out of it.

    Parameters
    ----------
    step
        The view of a step (JSON, or an object with `to_json`).

    Attributes
    ----------
    step : dict
        A new value redraws the picture.
    """

    picture = traitlets.Unicode("step-view", read_only=True).tag(sync=True)
    step = traitlets.Dict().tag(sync=True)

    def __init__(self, step: object) -> None:
        super().__init__(step=checked_step(json_of(step, "The view of a step")))

    @traitlets.validate("step")
    def _check(self, proposal: Mapping[str, Any]) -> dict[str, Any]:
        return checked_step(proposal["value"])

    def _static(self) -> dict[str, Any]:
        return {"text/plain": f"Step {self.step['step']}: {self.step['title']}", "text/html": step_html(self.step)}


class EvaluationView(View):
    """How good a model is: metrics with intervals, confusion matrix, curves and slices.

    Parameters
    ----------
    evaluation
        What `evaluate` returned, or its JSON.

    Attributes
    ----------
    evaluation : dict
        A new value redraws the picture.

    Examples
    --------
    >>> EvaluationView({"task": "binary", "rows": 9, "metrics": {"accuracy": 0.98}}).evaluation["rows"]
    9
    """

    picture = traitlets.Unicode("evaluation", read_only=True).tag(sync=True)
    evaluation = traitlets.Dict().tag(sync=True)

    def __init__(self, evaluation: object) -> None:
        super().__init__(evaluation=checked_evaluation(json_of(evaluation, "An evaluation")))

    @traitlets.validate("evaluation")
    def _check(self, proposal: Mapping[str, Any]) -> dict[str, Any]:
        return checked_evaluation(proposal["value"])

    def _static(self) -> dict[str, Any]:
        metrics = ", ".join(f"{name} {value:.4g}" for name, value in self.evaluation["metrics"].items())
        return {"text/plain": f"Evaluation: {metrics}", "text/html": evaluation_html(self.evaluation)}


def training_picture(comparison: object) -> dict[str, Any]:
    """Return how training data show themselves in a cell; see `redspot_widgets.view.live`."""
    return live(lambda: TrainingData(comparison))


def step_picture(step: object) -> dict[str, Any]:
    """Return how the view of a step shows itself in a cell."""
    return live(lambda: StepView(step))


def evaluation_picture(evaluation: object) -> dict[str, Any]:
    """Return how an evaluation shows itself in a cell."""
    return live(lambda: EvaluationView(evaluation))
