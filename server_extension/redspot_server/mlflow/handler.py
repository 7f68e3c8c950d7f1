"""Tornado handlers of MLflow's API: authenticate, authorise, parse, run, answer; and files that stream."""

from __future__ import annotations

import asyncio
import os
import tempfile
from contextvars import copy_context
from functools import partial
from pathlib import Path
from typing import IO, Any
from urllib.parse import unquote

import orjson
from tornado.web import HTTPError, stream_request_body

from redspot.errors import RedspotError
from redspot.stores import audit
from redspot_server.handlers import Host, RedspotHandler
from redspot_server.identity import Caller, Right
from redspot_server.mlflow.call import Call, Pending
from redspot_server.mlflow.fields import Fields
from redspot_server.mlflow.files import find_file, put_file, writable_path
from redspot_server.mlflow.problems import VERSION, EndpointUnknownError, FieldError, mlflow_problem
from redspot_server.mlflow.table import find_route

_MAX_FILE_BYTES = 64 * 1024**3
_FILES = "mlflow-artifacts/artifacts/"


class MlflowBase(RedspotHandler):
    """Answers errors as MLflow's client reads them."""

    right = Right.READ
    name = "mlflow"

    def write_problem(self, error: RedspotError) -> None:
        """Answer with an error of MLflow's."""
        status, body = mlflow_problem(error)
        self.set_status(status)
        self.set_header("X-Request-Id", self.request_id)
        self.set_header("Content-Type", "application/json")
        self.finish(body)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say that there is no such endpoint, or what else went wrong."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if status_code in (404, 405) and not isinstance(error, RedspotError):
            self.write_problem(_unknown(self.request.method or "", self.request.path))
        else:
            super().write_error(status_code, **kwargs)

    async def caller(self, right: Right) -> Caller:
        """Return who asks, when they may (NotSignedInError, MissingRightError)."""
        caller = await self.host.identity.identify(self)
        caller.require(right)
        audit.how.set(caller.how)
        return caller

    async def in_thread(self, function: Any, *arguments: Any) -> Any:
        """Run what may take long beside the loop."""
        run = partial(copy_context().run, function, *arguments)
        return await asyncio.get_running_loop().run_in_executor(self.host.threads, run)

    def answer(self, value: Any) -> None:
        """Send JSON."""
        self.set_header("Content-Type", "application/json")
        self.finish(orjson.dumps(value))


def _unknown(method: str, path: str) -> EndpointUnknownError:
    return EndpointUnknownError(f"No endpoint {method} {path[:200]} is kept here: no traces, prompts or gateway.")


class MlflowHandler(MlflowBase):
    """All operations whose bodies are small."""

    async def _answer(self, path: str) -> None:
        found = find_route(self.request.method or "", path)
        if found is None:
            raise _unknown(self.request.method or "", self.request.path)
        route, parts = found
        self.name = f"mlflow/{route.path}"  # type: ignore[misc] # the metrics' label of this one request
        caller = await self.caller(route.right)
        parts = {name: unquote(value) for name, value in parts.items()}
        call = Call(self.host.services, caller, self._fields(), parts)
        outcome = await self.in_thread(route.operation, call) if route.slow else route.operation(call)
        if isinstance(outcome, Pending):
            outcome = outcome.shape(await asyncio.wrap_future(outcome.future))
        self.answer(outcome)

    get = post = patch = delete = _answer

    def _fields(self) -> Fields:
        if self.request.method in ("GET", "DELETE") and not self.request.body:
            arguments = {name: self.get_query_arguments(name, strip=False) for name in self.request.query_arguments}
            return Fields(arguments, query=True)
        try:
            body = orjson.loads(self.request.body or b"{}")
        except orjson.JSONDecodeError as error:
            raise FieldError(f"The body is not JSON: {error}.") from None
        if not isinstance(body, dict):
            raise FieldError("The body is not a JSON object.")
        return Fields(body)


class InfoHandler(MlflowBase):
    """What the client asks before it asks anything: health, version, and what is offered."""

    right = Right.PUBLIC

    def initialize(self, host: Host, about: str = "health") -> None:
        """Take what is asked about."""
        super().initialize(host)
        self._about = about

    def get(self) -> None:
        """Answer."""
        if self._about == "server-info":
            self.answer(
                {
                    "store_type": "SqlStore",
                    "workspaces_enabled": False,
                    "trace_archival_enabled": False,
                    "multipart_uploads_enabled": False,
                    "multipart_downloads_enabled": False,
                    "features_enabled": {"gateway": False},
                }
            )
        else:
            self.set_header("Content-Type", "text/plain; charset=utf-8")
            self.finish(VERSION if self._about == "version" else "OK")


@stream_request_body
class FileHandler(MlflowBase):
    """One file: received and sent piece by piece."""

    name = "mlflow/" + _FILES

    async def prepare(self) -> None:  # type: ignore[override] # Tornado awaits either
        """Ask who sends before a byte is kept."""
        super().prepare()
        self._file: IO[bytes] | None = None
        if self.request.method == "PUT":
            self._caller = await self.caller(Right.AUTHOR)
            self._path = writable_path(unquote(self.path_args[0]))
            self.request.connection.set_max_body_size(_MAX_FILE_BYTES)  # type: ignore[union-attr]
            self._file = tempfile.NamedTemporaryFile(dir=self.host.services.config.work_dir, delete=False)

    def data_received(self, chunk: bytes) -> None:
        """Keep what has arrived."""
        if self._file is not None:
            self._file.write(chunk)

    async def put(self, path: str) -> None:
        """Put the file under its path."""
        if self._file is None:
            raise HTTPError(405)
        self._file.close()
        services = self.host.services
        name = self._path.rpartition("/")[2]
        artifact = await self.in_thread(partial(services.artifacts.put_file, Path(self._file.name), name=name))
        await asyncio.wrap_future(put_file(services, self._path, artifact, by=self._caller.name).future)
        self.answer({})

    async def get(self, path: str) -> None:
        """Send the file, once its bytes are known to be those that were put."""
        await self.caller(Right.READ)
        services = self.host.services
        found = await self.in_thread(find_file, services, unquote(path))
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Content-Disposition", "attachment")
        self.set_header("Content-Security-Policy", "sandbox; default-src 'none'")
        self.set_header("Content-Length", str(found.size_bytes))
        if not found.digest:
            self.finish(found.data)
            return
        pieces = await self.in_thread(services.artifacts.pieces, found.digest)
        while piece := await self.in_thread(next, pieces, b""):
            self.write(piece)
            await self.flush()
        self.finish()

    async def delete(self, path: str) -> None:
        """Remove it."""
        caller = await self.caller(Right.AUTHOR)
        gone = self.host.services.recording.files.delete(writable_path(unquote(path)), by=caller.name)
        await asyncio.wrap_future(gone)
        self.answer({})

    def on_finish(self) -> None:
        """Leave nothing of an upload that did not arrive."""
        super().on_finish()
        self._drop()

    def on_connection_close(self) -> None:
        """The client has gone in the middle."""
        super().on_connection_close()
        self._drop()

    def _drop(self) -> None:
        if self._file is not None:
            self._file.close()
            if os.path.exists(self._file.name):
                os.unlink(self._file.name)
            self._file = None


def mlflow_handlers(prefix: str, shared: dict[str, Any]) -> list[Any]:
    """Return the handlers below ``PREFIXmlflow/``."""
    root = f"{prefix}mlflow"
    return [
        (f"{root}/api/2.0/{_FILES}(.+)", FileHandler, shared),
        (f"{root}/api/2.0/((?:mlflow|mlflow-artifacts)/.*)", MlflowHandler, shared),
        (f"{root}/api/3.0/mlflow/server-info", InfoHandler, {**shared, "about": "server-info"}),
        (f"{root}/(?:ajax-)?api/.*", UnknownHandler, shared),
        (f"{root}/version", InfoHandler, {**shared, "about": "version"}),
        (f"{root}/health", InfoHandler, {**shared, "about": "health"}),
    ]


class UnknownHandler(MlflowBase):
    """Traces, prompts, the gateway and whatever else is not kept."""

    right = Right.PUBLIC

    def prepare(self) -> None:
        """Answer every method."""
        super().prepare()
        self.write_error(404)
