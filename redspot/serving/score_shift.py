"""How far the predictions of one version lie from those of another, by the counts of their replicas."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import numpy as np

from redspot.profile.drifting import MIN_LABEL_SHARE, MIN_SHARE, population_stability

Scores = Mapping[str, Any]
"""What a replica's ``/stats`` tells of one output."""


def score_shift(reference: Scores, current: Scores) -> float | None:
    """Return the population stability index of an output of two versions.

    Numbers are compared between those edges that both have, neighbours joined until each bin holds a tenth of
    the reference; of labels, those with less than 2 % of the reference count as one. With few predictions chance
    alone gives about ``(bins - 1) * (1 / predictions + 1 / reference predictions)``.

    Returns
    -------
    float or None
        None when the outputs are not of the same kind, have no edge in common, or one of them was never given.

    Examples
    --------
    >>> one = {"kind": "number", "edges": [0.0, 1.0], "counts": [10, 80, 10]}
    >>> score_shift(one, one)
    0.0
    """
    if reference["kind"] != current["kind"]:
        return None
    if reference["kind"] == "label":
        labels = [*{**reference["counts"], **current["counts"]}]
        before, now = (np.array([each["counts"].get(label, 0) for label in labels]) for each in (reference, current))
        joined = None if not before.sum() else before >= MIN_LABEL_SHARE * before.sum()
        if joined is not None:
            before, now = (np.append(each[joined], each[~joined].sum()) for each in (before, now))
    else:
        common = sorted(set(reference["edges"]) & set(current["edges"]))
        if not common:
            return None
        before, now = (_between(common, each) for each in (reference, current))
        cuts = _cuts(before.tolist())
        before, now = np.add.reduceat(before, cuts), np.add.reduceat(now, cuts)
    if not before.sum() or not now.sum():
        return None
    return population_stability(before / before.sum(), now / now.sum())


def added(parts: list[Scores]) -> Scores | None:
    """Return the scores of several replicas of one version as one; None without any, or when they differ in kind."""
    if not parts or any(
        (each["kind"], each.get("edges")) != (parts[0]["kind"], parts[0].get("edges")) for each in parts
    ):
        return None
    if parts[0]["kind"] == "label":
        labels = {label for each in parts for label in each["counts"]}
        return {
            "kind": "label",
            "counts": {label: sum(each["counts"].get(label, 0) for each in parts) for label in labels},
        }
    counts = np.sum([each["counts"] for each in parts], axis=0).tolist()
    return {"kind": "number", "edges": parts[0]["edges"], "counts": counts}


def _between(edges: list[float], scores: Scores) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return counts below, between and from the edges on, which are among those of the scores."""
    places = [0, *(scores["edges"].index(edge) + 1 for edge in edges), len(scores["counts"])]
    return np.array([sum(scores["counts"][begin:end]) for begin, end in pairwise(places)], dtype=np.float64)


def _cuts(counts: list[float]) -> list[int]:
    """Return the first bins of groups of neighbours that each hold a tenth of all counts."""
    needed, cuts, held = MIN_SHARE * sum(counts), [0], 0.0
    for number, count in enumerate(counts):
        if held and held >= needed:
            cuts.append(number)
            held = 0.0
        held += count
    if len(cuts) > 1 and held < needed:
        cuts.pop()
    return cuts
