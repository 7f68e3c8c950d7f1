"""The same runs and versions in both databases, written below HTTP."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import numpy as np

METRICS, PARAMS = 10, 10


def seed_redspot(path: Path, experiment: int, runs: int, models: int, versions: int) -> None:
    """Add an experiment of `runs` runs, and `models` models of `versions` versions."""
    draw = random.Random(experiment)
    base = sqlite3.connect(path, timeout=60)
    base.execute(
        "INSERT INTO experiments VALUES (?, ?, ?, 'active', 'o', 1, 1)",
        (experiment, f"e{experiment}", f"mlflow-artifacts:/{experiment}"),
    )
    first = experiment * 1_000_000
    keys = range(first, first + runs)
    base.executemany(
        "INSERT INTO recorded_runs (id, run_id, experiment, name, owner, status, stage, start_ms, end_ms, artifact_uri)"
        " VALUES (?, ?, ?, ?, 'o', 'FINISHED', 'active', ?, ?, ?)",
        (
            (k, f"{k:032x}", experiment, f"r{k}", k, k + 1, f"mlflow-artifacts:/{experiment}/{k:032x}/artifacts")
            for k in keys
        ),
    )
    base.executemany(
        "INSERT INTO run_params VALUES (?, ?, ?)",
        ((k, f"p{j}", str(draw.random())) for k in keys for j in range(PARAMS)),
    )
    base.executemany("INSERT INTO run_tags VALUES (?, 'mlflow.runName', ?)", ((k, f"r{k}") for k in keys))
    values = ((k, f"m{j}", draw.random()) for k in keys for j in range(METRICS))
    rows = [(k, key, experiment, value) for k, key, value in values]
    base.executemany(
        "INSERT INTO run_metrics (run, key, experiment, value, is_nan, step, time_ms, model_id, dataset_name,"
        " dataset_digest, tail) VALUES (?, ?, ?, ?, 0, 0, 1, '', '', '', 1)",
        rows,
    )
    base.executemany("INSERT INTO metric_points VALUES (?, ?, 0, 1, ?, 0)", ((k, key, v) for k, key, _, v in rows))
    names = [f"model{i}" for i in range(models)]
    made = "2026-01-01 00:00:00.000000"
    base.executemany(
        "INSERT INTO models (name, owner, description, created_at) VALUES (?, 'o', '', ?)", ((n, made) for n in names)
    )
    base.executemany("INSERT INTO model_notes (model, updated_ms) VALUES (?, 1)", ((n,) for n in names))
    pairs = [(n, v) for n in names for v in range(1, versions + 1)]
    base.executemany(
        "INSERT INTO versions (model, number, pipeline, environment, parameters, metrics, schema, graph, parity_rows,"
        " created_at, created_by) VALUES (?, ?, '{}', '{}', '{}', '{}', '{}', '{}', 0, ?, 'o')",
        ((n, v, made) for n, v in pairs),
    )
    base.executemany(
        "INSERT INTO version_notes (model, number, description, source, run_id, run_link, model_id, stage, owner,"
        " stored, flavors, unsafe, created_ms, updated_ms)"
        " VALUES (?, ?, '', 's', ?, '', '', 'None', 'o', 'mlflow', '{}', '', 1, ?)",
        ((n, v, f"{first:032x}", v) for n, v in pairs),
    )
    base.commit()
    base.close()


def seed_mlflow(path: Path, experiment: int, runs: int, models: int, versions: int) -> None:
    """Add the same to MLflow's database."""
    draw = random.Random(experiment)
    base = sqlite3.connect(path, timeout=60)
    base.execute(
        "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time,"
        " last_update_time) VALUES (?, ?, ?, 'active', 1, 1)",
        (experiment, f"e{experiment}", f"mlflow-artifacts:/{experiment}"),
    )
    first = experiment * 1_000_000
    keys = [f"{k:032x}" for k in range(first, first + runs)]
    base.executemany(
        "INSERT INTO runs (run_uuid, experiment_id, name, user_id, status, lifecycle_stage, start_time, end_time,"
        " artifact_uri, source_type, source_name, entry_point_name, source_version)"
        " VALUES (?, ?, ?, 'o', 'FINISHED', 'active', ?, ?, ?, 'UNKNOWN', '', '', '')",
        (
            (k, experiment, f"r{i}", i, i + 1, f"mlflow-artifacts:/{experiment}/{k}/artifacts")
            for i, k in enumerate(keys)
        ),
    )
    base.executemany(
        "INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?)",
        ((f"p{j}", str(draw.random()), k) for k in keys for j in range(PARAMS)),
    )
    base.executemany("INSERT INTO tags (key, value, run_uuid) VALUES ('mlflow.runName', ?, ?)", ((k, k) for k in keys))
    rows = [(f"m{j}", draw.random(), k) for k in keys for j in range(METRICS)]
    for table in ("metrics", "latest_metrics"):
        base.executemany(
            f"INSERT INTO {table} (key, value, timestamp, step, is_nan, run_uuid) VALUES (?, ?, 1, 0, 0, ?)", rows
        )
    names = [f"model{i}" for i in range(models)]
    base.executemany(
        "INSERT INTO registered_models (name, creation_time, last_updated_time) VALUES (?, 1, 1)", ((n,) for n in names)
    )
    base.executemany(
        "INSERT INTO model_versions (name, version, creation_time, last_updated_time, current_stage, source, run_id,"
        " status) VALUES (?, ?, 1, ?, 'None', 's', ?, 'READY')",
        ((n, v, v, keys[0]) for n in names for v in range(1, versions + 1)),
    )
    base.commit()
    base.close()


def seed_curve(path: Path, run: int, points: int, chunk: int = 4096) -> None:
    """Give a run of Redspot's one metric ``long`` of so many steps, as they are after they were logged."""
    from redspot.stores.recording.points import pack

    base = sqlite3.connect(path, timeout=60)
    steps, values = np.arange(points), np.random.default_rng(0).normal(size=points)
    for number, low in enumerate(range(0, points, chunk)):
        part = slice(low, low + chunk)
        blob = pack(steps[part], steps[part], values[part])
        base.execute("INSERT INTO metric_chunks VALUES (?, 'long', ?, ?, ?)", (run, number, len(steps[part]), blob))
    base.commit()
    base.close()
