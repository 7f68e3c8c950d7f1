"""The page of one model version: what it is made of, drawn by the same pictures as in a notebook."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from redspot.ids import ModelRef
from redspot.pipeline import loads, render_svg
from redspot.pipeline.pictures import profile_html
from redspot.registry.model import Version
from redspot_server.identity import Caller
from redspot_server.page import document, table
from redspot_server.services import Services

# What the page may load from beside it, by name, with its media type.
ASSETS: Mapping[str, str] = {"pictures.css": "text/css", "pictures-page.js": "text/javascript"}


def policy(nonce: str) -> str:
    """Return the content policy: only our own script, told by a number that nobody else knows, and no other source."""
    return (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self' 'unsafe-inline'; img-src data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )


def asset(name: str) -> bytes:
    """Return one of the `ASSETS`, as the pictures were built.

    Raises
    ------
    FileNotFoundError
        In a checkout in which they were not.
    """
    spec = find_spec("redspot_widgets")
    folders = list(spec.submodule_search_locations or ()) if spec else []
    if name not in ASSETS or not folders:
        raise FileNotFoundError(name)
    return (Path(folders[0]) / name).read_bytes()


def render_version(services: Services, caller: Caller, ref: str, nonce: str) -> str:
    """Return the page of a version as HTML; everything a user typed is escaped.

    Raises
    ------
    ModelNotFoundError, VersionNotFoundError, InvalidNameError
        When there is no such version.
    """
    version = services.models.get(ModelRef.parse(ref))
    others = services.models.versions(version.model, limit=20)
    parts = [
        '<p><a href="../">All models</a></p>',
        _facts(version),
        table("Metrics", ("Metric", "Value"), [(k, f"{v:.6g}") for k, v in version.metrics.items()], "None recorded."),
        *_pictures(services, version),
        table(
            "Versions",
            ("Version", "Made", "By", "Metrics"),
            [(str(each.ref), f"{each.created_at:%Y-%m-%d %H:%M}", each.created_by, _figures(each)) for each in others],
            "",
            links=[str(each.ref) for each in others],
        ),
        f'<script type="module" nonce="{nonce}" src="../pictures/pictures-page.js"></script>',
    ]
    head = '<link rel="stylesheet" href="../pictures/pictures.css">'
    return document(str(version.ref), parts, head)


def picture(kind: str, data: Mapping[str, Any], static: str) -> str:
    """Return a place for a picture: its JSON, and what is shown where no script runs."""
    # Within a script element nothing ends but at "</"; a "<" written otherwise is the same to JSON.
    text = json.dumps(data, ensure_ascii=False, default=list).replace("<", "\\u003c")
    return (
        f'<div data-rsp-picture="{kind}" style="overflow-x:auto">{static}'
        f'<script type="application/json">{text}</script></div>'
    )


def _pictures(services: Services, version: Version) -> list[str]:
    if version.is_notebook:
        return ["<h2>Notebook</h2>", '<p class="note">The cells tagged <code>endpoint</code> answer requests.</p>']
    graph = picture("pipeline", version.graph, render_svg(version.graph))
    return ["<h2>Pipeline</h2>", graph, "<h2>Training data</h2>", _training_data(services, version)]


def _training_data(services: Services, version: Version) -> str:
    from redspot.pipeline.errors import MetadataMissingError

    pipeline = loads(services.artifacts.get(version.pipeline.digest), services.config.trusted)
    try:
        comparison = {"train": pipeline.profile_.to_json(), "serve": None}
    except MetadataMissingError as error:
        return f'<p class="note">{escape(error.message)}</p>'
    return picture("training-data", comparison, profile_html(comparison))


def _facts(version: Version) -> str:
    facts = [
        ("Made", f"{version.created_at:%Y-%m-%d %H:%M} UTC by {version.created_by}"),
        ("Run", version.run_id or "none"),
        ("Environment", f"{version.environment.image}, {version.environment.instance_type}"),
        ("Parity rows", str(version.parity_rows)),
        *((name, str(value)) for name, value in version.parameters.items()),
    ]
    return table("What it is", ("", ""), facts, "")


def _figures(version: Version, most: int = 4) -> str:
    shown: Sequence[tuple[str, float]] = list(version.metrics.items())[:most]
    return ", ".join(f"{name} {value:.4g}" for name, value in shown)
