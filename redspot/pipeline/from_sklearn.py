"""Taking over what scikit-learn has fitted: known transformers become native steps, the others stay what they are."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np

from redspot.pipeline.column import Dtype, Table, listed, merged_origins
from redspot.pipeline.errors import InvalidPipelineError
from redspot.pipeline.estimating import Estimate
from redspot.pipeline.fitting import Feature, Fitted, features_of, outputs_of
from redspot.pipeline.frame import Frame
from redspot.pipeline.graph import Graph, Node, Source, checked, joined
from redspot.pipeline.learned import Learned, Task
from redspot.pipeline.lineage import MadeOf, marked, traced
from redspot.pipeline.node import State, Step
from redspot.pipeline.plain import json_params
from redspot.pipeline.schema import OutputColumn, Schema, learn_inputs
from redspot.pipeline.steps.given import FUNCTIONS, NOTHING, REFUSED, Affine, Elementwise, Indicate, LookUp
from redspot.pipeline.steps.imputing import Impute
from redspot.pipeline.steps.scaling import Scale
from redspot.pipeline.steps.selecting import Select

Native = tuple[Step, State]


def taken_over(fitted: Any, sample: object = None) -> tuple[Graph, Fitted, Table]:
    """Return the graph of a fitted scikit-learn pipeline, what it has learned, and the rows it was tried on.

    Parameters
    ----------
    fitted
        A fitted ``Pipeline`` or ``ColumnTransformer``, nested as it may be, or an estimator.
    sample
        Some rows as training had them, for the types of the columns and for the parity rows. Without it, a column is
        text when an encoder or imputer has learned text from it, and a number otherwise.

    Raises
    ------
    InvalidPipelineError
        When something in it cannot be taken over; the message names it.
    """
    if hasattr(fitted, "best_estimator_"):
        fitted = fitted.best_estimator_
    names = _input_names(fitted)
    table = _sample_table(fitted, names, sample)
    builder = _Builder(table)
    ends = builder.take(fitted, builder.source("columns", names), "")
    return builder.finished(ends)


class _Builder:
    """Grows the graph, and runs the sample through each step as it comes."""

    def __init__(self, table: Table) -> None:
        self._raw = table
        self._sources: list[Source] = []
        self._nodes: list[Node] = []
        self._states: dict[str, State] = {}
        self._tables: dict[str, Table] = {}
        self._made_of: dict[str, tuple[MadeOf, ...]] = {}

    def source(self, name: str, columns: Sequence[str]) -> tuple[str, ...]:
        name = self._free(name)
        self._sources.append(Source(name, tuple(columns)))
        self._tables[name] = Table(tuple(self._raw[column] for column in columns), self._raw.rows)
        return (name,)

    def take(self, part: Any, inputs: tuple[str, ...], hint: str) -> tuple[str, ...]:
        """Add a fitted part behind some nodes; return the nodes that together give what it gives."""
        title = type(part).__name__
        if isinstance(part, str) or part is None:
            return inputs
        if title == "Pipeline":
            for name, step in part.steps:
                inputs = self.take(step, inputs, name)
            return inputs
        if title == "ColumnTransformer":
            return self._take_columns(part, inputs)
        if title == "FeatureUnion":
            chosen = [self.take(step, inputs, name) for name, step in part.transformer_list if step != "drop"]
            return tuple(name for each in chosen for name in each)
        if hasattr(part, "predict") and not hasattr(part, "transform"):
            return self._add("model", *_kept(part), inputs)
        native = _NATIVE.get(title)
        made = native(part, joined(self._tables, inputs)) if native is not None else None
        if made is None:
            self._require_numbers(part, inputs)
            made = _kept(part)
        return self._add(hint or made[0].kind, *made, inputs)

    def finished(self, ends: tuple[str, ...]) -> tuple[Graph, Fitted, Table]:
        """Return the whole."""
        used = {name for node in self._nodes for name in node.inputs} | set(ends)
        graph = checked(Graph(tuple(s for s in self._sources if s.name in used), tuple(self._nodes)))
        features = {
            part.name: features_of(part.name, self._tables[part.name], self._made_of.get(part.name))
            for part in graph.parts
        }
        predictor = graph.predictor
        task: Task = "other"
        outputs: tuple[OutputColumn, ...] = ()
        if predictor is not None:
            learned = cast("Learned", self._states[predictor.name])
            task, outputs = learned.facts.task, outputs_of(learned)
            origins = merged_origins(column for name in predictor.inputs for column in self._tables[name].columns)
            features[predictor.name] = tuple(Feature(o.name, predictor.name, origins, o.dtype) for o in outputs)
        raw = Table(tuple(self._raw[name] for name in graph.columns), self._raw.rows)
        schema = Schema(task, learn_inputs(raw), outputs)
        return graph, Fitted(self._states, features, schema, self._raw.rows), raw

    def _take_columns(self, part: Any, inputs: tuple[str, ...]) -> tuple[str, ...]:
        names = joined(self._tables, inputs).names
        given = list(getattr(part, "feature_names_in_", names))
        ends: list[str] = []
        for name, step, columns in part.transformers_:
            if isinstance(step, str) and step == "drop":
                continue
            chosen = [names[index] for index in _indices(columns, given)]
            if not chosen:
                continue
            ends.extend(self.take(step, self._chosen(name, chosen, inputs), name))
        return tuple(ends)

    def _chosen(self, name: str, columns: Sequence[str], inputs: tuple[str, ...]) -> tuple[str, ...]:
        if len(inputs) == 1 and inputs[0] in {source.name for source in self._sources}:
            return self.source(name, columns)
        return self._add(f"{name}_select", Select(tuple(columns)), {}, inputs)

    def _add(self, hint: str, step: Step, state: State, inputs: tuple[str, ...]) -> tuple[str, ...]:
        table = joined(self._tables, inputs)
        if isinstance(step, Estimate):
            width = getattr(state["estimator"], "n_features_in_", len(table.columns))
            if width != len(table.columns):
                raise InvalidPipelineError(
                    f"{step.facts.title} reads {width} columns, and what comes before it gives {len(table.columns)}."
                )
        name = self._free(hint)
        self._nodes.append(Node(name, name, step, inputs))
        self._states[name] = state
        if _predicts(step):
            self._tables[name] = Table((), table.rows)
        else:
            self._tables[name], self._made_of[name] = traced(step.apply(marked(table), state), table)
        return (name,)

    def _require_numbers(self, part: Any, inputs: tuple[str, ...]) -> None:
        table = joined(self._tables, inputs)
        texts = [column.name for column in table.columns if column.dtype == "text"]
        if texts:
            raise InvalidPipelineError(
                f"{type(part).__name__} reads the text of {listed(texts)} and is none of those that can be taken "
                f"over ({', '.join(sorted(_NATIVE))}); write that part with redspot.pipeline's own steps."
            )

    def _free(self, hint: str) -> str:
        base = re.sub(r"[^A-Za-z0-9]+", "_", hint).strip("_") or "step"
        base = base if base[0].isalpha() else f"step_{base}"
        name, count = base[:90], 1
        while name in self._tables:
            count += 1
            name = f"{base[:90]}_{count}"
        return name


def _predicts(step: Step) -> bool:
    return isinstance(step, Estimate) and step.predicts


def _kept(part: Any) -> Native:
    learned = Learned.of(part)
    return Estimate.of_learned(learned, json_params(part.get_params(deep=True))), learned


def _input_names(fitted: Any) -> list[str]:
    part = fitted
    while True:
        names = getattr(part, "feature_names_in_", None)
        if names is not None:
            return [str(name) for name in names]
        if type(part).__name__ != "Pipeline":
            break
        part = part.steps[0][1]
    width = getattr(part, "n_features_in_", None)
    if width is None:
        raise InvalidPipelineError(f"{type(fitted).__name__} is not fitted, or does not say which columns it reads.")
    return [f"x{index}" for index in range(width)]


def _sample_table(fitted: Any, names: Sequence[str], sample: object) -> Table:
    if sample is not None:
        frame = Frame.of(sample).selected(names)
        return frame.table({name: frame.dtype(name) for name in names})
    texts = _text_columns(fitted, list(names))
    dtypes: dict[str, Dtype] = {name: "text" if name in texts else "float" for name in names}
    row = {name: texts.get(name, 0.0) for name in names}
    return Frame.of([row]).table(dtypes)


def _text_columns(part: Any, names: Sequence[str]) -> dict[str, str]:
    """Return the columns from which a part has learned text, each with an example."""
    title = type(part).__name__
    found: dict[str, str] = {}
    if title == "Pipeline":
        for _, step in part.steps:
            # The columns have other names, or are others, behind anything but an imputer.
            found = {**_text_columns(step, names), **found}
            if type(step).__name__ not in ("SimpleImputer", "Pipeline"):
                break
    elif title == "ColumnTransformer":
        for _, step, columns in part.transformers_:
            if not isinstance(step, str):
                found.update(_text_columns(step, [names[index] for index in _indices(columns, names)]))
    elif title == "FeatureUnion":
        for _, step in part.transformer_list:
            found.update(_text_columns(step, names))
    elif title in ("OneHotEncoder", "OrdinalEncoder"):
        for name, categories in zip(names, part.categories_, strict=False):
            texts = [value for value in categories if isinstance(value, str)]
            found.update({name: texts[0]} if texts else {})
    elif title == "SimpleImputer":
        pairs = zip(names, part.statistics_, strict=False)
        found.update({name: value for name, value in pairs if isinstance(value, str)})
    return found


def _indices(columns: Any, names: Sequence[str]) -> list[int]:
    if isinstance(columns, str):
        columns = [columns]
    if isinstance(columns, slice):
        if isinstance(columns.start, str) or isinstance(columns.stop, str):
            first = 0 if columns.start is None else list(names).index(columns.start)
            last = len(names) - 1 if columns.stop is None else list(names).index(columns.stop)
            return list(range(first, last + 1))
        return list(range(len(names)))[columns]
    if isinstance(columns, int):
        columns = [columns]
    chosen = list(columns)
    if chosen and all(isinstance(each, bool | np.bool_) for each in chosen):
        return [index for index, is_chosen in enumerate(chosen) if is_chosen]
    places = {name: index for index, name in enumerate(names)}
    return [places[each] if isinstance(each, str) else int(each) % len(names) for each in chosen]


# -- one function per transformer that is known; None when its settings have no native counterpart ---------------


def _impute(part: Any, table: Table) -> Native | None:
    fills = part.statistics_.tolist()
    is_nan = isinstance(part.missing_values, float) and math.isnan(part.missing_values)
    lost = any(fill is None or fill != fill for fill in fills)
    is_text = any(isinstance(fill, str) for fill in fills)
    if part.add_indicator or lost or not (is_nan or (is_text and part.missing_values is None)):
        return None
    value = part.fill_value if part.strategy == "constant" else None
    if part.strategy == "constant" and value is None:
        value = fills[0]
    return Impute(part.strategy, value), {"fills": [fill if isinstance(fill, str) else float(fill) for fill in fills]}


def _standard(part: Any, table: Table) -> Native:
    count = part.n_features_in_
    means = np.zeros(count) if part.mean_ is None or not part.with_mean else np.asarray(part.mean_, dtype=np.float64)
    spreads = np.ones(count) if part.scale_ is None else np.asarray(part.scale_, dtype=np.float64)
    return Scale(center=part.with_mean, spread=part.with_std), {"means": means.copy(), "spreads": spreads.copy()}


def _robust(part: Any, table: Table) -> Native:
    count = part.n_features_in_
    means = np.asarray(part.center_, dtype=np.float64) if part.with_centering else np.zeros(count)
    spreads = np.asarray(part.scale_, dtype=np.float64) if part.with_scaling else np.ones(count)
    return Scale(), {"means": means.copy(), "spreads": spreads.copy()}


def _max_abs(part: Any, table: Table) -> Native | None:
    if getattr(part, "clip", False):
        return None
    spreads = np.asarray(part.scale_, dtype=np.float64).copy()
    return Scale(center=False), {"means": np.zeros(len(spreads)), "spreads": spreads}


def _min_max(part: Any, table: Table) -> Native:
    count = part.n_features_in_
    low, high = part.feature_range if part.clip else (-math.inf, math.inf)
    numbers = {"factors": part.scale_, "offsets": part.min_, "lowest": low, "highest": high}
    state = {name: np.array(np.broadcast_to(value, (count,)), dtype=np.float64) for name, value in numbers.items()}
    return Affine(), state


def _one_hot(part: Any, table: Table) -> Native | None:
    blocks = []
    unknown = {"error": REFUSED, "ignore": NOTHING, "warn": NOTHING}.get(part.handle_unknown)
    drops = [None] * len(part.categories_) if part.drop_idx_ is None else list(part.drop_idx_)
    rare = getattr(part, "infrequent_categories_", [None] * len(part.categories_))
    for name, categories, drop, infrequent in zip(table.names, part.categories_, drops, rare, strict=True):
        rare_names = set() if infrequent is None else {_category(value) for value in infrequent}
        names = [each for each in map(_category, categories) if each not in rare_names]
        places: dict[str | None, int] = {each: index for index, each in enumerate(names)}
        labels = [f"{name}={'missing' if each is None else each}" for each in names]
        if rare_names:
            places.update(dict.fromkeys(rare_names, len(names)))
            labels.append(f"{name} is infrequent")
        other = NOTHING if unknown is None and not rare_names else len(names) if unknown is None else unknown
        if drop is not None:
            at = places[_category(categories[drop])]
            places = {k: NOTHING if p == at else p - (p > at) for k, p in places.items()}
            other = NOTHING if other == at else other - (other > at) if other >= 0 else other
            labels.pop(at)
        missing = places.pop(None, other)
        blocks.append({"places": places, "other": other, "missing": missing, "names": labels})
    return Indicate(), {"blocks": blocks}


def _ordinal(part: Any, table: Table) -> Native | None:
    if getattr(part, "infrequent_categories_", None) is not None and any(
        each is not None for each in part.infrequent_categories_
    ):
        return None
    blocks = []
    for categories in part.categories_:
        names = [_category(value) for value in categories]
        numbers: list[float | None] = [float(index) for index in range(len(names))]
        places = {each: index for index, each in enumerate(names)}
        other, missing = REFUSED, REFUSED
        if part.handle_unknown == "use_encoded_value":
            other = missing = len(numbers)
            numbers.append(_json_number(part.unknown_value))
        if None in places:
            missing = places.pop(None)
            numbers[missing] = _json_number(part.encoded_missing_value)
        blocks.append({"places": places, "other": other, "missing": missing, "numbers": numbers})
    return LookUp(), {"blocks": blocks}


def _function(part: Any, table: Table) -> Native | None:
    if part.func is None:
        return Select(table.names), {}
    name = getattr(part.func, "__name__", "")
    name = {"absolute": "abs"}.get(name, name)
    known = name in FUNCTIONS and FUNCTIONS[name] is part.func
    if not known or part.kw_args:
        raise InvalidPipelineError(
            f"FunctionTransformer calls {name or part.func!r}, which no file can hold; known are {listed(FUNCTIONS)}. "
            "Mark your own function with @redspot.step and use it in a redspot pipeline."
        )
    return Elementwise(name), {}


def _category(value: object) -> str | None:
    """Return the text that names a category here."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, int | float | np.number):
        return f"{float(value) + 0.0:.17g}"
    return str(value)


def _json_number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)


_NATIVE: Mapping[str, Callable[[Any, Table], Native | None]] = {
    "FunctionTransformer": _function,
    "MaxAbsScaler": _max_abs,
    "MinMaxScaler": _min_max,
    "OneHotEncoder": _one_hot,
    "OrdinalEncoder": _ordinal,
    "RobustScaler": _robust,
    "SimpleImputer": _impute,
    "StandardScaler": _standard,
}
