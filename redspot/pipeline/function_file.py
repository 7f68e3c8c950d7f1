"""A marked function in a file: its address and its options."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from redspot.pipeline.addresses import Address, Marked
from redspot.pipeline.errors import UnsavableStepError
from redspot.pipeline.steps.custom import CustomStep, StepFunction


def _address(found: Any) -> Address | None:
    return found.address if isinstance(found, StepFunction) else None


STEPS = Marked("step", "@redspot.pipeline.step", "redspot.steps", _address)


def write_function(name: str, step: CustomStep) -> dict[str, Any]:
    """Return the JSON of a step that is a function.

    Raises
    ------
    UnsavableStepError
        When the function could not be found again, or the options are not JSON.
    """
    module, function = STEPS.require_findable(step.function, name)
    try:
        options = json.loads(json.dumps(dict(step.options), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise UnsavableStepError(f"The options of {name} are not JSON: {error}.", step=name) from error
    return {"module": module, "function": function, "options": options}


def read_function(entry: Mapping[str, Any], trusted_modules: Sequence[str]) -> CustomStep:
    """Return the step of `write_function`.

    Raises
    ------
    UntrustedPipelineError
        When nobody vouches for the function, or it was not marked.
    """
    found = STEPS.find(str(entry["module"]), str(entry["function"]), trusted_modules)
    return cast("StepFunction", found)(**entry["options"])
