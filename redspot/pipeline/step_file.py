"""Steps as JSON, and back; the one place that decides what code a file may name."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, cast

from redspot.pipeline.column import listed
from redspot.pipeline.errors import UnsavableStepError, UntrustedPipelineError
from redspot.pipeline.estimating import Estimate
from redspot.pipeline.learned import Learned
from redspot.pipeline.learned_file import Array, read_learned, write_learned
from redspot.pipeline.node import State, Step
from redspot.pipeline.steps.custom import CustomStep, StepFunction

# Kind → module and class; a module is imported when a file names its kind, so that the others cost no start.
KINDS: Mapping[str, str] = {
    "affine": "given:Affine",
    "age": "ages:Age",
    "bin": "bins:Bin",
    "cast": "casting:Cast",
    "clip": "clipping:Clip",
    "count_encode": "counting:CountEncode",
    "count_words": "words:CountWords",
    "distance": "distances:Distance",
    "drop": "selecting:Drop",
    "elementwise": "given:Elementwise",
    "grid_cell": "grids:GridCell",
    "hash_category": "hashing:HashCategory",
    "hash_words": "word_buckets:HashWords",
    "impute": "imputing:Impute",
    "indicate": "given:Indicate",
    "interact": "products:Interact",
    "list_contains": "lists:ListContains",
    "list_count": "lists:ListCount",
    "log": "logarithm:Log",
    "look_up": "given:LookUp",
    "multi_hot": "items:MultiHot",
    "normalize_text": "normalizing:NormalizeText",
    "one_hot": "encoding:OneHot",
    "ordinal": "ordering:Ordinal",
    "parse_list": "lists:ParseList",
    "parse_number": "parsing:ParseNumber",
    "pixels": "pixels:Pixels",
    "polynomial": "products:Polynomial",
    "power": "powers:Power",
    "rename": "selecting:Rename",
    "scale": "scaling:Scale",
    "select": "selecting:Select",
    "target_encode": "target_means:TargetEncode",
    "tfidf": "words:Tfidf",
    "time_cycles": "moments:TimeCycles",
    "time_parts": "moments:TimeParts",
    "tokenize": "tokens:Tokenize",
}

STEPS_GROUP = "redspot.steps"


def write_step(name: str, step: Step, state: State) -> tuple[dict[str, Any], dict[str, bytes], dict[str, Array]]:
    """Return the JSON of a step, the members that go with it, and arrays by name.

    Raises
    ------
    UnsavableStepError
        When the step could not be found again by module and name, or holds what may not be loaded.
    """
    if isinstance(step, Estimate):
        entry, files, arrays = write_learned(name, cast("Learned", state))
        return {**entry, "params": dict(step.shown)}, files, arrays
    if isinstance(step, CustomStep):
        module, function = step.function.address
        _require_findable(name, step.function)
        try:
            options = json.loads(json.dumps(dict(step.options), allow_nan=False))
        except (TypeError, ValueError) as error:
            raise UnsavableStepError(f"The options of {name} are not JSON: {error}.", step=name) from error
        return {"kind": step.kind, "module": module, "function": function, "options": options}, {}, {}
    return {"kind": step.kind, "params": step.params()}, {}, {}


def read_step(
    entry: Mapping[str, Any],
    members: Mapping[str, bytes],
    arrays: Mapping[str, Array],
    trusted_modules: Sequence[str],
) -> tuple[Step, Learned | None]:
    """Return the step of an entry and, for an estimator, what was learned.

    Raises
    ------
    UntrustedPipelineError
        When it names a function that is no trusted step, or a kind that does not exist.
    """
    kind, name = entry["kind"], str(entry["name"])
    if kind == Estimate.kind:
        learned = read_learned(name, entry, members, arrays, trusted_modules)
        return Estimate.of_learned(learned, entry["params"]), learned
    if kind == CustomStep.kind:
        function = find_function(str(entry["module"]), str(entry["function"]), trusted_modules)
        return function(**entry["options"]), None
    if kind not in KINDS:
        raise UntrustedPipelineError(
            f"{name} is a step of the unknown kind {kind!r}; known are {listed(KINDS)}.", step=name
        )
    return step_class(kind)(**entry["params"]), None


def step_class(kind: str) -> type[Step]:
    """Return the class of one of the `KINDS`."""
    module, _, name = KINDS[kind].partition(":")
    return cast("type[Step]", getattr(import_module(f"redspot.pipeline.steps.{module}"), name))


def find_function(module: str, name: str, trusted_modules: Sequence[str]) -> StepFunction:
    """Return a marked function; nothing is imported unless an entry point or the caller vouches for it.

    Raises
    ------
    UntrustedPipelineError
        When neither does, or what is found there was not marked with ``@step``.
    """
    # Reading what is installed takes longer than loading a pipeline that names no function.
    from importlib.metadata import entry_points

    vouched = {point.value: point for point in entry_points(group=STEPS_GROUP)}
    point = vouched.get(f"{module}:{name}")
    if point is not None:
        found = point.load()
    elif module in trusted_modules and name.isidentifier():
        found = getattr(import_module(module), name, None)
    else:
        raise UntrustedPipelineError(
            f"The file names {module}.{name}, which is no installed step; if you trust that module, "
            f"pass trusted_modules=[{module!r}]. Trusted now: {listed(trusted_modules)}.",
            module=module,
            function=name,
        )
    if not isinstance(found, StepFunction) or found.address != (module, name):
        raise UntrustedPipelineError(
            f"{module}.{name} is not marked with @redspot.pipeline.step.", module=module, function=name
        )
    return found


def _require_findable(name: str, function: StepFunction) -> None:
    module, qualified = function.address
    if module == "__main__" or not qualified.isidentifier():
        raise UnsavableStepError(
            f"{name} is the function {qualified!r} of {'this notebook' if module == '__main__' else module}, which no "
            "other process can import; move it to the top level of a module.",
            step=name,
        )
    if getattr(import_module(module), qualified, None) is not function:
        raise UnsavableStepError(f"{module}.{qualified} is not the function that {name} uses.", step=name)
