"""The OpenAPI description of an endpoint whose notebook answers: any JSON in, any JSON out."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from redspot._version import __version__
from redspot.serving.served import Served


def notebook_openapi(served: Served, example: Any, prefix: str = "") -> dict[str, Any]:
    """Return the description as an OpenAPI 3.1 document; its paths are relative to where it is read.

    Parameters
    ----------
    example
        A payload that the notebook gives; None for none.
    prefix
        As in `redspot.serving.openapi.openapi`.
    """
    path = f"/v2{prefix}" if prefix else f"/v2/models/{quote(served.model, safe='')}"
    media: dict[str, Any] = {"schema": {"description": "What the notebook's function is called with."}}
    if example is not None:
        media["example"] = example
    names = {"model": {"type": "string"}, "version": {"type": "string"}}
    answer = {
        "type": "object",
        "required": ["model", "version", "prediction"],
        "properties": {**names, "prediction": {}},
    }
    predictions = {"type": "object", "required": ["predictions"], "properties": {"predictions": {}}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": served.endpoint,
            "version": served.version,
            "summary": f"Version {served.version} of the model {served.model}, a notebook.",
            "x-redspot": {
                "endpoint": served.endpoint,
                "model": served.model,
                "version": served.version,
                "server": __version__,
            },
        },
        "servers": [{"url": "/".join([".."] * prefix.count("/")) or "."}],
        "security": [{"token": []}],
        "paths": {
            f"{prefix}/predict": {"post": _call("predict", "Answer a payload", media, answer)},
            f"{prefix}/invocations": {
                "post": _call("invoke", "Answer a payload as MLflow's scoring server does", media, predictions)
            },
            f"{path}/infer": {
                "post": _call(
                    "infer",
                    "Answer payloads that are elements of the text tensor 'payload'",
                    {"schema": {"type": "object", "required": ["inputs"]}},
                    {"type": "object"},
                )
            },
        },
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


def _call(name: str, summary: str, media: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    told = {
        "400": "The body is not JSON, or the notebook's function refused the payload; the message is its own.",
        "401": "No valid token was sent.",
        "413": "The body is too large.",
        "500": "The notebook's function failed.",
        "503": "The endpoint cannot answer now, or the function has not come back in time.",
    }
    return {
        "operationId": name,
        "summary": summary,
        "requestBody": {"required": True, "content": {"application/json": media}},
        "responses": {
            "200": {"description": "The answer.", "content": {"application/json": {"schema": answer}}},
            **{status: {"description": text} for status, text in told.items()},
        },
    }
