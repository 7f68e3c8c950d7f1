"""The profile of one column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from redspot.profile.values import Dtype

AssociationKind = Literal["pearson", "correlation_ratio", "cramers_v", "eta"]
Verdict = Literal["none", "some", "strong"]


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts between edges.

    Attributes
    ----------
    edges
        Ascending, one more than `counts`; times are microseconds since the epoch in UTC.
    counts
        Rows from an edge, inclusive, to the next, exclusive; the last bin has both.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Association:
    """How strongly a column goes with the target; `pearson` from -1 to 1, the others from 0 to 1."""

    kind: AssociationKind
    value: float


@dataclass(frozen=True, slots=True)
class Drift:
    """How far a column has moved from a reference; see `redspot.profile.drift`."""

    psi: float
    ks: float | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """What one column holds.

    Attributes
    ----------
    name, dtype
        Its name and type; lists, whose values are their items, are only told by these.
    rows, missing
        How many rows there are, and how many of them have no value; exact.
    distinct, distinct_exact
        How many different values there are. When not exact, it is their number in a sample: at least so many.
    histogram
        Of numbers and times, in at most 20 bins of equal width. Where a few values lie very far out, the first and
        the last bin are wide and hold them.
    top
        At most 20 values with how often they occur, most frequent first: of text, truth and whole numbers with few
        values; truth is ``"true"`` and ``"false"``. Of lists, in how many rows each item occurs.
    quantiles
        By their share as text: ``"0"``, ``"0.01"``, …, ``"1"``.
    mean, std
        Of numbers and truth; the standard deviation is that of the population.
    target
        How it goes with the target, when there is one and both vary.
    drift
        How far it has moved, when there is a reference.
    """

    name: str
    dtype: Dtype | Literal["list"]
    rows: int
    missing: int
    distinct: int
    distinct_exact: bool
    histogram: Histogram | None = None
    top: tuple[tuple[str, int], ...] | None = None
    quantiles: Mapping[str, float] | None = None
    mean: float | None = None
    std: float | None = None
    target: Association | None = None
    drift: Drift | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the profile as JSON."""
        data = asdict(self)
        if self.histogram is not None:
            data["histogram"] = {"edges": list(self.histogram.edges), "counts": list(self.histogram.counts)}
        if self.top is not None:
            data["top"] = [list(pair) for pair in self.top]
        return data

    @classmethod
    def of_json(cls, data: Mapping[str, Any]) -> ColumnProfile:
        """Return the profile that `to_json` wrote.

        Raises
        ------
        InvalidProfileError
            When anything in it is not what belongs there.
        """
        # A reader checks more than a profile is.
        from redspot.profile.reading import column_of_json

        return column_of_json(data)
