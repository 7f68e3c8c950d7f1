"""A small client of the service's MLflow routes, for tests that need no MLflow."""

from __future__ import annotations

from typing import Any

import httpx

from redspot.config import Config


class Mlflow:
    """Calls ``/mlflow/api/2.0/…`` over the service's own socket."""

    def __init__(self, config: Config) -> None:
        transport = httpx.HTTPTransport(uds=str(config.socket))
        self.http = httpx.Client(transport=transport, base_url="http://redspot/mlflow/", timeout=30, trust_env=False)

    def ask(self, method: str, path: str, *, status: int = 200, **fields: Any) -> Any:
        """Return the JSON of an answer, which must have this status."""
        url = f"api/2.0/mlflow/{path}"
        query = method in ("GET", "DELETE")
        answer = self.http.request(method, url, **({"params": fields} if query else {"json": fields}))
        assert answer.status_code == status, answer.text
        return answer.json()

    def post(self, path: str, **fields: Any) -> Any:
        """Post."""
        return self.ask("POST", path, **fields)

    def run(self, experiment: str = "0") -> str:
        """Begin a run and return its id."""
        return str(
            self.post("runs/create", experiment_id=experiment, run_name="r", start_time=1)["run"]["info"]["run_id"]
        )
