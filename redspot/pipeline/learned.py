"""What an estimator has learned: kept as a compiled model, and as the framework's own object where that is wanted."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.compiled.model import Model
from redspot.pipeline.errors import CorruptPipelineError
from redspot.pipeline.frameworks import framework_named, framework_of

Task = Literal["classification", "regression", "other"]
TASKS = ("classification", "regression", "other")


@dataclass(frozen=True)
class Facts:
    """What is known of an estimator without having it.

    Attributes
    ----------
    title
        Name of its class.
    framework
        Library that it belongs to.
    task
        What kind of target it learns.
    is_predictor
        Whether it predicts, and so ends a pipeline.
    has_probabilities
        Whether it gives a probability for each class.
    allows_missing
        Whether it reads missing values.
    is_float32
        Whether it rounds its inputs to float32.
    tolerance
        How far the same answer may be from itself, relative, when it is computed in another way.
    """

    title: str
    framework: str
    task: Task
    is_predictor: bool
    has_probabilities: bool
    allows_missing: bool
    is_float32: bool
    tolerance: float

    @classmethod
    def of(cls, estimator: Any) -> Facts:
        """Return the facts of an estimator."""
        from sklearn.base import is_classifier, is_regressor
        from sklearn.utils import get_tags

        name, framework = framework_of(estimator)
        task: Task = "classification" if is_classifier(estimator) else "regression"
        return cls(
            title=type(estimator).__name__,
            framework=name,
            task=task if task == "classification" or is_regressor(estimator) else "other",
            is_predictor=hasattr(estimator, "predict"),
            has_probabilities=hasattr(estimator, "predict_proba"),
            allows_missing=bool(get_tags(estimator).input_tags.allow_nan),
            is_float32=framework.is_float32(estimator),
            tolerance=framework.tolerance,
        )


class Learned(Mapping[str, Any]):
    """A fitted estimator.

    As a mapping it has one entry, ``estimator``: the framework's own object, which is restored when it is first asked
    for. A pipeline that only answers never does, where the model could be compiled, and so starts without the library.

    Parameters
    ----------
    estimator
        The object, or None with `packed`.
    packed
        Its files by name, as the framework wrote them.
    restore
        Gives the object; may raise CorruptPipelineError.
    facts
        Of the fitted estimator.
    model
        The compiled model, where there is one.
    classes
        Classes in the order of the probabilities; None for anything but a classifier.
    """

    def __init__(
        self,
        facts: Facts,
        model: Model | None,
        classes: NDArray[np.generic] | None,
        *,
        estimator: Any = None,
        packed: Mapping[str, bytes] | None = None,
        restore: Callable[[], Any] | None = None,
    ) -> None:
        self.facts, self.model, self.classes = facts, model, classes
        self._estimator, self._packed, self._restore = estimator, packed, restore

    @classmethod
    def of(cls, estimator: Any, classes: NDArray[np.generic] | None = None) -> Learned:
        """Return what a fitted estimator has learned; `classes` are the labels where it knows only their numbers."""
        facts = Facts.of(estimator)
        if facts.task == "classification" and classes is None:
            classes = np.asarray(estimator.classes_)
        model = framework_named(facts.framework).compiled(estimator) if facts.is_predictor else None
        return cls(facts, model, classes, estimator=estimator)

    @property
    def estimator(self) -> Any:
        """The framework's own fitted object."""
        if self._estimator is None and self._restore is not None:
            self._estimator = self._restore()
        return self._estimator

    def packed(self, step: str) -> Mapping[str, bytes]:
        """Return the files of the estimator: those that it came from, or new ones."""
        if self._packed is None:
            self._packed = framework_named(self.facts.framework).dump(self.estimator, step)
        return self._packed

    def __getitem__(self, key: str) -> Any:
        if key != "estimator":
            raise KeyError(key)
        return self.estimator

    def __iter__(self) -> Iterator[str]:
        return iter(("estimator",))

    def __len__(self) -> int:
        return 1


def restored(
    facts: Facts,
    model: Model | None,
    classes: NDArray[np.generic] | None,
    files: Mapping[str, bytes],
    step: str,
    trusted_modules: Sequence[str],
) -> Learned:
    """Return what a file says was learned; the files were checked, and are read when they are needed.

    Raises
    ------
    UntrustedPipelineError, CorruptPipelineError, PipelineVersionError
        When the files are not to be loaded.
    """
    framework = framework_named(facts.framework)
    framework.check(files, step, trusted_modules)

    return Learned(facts, model, classes, packed=files, restore=_Restore(facts, model, files, step, trusted_modules))


@dataclass(frozen=True, eq=False)
class _Restore:
    """Gives the estimator of some files; an object and not a function, so that other processes can get it."""

    facts: Facts
    model: Model | None
    files: Mapping[str, bytes]
    step: str
    trusted_modules: Sequence[str]

    def __call__(self) -> Any:
        framework = framework_named(self.facts.framework)
        estimator = framework.load(self.files, self.step, self.trusted_modules)
        if Facts.of(estimator) != self.facts or not _same_model(framework.compiled(estimator), self.model, self.facts):
            raise CorruptPipelineError(
                f"The estimator of {self.step} and what was compiled from it differ.", step=self.step
            )
        return estimator


def _same_model(one: Model | None, other: Model | None, facts: Facts) -> bool:
    if not facts.is_predictor or one is None or other is None:
        # What is not compiled today may have been by another version; the estimator itself then answers.
        return other is None or not facts.is_predictor
    arrays = cast("Mapping[str, NDArray[np.generic]]", other.arrays())
    return one.document() == other.document() and all(
        _same_array(array, arrays[name]) for name, array in one.arrays().items()
    )


def _same_array(one: NDArray[np.generic], other: NDArray[np.generic]) -> bool:
    if one.shape != other.shape or one.dtype != other.dtype:
        return False
    if one.dtype.kind != "f":
        return np.array_equal(one, other)
    # A library that keeps its numbers as text may read one back with another last bit.
    return bool(np.allclose(one.astype(np.float64), other.astype(np.float64), rtol=1e-12, atol=0.0))
