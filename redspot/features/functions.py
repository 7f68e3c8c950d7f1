"""The aggregations by the names that notebooks use: ``mean("delay").over("1h", "7d")``."""

from __future__ import annotations

from collections.abc import Sequence

from redspot.features.aggregation import Aggregation, Function, checked


def count(column: str | None = None) -> Aggregation:
    """Count the events, or the values of a column that are there.

    Examples
    --------
    >>> count().over("1h", "1d").names
    ('count_1h', 'count_1d')
    """
    return Aggregation(Function.COUNT, column)


def sum_of(column: str) -> Aggregation:
    """Add up the values; float64, within 1e-9 of the sum of their sizes."""
    return Aggregation(Function.SUM, column)


def mean(column: str) -> Aggregation:
    """Divide the sum of the values by their count.

    Examples
    --------
    >>> mean("delay").over("7d").names
    ('delay_mean_7d',)
    """
    return Aggregation(Function.MEAN, column)


def minimum(column: str) -> Aggregation:
    """Find the smallest value; texts are ordered by their bytes."""
    return Aggregation(Function.MIN, column)


def maximum(column: str) -> Aggregation:
    """Find the greatest value; texts are ordered by their bytes."""
    return Aggregation(Function.MAX, column)


def variance(column: str) -> Aggregation:
    """Compute the sample variance (n − 1); missing for fewer than two values."""
    return Aggregation(Function.VARIANCE, column)


def std(column: str) -> Aggregation:
    """Compute the sample standard deviation (n − 1); missing for fewer than two values."""
    return Aggregation(Function.STD, column)


def skew(column: str) -> Aggregation:
    """Compute the skewness m₃ / m₂^1.5 of central moments; missing where all values are the same."""
    return Aggregation(Function.SKEW, column)


def kurtosis(column: str) -> Aggregation:
    """Compute the excess kurtosis m₄ / m₂² − 3 of central moments; missing where all values are the same."""
    return Aggregation(Function.KURTOSIS, column)


def first(column: str) -> Aggregation:
    """Take the value of the earliest event that has one."""
    return Aggregation(Function.FIRST, column)


def last(column: str) -> Aggregation:
    """Take the value of the latest event that has one."""
    return Aggregation(Function.LAST, column)


def first_k(column: str, k: int) -> Aggregation:
    """List the first k values, earliest first."""
    return checked(Aggregation(Function.FIRST_K, column, k=k))


def last_k(column: str, k: int) -> Aggregation:
    """List the last k values, latest first."""
    return checked(Aggregation(Function.LAST_K, column, k=k))


def top_k(column: str, k: int) -> Aggregation:
    """List the k greatest values, repeated ones as often as they are there, greatest first.

    Examples
    --------
    >>> top_k("delay", 3).over("1d").names
    ('delay_top_3_1d',)
    """
    return checked(Aggregation(Function.TOP_K, column, k=k))


def bottom_k(column: str, k: int) -> Aggregation:
    """List the k smallest values, repeated ones as often as they are there, smallest first."""
    return checked(Aggregation(Function.BOTTOM_K, column, k=k))


def distinct(column: str) -> Aggregation:
    """Count different values, exactly."""
    return Aggregation(Function.DISTINCT, column)


def approx_distinct(column: str) -> Aggregation:
    """Estimate how many different values there are, by HyperLogLog with 4,096 registers (standard error 1.6 %)."""
    return Aggregation(Function.APPROX_DISTINCT, column)


def histogram(column: str, edges: Sequence[float]) -> Aggregation:
    """Count values in bins ``edge <= value < next edge`` (the last bin also holds its end), as a list."""
    return checked(Aggregation(Function.HISTOGRAM, column, edges=tuple(float(edge) for edge in edges)))


def quantile(column: str, share: float) -> Aggregation:
    """Find the value below which a share of the values lies, linear between neighbours (NumPy's default method).

    Examples
    --------
    >>> quantile("delay", 0.5).over("7d").names
    ('delay_p50_7d',)
    """
    return checked(Aggregation(Function.QUANTILE, column, share=share))


def time_since_last() -> Aggregation:
    """Measure the seconds since the latest event before the row."""
    return Aggregation(Function.TIME_SINCE_LAST)
