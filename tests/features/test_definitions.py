from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pyarrow as pa
import pytest

from redspot.errors import InvalidError
from redspot.features import (
    ChangeSource,
    EventSource,
    Expression,
    FeatureGroup,
    FutureLabel,
    InvalidDefinitionError,
    InvalidExpressionError,
    InvalidWindowError,
    SnapshotSource,
    StreamSource,
    TrainingSet,
    Window,
    count,
    distinct,
    histogram,
    last,
    last_k,
    maximum,
    mean,
    quantile,
    top_k,
)
from redspot.features.source import source_of_dict

SCHEMA = {
    "departure": "timestamp",
    "origin": "string",
    "delay": "float",
    "cancelled": "boolean",
    "stops": "list[string]",
}


def flights(**more: Any) -> EventSource:
    return EventSource("flights", path="flights/*.parquet", time="departure", schema=SCHEMA, **more)


def delays(**more: Any) -> FeatureGroup:
    given: dict[str, Any] = {
        "source": flights(),
        "keys": ["origin"],
        "features": [mean("delay").over("1h", "7d"), count().over("1d")],
    }
    return FeatureGroup("delays", **{**given, **more})


def test_names_are_column_function_and_window() -> None:
    made = [
        mean("delay").over("1h", "7d", "unbounded"),
        count().over("90m"),
        top_k("delay", 3).over("1d"),
        quantile("delay", 0.5).over("1d"),
        quantile("delay", 0.999).over("1d"),
        count("delay").by("origin").over("1d"),
        maximum("delay").over("7d", hop="1h"),
        mean("Total ($)").over("24h"),
        last("delay").named("latest"),
    ]
    assert [name for one in made for name in one.names] == [
        "delay_mean_1h",
        "delay_mean_7d",
        "delay_mean",
        "count_90m",
        "delay_top_3_1d",
        "delay_p50_1d",
        "delay_p99_9_1d",
        "delay_count_by_origin_1d",
        "delay_max_7d_hop_1h",
        "Total_mean_1d",
        "latest",
    ]
    assert FutureLabel(delays(), count().over("7d")).expanded[0].name == "count_next_7d"


@pytest.mark.parametrize("text", ["", "7", "d", "-1d", "1.5h", "1y", "59s", "1h ", "999999d", "0m"])
def test_no_other_text_is_a_window(text: str) -> None:
    with pytest.raises(InvalidWindowError):
        Window.parse(text)


def test_the_shortest_window_is_a_minute_and_a_hop_is_no_longer_than_its_window() -> None:
    assert Window.parse("60s") == Window.parse("1m")
    with pytest.raises(InvalidWindowError, match="hop"):
        Window.parse("1h", hop="2h")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"features": [mean("dely").over("1h")]}, "reads 'dely'; there are departure, origin, delay"),
        ({"features": [mean("origin").over("1h")]}, "numbers are in delay, cancelled"),
        ({"keys": ["airport"]}, "'airport' is no key; there are departure"),
        ({"keys": ["stops"]}, "'stops' is no key"),
        ({"features": []}, "features are aggregations"),
        ({"features": [count().over("1h"), count().over("60m")]}, "two features named count_1h"),
        ({"derivations": {"a": "b + 1", "b": "a + 1"}}, "a circle: a → b → a"),
        ({"derive": {"delay": "delay + 1"}}, "'delay' would be there twice"),
        ({"name": "Delays"}, "lower-case"),
        ({"features": [count().by("stops").over("1h")]}, "holds lists"),
    ],
)
def test_what_does_not_fit_is_refused_at_once_and_what_exists_is_listed(more: dict[str, Any], says: str) -> None:
    more = dict(more)
    name = more.pop("name", "delays")
    given: dict[str, Any] = {"source": flights(), "keys": ["origin"], "features": [count().over("1h")]}
    with pytest.raises(InvalidDefinitionError, match=says):
        FeatureGroup(name, **{**given, **more})


@pytest.mark.parametrize(
    ("where", "says"),
    [
        ("delay > 15 and airline == 'AA'", "names 'airline'; there are cancelled, delay"),
        ("__import__('os').system('id')", "not part of the language"),
        ("delay > 15; DROP TABLE events", "is no expression"),
        ("pg_read_file('x')", "no function 'pg_read_file'; there are abs"),
        ("[d for d in delay]", "not part of the language"),
        ("delay > (lambda: 1)", "not part of the language"),
        ("delay ** 2 > 1", "Pow"),
        ("length()", "takes 1 argument"),
    ],
)
def test_a_filter_is_read_and_never_run_as_python_or_sql(where: str, says: str) -> None:
    with pytest.raises(InvalidExpressionError, match=says):
        delays(where=where)


def test_texts_in_expressions_stay_texts() -> None:
    sql = Expression.parse('origin == "x\' OR 1=1 --"').sql({"origin": '"origin"'})
    assert sql == "((\"origin\" = 'x'' OR 1=1 --'))"


def whole() -> TrainingSet:
    history = flights(lateness="1h", order=["delay"], owner="ana", tags=["air"])
    group = FeatureGroup(
        "delays",
        source=history,
        keys=["origin"],
        where="not cancelled",
        derive={"late": "delay > 15"},
        features=[
            mean("late").over("1d").described("share of late flights", unit="1"),
            histogram("delay", [0, 15, 60]).over("7d", hop="1h"),
            last_k("origin", 2),
            quantile("delay", 0.9).over("1d"),
            count().by("origin").over("1d"),
        ],
        derivations={"double": "late_mean_1d * 2"},
        prefix="origin",
        owner="ana",
    )
    label = FutureLabel(group, count().over("1d"))
    return TrainingSet(
        "training",
        time="at",
        groups=[group],
        future=[label],
        keys={"origin": "airport"},
        offset="1h",
        on_demand={"fast": "distance / origin_double"},
        sample=0.5,
        label="late",
    )


def test_a_definition_is_the_same_as_data() -> None:
    made = whole()
    again = TrainingSet.from_dict(json.loads(json.dumps(made.to_dict())))
    assert again.to_dict() == made.to_dict()
    assert again.hash == made.hash
    assert again.feature_names == made.feature_names
    for source in (
        SnapshotSource("a", path="a.parquet", time="day", schema={"day": "date"}, available="6h"),
        ChangeSource("a", path="a.csv", time="t", deleted="op == 'D'"),
        StreamSource("a", database="x.duckdb", table="main.events", time="t", time_unit="ms", topic="clicks"),
    ):
        assert source_of_dict(source.to_dict()) == source


def test_a_changed_definition_is_another_version_and_a_changed_description_is_not() -> None:
    plain = delays()
    assert delays().version == plain.version
    assert delays(owner="bo", description="…", tags=["a"]).version == plain.version
    assert (
        delays(features=[mean("delay").over("1h", "7d").described("x", unit="min"), count().over("1d")]).hash
        == plain.hash
    )
    others = [
        delays(where="not cancelled"),
        delays(keys=["origin", "cancelled"]),
        delays(features=[mean("delay").over("1h")]),
        delays(source=flights(timezone="Europe/Rome")),
    ]
    assert len({plain.version, *(other.version for other in others)}) == 5


def test_a_group_explains_itself() -> None:
    (group,) = whole().groups
    assert group.explain().splitlines() == [
        "delays: 6 features of the events flights, by origin",
        "  events: flights/*.parquet, their time in departure, up to 1h late",
        "  only where not cancelled",
        "  of each event: late = delay > 15",
        "  origin_late_mean_1d: mean of late in t - 1d <= time < t, in 1 (share of late flights);"
        " events that leave can be taken out",
        "  origin_delay_histogram_7d_hop_1h: histogram with edges (0.0, 15.0, 60.0) of delay"
        " in (t - 7d on a grid of 1h) <= time < t; events that leave can be taken out",
        "  origin_origin_last_2: last_k k = 2 of origin in time < t;"
        " events that leave cannot be taken out: partial results are merged",
        "  origin_delay_p90_1d: quantile at 0.9 of delay in t - 1d <= time < t;"
        " events that leave cannot be taken out: partial results are merged",
        "  origin_count_by_origin_1d: count of events in t - 1d <= time < t, apart for each origin;"
        " events that leave can be taken out",
        "  origin_double: late_mean_1d * 2",
    ]


def test_data_that_says_something_unknown_is_refused() -> None:
    data = delays().to_dict()
    with pytest.raises(InvalidDefinitionError, match="no field 'window'"):
        FeatureGroup.from_dict({**data, "features": [{**data["features"][0], "window": "1d"}]})
    with pytest.raises(InvalidDefinitionError, match="kind is one of events"):
        FeatureGroup.from_dict({**data, "source": {"kind": "ftp"}})
    with pytest.raises(InvalidError):
        FeatureGroup.from_dict({**data, "features": [{"function": "eval", "windows": []}]})


def test_two_features_of_one_name_need_a_prefix() -> None:
    with pytest.raises(
        InvalidDefinitionError, match="count_1d, delay_mean_1h, delay_mean_7d; give one of them a prefix"
    ):
        TrainingSet("t", time="at", groups=[delays(), delays(keys=["cancelled"])])
    made = TrainingSet("t", time="at", groups=[delays(), delays(keys=["cancelled"], prefix="c")])
    assert "c_count_1d" in made.feature_names


def test_of_snapshots_and_changes_there_is_only_the_last() -> None:
    source = SnapshotSource("homes", path="homes.parquet", time="day", schema={"day": "date", "home": "integer"})
    with pytest.raises(InvalidDefinitionError, match=r"only last\(…\), not distinct"):
        FeatureGroup("homes", source=source, keys=["home"], features=[distinct("home")])


def test_a_source_names_one_place() -> None:
    with pytest.raises(InvalidDefinitionError, match="one of path, table and data"):
        flights(data=pa.table({"a": [1]}))
    with pytest.raises(InvalidDefinitionError, match="no time zone"):
        flights(timezone="Mars/Base")
    with pytest.raises(InvalidDefinitionError, match="no column 'arrival'; there are departure"):
        EventSource("flights", path="x.parquet", time="arrival", schema=SCHEMA)
    with pytest.raises(InvalidDefinitionError, match="neither timestamp, date nor integer"):
        EventSource("flights", path="x.parquet", time="origin", schema=SCHEMA)


def test_declaring_needs_no_library_and_computing_names_the_extra() -> None:
    script = """
import sys
for name in ("duckdb", "pyarrow", "pandas"):
    sys.modules[name] = None
from redspot.errors import MissingExtraError
from redspot.features import EventSource, FeatureGroup, TrainingSet, count
source = EventSource("e", path="e.parquet", time="t", schema={"t": "timestamp", "k": "string"})
made = TrainingSet("t", time="t", groups=[FeatureGroup("g", source=source, keys=["k"], features=[count()])])
try:
    made.build("spine.parquet")
except MissingExtraError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "duckdb is missing: pip install 'redspot[features]'" in done.stdout
