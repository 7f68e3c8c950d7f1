"""The page of one endpoint: what it does now and did lately, and what can be done about it."""

from __future__ import annotations

from html import escape

from redspot_server.identity import Caller
from redspot_server.page import document, table
from redspot_server.services import Services
from redspot_server.version_page import picture


def render_endpoint(services: Services, caller: Caller, name: str, nonce: str) -> str:
    """Return the page of an endpoint as HTML; everything a user typed is escaped.

    Raises
    ------
    EndpointNotFoundError
        When there is no such endpoint.
    """
    endpoint = services.endpoints.get(name)
    arms = [
        (arm.version, str(arm.role), f"{100 * arm.share:g} %", f"{arm.ready} of {arm.replicas}")
        for arm in endpoint.arms
    ]
    # What a reader without scripts sees.
    static = table("Answers now", ("Version", "Part", "Share", "Replicas ready"), arms, "Nothing answers.")
    parts = [
        f'<p><a href="../">All endpoints</a> · <code>{escape(endpoint.url)}</code></p>',
        picture("endpoint", {"name": endpoint.name, "api": "../api/"}, static),
        f'<script type="module" nonce="{nonce}" src="../pictures/pictures-page.js"></script>',
    ]
    return document(endpoint.name, parts, '<link rel="stylesheet" href="../pictures/pictures.css">')
