"""The contract: an OpenAPI 3.1 document made from `ROUTES`; ``python -m redspot_server.openapi`` writes it."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode
from tornado.web import RequestHandler

from redspot._version import __version__
from redspot.contracts.replies import Health, Problem
from redspot_server.content import Content
from redspot_server.identity import Right

CONTRACT_FILE = Path(__file__).parents[1] / "openapi.json"
_REF = "#/components/schemas/{model}"


def render_contract() -> str:
    """Return the document as JSON, always the same for the same routes."""
    from redspot_server.routes import ROUTES

    kinds: dict[Any, JsonSchemaMode] = {Problem: "serialization", Health: "serialization"}
    for route in ROUTES:
        if route.body is not None:
            kinds[route.body] = "validation"
        if route.reply is not Content:
            kinds[route.reply] = "serialization"
    schemas, definitions = TypeAdapter.json_schemas(
        [(kind, mode, TypeAdapter(kind)) for kind, mode in kinds.items()], ref_template=_REF
    )
    components = dict(definitions.get("$defs", {}))
    places = {kind: schemas[(kind, mode)] for kind, mode in kinds.items()}
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(f"/api/{route.path}", {})[route.method.lower()] = _operation(route, places)
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Redspot", "version": __version__, "license": {"name": "Apache-2.0"}},
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": dict(sorted(components.items()))},
    }
    return json.dumps(document, indent=1, sort_keys=True) + "\n"


def _operation(route: Any, places: dict[Any, Any]) -> dict[str, Any]:
    if route.reply is Content:
        reply = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    else:
        reply = {"application/json": {"schema": places[route.reply]}}
    operation: dict[str, Any] = {
        "operationId": route.endpoint.__name__,
        "summary": route.summary,
        "x-right": str(route.right),
        "parameters": _parameters(route),
        "responses": {
            str(route.status): {"description": "Done", "content": reply},
            "default": {
                "description": "A problem",
                "content": {"application/problem+json": {"schema": places[Problem]}},
            },
        },
    }
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": places[route.body]}}}
    return operation


def _parameters(route: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in re.findall(r"\{(\w+)\}", route.path)
    ]
    if route.query is not None:
        schema = route.query.model_json_schema()
        for name, part in schema["properties"].items():
            needed = name in schema.get("required", ())
            found.append({"name": name, "in": "query", "required": needed, "schema": part})
    return found


class OpenApiHandler(RequestHandler):
    """Sends the contract; it holds nothing secret."""

    right = Right.PUBLIC

    def initialize(self, host: object) -> None:
        """Take what the application shares; nothing of it is needed."""

    def get(self) -> None:
        """Send it."""
        self.set_header("Content-Type", "application/json")
        self.finish(render_contract())


if __name__ == "__main__":
    CONTRACT_FILE.write_text(render_contract())
    sys.stdout.write(f"wrote {CONTRACT_FILE.name}\n")
