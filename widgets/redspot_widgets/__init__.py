"""Views for notebook cells; the pipeline library finds them by the entry point ``redspot.pictures``."""

from __future__ import annotations

from redspot_widgets.pipeline_graph import InvalidGraphError, PipelineGraph, picture
from redspot_widgets.view import FrontEndMissingError
from redspot_widgets.views import (
    EvaluationView,
    StepView,
    TrainingData,
    evaluation_picture,
    step_picture,
    training_picture,
)

__all__ = [
    "EvaluationView",
    "FrontEndMissingError",
    "InvalidGraphError",
    "PipelineGraph",
    "StepView",
    "TrainingData",
    "evaluation_picture",
    "picture",
    "step_picture",
    "training_picture",
]
