"""What a window is compared with: the training data, the first answers, and how good the pipeline was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from redspot.pipeline import Pipeline, Schema
from redspot.profile.table import Profile
from redspot.serving.monitors.scores import score_profile
from redspot.serving.monitors.window import Window


@dataclass(frozen=True, slots=True)
class Reference:
    """What was when the pipeline was fitted.

    Attributes
    ----------
    schema
        Of the pipeline.
    inputs
        The profile of the training data; None where nothing is remembered of it.
    scores
        The profile of answers; None where there are none to compare with.
    metrics
        How good the pipeline was when it was last evaluated.
    """

    schema: Schema
    inputs: Profile | None
    scores: Profile | None
    metrics: Mapping[str, float]

    @classmethod
    def of(cls, pipeline: Pipeline, first: Window | None = None) -> Self:
        """Return what is remembered in a pipeline.

        Parameters
        ----------
        first
            A window whose answers are right to compare with, such as the first after a roll-out; the answers for the
            rows of the pipeline's parity set by default, of which there are 100 at most.
        """
        metadata, parity, schema = pipeline.metadata_, pipeline.parity_, pipeline.schema_
        answers: Sequence[Mapping[str, Any]] = () if parity is None else parity.answers
        if first is not None:
            answers = first.outputs
        return cls(
            schema,
            None if metadata is None else metadata.profile,
            score_profile(answers, schema) if answers else None,
            {} if metadata is None else metadata.metrics,
        )
