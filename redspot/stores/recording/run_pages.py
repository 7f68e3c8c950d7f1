"""Whole runs out of the database: a few statements for a page, however many runs are on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text

from redspot.registry.recorded_run import DatasetInput, RecordedRun, RunModel

RUN_COLUMNS = "id, run_id, experiment, name, owner, status, stage, start_ms, end_ms, artifact_uri"


def read_runs(connection: Connection, keys: Sequence[int]) -> list[RecordedRun]:
    """Return the runs with these keys, in this order."""
    if not keys:
        return []
    wanted = f"({', '.join(str(int(key)) for key in keys)})"
    rows = {
        row[0]: RecordedRun(*row[1:])
        for row in connection.exec_driver_sql(f"SELECT {RUN_COLUMNS} FROM recorded_runs WHERE id IN {wanted}")
    }
    _params_tags_metrics(connection, wanted, rows)
    _inputs(connection, wanted, rows)
    return [rows[key] for key in keys if key in rows]


def _params_tags_metrics(connection: Connection, wanted: str, rows: dict[int, RecordedRun]) -> None:
    lists: dict[int, Any] = {key: run.params for key, run in rows.items()}
    for run, key, value in connection.exec_driver_sql(
        f"SELECT run, key, value FROM run_params WHERE run IN {wanted} ORDER BY run, key"
    ).fetchall():
        lists[run].append((key, value))
    lists = {key: run.tags for key, run in rows.items()}
    for run, key, value in connection.exec_driver_sql(
        f"SELECT run, key, value FROM run_tags WHERE run IN {wanted} ORDER BY run, key"
    ).fetchall():
        lists[run].append((key, value))
    lists = {key: run.metrics for key, run in rows.items()}
    for run, *rest in connection.exec_driver_sql(
        "SELECT run, key, CASE WHEN is_nan THEN NULL ELSE value END, time_ms, step, model_id, dataset_name,"
        f" dataset_digest FROM run_metrics WHERE run IN {wanted} ORDER BY run, key"
    ).fetchall():
        lists[run].append(rest)


def _inputs(connection: Connection, wanted: str, rows: dict[int, RecordedRun]) -> None:
    for run, context, tags, *facts in connection.execute(
        text(
            "SELECT u.run, u.context, u.tags, d.name, d.digest, d.source_type, d.source, d.schema, d.profile"
            f" FROM run_datasets u JOIN datasets d ON d.id = u.dataset WHERE u.run IN {wanted} ORDER BY u.run, d.id"
        )
    ):
        rows[run].datasets.append(DatasetInput(*(*facts, _tags(context, tags))))
    for run, role, model_id, step in connection.exec_driver_sql(
        f"SELECT run, role, model_id, step FROM run_models WHERE run IN {wanted} ORDER BY run, model_id"
    ):
        (rows[run].inputs if role == "input" else rows[run].outputs).append(RunModel(model_id, step))


def _tags(context: str, tags: Any) -> dict[str, str]:
    import orjson

    others: dict[str, str] = orjson.loads(tags) if isinstance(tags, str | bytes) else dict(tags)
    return {**({"mlflow.data.context": context} if context else {}), **others}
