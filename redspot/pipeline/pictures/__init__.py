"""Pictures of data, steps and evaluations as static HTML: for pages and notebooks in which nothing can run."""

from __future__ import annotations

from redspot.pipeline.pictures.evaluation import evaluation_html
from redspot.pipeline.pictures.profile import profile_html
from redspot.pipeline.pictures.shape import InvalidPictureError
from redspot.pipeline.pictures.step import step_html

__all__ = ["InvalidPictureError", "evaluation_html", "profile_html", "step_html"]
