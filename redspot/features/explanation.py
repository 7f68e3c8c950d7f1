"""Groups in words."""

from __future__ import annotations

from redspot.features.aggregation import TRAITS
from redspot.features.group import Feature, FeatureGroup
from redspot.features.window import duration_text


def explain(group: FeatureGroup) -> str:
    """Return what a group computes, a line for each part and feature.

    Examples
    --------
    >>> from redspot.features import EventSource, FeatureGroup, count
    >>> clicks = EventSource("clicks", path="clicks.parquet", time="at", schema={"at": "timestamp", "user": "string"})
    >>> print(explain(FeatureGroup("activity", source=clicks, keys=["user"], features=[count().over("7d")])))
    activity: 1 feature of the events clicks, by user
      events: clicks.parquet, their time in at, up to 0s late
      count_7d: count of events in t - 7d <= time < t; events that leave can be taken out
    """
    source = group.source
    many = "s" if len(group.feature_names) != 1 else ""
    place = source.path or (f"{source.table} in {source.database}" if source.table else "a table in memory")
    zone = "" if source.timezone == "UTC" else f" ({source.timezone})"
    lines = [
        f"{group.name}: {len(group.feature_names)} feature{many} of the {source.kind} {source.name},"
        f" by {', '.join(group.keys)}",
        f"  events: {place}, their time in {source.time}{zone}, up to {source.lateness} late",
    ]
    if group.where_expression is not None:
        lines.append(f"  only where {group.where_expression.text}")
    lines += [f"  of each event: {name} = {expression.text}" for name, expression in group.derived_columns]
    lines += [f"  {_feature(feature)}" for feature in group.expanded]
    lines += [f"  {group.lead}{name}: {expression.text}" for name, expression in group.derived_features]
    return "\n".join(lines)


def _feature(feature: Feature) -> str:
    made, window = feature.aggregation, feature.window
    of = "events" if made.column is None else made.column
    detail = "".join(
        f" {word} {value}"
        for word, value in (("k =", made.k), ("at", made.share), ("with edges", made.edges or None))
        if value is not None
    )
    apart = "" if made.bucket is None else f", apart for each {made.bucket}"
    if window.length_us is None:
        reach = "time < t"
    else:
        begin = f"t - {duration_text(window.length_us)}"
        if window.hop_us is not None:
            begin = f"({begin} on a grid of {duration_text(window.hop_us)})"
        reach = f"{begin} <= time < t"
    leaves = (
        "can be taken out" if TRAITS[made.function].is_deletable else "cannot be taken out: partial results are merged"
    )
    unit = f", in {made.unit}" if made.unit else ""
    note = f" ({made.description})" if made.description else ""
    return f"{feature.name}: {made.function}{detail} of {of} in {reach}{apart}{unit}{note}; events that leave {leaves}"
