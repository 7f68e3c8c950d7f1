"""What a pipeline must know of each library whose estimators it can hold."""

from __future__ import annotations

from redspot.pipeline.frameworks.framework import Framework, framework_named, framework_of

__all__ = ["Framework", "framework_named", "framework_of"]
