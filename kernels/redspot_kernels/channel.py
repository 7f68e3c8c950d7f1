"""The comm through which a page asks a kernel about its pipelines.

A request ``{"id", "method", "params"}`` gets exactly one answer: ``{"id", "ok": true, "value"}`` or
``{"id", "ok": false, "code", "detail"}``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from redspot.errors import InvalidError, RedspotError
from redspot_kernels.capture import describe_pipeline, dump_inline, list_pipelines, save_pipelines

TARGET = "redspot"

logger = logging.getLogger(__name__)


class InvalidRequestError(InvalidError):
    """The page asked for something that does not exist, or not in the way it is asked for."""

    code = "invalid-request"


Namespace = Mapping[str, Any]


def answer(namespace: Namespace, request: object) -> dict[str, Any]:
    """Return the answer to a request; whatever goes wrong is an answer too."""
    identity = request.get("id") if isinstance(request, Mapping) else None
    try:
        return {"id": identity, "ok": True, "value": _value(namespace, request)}
    except RedspotError as error:
        return {"id": identity, "ok": False, "code": error.code, "detail": error.message}
    except Exception as error:
        # The page would wait for ever on silence; the kernel's log has the whole story.
        logger.exception("The request %r failed", identity)
        return {"id": identity, "ok": False, "code": RedspotError.code, "detail": f"{type(error).__name__}: {error}"}


def open_channel(ipython: Any) -> None:
    """Answer requests of any comm that is opened for the target ``redspot``."""
    _comms(ipython).register_target(TARGET, lambda comm, message: _attend(ipython, comm))


def close_channel(ipython: Any) -> None:
    """Answer no further comm."""
    _comms(ipython).unregister_target(TARGET, None)


def _attend(ipython: Any, comm: Any) -> None:
    def on_message(message: Mapping[str, Any]) -> None:
        comm.send(answer(ipython.user_ns, message["content"]["data"]))

    comm.on_msg(on_message)


def _comms(ipython: Any) -> Any:
    kernel = getattr(ipython, "kernel", None)
    if kernel is None:
        raise InvalidRequestError("redspot_kernels works in a Jupyter kernel; this is a terminal without one.")
    return kernel.comm_manager


def _value(namespace: Namespace, request: object) -> Any:
    if not isinstance(request, Mapping) or not isinstance(request.get("id"), str | int):
        raise InvalidRequestError('A request is {"id", "method", "params"} with an id of text or a number.')
    method, params = request.get("method"), request.get("params", {})
    if not isinstance(method, str) or method not in _METHODS:
        raise InvalidRequestError(f"There is no method {method!r}; there are {', '.join(_METHODS)}.")
    if not isinstance(params, Mapping):
        raise InvalidRequestError(f"params of {method} is an object, not {type(params).__name__}.")
    verb, known = _METHODS[method]
    for name, value in params.items():
        if name not in known or not isinstance(value, known[name]):
            wanted = ", ".join(f"{each} ({kind.__name__})" for each, kind in known.items()) or "none"
            raise InvalidRequestError(f"{method} cannot use the parameter {name!r} as it is; it takes {wanted}.")
    return verb(namespace, params)


def _save(namespace: Namespace, params: Mapping[str, Any]) -> Any:
    if params.get("inline"):
        return [dump_inline(namespace, _required("save_pipelines", params, "variable"))]
    return save_pipelines(namespace, _required("save_pipelines", params, "directory"), params.get("variable"))


def _describe(namespace: Namespace, params: Mapping[str, Any]) -> Any:
    return describe_pipeline(namespace, _required("describe", params, "variable"))


def _required(method: str, params: Mapping[str, Any], name: str) -> str:
    if name not in params:
        raise InvalidRequestError(f"{method} needs the parameter {name!r}.")
    return str(params[name])


_METHODS: Mapping[str, tuple[Callable[[Namespace, Mapping[str, Any]], Any], Mapping[str, type]]] = {
    "list_pipelines": (lambda namespace, params: list_pipelines(namespace), {}),
    "save_pipelines": (_save, {"directory": str, "variable": str, "inline": bool}),
    "describe": (_describe, {"variable": str}),
}
