"""How often a replica predicted what: labels by name, numbers by where they lie between fixed edges."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from redspot.pipeline import Schema
from redspot.serving.counts import SharedCounts
from redspot.serving.predictor import PREDICTION, PROBABILITIES, Predictions, RowPredictions

# The same names as those of the monitors of score drift.
PROBABILITY = "probability"
OTHER = "(other)"
# Of an answer with more rows, so many stand for all: a large batch is counted at the cost of a small one.
MAX_COUNTED = 32

_PROBABILITY_EDGES = tuple(number / 20 for number in range(1, 20))
_STEPS_IN_SPAN = 32
# Where nothing is known of the numbers: three edges a decade, for either sign.
_DECADES = tuple(round(base * 10.0**power, 9) for power in range(-6, 10) for base in (1.0, 2.0, 5.0))
_ANY_EDGES = (*(-edge for edge in reversed(_DECADES)), 0.0, *_DECADES)


def number_edges(sample: Iterable[object]) -> tuple[float, ...]:
    """Return edges that suit numbers such as those of a sample, and that two versions are likely to share.

    They are multiples of a power of two, so of two such sequences the coarser lies within the finer one as far as
    both reach: what was counted between them can be compared. Outside the sample they go on by half its span.

    Examples
    --------
    >>> edges = number_edges([0.0, 10.0])
    >>> edges[0], edges[1], edges[-1]
    (-5.0, -4.75, 15.0)
    """
    known = [float(value) for value in sample if _is_number(value) and math.isfinite(float(value))]  # type: ignore[arg-type]
    if not known:
        return _ANY_EDGES
    low, high = min(known), max(known)
    span = high - low or abs(low) or 1.0
    # So that multiples of the step are exact, and their number small, however close the numbers are.
    span = max(span, 1e-9 * max(abs(low), abs(high)))
    if not 1e-290 < span < 1e290:
        return _ANY_EDGES
    step = 2.0 ** math.floor(math.log2(span / _STEPS_IN_SPAN))
    first, last = math.floor((low - span / 2) / step), math.ceil((high + span / 2) / step)
    return tuple(number * step for number in range(first, last + 1))


class ScoreCounts:
    """The distribution of what one pipeline predicted, over all workers; made before they are.

    Counted are ``prediction`` and, where there are probabilities, ``probability``: that of the second of two
    classes, or that of the likeliest of more.

    Parameters
    ----------
    sample
        Answers of the pipeline, as `Pipeline.predict_one` gives them; they show where its numbers lie.
    workers
        How many processes count.
    """

    def __init__(self, schema: Schema, sample: Sequence[Mapping[str, Any]], workers: int = 1) -> None:
        outputs = {output.name: output for output in schema.outputs}
        categories = outputs[PREDICTION].categories if PREDICTION in outputs else None
        self._labels = categories if schema.task == "classification" else None
        self._edges: tuple[float, ...] = ()
        if self._labels is None:
            self._edges = number_edges(answer.get(PREDICTION) for answer in sample)
        classes = outputs[PROBABILITIES].categories if PROBABILITIES in outputs else None
        self._is_binary = len(classes or ()) == 2
        self._second = (classes or ("", ""))[1] if self._is_binary else ""
        self._has_probability = bool(classes)
        # Values are looked up as they come; what they are called is found out once.
        self._known: dict[object, int] = {}
        predictions = len(self._labels) + 1 if self._labels is not None else len(self._edges) + 1
        self._first_probability = predictions
        places = predictions + (len(_PROBABILITY_EDGES) + 1 if self._has_probability else 0)
        self._shared = SharedCounts(places, workers)
        self._counts = self._shared.own

    def use(self, worker: int) -> None:
        """Count as the worker of that number."""
        self._shared.use(worker)
        self._counts = self._shared.own

    def is_like(self, other: ScoreCounts) -> bool:
        """Tell whether the counts of another have the same meaning, as those of the same model loaded anew."""
        mine, theirs = ((each._labels, each._edges, each._second, each._has_probability) for each in (self, other))
        return mine == theirs

    def count_row(self, answer: Mapping[str, Any], weight: float = 1.0) -> None:
        """Count the answer for one row, which may stand for several."""
        value, counts = answer[PREDICTION], self._counts
        # Each one-row request comes here: what is known already is counted without another call.
        place = self._known.get(value) if self._labels is not None else None
        if place is None:
            self._count_prediction(value, weight)
        else:
            counts[place] += weight
        if self._has_probability:
            likely = answer[PROBABILITIES]
            score = likely[self._second] if self._is_binary else max(likely.values())
            counts[self._first_probability + bisect_right(_PROBABILITY_EDGES, score)] += weight

    def count(self, predictions: Predictions) -> None:
        """Count the answers for several rows; of many, some stand for all."""
        by_row = predictions.answers if isinstance(predictions, RowPredictions) else None
        rows = len(predictions.values if by_row is None else by_row)
        stride = -(-rows // MAX_COUNTED) or 1
        # The last of each stretch stands for it, and for its part of what is left over.
        chosen = range(stride - 1, rows, stride)
        weight = rows / len(chosen) if chosen else 0.0
        if by_row is not None:
            for row in chosen:
                self.count_row(by_row[row], weight)
            return
        values, likely = predictions.values, predictions.probabilities
        for row in chosen:
            self._count_prediction(values[row], weight)
            if self._has_probability and likely is not None:
                self._count_probability(likely[row][1] if self._is_binary else max(likely[row]), weight)

    def told(self) -> dict[str, Any]:
        """Return the counts by output, as JSON."""
        sums = self._shared.sums()
        told: dict[str, Any] = {}
        if self._labels is not None:
            named = zip((*self._labels, OTHER), sums, strict=False)
            told[PREDICTION] = {"kind": "label", "counts": {label: count for label, count in named if count}}
        else:
            told[PREDICTION] = _numbers(self._edges, sums[: self._first_probability])
        if self._has_probability:
            told[PROBABILITY] = _numbers(_PROBABILITY_EDGES, sums[self._first_probability :])
        return told

    def _count_prediction(self, value: Any, weight: float) -> None:
        if self._labels is None:
            if _is_number(value) and not math.isnan(value):
                self._counts[bisect_right(self._edges, value)] += weight
            return
        place = self._known.get(value)
        if place is None:
            place = self._place_of(self._labels, value)
        self._counts[place] += weight

    def _count_probability(self, value: float, weight: float) -> None:
        self._counts[self._first_probability + bisect_right(_PROBABILITY_EDGES, value)] += weight

    def _place_of(self, labels: tuple[str, ...], value: object) -> int:
        label = str(value)
        if label not in labels:
            return len(labels)
        place = self._known[value] = labels.index(label)
        return place


def _numbers(edges: tuple[float, ...], counts: list[float]) -> dict[str, Any]:
    return {"kind": "number", "edges": edges, "counts": counts}


def _is_number(value: object) -> bool:
    return type(value) in (float, int)


def counting(scores: ScoreCounts, render: Callable[[Predictions], Any]) -> Callable[[Predictions], Any]:
    """Return a function that counts predictions before it renders them."""

    def counted(predictions: Predictions) -> Any:
        scores.count(predictions)
        return render(predictions)

    return counted
