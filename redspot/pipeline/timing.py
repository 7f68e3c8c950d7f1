"""How long each step took to learn and to apply what it learned."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

from redspot.pipeline.column import Table
from redspot.pipeline.node import State, Step, Target


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds that one step took on the training rows.

    Attributes
    ----------
    fit_s
        To learn.
    apply_s
        To apply it to the same rows; None for a predictor, and where a step does both at once.
    """

    fit_s: float
    apply_s: float | None


def timed_fit(step: Step, inputs: Table, target: Target | None) -> tuple[State, Timing]:
    """Return what a step learned, and how long that took."""
    began = perf_counter()
    state = step.fit(inputs, target)
    return state, Timing(perf_counter() - began, None)


def timed_fit_apply(step: Step, inputs: Table, target: Target | None) -> tuple[State, Table, Timing]:
    """Return what a step learned, the columns it gives for the training rows, and how long each took."""
    began = perf_counter()
    if type(step).fit_apply is not Step.fit_apply:
        state, made = step.fit_apply(inputs, target)
        return state, made, Timing(perf_counter() - began, None)
    state = step.fit(inputs, target)
    learned = perf_counter()
    made = step.apply(inputs, state)
    return state, made, Timing(learned - began, perf_counter() - learned)
