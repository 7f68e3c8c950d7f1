"""Definitions as TOML, such as ``endpoint.toml``: the same fields; split, access and rollout are tables."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from typing import Any

from redspot.registry.definition import EndpointDefinition
from redspot.registry.policy import DefinitionError


def parse_definition(text: str) -> EndpointDefinition:
    """Read a definition from TOML.

    Raises
    ------
    DefinitionError
        When it is not TOML, or naming the field that is wrong.
    """
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DefinitionError(f"The definition is not TOML: {error}.") from None
    return EndpointDefinition.from_dict(content)


def render_definition(definition: EndpointDefinition) -> str:
    """Return TOML that `parse_definition` reads as the same definition; what has no value is left out."""
    content = definition.to_dict()
    lines = [f"{key} = {_value(value)}" for key, value in content.items() if _is_plain(value)]
    for key, table in content.items():
        if isinstance(table, Mapping) and table:
            lines += ["", f"[{key}]"]
            lines += [f"{_key(name)} = {_value(value)}" for name, value in table.items() if _is_plain(value)]
    return "\n".join(lines) + "\n"


def _is_plain(value: Any) -> bool:
    return value is not None and not isinstance(value, Mapping)


def _key(name: str) -> str:
    return name if name.isascii() and name.replace("_", "").isalnum() else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # A JSON text is a TOML text, but that TOML wants DEL escaped too.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return repr(value)
