"""Searching for good parameters of a pipeline."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from redspot.errors import RedspotError
from redspot.pipeline.engines import EngineName, make_engine
from redspot.pipeline.errors import InvalidSearchError, SearchFailedError
from redspot.pipeline.evaluation.metrics import HEADLINES, gain, require_metric
from redspot.pipeline.evaluation.page import number, table
from redspot.pipeline.recording import Recorder
from redspot.pipeline.rows import read_groups
from redspot.pipeline.space import Choice, Integers, Space, Uniform
from redspot.pipeline.validating import CrossValidation, cross_validate

if TYPE_CHECKING:
    from redspot.pipeline.pipeline import Pipeline

MAX_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Trial:
    """One set of parameters with how good it was.

    Attributes
    ----------
    number
        From 0, in the order of trying.
    params
        Values by name of parameter.
    metrics, std
        Mean and standard deviation over the folds; empty when it failed.
    value
        The metric that was searched for; None when it failed.
    error
        Why it failed; None when it did not.
    seconds
        How long it took.
    """

    number: int
    params: Mapping[str, Any]
    metrics: Mapping[str, float] = field(default_factory=dict)
    std: Mapping[str, float] = field(default_factory=dict)
    value: float | None = None
    error: str | None = None
    seconds: float = 0.0

    @property
    def state(self) -> Literal["finished", "failed"]:
        """Whether it came to an end."""
        return "finished" if self.error is None else "failed"

    def to_json(self) -> dict[str, Any]:
        """Return the trial as JSON; a value of a parameter that JSON has no word for becomes text."""
        return {
            "number": self.number,
            "params": {name: _plain(value) for name, value in self.params.items()},
            "metrics": dict(self.metrics),
            "std": dict(self.std),
            "value": self.value,
            "state": self.state,
            "error": self.error,
            "seconds": self.seconds,
        }


@dataclass(frozen=True, eq=False, repr=False)
class Search:
    """What a search has found.

    Attributes
    ----------
    metric
        What was searched for.
    best
        The best trial; among equals the first.
    best_pipeline
        The pipeline with its parameters, fitted on all rows.
    trials
        All of them, in order.
    """

    metric: str
    best: Trial
    best_pipeline: Pipeline
    trials: tuple[Trial, ...]

    @property
    def best_params(self) -> dict[str, Any]:
        """Parameters of the best trial."""
        return dict(self.best.params)

    @property
    def best_value(self) -> float:
        """The metric of the best trial."""
        return self.best.metrics[self.metric]

    def __repr__(self) -> str:
        return f"Search({len(self.trials)} trials: best {self.metric} {self.best_value:.4g} with {self.best_params})"

    def to_json(self) -> dict[str, Any]:
        """Return the trials as JSON."""
        return {
            "metric": self.metric,
            "best": self.best.number,
            "trials": [trial.to_json() for trial in self.trials],
        }

    def _repr_html_(self) -> str:
        names = list(self.best.params)
        ordered = sorted(self.trials, key=lambda trial: (trial.value is None, -_goodness(self.metric, trial)))
        rows = [
            [
                str(trial.number),
                *(_shown(trial.params[name]) for name in names),
                f"{number(trial.value)} ± {number(trial.std[self.metric])}" if trial.value is not None else "failed",
            ]
            for trial in ordered[:MAX_SHOWN]
        ]
        page = table(f"{len(self.trials)} trials, the best first", ["trial", *names, self.metric], rows)
        return f'<div class="rsp-evaluation" style="overflow-x:auto">{page}</div>'


def search(
    pipeline: Pipeline,
    space: Space,
    X: object,  # noqa: N803  scikit-learn's name
    y: object = None,
    *,
    trials: int = 20,
    metric: str | None = None,
    folds: int = 3,
    seed: int = 0,
    groups: object = None,
    ranking: bool = False,
    recorder: Recorder | None = None,
    engine: EngineName = "random",
    progress: Callable[[Trial], None] | None = None,
) -> Search:
    """Try parameters by cross-validation, and fit the best on all rows; the pipeline itself is left as it is.

    A trial whose parameters the estimator refuses is kept as failed, and the search goes on. All trials are judged on
    the same folds. The same seed gives the same trials.

    Parameters
    ----------
    pipeline
        What to start from.
    space
        What each parameter may be, by its name as in `Pipeline.set_params`: `uniform`, `log_uniform`, `integers` or
        `choice`.
    X, y
        Rows and their true values; `y` may name a column of `X`.
    trials
        How many to try at most; ``random`` tries no combination twice, so a small space may have fewer.
    metric
        What should be best, among those that `evaluate` gives; when None ``accuracy`` or ``r2``. Errors and losses
        are best when small.
    folds, groups, ranking
        See `cross_validate`.
    seed
        Of the folds and of the proposals.
    recorder, progress
        Are told of each trial when it has ended.
    engine
        ``random`` draws; ``optuna`` learns from earlier trials, and needs ``redspot[search]``.

    Raises
    ------
    InvalidSearchError
        When there is nothing to search, no such engine, or so many folds cannot be made.
    StepNotFoundError, InvalidStepError
        When a name of the space is no parameter.
    UnknownMetricError
        When there is no such metric on the data.
    SearchFailedError
        When every trial failed.
    MissingExtraError
        When Optuna is not installed.
    """
    _check(pipeline, space, trials)
    # What is wrong with the data is no trial's fault.
    frame, _ = pipeline.rows_and_truth(X, y)
    codes = None if groups is None else read_groups(frame, groups)
    proposing = make_engine(engine, space, seed)
    done: list[Trial] = []
    for number_ in range(trials):
        params = proposing.ask()
        if params is None:
            break
        began_s = time.perf_counter()
        result: CrossValidation | RedspotError
        try:
            candidate = pipeline.clone().set_params(**params)
            result = cross_validate(candidate, X, y, folds=folds, seed=seed, groups=codes, ranking=ranking)
        except InvalidSearchError:
            # The folds themselves cannot be made, whatever the parameters are.
            raise
        except RedspotError as error:
            result = error
        if isinstance(result, CrossValidation):
            metric = metric or HEADLINES[result.folds[0].task]
            if all(trial.value is None for trial in done):
                require_metric(metric, result)
        trial = _trial(number_, params, result, metric, time.perf_counter() - began_s)
        done.append(trial)
        proposing.tell(None if trial.value is None else _goodness(str(metric), trial))
        if recorder is not None:
            recorder.record({"kind": "trial", **trial.to_json()})
        if progress is not None:
            progress(trial)
    finished = [trial for trial in done if trial.value is not None]
    if not finished or metric is None:
        raise SearchFailedError(f"All {len(done)} trials failed, the last one so: {done[-1].error}", trials=len(done))
    best = max(finished, key=lambda trial: (_goodness(metric, trial), -trial.number))
    return Search(metric, best, pipeline.clone().set_params(**best.params).fit(X, y), tuple(done))


def _check(pipeline: Pipeline, space: Space, trials: int) -> None:
    if not space or trials < 1:
        raise InvalidSearchError("A search needs a space of one parameter or more, and at least one trial.")
    known = pipeline.get_params()
    for name, dimension in space.items():
        if not isinstance(dimension, Uniform | Integers | Choice):
            raise InvalidSearchError(
                f"{name} is searched in uniform(…), log_uniform(…), integers(…) or choice(…), not in {dimension!r}."
            )
        if name not in known:
            # Raises for a name that does not exist; the last part of a step's name is one that does.
            drawn = dimension.value(dimension.draw(np.random.default_rng(0)))
            pipeline.clone().set_params(**{name: drawn})


def _trial(
    number: int, params: Mapping[str, Any], result: CrossValidation | RedspotError, metric: str | None, seconds: float
) -> Trial:
    if isinstance(result, RedspotError):
        return Trial(number, params, error=result.message, seconds=seconds)
    value = result.get(str(metric))
    problem = f"{metric} is not defined in every fold." if value is None else None
    return Trial(number, params, result.mean, result.std, value, problem, seconds)


def _goodness(metric: str, trial: Trial) -> float:
    return 0.0 if trial.value is None else gain(metric, 0.0, trial.value)


def _plain(value: Any) -> Any:
    if hasattr(value, "item") and getattr(value, "ndim", None) == 0:
        value = value.item()
    if value is None or isinstance(value, bool | int | str | float):
        # JSON has no word for what is not finite.
        return value if not isinstance(value, float) or abs(value) < float("inf") else repr(value)
    return type(value).__name__ if " at 0x" in repr(value) else repr(value)


def _shown(value: Any) -> str:
    return number(value) if isinstance(value, float) else str(_plain(value))
