"""The port to a framework, and how the one that an estimator belongs to is found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Protocol, cast

from redspot.pipeline.compiled.model import Model
from redspot.pipeline.errors import UntrustedPipelineError
from redspot.plugins import Registry

# Found without looking at every installed distribution, which takes longer than loading a pipeline.
_BUILT_IN: Mapping[str, str] = {
    "catboost": "redspot.pipeline.frameworks.catboost",
    "function": "redspot.pipeline.frameworks.function",
    "keras": "redspot.pipeline.frameworks.keras",
    "lightgbm": "redspot.pipeline.frameworks.lightgbm",
    "onnx": "redspot.pipeline.frameworks.onnx",
    "sklearn": "redspot.pipeline.frameworks.sklearn",
    "torch": "redspot.pipeline.frameworks.torch",
    "xgboost": "redspot.pipeline.frameworks.xgboost",
}

FRAMEWORKS: Registry[Framework] = Registry("redspot.frameworks")


class Framework(Protocol):
    """One library: how its fitted estimators are written, read and compiled.

    An estimator is whatever has ``fit``, ``get_params`` and ``set_params`` as scikit-learn defines them, and
    ``predict`` or ``transform``. A framework is a module, or another object, with these functions.

    Attributes
    ----------
    wants_codes
        Whether its classifiers learn classes as 0, 1, 2, …; the labels are then kept beside it.
    tolerance
        How far one answer may be from another to the same row, relative: 1e-9 where the library computes in float64,
        1e-5 in float32.
    reads_tables
        Whether its estimators are given the `Table` itself, names, texts and all; otherwise a matrix of float64.
    """

    wants_codes: bool
    tolerance: float
    reads_tables: bool

    def dump(self, estimator: Any, step: str) -> Mapping[str, bytes]:
        """Return a fitted estimator as files by name; the same estimator always gives the same bytes.

        Raises
        ------
        UnsavableStepError
            When it could not safely be loaded again; `step` is named in the message.
        """
        ...

    def check(self, files: Mapping[str, bytes], step: str, trusted_modules: Sequence[str]) -> None:
        """Refuse files that are not to be loaded; without importing the library, and fast.

        Raises
        ------
        UntrustedPipelineError, CorruptPipelineError, PipelineVersionError
            With the reason.
        """
        ...

    def load(self, files: Mapping[str, bytes], step: str, trusted_modules: Sequence[str]) -> Any:
        """Return the estimator of `dump`, after `check`; raises as that does."""
        ...

    def compiled(self, estimator: Any) -> Model | None:
        """Return a fitted predictor as plain arrays; None where it cannot be reduced to them."""
        ...

    def is_float32(self, estimator: Any) -> bool:
        """Whether it rounds its inputs to float32 before it looks at them."""
        ...

    def refuse(self, estimator: Any) -> None:
        """Refuse an estimator that no pipeline could use; raises InvalidStepError."""
        ...

    def errors(self) -> tuple[type[Exception], ...]:
        """Return what it raises when it cannot learn, beside TypeError and ValueError."""
        ...


def framework_of(estimator: Any) -> tuple[str, Framework]:
    """Return the name and the framework of an estimator: that of its class, or of a class that it inherits from.

    A class may name its framework itself, as `redspot_framework`.
    """
    named = getattr(type(estimator), "redspot_framework", None)
    if named is not None:
        return str(named), framework_named(str(named))
    tops = [cls.__module__.partition(".")[0] for cls in type(estimator).__mro__]
    known = dict.fromkeys(top for top in tops if top in _BUILT_IN)
    if not known:
        installed = set(FRAMEWORKS.names())
        known = dict.fromkeys(top for top in tops if top in installed)
    # What nobody knows is treated as scikit-learn's own; saving decides whether it may be saved.
    name = next(iter(known), "sklearn")
    return name, framework_named(name)


def framework_named(name: str) -> Framework:
    """Return the framework by its name.

    Raises
    ------
    UntrustedPipelineError
        When none by that name is installed.
    """
    if name in _BUILT_IN:
        return cast("Framework", import_module(_BUILT_IN[name]))
    if name not in FRAMEWORKS.names():
        known = ", ".join(sorted({*_BUILT_IN, *FRAMEWORKS.names()}))
        raise UntrustedPipelineError(f"No framework {name!r} is installed; known are {known}.", framework=name)
    return FRAMEWORKS.load(name)
