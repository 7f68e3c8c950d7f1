"""What is remembered of a fit: the training data, how long it took, with which code and libraries."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import TYPE_CHECKING

from redspot._version import __version__
from redspot.pipeline.column import Table
from redspot.pipeline.estimating import Estimate
from redspot.pipeline.fitting import Fitted
from redspot.pipeline.graph import Graph
from redspot.pipeline.node import Target
from redspot.pipeline.timing import Timing

if TYPE_CHECKING:
    from redspot.profile.table import Profile


@dataclass(frozen=True, eq=False)
class Metadata:
    """What is remembered of a fit; it changes nothing of what the pipeline answers.

    Attributes
    ----------
    rows
        Number of training rows.
    fitted_at
        When the fit ended; aware, UTC.
    fit_s
        Seconds that the whole fit took.
    timing
        Seconds that each step took, by its name.
    libraries
        Versions of Python, Redspot, numpy and the frameworks of the estimators, by name.
    code_hash
        SHA-256 over the definition of the graph: steps, parameters, and the source of functions of one's own.
    metrics
        What `evaluate` last returned.
    profile_source
        Gives the profile; one that comes from a file is read when it is first asked for.
    """

    rows: int
    fitted_at: datetime
    fit_s: float
    timing: Mapping[str, Timing]
    libraries: Mapping[str, str]
    code_hash: str
    profile_source: Callable[[], Profile] = field(repr=False)
    metrics: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def profile(self) -> Profile:
        """What the raw columns of the training data held, and how each goes with the target.

        Raises
        ------
        CorruptPipelineError
            When the file that it comes from holds no profile there.
        """
        return self.profile_source()


def metadata_of(graph: Graph, fitted: Fitted, table: Table, target: Target | None, fit_s: float) -> Metadata:
    """Return what is remembered of a fit that has just ended."""
    # Needed for fitting only: a server that answers starts without them.
    from redspot.pipeline.codehash import code_hash
    from redspot.pipeline.profiling import profile_of

    profile = profile_of(table, target)
    return Metadata(
        rows=fitted.rows,
        fitted_at=datetime.now(UTC),
        fit_s=fit_s,
        timing=dict(fitted.timings),
        libraries=_libraries(graph),
        code_hash=code_hash(graph),
        profile_source=partial(_given, profile),
    )


def _given(profile: Profile) -> Profile:
    """Return what is given; not a closure, so that a fitted pipeline can be sent to another process."""
    return profile


def _libraries(graph: Graph) -> dict[str, str]:
    """Return versions of what was used; all of it is imported by now, so nothing is searched for."""
    frameworks = {node.step.facts.framework for node in graph.steps if isinstance(node.step, Estimate)}
    found = {name: getattr(sys.modules.get(name), "__version__", None) for name in sorted({"numpy", *frameworks})}
    known = {name: str(version) for name, version in found.items() if version is not None}
    return {"python": platform.python_version(), "redspot": __version__, **known}
