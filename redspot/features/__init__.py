"""Features: declared once, computed as they were at any moment, without a look ahead.

Rules
-----
- **As of.** A row of time t sees the events with ``event time < t``, never one of the same microsecond. A window of
  length w holds ``t - w <= event time < t``; one with a hop begins on a grid (`Window`); a label's window holds
  ``t <= event time < t + w``.
- **Times** are whole microseconds since 1970 in UTC; finer ones are cut off. A timestamp without a zone is
  read in the source's `timezone` (UTC if it has none), a spine's in UTC.
- **Ties.** Events of the same key and microsecond have the order of the source's `order` columns, and where these are
  equal, that of the value itself: missing first, smaller before greater. Where their rows lie in a file never matters.
- **Late events.** Events count by when they happened, whenever they arrived. `lateness` tells how long a day's partial
  results stay open for them.
- **Missing.** A null and a NaN are missing: `count("x")`, sums and all others leave them out. ``count()`` counts
  events.
  Where a window holds no value the result is missing, but counts and estimates of distinct values are 0,
  histograms hold zeros, and lists and maps are empty.
- **Infinite** values count: a sum or mean of a window with one is infinite, with both signs NaN; moments are NaN.
  No other window feels them.
- **Keys.** A row whose key (or part of it) is missing belongs to nobody and sees no event.
- **Names** are column, function and window: ``delay_mean_7d``, ``count_1h``, ``delay_p50_7d``, ``delay_top_3_7d``,
  ``delay_mean_by_airline_7d``, ``delay_mean_7d_hop_1h``, ``delay_last`` (unbounded), ``count_next_7d`` (a label's).
"""

from __future__ import annotations

from redspot.features.aggregation import Aggregation, Function
from redspot.features.daily import DailyFeatures, DailyPlan
from redspot.features.errors import (
    InvalidDefinitionError,
    InvalidExpressionError,
    InvalidWindowError,
    SourceReadError,
    SourceSchemaError,
    SpineError,
)
from redspot.features.expression import Expression
from redspot.features.functions import (
    approx_distinct,
    bottom_k,
    count,
    distinct,
    first,
    first_k,
    histogram,
    kurtosis,
    last,
    last_k,
    maximum,
    mean,
    minimum,
    quantile,
    skew,
    std,
    sum_of,
    time_since_last,
    top_k,
    variance,
)
from redspot.features.group import Feature, FeatureGroup
from redspot.features.source import ChangeSource, EventSource, SnapshotSource, StreamSource
from redspot.features.training_set import FutureLabel, TrainingSet
from redspot.features.window import Window

__all__ = [
    "Aggregation",
    "ChangeSource",
    "DailyFeatures",
    "DailyPlan",
    "EventSource",
    "Expression",
    "Feature",
    "FeatureGroup",
    "Function",
    "FutureLabel",
    "InvalidDefinitionError",
    "InvalidExpressionError",
    "InvalidWindowError",
    "SnapshotSource",
    "SourceReadError",
    "SourceSchemaError",
    "SpineError",
    "StreamSource",
    "TrainingSet",
    "Window",
    "approx_distinct",
    "bottom_k",
    "count",
    "distinct",
    "first",
    "first_k",
    "histogram",
    "kurtosis",
    "last",
    "last_k",
    "maximum",
    "mean",
    "minimum",
    "quantile",
    "skew",
    "std",
    "sum_of",
    "time_since_last",
    "top_k",
    "variance",
]
