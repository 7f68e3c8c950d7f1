"""What proposes the next parameters of a search."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from typing import Any, Literal, Protocol

import numpy as np

from redspot.errors import MissingExtraError
from redspot.pipeline.errors import InvalidSearchError
from redspot.pipeline.space import Choice, Integers, Space

EngineName = Literal["random", "optuna"]


class Engine(Protocol):
    """Proposes parameters, and hears how good they were before it is asked again."""

    def ask(self) -> Mapping[str, Any] | None:
        """Return the next parameters, or None when there are no more."""
        ...

    def tell(self, goodness: float | None) -> None:
        """Hear how good the last parameters were; more is better, None means that they failed."""
        ...


class RandomEngine:
    """Draws from the space; no combination comes twice, and when all have come it ends."""

    def __init__(self, space: Space, seed: int) -> None:
        self._space = space
        self._generator = np.random.default_rng(seed)
        sizes = [dimension.size for dimension in space.values()]
        self._size = None if None in sizes else math.prod(size or 0 for size in sizes)
        self._seen: set[tuple[Hashable, ...]] = set()

    def ask(self) -> Mapping[str, Any] | None:
        """Return the next parameters, or None when there are no more."""
        if self._size is not None and len(self._seen) >= self._size:
            return None
        while True:
            marks = tuple(dimension.draw(self._generator) for dimension in self._space.values())
            if marks not in self._seen:
                self._seen.add(marks)
                pairs = zip(self._space.items(), marks, strict=True)
                return {name: dimension.value(mark) for (name, dimension), mark in pairs}

    def tell(self, goodness: float | None) -> None:
        """Hear how good the last parameters were, which changes nothing here."""


class OptunaEngine:
    """Lets Optuna's tree-structured Parzen estimator propose.

    Raises
    ------
    MissingExtraError
        When Optuna is not installed.
    """

    def __init__(self, space: Space, seed: int) -> None:
        try:
            import optuna
        except ImportError as error:
            raise MissingExtraError(
                "engine='optuna' needs Optuna; install redspot[search], or use engine='random'.", extra="search"
            ) from error

        self._space = space
        # Creating a study writes a line to the log for everyone; a study in memory is nobody's business.
        verbosity = optuna.logging.get_verbosity()
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        try:
            self._study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
        finally:
            optuna.logging.set_verbosity(verbosity)
        self._failed = optuna.trial.TrialState.FAIL
        self._trial: Any = None

    def ask(self) -> Mapping[str, Any] | None:
        """Return the next parameters."""
        self._trial = self._study.ask()
        params = {}
        for name, dimension in self._space.items():
            if isinstance(dimension, Choice):
                # By place, because Optuna keeps only numbers and text.
                mark: Any = self._trial.suggest_categorical(name, list(range(len(dimension.values))))
            elif isinstance(dimension, Integers):
                mark = self._trial.suggest_int(name, dimension.low, dimension.high)
            else:
                mark = self._trial.suggest_float(name, dimension.low, dimension.high, log=dimension.is_log)
            params[name] = dimension.value(mark)
        return params

    def tell(self, goodness: float | None) -> None:
        """Hear how good the last parameters were."""
        if goodness is None:
            self._study.tell(self._trial, state=self._failed)
        else:
            self._study.tell(self._trial, goodness)


def make_engine(name: str, space: Space, seed: int) -> Engine:
    """Return the engine by that name.

    Raises
    ------
    InvalidSearchError
        When there is none.
    """
    if name == "random":
        return RandomEngine(space, seed)
    if name == "optuna":
        return OptunaEngine(space, seed)
    raise InvalidSearchError(f"No engine {name!r} to search with; there are 'random', 'optuna'.", engine=name)
