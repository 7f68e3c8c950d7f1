"""``inference.GRPCInferenceService`` in front of a function that answers HTTP requests.

Who may ask what, and which replica answers, is decided by that function alone: metadata of a call are its headers.
The endpoint is named by the metadata ``redspot-endpoint``, or in the name of the model as ``endpoint/model``.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from redspot.compute.port import PortTakenError
from redspot.errors import RedspotError
from redspot.serving.answer import Answer, Request, problem
from redspot.serving.binary import JSON_SIZE_HEADER
from redspot.serving.errors import MissingGrpcError, PathNotFoundError
from redspot.serving.headers import Headers
from redspot.serving.limits import Limits
from redspot.serving.protocol import server_metadata

if TYPE_CHECKING:
    import grpc.aio

log = logging.getLogger("redspot.serving")

ENDPOINT_METADATA = "redspot-endpoint"
# Room for what is not values.
_MORE_BYTES = 1024 * 1024
_MAX_ANSWER_BYTES = 256 * 1024 * 1024
_HEADERS = frozenset({"authorization", "x-request-id", "traceparent"})

Answering = Callable[[Request], Answer | Awaitable[Answer]]


class InferenceService:
    """A gRPC server that asks `answering`.

    Parameters
    ----------
    answering
        Answers a request for a path such as ``/endpoints/<name>/v2/models/<model>/infer``; raises nothing.

    Raises
    ------
    MissingGrpcError
        When the libraries are not installed.
    """

    def __init__(self, answering: Answering, max_body_bytes: int = Limits().body_bytes) -> None:
        try:
            import google.protobuf  # noqa: F401  the messages need it
            import grpc.aio
        except ImportError as error:
            raise MissingGrpcError("The gRPC port needs grpcio and protobuf; install redspot[grpc].") from error
        self._grpc = grpc
        self._answering = answering
        options = [
            ("grpc.max_receive_message_length", max_body_bytes + _MORE_BYTES),
            ("grpc.max_send_message_length", _MAX_ANSWER_BYTES),
            # A second server on the port would share it and not be told.
            ("grpc.so_reuseport", 0),
        ]
        self._server: grpc.aio.Server = grpc.aio.server(options=options)
        self._server.add_generic_rpc_handlers((self._handlers(),))

    async def start(self, host: str, port: int) -> int:
        """Listen; return the port, which the system chooses when 0 is given.

        Raises
        ------
        PortTakenError
            When another program listens there.
        """
        where = f"[{host}]:{port}" if ":" in host else f"{host or '0.0.0.0'}:{port}"
        try:
            chosen = int(self._server.add_insecure_port(where))
        except RuntimeError as error:
            raise PortTakenError(f"Port {port} on {host} cannot be used for gRPC: {error}.", port=port) from error
        await self._server.start()
        return chosen

    async def stop(self, within_s: float) -> None:
        """Take no new call, let those under way end, and close."""
        await self._server.stop(within_s)

    # -- methods ------------------------------------------------------------------------------------

    async def server_live(self, _request: Any, context: Any) -> Any:
        """Tell whether the server, or an endpoint's replica, is alive."""
        return await self._told(context, "ServerLive", "/health/live", "/v2/health/live")

    async def server_ready(self, _request: Any, context: Any) -> Any:
        """Tell whether the server, or an endpoint, answers."""
        return await self._told(context, "ServerReady", "/health/ready", "/v2/health/ready")

    async def server_metadata(self, _request: Any, context: Any) -> Any:
        """Return names and version."""
        from redspot.serving.grpc.translating import metadata_response

        if self._endpoint(context) is None:
            return metadata_response("ServerMetadataResponse", server_metadata())
        answer = await self._ask(context, "/v2")
        return metadata_response("ServerMetadataResponse", json.loads(answer.body))

    async def model_ready(self, request: Any, context: Any) -> Any:
        """Tell whether a model answers; one that is being loaded does not."""
        from redspot.serving.grpc.messages import message

        answer = await self._ask(context, f"{self._model(context, request.name, request.version)}/ready", (200, 503))
        content = json.loads(answer.body)
        if "ready" not in content:
            await self._refuse(context, answer)
        return message("ModelReadyResponse")(ready=content["ready"])

    async def model_metadata(self, request: Any, context: Any) -> Any:
        """Return inputs and outputs of a model."""
        from redspot.serving.grpc.translating import metadata_response

        answer = await self._ask(context, self._model(context, request.name, request.version))
        return metadata_response("ModelMetadataResponse", json.loads(answer.body))

    async def model_infer(self, request: Any, context: Any) -> Any:
        """Answer rows."""
        from redspot.serving.grpc.translating import infer_response, rest_body

        body, size = rest_body(request)
        path = f"{self._model(context, request.model_name, request.model_version)}/infer"
        return infer_response(await self._ask(context, path, body=body, headers=[(JSON_SIZE_HEADER, str(size))]))

    # -- inside -------------------------------------------------------------------------------------

    def _handlers(self) -> Any:
        from redspot.serving.grpc.messages import METHODS, SERVICE, message

        grpc = self._grpc
        functions = {
            "ServerLive": self.server_live,
            "ServerReady": self.server_ready,
            "ServerMetadata": self.server_metadata,
            "ModelReady": self.model_ready,
            "ModelMetadata": self.model_metadata,
            "ModelInfer": self.model_infer,
        }
        methods = {
            name: grpc.unary_unary_rpc_method_handler(
                self._refusing(functions[name]),
                request_deserializer=message(asked).FromString,
                response_serializer=message(answered).SerializeToString,
            )
            for name, (asked, answered) in METHODS.items()
        }
        return grpc.method_handlers_generic_handler(SERVICE, methods)

    def _refusing(self, function: Callable[[Any, Any], Awaitable[Any]]) -> Callable[[Any, Any], Awaitable[Any]]:
        """Return a function whose errors end the call with their own status."""

        async def call(request: Any, context: Any) -> Any:
            try:
                return await function(request, context)
            except RedspotError as error:
                await self._refuse(context, problem(error))

        return call

    async def _told(self, context: Any, method: str, own: str, path: str) -> Any:
        """Return yes or no of the server itself, or of the endpoint that is named."""
        from redspot.serving.grpc.messages import message

        field = "live" if method == "ServerLive" else "ready"
        if self._endpoint(context) is None:
            answer = await self._exchange(Request("GET", own, "", Headers()))
        else:
            answer = await self._ask(context, path, (200, 503))
        return message(f"{method}Response")(**{field: answer.status == 200})

    def _endpoint(self, context: Any) -> str | None:
        for name, value in context.invocation_metadata() or ():
            if name == ENDPOINT_METADATA:
                return str(value)
        return None

    def _model(self, context: Any, name: str, version: str) -> str:
        """Return the path of a model; when its name says the endpoint, with that."""
        endpoint, slash, model = name.partition("/")
        if self._endpoint(context) is None:
            if not slash:
                raise PathNotFoundError(
                    f"No endpoint is named: send the metadata {ENDPOINT_METADATA!r}, or ask for 'endpoint/model'."
                )
            prefix, name = f"/endpoints/{quote(endpoint, safe='')}", model
        else:
            prefix = ""
        path = f"{prefix}/v2/models/{quote(name, safe='')}"
        return f"{path}/versions/{quote(version, safe='')}" if version else path

    async def _ask(
        self,
        context: Any,
        path: str,
        fine: tuple[int, ...] = (200,),
        *,
        body: bytes | None = None,
        headers: list[tuple[str, str]] | None = None,
    ) -> Answer:
        """Return an answer whose status is fine; any other ends the call."""
        if not path.startswith("/endpoints/"):
            path = f"/endpoints/{quote(self._endpoint(context) or '', safe='')}{path}"
        sent = [
            (name, value)
            for name, value in context.invocation_metadata() or ()
            if name in _HEADERS and isinstance(value, str) and value.isascii()
        ]
        fields = Headers([*sent, *(headers or [])])
        answer = await self._exchange(Request("GET" if body is None else "POST", path, "", fields, body or b""))
        if answer.status not in fine:
            await self._refuse(context, answer)
        return answer

    async def _exchange(self, request: Request) -> Answer:
        outcome = self._answering(request)
        return outcome if isinstance(outcome, Answer) else await outcome

    async def _refuse(self, context: Any, answer: Answer) -> None:
        """End the call with the status of an answer, its sentence and its code."""
        try:
            content = json.loads(answer.body)
        except ValueError:
            content = {}
        content = content if isinstance(content, dict) else {}
        says = str(content.get("error") or content.get("detail") or f"The answer has status {answer.status}.")
        code = self._grpc.StatusCode[_STATUS.get(answer.status, "INTERNAL" if answer.status >= 500 else "UNKNOWN")]
        trailing = [("redspot-code", str(content["code"]))] if "code" in content else []
        trailing += [("retry-after", value) for name, value in answer.headers if name == "Retry-After"]
        await context.abort(code, says, tuple(trailing))


_STATUS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    405: "UNIMPLEMENTED",
    409: "FAILED_PRECONDITION",
    413: "RESOURCE_EXHAUSTED",
    415: "INVALID_ARGUMENT",
    429: "RESOURCE_EXHAUSTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
