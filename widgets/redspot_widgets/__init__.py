"""Views for notebook cells; the pipeline library finds them by the entry point ``redspot.pictures``."""

from __future__ import annotations

from redspot_widgets.pipeline_graph import InvalidGraphError, PipelineGraph, picture

__all__ = ["InvalidGraphError", "PipelineGraph", "picture"]
