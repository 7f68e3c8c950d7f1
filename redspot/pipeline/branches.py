"""How a graph is written down: branches that start at raw columns, and joins of earlier parts."""

from __future__ import annotations

from dataclasses import dataclass, replace

from redspot.pipeline.column import listed
from redspot.pipeline.errors import InvalidPipelineError
from redspot.pipeline.node import Step
from redspot.pipeline.steps.custom import CustomStep, StepFunction


@dataclass(frozen=True, slots=True)
class NamedStep:
    """A step with the last part of its name."""

    name: str
    step: Step


@dataclass(frozen=True, slots=True)
class Branch:
    """A chain of steps, from raw columns or from the ends of earlier parts; `then` makes it longer.

    Attributes
    ----------
    columns
        Raw columns, when it starts at the data.
    joins
        Names of earlier parts, when it continues them; empty together with `columns` means all open ends.
    steps
        The chain.
    """

    columns: tuple[str, ...] = ()
    joins: tuple[str, ...] = ()
    steps: tuple[NamedStep, ...] = ()

    def then(self, step: Step | StepFunction, *, name: str | None = None) -> Branch:
        """Return the branch with one more step.

        Parameters
        ----------
        step
            What comes next.
        name
            Last part of its name; the step's kind (``impute``, ``scale``, …) when not given.
        """
        made = as_step(step)
        return replace(self, steps=(*self.steps, NamedStep(name or short_name(made), made)))


def branch(*columns: str) -> Branch:
    """Start at raw columns.

    Examples
    --------
    >>> from redspot.pipeline import impute, scale
    >>> branch("price", "beds").then(impute()).then(scale()).columns
    ('price', 'beds')
    """
    _require_names("branch", columns, "column")
    return Branch(columns=columns)


def join(*parts: str) -> Branch:
    """Continue at the ends of earlier parts, side by side.

    Examples
    --------
    >>> join("numbers", "words").joins
    ('numbers', 'words')
    """
    _require_names("join", parts, "part")
    return Branch(joins=parts)


def as_step(step: object) -> Step:
    """Return a step, also for a marked function that was not called.

    Raises
    ------
    InvalidPipelineError
        When it is neither.
    """
    if isinstance(step, StepFunction):
        return step()
    if isinstance(step, Step):
        return step
    if hasattr(step, "fit"):
        raise InvalidPipelineError(f"{type(step).__name__} is an estimator; write estimate({type(step).__name__}(…)).")
    raise InvalidPipelineError(f"A step such as impute(), scale() or estimate(…) belongs here, not {step!r}.")


def short_name(step: Step) -> str:
    """Return the last part of a step's name when none is given."""
    return step.function.name if isinstance(step, CustomStep) else step.kind


def _require_names(verb: str, names: tuple[str, ...], noun: str) -> None:
    for name in names:
        if not isinstance(name, str):
            raise InvalidPipelineError(f"{verb}() takes names of {noun}s, not {name!r}.")
    if not names or len(set(names)) != len(names):
        raise InvalidPipelineError(f"{verb}() takes one or more {noun}s, each once, not {listed(names)}.")
