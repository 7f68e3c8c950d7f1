"""How far columns have moved from a reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from redspot.profile.column import ColumnProfile, Drift, Verdict
from redspot.profile.distribution import SHARES
from redspot.profile.profiling import profile_table
from redspot.profile.table import Profile
from redspot.profile.values import MAX_SAMPLE, Dtype, Values, as_floats, spread

# The thresholds that credit scoring has long used for the population stability index (Siddiqi, "Credit Risk
# Scorecards", 2006): below 0.1 nothing of note, from 0.25 on a shift that calls for action.
SOME = 0.1
STRONG = 0.25

# Bins with less of the reference are joined: in tiny bins the index measures chance.
MIN_SHARE = 0.1
MIN_LABEL_SHARE = 0.02

# An empty bin would make the index infinite.
FLOOR = 1e-4

Table = Mapping[str, tuple[Dtype, Values]]


def drift(reference: Profile, current: Profile | Table) -> Profile:
    """Return the profile of what is now, each column with how far it has moved from the reference.

    The population stability index (PSI) sums ``(c - r) * ln(c / r)`` over bins, with the shares of current and
    reference rows in each; shares below 0.0001 count as that. The bins of numbers and times are those of the
    reference's histogram, neighbours joined until each has a tenth of the reference, open at both ends; those of
    text and truth are the reference's values with at least 2 %, and one for all others. Missing values are a bin
    of their own. Verdicts are the customary ones: below 0.1 ``none``, below 0.25 ``some``, else ``strong``. With few
    rows chance alone gives about ``(bins - 1) * (1 / rows + 1 / reference rows)``.

    For numbers and times `ks` is the largest difference between the two distribution functions at the edges and
    quantiles that the reference has kept: at most the Kolmogorov-Smirnov statistic, and close to it.

    Parameters
    ----------
    reference
        What was, such as the training data.
    current
        What is now: types and values as in `profile_table`, or a profile. From a profile, counts are interpolated
        within its bins, and text beyond its 20 most frequent values counts as other.

    Returns
    -------
    Profile
        Columns that the reference does not have, whose type is of another family (numbers, times, text or truth), that
        hold lists, or have no rows on either side, have no drift.

    Examples
    --------
    >>> import numpy as np
    >>> then = profile_table({"x": ("float", np.arange(100.0))})
    >>> drift(then, {"x": ("float", np.arange(100.0))})["x"].drift.verdict
    'none'
    >>> drift(then, {"x": ("float", np.arange(50.0, 150.0))})["x"].drift.verdict
    'strong'
    """
    profile = current if isinstance(current, Profile) else profile_table(current)
    values = None if isinstance(current, Profile) else current
    columns = tuple(
        replace(column, drift=_drift(reference[column.name], column, None if values is None else values[column.name]))
        if column.name in reference.names
        else column
        for column in profile.columns
    )
    return replace(profile, columns=columns)


def verdict(psi: float) -> Verdict:
    """Return in a word what a population stability index means."""
    if psi < SOME:
        return "none"
    return "some" if psi < STRONG else "strong"


def population_stability(reference: NDArray[np.float64], current: NDArray[np.float64]) -> float:
    """Return the PSI of two arrays of shares, shape (bins,)."""
    r, c = np.maximum(reference, FLOOR), np.maximum(current, FLOOR)
    return float(((c - r) * np.log(c / r)).sum())


def _drift(reference: ColumnProfile, current: ColumnProfile, given: tuple[Dtype, Values] | None) -> Drift | None:
    if _family(reference.dtype) != _family(current.dtype) or not reference.rows or not current.rows:
        return None
    # The shares of items do not add up to one, as those of values do.
    if _family(reference.dtype) == "lists":
        return None
    if _family(reference.dtype) == "labels":
        psi = population_stability(*_label_shares(reference, current))
        return Drift(psi, None, verdict(psi))
    if reference.histogram is None:
        shares = [np.array([1 - each.missing / each.rows, each.missing / each.rows]) for each in (reference, current)]
        psi = population_stability(*shares)
        return Drift(psi, None, verdict(psi))
    below = _Below(current, given)
    edges = np.array(reference.histogram.edges)
    counts = np.array(reference.histogram.counts, dtype=np.float64)
    cuts = _cuts(counts)
    joined = np.add.reduceat(counts, cuts) / counts.sum()
    now = np.diff(np.concatenate([[0.0], below.before(edges[cuts[1:]]), [1.0]]))
    psi = population_stability(_with_missing(joined, reference), _with_missing(now if below.any else 0 * now, current))
    return Drift(psi, _kolmogorov_smirnov(reference, below) if below.any else None, verdict(psi))


class _Below:
    """Shares of the known current values below given points."""

    def __init__(self, current: ColumnProfile, given: tuple[Dtype, Values] | None) -> None:
        self._ordered: NDArray[np.float64] | None = None
        self._histogram = current.histogram
        self.any = current.histogram is not None
        if given is not None:
            floats = as_floats(*given)
            known = floats[np.isfinite(floats)]
            self._ordered = np.sort(known[spread(len(known))])

    def before(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the share strictly below each point."""
        return self._share(points, "left")

    def upto(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the share at or below each point."""
        return self._share(points, "right")

    def _share(self, points: NDArray[np.float64], side: Literal["left", "right"]) -> NDArray[np.float64]:
        if not self.any:
            return np.zeros(len(points))
        if self._ordered is not None:
            return np.searchsorted(self._ordered, points, side=side) / len(self._ordered)
        histogram = self._histogram
        edges, counts = (np.empty(0), np.empty(0)) if histogram is None else (histogram.edges, histogram.counts)
        cumulated = np.concatenate([[0.0], np.cumsum(counts)])
        return np.asarray(np.interp(points, edges, cumulated / cumulated[-1]))


def _kolmogorov_smirnov(reference: ColumnProfile, below: _Below) -> float:
    histogram, kept = reference.histogram, reference.quantiles
    if histogram is None or kept is None:
        return 0.0
    edges = np.array(histogram.edges)
    counts = np.concatenate([[0.0], np.cumsum(histogram.counts)])
    # The last edge is counted in, the others are not.
    largest = np.abs(below.before(edges[:-1]) - counts[:-1] / counts[-1]).max()
    past = 1.0 - float(below.upto(edges[-1:])[0])
    points, shares = np.array(list(kept.values())), np.array([SHARES[name] for name in kept])
    # Up to a quantile lies at least its share and below it at most that, but for one row, as quantiles lie between two.
    row = 1 / min(reference.rows - reference.missing, MAX_SAMPLE)
    more = (below.before(points) - shares).max() - row
    less = (shares - below.upto(points)).max() - row
    return float(min(1.0, max(largest, past, more, less, 0.0)))


def _cuts(counts: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the first bins of groups of neighbours that each have a tenth of all counts."""
    needed = MIN_SHARE * counts.sum()
    cuts, held = [0], 0.0
    for index, count in enumerate(counts.tolist()):
        if held >= needed:
            cuts.append(index)
            held = 0.0
        held += count
    if len(cuts) > 1 and held < needed:
        cuts.pop()
    return np.array(cuts)


def _with_missing(shares: NDArray[np.float64], column: ColumnProfile) -> NDArray[np.float64]:
    missing = column.missing / column.rows
    return np.append(shares * (1 - missing), missing)


def _label_shares(reference: ColumnProfile, current: ColumnProfile) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    labels = [label for label, count in reference.top or () if count >= MIN_LABEL_SHARE * reference.rows]
    shares = []
    for column in (reference, current):
        counts = dict(column.top or ())
        named = [counts.get(label, 0) for label in labels]
        other = column.rows - column.missing - sum(named)
        shares.append(np.array([*named, other, column.missing], dtype=np.float64) / column.rows)
    return shares[0], shares[1]


def _family(dtype: str) -> str:
    return {"float": "numbers", "int": "numbers", "datetime": "times", "list": "lists"}.get(dtype, "labels")
