"""One session of MLflow's client: what it is told, as JSON, for whichever server it talks to.

Run by the interpreter that has MLflow: ``python client_suite.py URI OUT.json``. Identifiers, times and names made up by
the server are replaced by what they stand for, so that the answers of two servers can be compared.
"""

from __future__ import annotations

import json
import math
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

warnings.filterwarnings("ignore")
os.environ |= {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1", "GIT_PYTHON_REFRESH": "quiet"}
os.environ |= {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false"}

import mlflow  # noqa: E402
import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from mlflow import MlflowClient  # noqa: E402
from mlflow.entities import Metric, Param, RunTag, ViewType  # noqa: E402
from mlflow.exceptions import MlflowException  # noqa: E402
from sklearn.linear_model import LinearRegression, LogisticRegression  # noqa: E402

TOLD: dict[str, Any] = {}


def tell(name: str, value: Any) -> None:
    """Keep an answer."""
    TOLD[name] = value


def refused(name: str, call: Callable[[], Any]) -> None:
    """Keep with which code a call is refused."""
    try:
        call()
    except MlflowException as error:
        tell(name, error.error_code)
    else:
        tell(name, "not refused")


def own_tags(tags: dict[str, str]) -> dict[str, str]:
    """Return the tags that do not tell of the machine."""
    return {k: v for k, v in sorted(tags.items()) if not k.startswith(("mlflow.", "redspot."))}


def run_told(run: Any) -> dict[str, Any]:
    """Return a run without what every server makes up."""
    return {
        "name": run.info.run_name,
        "status": run.info.status,
        "stage": run.info.lifecycle_stage,
        "ended": run.info.end_time is not None,
        "params": dict(sorted(run.data.params.items())),
        "metrics": {k: "nan" if math.isnan(v) else v for k, v in sorted(run.data.metrics.items())},
        "tags": own_tags(run.data.tags),
        "datasets": [
            {"name": d.dataset.name, "digest": d.dataset.digest, "tags": {t.key: t.value for t in d.tags}}
            for d in run.inputs.dataset_inputs
        ],
    }


def experiments(client: MlflowClient) -> str:
    """Experiments: made, found, renamed, deleted, restored, tagged."""
    made = client.create_experiment("suite", tags={"team": "a"})
    found = client.get_experiment(made)
    tell(
        "experiment", [found.name, found.lifecycle_stage, found.tags, found.artifact_location.startswith("mlflow-art")]
    )
    tell("default experiment", client.get_experiment("0").name)
    tell("no experiment", client.get_experiment_by_name("nobody") is None)
    refused("experiment twice", lambda: client.create_experiment("suite"))
    refused("experiment without name", lambda: client.create_experiment(""))
    refused("no experiment of that id", lambda: client.get_experiment("987654"))
    other = client.create_experiment("other")
    client.rename_experiment(other, "second")
    client.set_experiment_tag(other, "team", "b")
    client.delete_experiment(other)
    refused("run in a deleted experiment", lambda: client.create_run(other))
    tell("deleted", [e.name for e in client.search_experiments(view_type=ViewType.DELETED_ONLY)])
    client.restore_experiment(other)
    for text in (
        "name = 'suite'",
        "name LIKE 's%'",
        "name ILIKE 'S%'",
        "name LIKE 'S%'",
        "tags.team = 'b'",
        "tags.team != 'b'",
    ):
        tell(f"experiments {text}", [e.name for e in client.search_experiments(filter_string=text, order_by=["name"])])
    page = client.search_experiments(max_results=2, order_by=["name DESC"])
    more = client.search_experiments(max_results=2, order_by=["name DESC"], page_token=page.token)
    tell("experiment pages", [[e.name for e in page], [e.name for e in more], bool(more.token)])
    refused("experiment filter", lambda: client.search_experiments(filter_string="owner = 'x'"))
    return str(made)


def runs(client: MlflowClient, experiment: str) -> None:
    """Runs: logging one by one and in batches, nested, deleted, restored, refused."""
    mlflow.set_experiment(experiment_id=experiment)
    with mlflow.start_run(run_name="parent", tags={"kind": "outer"}) as parent:
        mlflow.log_param("depth", 3)
        mlflow.log_params({"rate": 0.1, "kind/of": "x y"})
        mlflow.log_metric("loss", 1.5, step=0)
        mlflow.log_metric("loss", 0.5, step=2)
        mlflow.log_metric("loss", 0.75, step=1)
        mlflow.log_metrics({"nan": float("nan"), "huge": float("inf"), "low": float("-inf")})
        mlflow.set_tag("stage", "draft")
        frame = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})
        mlflow.log_input(mlflow.data.from_pandas(frame, source="s3://b/k", name="train"), context="training")
        with mlflow.start_run(run_name="child", nested=True) as child:
            mlflow.log_metric("loss", 9)
    tell("parent", run_told(client.get_run(parent.info.run_id)))
    kid = client.get_run(child.info.run_id)
    tell("child", [run_told(kid), kid.data.tags["mlflow.parentRunId"] == parent.info.run_id])
    tell(
        "history",
        sorted((m.step, m.value) for m in client.get_metric_history(parent.info.run_id, "loss")),
    )
    tell("history of nothing", list(client.get_metric_history(parent.info.run_id, "none")))
    batch = client.create_run(experiment, run_name="batch", start_time=1_000)
    key = batch.info.run_id
    client.log_batch(
        key,
        metrics=[Metric("m", float(i), 10_000 + i, i) for i in range(500)],
        params=[Param(f"p{i}", str(i)) for i in range(50)],
        tags=[RunTag("t", "1"), RunTag("u", "2")],
    )
    client.log_batch(key, params=[Param("p0", "0")])
    refused("param changed", lambda: client.log_param(key, "p0", "other"))
    refused("bad metric name", lambda: client.log_metric(key, "a//b", 1))
    refused("bad param name", lambda: client.log_param(key, "../x", 1))
    refused("long param", lambda: client.log_param(key, "long", "x" * 6001))
    refused(
        "too many",
        lambda: client._tracking_client.store.log_batch(key, [], [Param(f"q{i}", "") for i in range(101)], []),
    )
    refused("no run", lambda: client.get_run("0" * 32))
    client.delete_tag(key, "u")
    refused("no tag", lambda: client.delete_tag(key, "u"))
    client.set_terminated(key, "FAILED", end_time=5_000)
    client.update_run(key, name="batch two")
    tell("batch", run_told(client.get_run(key)))
    tell("points", [(m.step, m.value, m.timestamp) for m in client.get_metric_history(key, "m")])
    client.delete_run(key)
    refused("deleted run", lambda: client.log_metric(key, "x", 1))
    tell("deleted run", client.get_run(key).info.lifecycle_stage)
    client.restore_run(key)
    tell("restored run", client.get_run(key).info.lifecycle_stage)


def searches(client: MlflowClient) -> None:
    """Searches: filters, orders, pages, and what cannot be read."""
    experiment = client.create_experiment("searched")
    for i in range(12):
        key = client.create_run(
            experiment, run_name=f"r{i:02}", start_time=1000 + i // 2, tags={"color": "red blue".split()[i % 2]}
        ).info.run_id
        metrics = [Metric("acc", i / 10, 1, 0)] if i % 3 else []
        metrics += [Metric("odd", float("nan") if i == 5 else -i, 1, 0)] if i % 2 else []
        client.log_batch(key, metrics=metrics, params=[Param("alpha", f"{i % 4}"), Param("Name x", "Y")])
        if i == 7:
            client.set_terminated(key, "FINISHED")
    for text in (
        "",
        "metrics.acc > 0.45",
        "metrics.acc >= 0.4 AND metrics.odd < 0",
        "metrics.acc != 0.5 and params.alpha = '1'",
        "params.`Name x` = 'Y' AND tags.color = 'red'",
        "params.alpha != '1'",
        "params.alpha LIKE '_'",
        "tags.color LIKE 'R%'",
        "tags.color ILIKE 'R%'",
        'tags."color" = "blue"',
        "attributes.status = 'FINISHED'",
        "status != 'FINISHED'",
        "run_name IN ('r01', 'r02')" if False else "run_name = 'r01'",
        "attributes.start_time > 1002",
        "start_time <= 1001",
        "tags.absent IS NULL AND params.alpha IS NOT NULL",
        "params.absent IS NOT NULL",
        "dataset.name = 'train'",
        "`Run Name` LIKE 'r1%'",
    ):
        tell(
            f"runs {text}",
            [r.info.run_name for r in client.search_runs([experiment], text, order_by=["attributes.run_name"])],
        )
    for orders in (
        [],
        ["metrics.acc DESC"],
        ["metrics.acc ASC"],
        ["metrics.odd DESC"],
        ["metrics.odd"],
        ["params.alpha DESC", "metrics.acc"],
        ["tags.color", "start_time DESC"],
        ["start_time ASC", "run_name DESC"],
        ["attributes.end_time", "run_name"],
        ["metrics.`acc` DESC", "params.alpha"],
    ):
        full = [*orders] + ([] if any("name" in o for o in orders) else ["run_name"])
        tell(f"order {orders}", [r.info.run_name for r in client.search_runs([experiment], order_by=full)])
    names, token = [], None
    while True:
        page = client.search_runs(
            [experiment], "", order_by=["metrics.odd DESC", "run_name"], max_results=5, page_token=token
        )
        names.append([r.info.run_name for r in page])
        token = page.token
        if not token:
            break
    tell("pages", names)
    tell("no experiments", list(client.search_runs([])))
    for text in (
        "metrics.acc > 'x'",
        "params.alpha = 3",
        "foo.bar = 1",
        "status = 'X' OR status = 'Y'",
        "acc",
        "metrics.acc LIKE '1'",
        "params.alpha > '1'",
        "attributes.nothing = 'x'",
        "run_id IN ()",
    ):
        refused(f"filter {text}", lambda text=text: client.search_runs([experiment], text))
    for order in ("nothing.x", "metrics.acc SIDEWAYS", "attributes.nothing"):
        refused(f"order {order}", lambda order=order: client.search_runs([experiment], order_by=[order]))
    refused("page token", lambda: client.search_runs([experiment], page_token="?"))
    refused("too many results", lambda: client.search_runs([experiment], max_results=50_001))


def artifacts(client: MlflowClient, experiment: str) -> None:
    """Files: put, listed, read."""
    key = client.create_run(experiment, run_name="files").info.run_id
    client.log_text(key, "hello", "notes/hello.txt")
    client.log_dict(key, {"a": 1}, "facts.json")
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "sub").mkdir()
        (Path(folder) / "sub" / "big é.bin").write_bytes(bytes(range(256)) * 4096)
        client.log_artifacts(key, folder, "data")
        tell("listed", [(f.path, f.is_dir, f.file_size) for f in client.list_artifacts(key)])
        tell("listed below", [(f.path, f.is_dir, f.file_size) for f in client.list_artifacts(key, "data/sub")])
        tell("listed nothing", [f.path for f in client.list_artifacts(key, "none")])
        got = client.download_artifacts(key, "data", folder)
        tell("downloaded", (Path(got) / "sub" / "big é.bin").read_bytes() == bytes(range(256)) * 4096)
        uri = client.get_run(key).info.artifact_uri
        tell("text", mlflow.artifacts.load_text(f"{uri}/notes/hello.txt"))


def registry(client: MlflowClient, experiment: str) -> None:
    """Models: logged, registered, aliased, tagged, searched, loaded, deleted."""
    x, y = np.array([[0.0], [1.0], [2.0]]), np.array([1.0, 3.0, 5.0])
    mlflow.set_experiment(experiment_id=experiment)
    with mlflow.start_run(run_name="trained") as run:
        info = mlflow.sklearn.log_model(
            LinearRegression().fit(x, y), name="model", registered_model_name="line", input_example=x[:1]
        )
    tell("logged", [m.name for m in client.search_logged_models([experiment], filter_string="name = 'model'")])
    tell("run made", len(client.get_run(run.info.run_id).outputs.model_outputs))
    model = client.get_logged_model(info.model_id)
    tell("logged model", [model.name, str(model.status), model.source_run_id == run.info.run_id])
    client.set_logged_model_tags(info.model_id, {"a": "b"})
    tell("logged tags", own_tags(client.get_logged_model(info.model_id).tags))
    client.log_metric(run.info.run_id, "mae", 0.25, model_id=info.model_id)
    tell("logged metric", [(m.key, m.value) for m in client.get_logged_model(info.model_id).metrics])
    tell("by metric", len(client.search_logged_models([experiment], filter_string="metrics.mae < 0.5")))
    version = client.get_model_version("line", "1")
    tell(
        "version",
        [version.version, version.status, version.current_stage, version.run_id == run.info.run_id, version.aliases],
    )
    again = mlflow.register_model(f"models:/{info.model_id}", "line")
    tell("second", again.version)
    client.set_registered_model_alias("line", "champion", "2")
    tell("by alias", client.get_model_version_by_alias("line", "champion").version)
    for uri in (
        "models:/line@champion",
        "models:/line/1",
        "models:/line/latest",
        info.model_uri,
        f"runs:/{run.info.run_id}/model",
    ):
        shown = re.sub(r"m-[0-9a-f]{32}", "MODEL", uri).replace(run.info.run_id, "RUN")
        tell(f"loaded {shown}", [round(float(v), 6) for v in mlflow.pyfunc.load_model(uri).predict(np.array([[10.0]]))])
    client.set_model_version_tag("line", "1", "checked", "yes")
    client.set_registered_model_tag("line", "team", "a")
    client.update_registered_model("line", "A line.")
    client.update_model_version("line", "1", "The first.")
    client.transition_model_version_stage("line", "1", "Staging")
    found = client.get_registered_model("line")
    tell(
        "model",
        [
            found.name,
            found.description,
            found.tags,
            found.aliases,
            sorted((v.version, v.current_stage) for v in found.latest_versions),
        ],
    )
    tell(
        "described",
        [client.get_model_version("line", "1").description, client.get_model_version("line", "1").tags.get("checked")],
    )
    tell("latest", sorted(v.version for v in client.get_latest_versions("line")))
    for text in (
        "name = 'line'",
        f"run_id = '{run.info.run_id}'",
        "tags.checked = 'yes'",
        "name LIKE 'l%'",
        "version_number > 1",
        "name = 'none'",
    ):
        shown = text.replace(run.info.run_id, "RUN")
        tell(f"versions {shown}", sorted(v.version for v in client.search_model_versions(text)))
    client.create_registered_model("plane", {"team": "b"}, "A plane.")
    for text in ("", "name ILIKE 'P%'", "tags.team = 'a'", "name IN ('line', 'none')" if False else "name != 'line'"):
        tell(f"models {text}", [m.name for m in client.search_registered_models(text, order_by=["name DESC"])])
    refused("model twice", lambda: client.create_registered_model("plane"))
    refused("model name", lambda: client.create_registered_model("a/b"))
    refused("no model", lambda: client.get_registered_model("none"))
    refused("no version", lambda: client.get_model_version("line", "99"))
    refused("no alias", lambda: client.get_model_version_by_alias("line", "none"))
    refused("alias latest", lambda: client.set_registered_model_alias("line", "latest", "1"))
    refused("alias v1", lambda: client.set_registered_model_alias("line", "v1", "1"))
    refused("alias of no version", lambda: client.set_registered_model_alias("line", "a", "99"))
    refused("source on the server", lambda: client.create_model_version("plane", "/etc", None))
    refused("model version filter", lambda: client.search_model_versions("nothing = 'x'"))
    client.delete_registered_model_alias("line", "champion")
    refused("alias gone", lambda: client.get_model_version_by_alias("line", "champion"))
    client.delete_model_version("line", "2")
    refused("version gone", lambda: client.get_model_version("line", "2"))
    tell("third", mlflow.register_model(info.model_uri, "line").version)
    client.rename_registered_model("plane", "surface")
    client.delete_registered_model("surface")
    tell("models left", [m.name for m in client.search_registered_models()])


def autologged(client: MlflowClient) -> None:
    """scikit-learn's autologging, with its parameters, metrics, data set and model."""
    mlflow.set_experiment("autolog")
    mlflow.sklearn.autolog()
    x = np.random.default_rng(0).normal(size=(60, 3))
    with mlflow.start_run() as run:
        LogisticRegression(C=0.5).fit(x, (x[:, 0] > 0).astype(int))
    mlflow.sklearn.autolog(disable=True)
    found = client.get_run(run.info.run_id)
    tell("autolog params", dict(sorted(found.data.params.items())))
    tell("autolog metrics", {k: round(v, 9) for k, v in sorted(found.data.metrics.items())})
    tell("autolog data", [d.dataset.digest for d in found.inputs.dataset_inputs])
    tell("autolog models", len(found.outputs.model_outputs))
    tell("autolog files", sorted(f.path for f in client.list_artifacts(run.info.run_id)))


def main() -> None:
    """Say it all to one server."""
    uri, out = sys.argv[1:]
    mlflow.set_tracking_uri(uri)
    client = MlflowClient()
    experiment = experiments(client)
    runs(client, experiment)
    searches(client)
    artifacts(client, experiment)
    registry(client, experiment)
    autologged(client)
    Path(out).write_text(json.dumps(TOLD, indent=1, default=str))


main()
