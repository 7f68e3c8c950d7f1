"""The wrapper round a booster as JSON: the name of its class and the parameters that JSON can say."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from redspot.pipeline.errors import CorruptPipelineError, UnsavableStepError, UntrustedPipelineError

WRAPPER = "wrapper.json"


def write_wrapper(
    estimator: Any,
    step: str,
    known: Collection[str],
    *,
    left_out: Collection[str] = (),
    keep_none: bool = False,
    facts: Mapping[str, Any] = MappingProxyType({}),
) -> bytes:
    """Return class and parameters as JSON, together with facts of the caller.

    Parameters
    ----------
    estimator, step
        What is written, and where it belongs, for a message.
    known
        Names of classes that may be loaded again.
    left_out
        Parameters that the file does not keep.
    keep_none
        Whether None is a value like any other; otherwise it stands for the library's own default.
    facts
        Anything that JSON has a word for.

    Raises
    ------
    UnsavableStepError
        When the class is not known, or a parameter is something that runs.
    """
    name = type(estimator).__name__
    if name not in known:
        raise UnsavableStepError(
            f"{step} cannot be saved: {name} is none of {', '.join(sorted(known))}.", step=step, type=name
        )
    params = {}
    for key, value in estimator.get_params(deep=False).items():
        if key in left_out or (value is None and not keep_none) or (isinstance(value, float) and math.isnan(value)):
            continue
        if callable(value):
            raise UnsavableStepError(f"{step} cannot be saved: its parameter {key} is a function.", step=step)
        params[key] = _plain(value, key, step)
    document = {"class": name, "params": params, **{key: _plain(value, key, step) for key, value in facts.items()}}
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def read_wrapper(data: bytes, step: str, known: Collection[str]) -> Mapping[str, Any]:
    """Return the JSON of `write_wrapper`.

    Raises
    ------
    CorruptPipelineError
        When it is damaged.
    UntrustedPipelineError
        When it names another class.
    """
    try:
        document: Mapping[str, Any] = json.loads(data)
        name, params = document["class"], document["params"]
        is_sound = isinstance(params, dict) and not any(key.startswith("_") for key in params)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CorruptPipelineError(f"The parameters of {step} are damaged: {error!r}.", step=step) from error
    if name not in known:
        raise UntrustedPipelineError(f"The file names the class {name!r}; known are {', '.join(sorted(known))}.")
    if not is_sound:
        raise CorruptPipelineError(f"The parameters of {step} are damaged.", step=step)
    return document


def _plain(value: Any, key: str, step: str) -> Any:
    if hasattr(value, "item"):
        value = value.item()
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise UnsavableStepError(f"{step} cannot be saved: its parameter {key} is {value!r}.", step=step) from error
