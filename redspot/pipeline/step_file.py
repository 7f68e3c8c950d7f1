"""Steps as JSON, and back; the one place that decides what code a file may name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, cast

from redspot.pipeline.column import listed
from redspot.pipeline.errors import UntrustedPipelineError
from redspot.pipeline.estimating import Estimate
from redspot.pipeline.function_file import STEPS, read_function, write_function
from redspot.pipeline.learned import Learned
from redspot.pipeline.learned_file import Array, read_learned, write_learned
from redspot.pipeline.node import State, Step
from redspot.pipeline.steps.custom import CustomStep

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
    "explain": "explaining:Explain",
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

STEPS_GROUP = STEPS.group


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
        return {"kind": step.kind, **write_function(name, step)}, {}, {}
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
        return read_function(entry, trusted_modules), None
    if kind not in KINDS:
        raise UntrustedPipelineError(
            f"{name} is a step of the unknown kind {kind!r}; known are {listed(KINDS)}.", step=name
        )
    return step_class(kind)(**entry["params"]), None


def step_class(kind: str) -> type[Step]:
    """Return the class of one of the `KINDS`."""
    module, _, name = KINDS[kind].partition(":")
    return cast("type[Step]", getattr(import_module(f"redspot.pipeline.steps.{module}"), name))
