"""Recorded runs in SQL."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

import orjson
from sqlalchemy import Connection, text

from redspot.registry.recorded_run import (
    Curve,
    DatasetInput,
    MetricPoint,
    ParameterChangedError,
    RecordedRun,
    RecordedRunNotFoundError,
    RecordedRunStageError,
    RunModel,
    RunTagNotFoundError,
)
from redspot.stores import audit
from redspot.stores.database import Database
from redspot.stores.group_writer import GroupWriter
from redspot.stores.recording.experiments import milliseconds, require_active
from redspot.stores.recording.logged_models import add_model_points
from redspot.stores.recording.points import add_points, read_curve, read_points
from redspot.stores.recording.run_pages import read_runs
from redspot.stores.recording.run_search import RunSearch, matching_runs

_FIND = text("SELECT id, stage, experiment FROM recorded_runs WHERE run_id = :run_id")
_SET_TAG = text(
    "INSERT INTO run_tags (run, key, value) VALUES (:run, :key, :value)"
    " ON CONFLICT (run, key) DO UPDATE SET value = excluded.value"
)
_SET_PARAM = text(
    "INSERT INTO run_params (run, key, value) VALUES (:run, :key, :value)"
    " ON CONFLICT (run, key) DO UPDATE SET value = run_params.value RETURNING value"
)


class SqlRecordedRuns:
    """Keeps recorded runs; what writes returns a future, which is done once the write is committed."""

    def __init__(self, database: Database, writer: GroupWriter) -> None:
        self._database, self._writer = database, writer

    def create(
        self, experiment: int, *, name: str, start_ms: int | None, tags: Mapping[str, str], owner: str, by: str
    ) -> Future[RecordedRun]:
        """Begin a run (ExperimentNotFoundError, ExperimentStageError).

        Parameters
        ----------
        start_ms
            Milliseconds since 1970 (UTC); now when None.
        owner
            Whom the program names; `by` is who asked.
        """
        now = self._database.clock.now()
        run_id = uuid.uuid4().hex

        def work(connection: Connection) -> RecordedRun:
            require_active(connection, experiment)
            location = connection.execute(
                text("SELECT artifact_location FROM experiments WHERE id = :id"), {"id": experiment}
            ).scalar_one()
            began = milliseconds(now) if start_ms is None else start_ms
            uri = f"{location.rstrip('/')}/{run_id}/artifacts"
            values = {"run_id": run_id, "experiment": experiment, "name": name, "owner": owner}
            key: int = connection.execute(
                text(
                    "INSERT INTO recorded_runs (run_id, experiment, name, owner, status, stage, start_ms, artifact_uri)"
                    " VALUES (:run_id, :experiment, :name, :owner, 'RUNNING', 'active', :start, :uri) RETURNING id"
                ),
                {**values, "start": began, "uri": uri},
            ).scalar_one()
            if tags:
                connection.execute(_SET_TAG, [{"run": key, "key": k, "value": v} for k, v in tags.items()])
            audit.note_on(connection, now, by, "record-run", run_id, experiment=experiment)
            return RecordedRun(
                run_id, experiment, name, owner, "RUNNING", "active", began, None, uri, tags=sorted(tags.items())
            )

        return self._writer.submit(work)

    def get(self, run_id: str) -> RecordedRun:
        """Return one run (RecordedRunNotFoundError)."""
        with self._database.reading() as connection:
            return read_runs(connection, [_find(connection, run_id).id])[0]

    def search(self, search: RunSearch) -> list[RecordedRun]:
        """Return the runs that match, in order."""
        with self._database.reading() as connection:
            return read_runs(connection, matching_runs(connection, search, sqlite=self._database.is_sqlite))

    def update(
        self, run_id: str, *, status: str | None, end_ms: int | None, name: str | None, by: str
    ) -> Future[RecordedRun]:
        """Change what is known of its course (RecordedRunNotFoundError, RecordedRunStageError)."""
        now = self._database.clock.now()

        def work(connection: Connection) -> RecordedRun:
            run = _active(connection, run_id)
            connection.execute(
                text(
                    "UPDATE recorded_runs SET status = COALESCE(:status, status), end_ms = COALESCE(:end_ms, end_ms),"
                    " name = COALESCE(:name, name) WHERE id = :id"
                ),
                {"status": status, "end_ms": end_ms, "name": name or None, "id": run.id},
            )
            if name:
                connection.execute(_SET_TAG, {"run": run.id, "key": "mlflow.runName", "value": name})
            if status is not None:
                audit.note_on(connection, now, by, f"recorded-run-{status.lower()}", run_id)
            return read_runs(connection, [run.id])[0]

        return self._writer.submit(work)

    def set_stage(self, run_id: str, stage: str, *, by: str) -> Future[None]:
        """Delete (softly) or restore it (RecordedRunNotFoundError)."""
        now = self._database.clock.now()

        def work(connection: Connection) -> None:
            run = _find(connection, run_id)
            if stage == "deleted" and run.stage != "active":
                raise _must_be_active(run_id, run.stage)
            connection.execute(
                text("UPDATE recorded_runs SET stage = :stage WHERE id = :id"), {"stage": stage, "id": run.id}
            )
            verb = "delete" if stage == "deleted" else "restore"
            audit.note_on(connection, now, by, f"{verb}-recorded-run", run_id)

        return self._writer.submit(work)

    def log(
        self,
        run_id: str,
        *,
        params: Sequence[tuple[str, str]] = (),
        metrics: Sequence[MetricPoint] = (),
        tags: Sequence[tuple[str, str]] = (),
    ) -> Future[None]:
        """Add parameters, points and tags, all or nothing.

        What a run records of itself is a record already, so the audit log does not repeat it.

        Raises
        ------
        RecordedRunNotFoundError, RecordedRunStageError
        ParameterChangedError
            When a parameter has another value already.
        """

        def work(connection: Connection) -> None:
            run = _active(connection, run_id)
            for key, value in params:
                kept = connection.execute(_SET_PARAM, {"run": run.id, "key": key, "value": value}).scalar_one()
                if kept != value:
                    raise ParameterChangedError(
                        f"Changing param values is not allowed. Param with key='{key}' was already logged with"
                        f" value='{kept}' for run ID='{run_id}'. Attempted logging new value '{value}'.",
                        key=key,
                    )
            if metrics:
                add_points(connection, run.id, run.experiment, metrics)
                add_model_points(connection, run_id, metrics)
            if tags:
                _set_tags(connection, run.id, tags)

        return self._writer.submit(work)

    def delete_tag(self, run_id: str, key: str) -> Future[None]:
        """Remove a tag (RecordedRunNotFoundError, RunTagNotFoundError)."""

        def work(connection: Connection) -> None:
            run = _active(connection, run_id)
            gone = connection.execute(
                text("DELETE FROM run_tags WHERE run = :run AND key = :key"), {"run": run.id, "key": key}
            )
            if not gone.rowcount:
                raise RunTagNotFoundError(f"No tag with name: {key} in run with id {run_id}", key=key)

        return self._writer.submit(work)

    def add_inputs(self, run_id: str, datasets: Sequence[DatasetInput], models: Sequence[RunModel]) -> Future[None]:
        """Record what it read (RecordedRunNotFoundError, RecordedRunStageError)."""

        def work(connection: Connection) -> None:
            run = _active(connection, run_id)
            for dataset in datasets:
                _add_dataset(connection, run.id, run.experiment, dataset)
            _add_models(connection, run.id, "input", models)

        return self._writer.submit(work)

    def add_outputs(self, run_id: str, models: Sequence[RunModel]) -> Future[None]:
        """Record which logged models it made (RecordedRunNotFoundError, RecordedRunStageError)."""
        return self._writer.submit(
            lambda connection: _add_models(connection, _active(connection, run_id).id, "output", models)
        )

    def history(self, run_id: str, key: str) -> tuple[list[int], list[int], list[float]]:
        """Return steps, times (ms) and values of a metric, by (time, step, value) (RecordedRunNotFoundError)."""
        import numpy as np

        with self._database.reading() as connection:
            steps, times, values = read_points(connection, _find(connection, run_id).id, key)
        order = np.lexsort((values, steps, times))
        return steps[order].tolist(), times[order].tolist(), values[order].tolist()

    def curve(self, run_id: str, key: str, buckets: int) -> Curve:
        """Return a metric in at most `buckets` buckets of steps (RecordedRunNotFoundError)."""
        with self._database.reading() as connection:
            return read_curve(connection, _find(connection, run_id).id, key, buckets)


def _find(connection: Connection, run_id: str) -> Any:
    row = connection.execute(_FIND, {"run_id": run_id}).first()
    if row is None:
        raise RecordedRunNotFoundError(f"Run with id={run_id} not found", run=run_id)
    return row


def _active(connection: Connection, run_id: str) -> Any:
    row = _find(connection, run_id)
    if row.stage != "active":
        raise _must_be_active(run_id, row.stage)
    return row


def _must_be_active(run_id: str, stage: str) -> RecordedRunStageError:
    return RecordedRunStageError(
        f"The run {run_id} must be in the 'active' state. Current state is {stage}.", run=run_id
    )


def _set_tags(connection: Connection, run: int, tags: Sequence[tuple[str, str]]) -> None:
    connection.execute(_SET_TAG, [{"run": run, "key": key, "value": value} for key, value in tags])
    for key, value in tags:
        if key == "mlflow.runName":
            connection.execute(text("UPDATE recorded_runs SET name = :name WHERE id = :id"), {"name": value, "id": run})


def _add_dataset(connection: Connection, run: int, experiment: int, dataset: DatasetInput) -> None:
    known: int = connection.execute(
        text(
            "INSERT INTO datasets (experiment, name, digest, source_type, source, schema, profile)"
            " VALUES (:experiment, :name, :digest, :source_type, :source, :schema, :profile)"
            " ON CONFLICT (experiment, name, digest) DO UPDATE SET name = excluded.name RETURNING id"
        ),
        {
            "experiment": experiment,
            "name": dataset.name,
            "digest": dataset.digest,
            "source_type": dataset.source_type,
            "source": dataset.source,
            "schema": dataset.schema,
            "profile": dataset.profile,
        },
    ).scalar_one()
    tags = dict(dataset.tags)
    context = tags.pop("mlflow.data.context", "")
    connection.execute(
        text(
            "INSERT INTO run_datasets (run, dataset, context, tags) VALUES (:run, :dataset, :context, :tags)"
            " ON CONFLICT (run, dataset) DO NOTHING"
        ),
        {"run": run, "dataset": known, "context": context, "tags": orjson.dumps(tags).decode()},
    )


def _add_models(connection: Connection, run: int, role: str, models: Sequence[RunModel]) -> None:
    if models:
        connection.execute(
            text(
                "INSERT INTO run_models (run, role, model_id, step) VALUES (:run, :role, :model_id, :step)"
                " ON CONFLICT (run, role, model_id) DO NOTHING"
            ),
            [{"run": run, "role": role, "model_id": model.model_id, "step": model.step} for model in models],
        )
