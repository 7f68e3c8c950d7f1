"""The servers that are compared: how each is trained, started and asked for the same rows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pipeline_data as data
from serving_server import Server, free_port

HERE = Path(__file__).resolve().parent
SECRET = "a secret of the benchmark"
COLUMNS = [*data.NUMBERS, *data.WORDS]

Rows = Sequence[Mapping[str, Any]]


def _plain(rows: Rows) -> Any:
    return rows[0] if len(rows) == 1 else rows


def _split(rows: Rows) -> Any:
    return {"dataframe_split": {"columns": COLUMNS, "data": [[row[name] for name in COLUMNS] for row in rows]}}


def _tensors(rows: Rows) -> Any:
    def tensor(name: str, datatype: str, **more: Any) -> dict[str, Any]:
        column = [row[name] for row in rows]
        return {"name": name, "datatype": datatype, "shape": [len(rows), 1], "data": column, **more}

    numbers = [tensor(name, "FP64") for name in data.NUMBERS]
    words = [tensor(name, "BYTES", parameters={"content_type": "str"}) for name in data.WORDS]
    return {"parameters": {"content_type": "pd"}, "inputs": numbers + words}


def _predictions(answer: Any) -> list[int]:
    if isinstance(answer, dict):
        answer = answer["predictions"] if "predictions" in answer else answer["outputs"][0]["data"]
    return [int(each["prediction"] if isinstance(each, dict) else each) for each in answer]


@dataclass
class Side:
    """One of the servers.

    Attributes
    ----------
    python
        The interpreter of its environment.
    train
        Script that fits and keeps the model, and its first argument.
    command
        Makes the command of a port and a folder.
    shape
        Makes a body of rows.
    """

    name: str
    python: Path
    train: tuple[str, ...]
    command: Callable[[Side, int], list[str]]
    ready: str
    path: str
    shape: Callable[[Rows], Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    folder: Path = Path()

    @property
    def is_installed(self) -> bool:
        """Whether its environment is there."""
        return self.python.is_file()

    def prepare(self, folder: Path) -> list[int]:
        """Fit the model, write the bodies, and return what its library answers for the requests."""
        self.folder = folder / self.name
        self.folder.mkdir()
        for count in (1, 100):
            rows = data.requests(64 if count == 1 else 800)
            bodies = [self.shape(rows[begin : begin + count]) for begin in range(0, len(rows), count)]
            self.bodies(count).write_text("".join(json.dumps(body) + "\n" for body in bodies))
        argv = [str(self.python), *self.train, str(self.folder)]
        done = subprocess.run(argv, capture_output=True, text=True, env=self.environment(), cwd=self.folder)
        if done.returncode:
            raise SystemExit(f"training of {self.name}: {done.stderr[-2000:]}")
        wanted: list[int] = json.loads(done.stdout.strip().splitlines()[-1])
        return wanted

    def bodies(self, rows: int) -> Path:
        """Return the file of bodies of so many rows."""
        return self.folder / f"bodies-{rows}"

    def start(self) -> Server:
        """Start its server."""
        port = free_port()
        argv = self.command(self, port)
        return Server(self.name, argv, port, env=self.environment(), folder=self.folder, log=self.folder / "server.log")

    def answers(self, server: Server) -> list[int]:
        """Return what the server answers for the requests of one row."""
        lines = self.bodies(1).read_text().splitlines()
        return [label for line in lines for label in _predictions(server.ask(self.path, line, self.headers))]

    def environment(self) -> dict[str, str]:
        """Return the variables of its processes; byte code is kept, as where people install by pip."""
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        quiet = {"BENTOML_DO_NOT_TRACK": "true", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "1"}
        paths = (str(HERE), str(HERE / "peers"), *filter(None, [kept.get("PYTHONPATH")]))
        return {
            **kept,
            **quiet,
            "PATH": f"{self.python.parent}:{kept['PATH']}",
            "PYTHONPATH": os.pathsep.join(paths),
            "MODEL_FOLDER": str(self.folder),
            "REDSPOT_REPLICA_SECRET": SECRET,
        }


def peer_sides(environments: Path) -> list[Side]:
    """Return the peers, each with one worker."""
    train = str(HERE / "peers" / "serving_train.py")

    def peer(name: str, environment: str, *rest: Any) -> Side:
        return Side(name, environments / environment / "bin" / "python", (train, name), *rest)

    return [
        peer("fastapi", "serving", _fastapi, "/health", "/predict", lambda rows: {"rows": rows}),
        peer("mlflow", "serving-mlflow", _mlflow, "/ping", "/invocations", _split),
        peer("bentoml", "serving-bentoml", _bentoml, "/readyz", "/predict", lambda rows: {"rows": rows}),
        peer("mlserver", "serving-mlserver", _mlserver, "/v2/models/m/ready", "/v2/models/m/infer", _tensors),
    ]


def own_side(name: str = "redspot", **config: Any) -> Side:
    """Return Redspot: one replica on a port, or what else its configuration says."""
    train = (str(HERE / "serving_own.py"), "train")

    def command(side: Side, port: int) -> list[str]:
        file = side.folder / "replica.json"
        content = {"port": port, "pipeline": str(side.folder / "linear.redspot"), **names(), **config}
        file.write_text(json.dumps(content))
        return [str(side.python), "-m", "redspot.serving.replica", str(file)]

    headers = {"X-Redspot-Replica-Secret": SECRET}
    return Side(name, Path(sys.executable), train, command, "/v2/health/ready", "/predict", _plain, headers)


def names() -> dict[str, str]:
    """Return what a replica is told of itself."""
    return {"endpoint": "bench", "deployment_id": "d1", "model": "linear", "version": "1"}


def _script(side: Side, name: str) -> str:
    return str(side.python.parent / name)


def _fastapi(side: Side, port: int) -> list[str]:
    return [_script(side, "uvicorn"), "serving_fastapi:app", "--port", str(port)]


def _mlflow(side: Side, port: int) -> list[str]:
    options = ["--env-manager", "local", "--port", str(port), "--workers", "1"]
    return [_script(side, "mlflow"), "models", "serve", "--model-uri", str(side.folder / "model"), *options]


def _bentoml(side: Side, port: int) -> list[str]:
    return [_script(side, "bentoml"), "serve", "serving_bentoml:Model", "--host", "127.0.0.1", "--port", str(port)]


def _mlserver(side: Side, port: int) -> list[str]:
    ports = {"http_port": port, "grpc_port": free_port(), "metrics_port": free_port()}
    folders = {name: str(side.folder / name) for name in ("environments_dir", "metrics_dir")}
    settings = {"host": "127.0.0.1", "parallel_workers": 1, "debug": False, **ports, **folders}
    (side.folder / "settings.json").write_text(json.dumps(settings))
    return [_script(side, "mlserver"), "start", str(side.folder)]
