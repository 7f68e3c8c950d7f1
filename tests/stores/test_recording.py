"""Recorded runs in SQLite, and in PostgreSQL where it is there."""

from __future__ import annotations

import math
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from redspot.registry.filtering import LOGGED_MODELS, RUNS, VERSIONS, parse_filter, parse_orders
from redspot.registry.recorded_run import DatasetInput, MetricPoint, ParameterChangedError, RunModel
from redspot.registry.registered import OriginatedVersion, VersionOrigin
from redspot.stores.database import Database
from redspot.stores.recording import Recording
from redspot.stores.recording.points import CHUNK
from redspot.stores.recording.run_search import RunSearch
from tests.stores.conftest import new_version


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A cluster of its own on a Unix socket, run by somebody who is not root."""
    pytest.importorskip("psycopg")
    folder = Path("/tmp") / f"redspot-postgres-{os.getpid()}"
    folder.mkdir(mode=0o700)
    runs_as = ["runuser", "-u", "nobody", "--"] if os.getuid() == 0 else []
    if runs_as:
        shutil.chown(folder, "nobody")
    data = folder / "data"
    options = f"-c listen_addresses='' -k {folder} -c fsync=off"
    subprocess.run([*runs_as, "initdb", "-D", data, "-A", "trust", "-U", "redspot"], check=True, capture_output=True)
    start = [*runs_as, "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start"]
    subprocess.run(start, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield f"postgresql+psycopg://redspot@/postgres?host={folder}"
    subprocess.run([*runs_as, "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop"], check=True, capture_output=True)
    shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def recording(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Recording]:
    url = f"sqlite:///{tmp_path}/r.db" if request.param == "sqlite" else request.getfixturevalue("postgres")
    database = Database.open(url)
    opened = Recording.open(database)
    yield opened
    opened.writer.close()
    database.dispose()


def begin(recording: Recording, experiment: int, name: str = "r", start_ms: int = 1) -> str:
    made = recording.runs.create(experiment, name=name, start_ms=start_ms, tags={}, owner="o", by="me")
    return made.result().run_id


def names(
    recording: Recording, experiment: int, query: str, orders: list[str], limit: int = 100, offset: int = 0
) -> list[str]:
    search = RunSearch((experiment,), parse_filter(query, RUNS), parse_orders(orders, RUNS), ("active",), limit, offset)
    return [run.name for run in recording.runs.search(search)]


def test_runs_are_found_and_sorted_by_their_newest_values(recording: Recording) -> None:
    experiment = recording.experiments.create("sorted", None, {}, by="me").result()
    values = {"a": 1.0, "b": math.nan, "c": 3.0, "d": None, "e": 2.0, "f": math.inf}
    for place, (name, value) in enumerate(values.items()):
        run = begin(recording, experiment, name, place)
        points = [] if value is None else [MetricPoint("m", 99.0, 1, 0), MetricPoint("m", value, 1, 1)]
        recording.runs.log(run, metrics=points, params=[("Case", name.upper())], tags=[("t", name)]).result()
    assert names(recording, experiment, "", ["metrics.m DESC"]) == ["f", "c", "e", "a", "b", "d"]
    assert names(recording, experiment, "", ["metrics.m"]) == ["a", "e", "c", "f", "b", "d"]
    pages = [names(recording, experiment, "", ["metrics.m"], 2, offset) for offset in (0, 2, 4, 6)]
    assert pages == [["a", "e"], ["c", "f"], ["b", "d"], []]
    assert names(recording, experiment, "metrics.m > 1", ["run_name"]) == ["c", "e", "f"]
    assert names(recording, experiment, "params.Case LIKE 'a%'", []) == []
    assert names(recording, experiment, "params.Case ILIKE 'a%'", []) == ["a"]
    assert names(recording, experiment, "tags.t != 'a' AND tags.x IS NULL", ["tags.t DESC"]) == [
        "f",
        "e",
        "d",
        "c",
        "b",
    ]


def test_what_fails_leaves_nothing_and_harms_nobody_in_its_group(recording: Recording) -> None:
    run = begin(recording, 0)
    recording.runs.log(run, params=[("p", "1")]).result()
    futures = [
        recording.runs.log(run, params=[("q", "1"), ("p", str(i))], metrics=[MetricPoint(f"m{i}", 1.0, 1, 0)])
        for i in range(8)
    ]
    failed = [future.exception() is not None for future in futures]
    assert failed == [i != 1 for i in range(8)]
    assert isinstance(futures[0].exception(), ParameterChangedError)
    found = recording.runs.get(run)
    assert [row[0] for row in found.metrics] == ["m1"]
    assert found.params == [("p", "1"), ("q", "1")]


def test_points_survive_being_packed_sent_twice_and_out_of_order(recording: Recording) -> None:
    run = begin(recording, 0)
    points = [MetricPoint("m", math.nan if i % 1000 == 7 else float(i), 5, i) for i in range(CHUNK + 900)]
    for low in range(0, len(points), 500):
        recording.runs.log(run, metrics=points[low : low + 500]).result()
    recording.runs.log(run, metrics=points[10:20]).result()
    recording.runs.log(run, metrics=[MetricPoint("m", -1.0, 5, -3)]).result()
    steps, times, values = recording.runs.history(run, "m")
    assert (len(steps), set(times), math.isnan(values[steps.index(1007)])) == (len(points) + 1, {5}, True)
    curve = recording.runs.curve(run, "m", 100)
    assert (curve.points, curve.low[0], curve.steps[-1], curve.last[-1]) == (
        len(points) + 1,
        -1.0,
        CHUNK + 899,
        CHUNK + 899,
    )
    assert len(curve.steps) <= 100


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(-50, 50), st.floats(-5, 5)), min_size=1, max_size=60), st.integers(1, 12))
def test_a_curve_is_what_its_buckets_hold(database: Database, points: list[tuple[int, float]], buckets: int) -> None:
    recording = Recording.open(database)
    run = begin(recording, 0)
    recording.runs.log(run, metrics=[MetricPoint("m", value, 1, step) for step, value in points]).result()
    curve = recording.runs.curve(run, "m", buckets)
    ordered = sorted(set(points))
    assert curve.points == len(ordered)
    assert len(curve.steps) <= buckets
    assert min(value for _, value in points) == min(value for value in curve.low if value is not None)
    assert max(value for _, value in points) == max(value for value in curve.high if value is not None)
    assert (curve.steps[-1], curve.last[-1]) == ordered[-1]
    recording.writer.close()


def test_a_page_by_a_metric_walks_an_index_and_sorts_no_runs(database: Database) -> None:
    from redspot.stores.recording import run_search

    search = RunSearch(
        (0,), parse_filter("metrics.a > 1", RUNS), parse_orders(["metrics.b DESC"], RUNS), ("active",), 100, 0
    )
    sql, _, values = run_search._phases(search, sqlite=True)[0]
    with database.reading() as connection:
        plan = explain(connection, sql, {**values, "limit": 1, "offset": 0})
    assert "USING COVERING INDEX ix_run_metrics_value" in plan or "USING INDEX ix_run_metrics_value" in plan
    assert "SCAN r" not in plan
    assert "USE TEMP B-TREE FOR ORDER BY" not in plan


def explain(connection: Connection, sql: str, values: dict[str, object]) -> str:
    return "\n".join(row[3] for row in connection.execute(text(f"EXPLAIN QUERY PLAN {sql}"), values))


def test_inputs_models_and_registrations_are_kept_and_found(recording: Recording) -> None:
    run = begin(recording, 0)
    dataset = DatasetInput("train", "d1", "local", "s3://x", None, None, {"mlflow.data.context": "training", "a": "b"})
    made = recording.logged_models.create(
        0, name="m", model_type="t", source_run_id=run, params={"p": "1"}, tags={}, by="me"
    ).result()
    recording.runs.add_inputs(run, [dataset, dataset], [RunModel(made.model_id, 0)]).result()
    recording.runs.add_outputs(run, [RunModel(made.model_id, 3)]).result()
    recording.runs.log(run, metrics=[MetricPoint("mae", 0.5, 1, 0, made.model_id)]).result()
    recording.runs.update(run, status="FINISHED", end_ms=5, name=None, by="me").result()
    found = recording.runs.get(run)
    assert (found.datasets, found.outputs, found.status) == ([dataset], [RunModel(made.model_id, 3)], "FINISHED")
    for query, count in (("params.p = '1' AND metrics.mae < 1", 1), ("tags.x = '1'", 0), ("name LIKE 'm'", 1)):
        got = recording.logged_models.search((0,), parse_filter(query, LOGGED_MODELS), (), limit=5, offset=0)
        assert len(got) == count
    recording.logged_models.set_tags(made.model_id, {"x": "1"}, by="me").result()
    registered = recording.registered
    model = registered.create("kept", "d", {"t": "1"}, by="me").result()
    assert (model.tags, model.created_ms > 0) == ({"t": "1"}, True)
    for number in (1, 2):
        origin = VersionOrigin("models:/x", run, "", made.model_id, "mlflow", {}, "")
        added = registered.add(OriginatedVersion(new_version("kept"), origin, "", {"v": str(number)})).result()
        assert added.number == number
    registered.set_alias("kept", "champion", 2, by="me").result()
    for query, numbers in (("tags.v = '1'", [1]), (f"run_id = '{run}'", [2, 1]), ("version_number > 1", [2])):
        versions = registered.search_versions(parse_filter(query, VERSIONS), (), limit=5, offset=0)
        assert [version.number for version in versions] == numbers
    registered.rename("kept", "renamed", by="me").result()
    assert registered.by_alias("renamed", "champion").number == 2
    registered.delete("renamed", by="me").result()
    assert registered.search((), (), limit=5, offset=0) == []
    assert registered.create("renamed", "", {}, by="me").result().latest == ()
    assert registered.add(OriginatedVersion(new_version("renamed"), VersionOrigin(), "", {})).result().number == 3
