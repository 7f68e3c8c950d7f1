"""The points of metrics: loose ones as rows, and thousands of older ones in blobs of columns.

A program that logs one point at a time pays one row for it. Once a metric has `CHUNK` loose points, they become one
blob, so a curve of a million steps is read as some 250 blobs and not as a million rows. A point that was sent twice
is one: as rows by their key, across blobs when they are read.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, text

from redspot.registry.recorded_run import Curve, MetricPoint

CHUNK = 4096

_ADD_POINT = text(
    "INSERT INTO metric_points (run, key, step, time_ms, value, is_nan)"
    " VALUES (:run, :key, :step, :time_ms, :value, :is_nan) ON CONFLICT DO NOTHING"
)
_KEEP_NEWEST = text(
    "INSERT INTO run_metrics (run, key, experiment, value, is_nan, step, time_ms,"
    " model_id, dataset_name, dataset_digest, tail)"
    " VALUES (:run, :key, :experiment, :value, :is_nan, :step, :time_ms,"
    " :model_id, :dataset_name, :dataset_digest, 0)"
    " ON CONFLICT (run, key) DO UPDATE SET value = excluded.value, is_nan = excluded.is_nan, step = excluded.step,"
    " time_ms = excluded.time_ms, model_id = excluded.model_id, dataset_name = excluded.dataset_name,"
    " dataset_digest = excluded.dataset_digest"
    " WHERE (excluded.step, excluded.time_ms, excluded.value)"
    " >= (run_metrics.step, run_metrics.time_ms, run_metrics.value)"
)
_COUNT = text("UPDATE run_metrics SET tail = tail + :added WHERE run = :run AND key = :key RETURNING tail")
_EMPTY = text("UPDATE run_metrics SET tail = 0 WHERE run = :run AND key = :key")
_LOOSE = text("SELECT step, time_ms, value, is_nan FROM metric_points WHERE run = :run AND key = :key")
_DROP = text("DELETE FROM metric_points WHERE run = :run AND key = :key")
_ADD_CHUNK = text(
    "INSERT INTO metric_chunks (run, key, number, count, points) VALUES (:run, :key, :number, :count, :points)"
)
_NUMBER = text("SELECT COALESCE(MAX(number), 0) + 1 FROM metric_chunks WHERE run = :run AND key = :key")
_CHUNKS = text("SELECT count, points FROM metric_chunks WHERE run = :run AND key = :key ORDER BY number")


def add_points(connection: Connection, run: int, experiment: int, points: Sequence[MetricPoint]) -> None:
    """Add points to a run's metrics, and keep the newest value of each."""
    newest: dict[str, MetricPoint] = {}
    counts: dict[str, int] = {}
    rows = []
    for point in points:
        rows.append(_row(run, point))
        counts[point.key] = counts.get(point.key, 0) + 1
        known = newest.get(point.key)
        if known is None or _rank(point) >= _rank(known):
            newest[point.key] = point
    connection.execute(_ADD_POINT, rows)
    connection.execute(
        _KEEP_NEWEST,
        [
            {
                **_row(run, point),
                "experiment": experiment,
                "model_id": point.model_id,
                "dataset_name": point.dataset_name,
                "dataset_digest": point.dataset_digest,
            }
            for point in newest.values()
        ],
    )
    for key, added in counts.items():
        where = {"run": run, "key": key}
        if connection.execute(_COUNT, {**where, "added": added}).scalar_one() >= CHUNK:
            _make_chunk(connection, where)


def _rank(point: MetricPoint) -> tuple[int, int, float]:
    return (point.step, point.time_ms, 0.0 if math.isnan(point.value) else point.value)


def _row(run: int, point: MetricPoint) -> dict[str, Any]:
    is_nan = math.isnan(point.value)
    return {
        "run": run,
        "key": point.key,
        "step": point.step,
        "time_ms": point.time_ms,
        "value": 0.0 if is_nan else point.value,
        "is_nan": is_nan,
    }


def _make_chunk(connection: Connection, where: dict[str, Any]) -> None:
    steps, times, values = _columns(connection.execute(_LOOSE, where).all())
    number = connection.execute(_NUMBER, where).scalar_one()
    blob = pack(steps, times, values)
    connection.execute(_ADD_CHUNK, {**where, "number": number, "count": len(steps), "points": blob})
    connection.execute(_DROP, where)
    connection.execute(_EMPTY, where)


def pack(steps: np.ndarray[Any, Any], times: np.ndarray[Any, Any], values: np.ndarray[Any, Any]) -> bytes:
    """Return points as one blob: steps and times as int64, values as float64, all little-endian."""
    return steps.astype("<i8").tobytes() + times.astype("<i8").tobytes() + values.astype("<f8").tobytes()


def _columns(rows: Sequence[Any]) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    steps = np.fromiter((row[0] for row in rows), "<i8", len(rows))
    times = np.fromiter((row[1] for row in rows), "<i8", len(rows))
    values = np.fromiter((math.nan if row[3] else row[2] for row in rows), "<f8", len(rows))
    return steps, times, values


def read_points(
    connection: Connection, run: int, key: str
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return steps, times (ms) and values of a metric by (step, time, value), each point once."""
    where = {"run": run, "key": key}
    parts = [_columns(connection.execute(_LOOSE, where).all())]
    for count, blob in connection.execute(_CHUNKS, where):
        whole = np.frombuffer(blob, "<i8", 2 * count)
        parts.append((whole[:count], whole[count:], np.frombuffer(blob, "<f8", count, 16 * count)))
    parts.append(parts.pop(0))  # the loose ones are the newest
    steps, times, values = (np.concatenate([part[place] for part in parts]) for place in range(3))
    if len(steps) > 1 and not bool((steps[1:] > steps[:-1]).all()):
        order = np.lexsort((values, times, steps))
        steps, times, values = steps[order], times[order], values[order]
        equal = (values[1:] == values[:-1]) | (np.isnan(values[1:]) & np.isnan(values[:-1]))
        fresh = np.concatenate(([True], (steps[1:] != steps[:-1]) | (times[1:] != times[:-1]) | ~equal))
        steps, times, values = steps[fresh], times[fresh], values[fresh]
    return steps, times, values


def read_curve(connection: Connection, run: int, key: str, buckets: int) -> Curve:
    """Return a metric over its steps in at most `buckets` buckets of equally many steps."""
    steps, _, values = read_points(connection, run, key)
    if not len(steps):
        return Curve((), (), (), (), 0)
    span = int(steps[-1]) - int(steps[0]) + 1
    place = (steps - steps[0]) // max(1, -(-span // buckets))
    starts = np.concatenate(([0], np.flatnonzero(np.diff(place)) + 1))
    ends = np.concatenate((starts[1:], [len(steps)])) - 1
    low, high = np.fmin.reduceat(values, starts), np.fmax.reduceat(values, starts)
    return Curve(tuple(steps[ends].tolist()), _or_none(low), _or_none(high), _or_none(values[ends]), len(steps))


def _or_none(values: np.ndarray[Any, Any]) -> tuple[float | None, ...]:
    return tuple(None if math.isnan(value) else value for value in values.tolist())
