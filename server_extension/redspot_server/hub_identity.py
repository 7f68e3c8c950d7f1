"""Identity by JupyterHub: tokens and cookies are checked with the hub, rights come from custom scopes."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Callable
from html import escape
from typing import Any
from urllib.parse import urlsplit

from jupyterhub.services.auth import HubOAuth, HubOAuthCallbackHandler, HubOAuthenticated
from tornado.web import Application, HTTPError, RequestHandler, authenticated

from redspot.errors import RedspotError
from redspot_server.app import make_app
from redspot_server.endpoint_page import render_endpoint
from redspot_server.handlers import Host
from redspot_server.identity import Caller, NotSignedInError, Right
from redspot_server.page import PAGE_POLICY, document, render_page
from redspot_server.problems import problem_of
from redspot_server.services import Services
from redspot_server.version_page import ASSETS, asset, policy, render_version

SCOPES = {
    Right.READ: "custom:redspot:read",
    Right.AUTHOR: "custom:redspot:author",
    Right.ADMIN: "custom:redspot:admin",
}


class HubIdentity:
    """Asks the hub who a token or cookie belongs to.

    A browser's cookie counts for a write only with the XSRF token of the service's own page; a server's
    token never gives more than the author's rights.
    """

    def __init__(self, auth: HubOAuth) -> None:
        self._auth = auth

    async def identify(self, handler: RequestHandler) -> Caller:
        """Return the caller as the hub knows it."""
        how = "server" if self._auth.get_token(handler, in_cookie=False) else "browser"
        user = await self._auth.get_user(handler, sync=False)
        if user is None or not self._auth.check_scopes(self._auth.access_scopes, user):
            raise NotSignedInError("Nobody known to the hub sent this: sign in, or send a token with `Authorization`.")
        scopes = set(user["scopes"])
        rights = {right for right, scope in SCOPES.items() if scope in scopes}
        if how != "browser":
            rights.discard(Right.ADMIN)
        return Caller(str(user["name"]), how, frozenset(rights))


def service_address() -> tuple[str, int]:
    """Return the host and port that the hub expects the service at."""
    parts = urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"])
    return parts.hostname or "127.0.0.1", parts.port or 80


class CallbackHandler(HubOAuthCallbackHandler):  # type: ignore[misc] # jupyterhub is untyped
    """The end of the sign-in that the hub sends browsers to."""

    def initialize(self, host: Host) -> None:
        """Take the hub's client."""
        self.hub_auth = self.settings["hub_auth"]


class _PageHandler(HubOAuthenticated, RequestHandler):  # type: ignore[misc] # jupyterhub is untyped
    """A page of the service's own, for people who are signed in; others go to the hub's sign-in."""

    def initialize(self, host: Host) -> None:
        """Take what the application shares."""
        self.host = host
        self.hub_auth = self.settings["hub_auth"]

    async def send(self, policy: str, render: Callable[..., str], *arguments: Any) -> None:
        """Render a page in a thread and send it."""
        caller = await self.host.identity.identify(self)
        caller.require(Right.READ)
        loop = asyncio.get_running_loop()
        page = await loop.run_in_executor(self.host.threads, render, self.host.services, caller, *arguments)
        self.set_header("Content-Security-Policy", policy)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "no-store")
        self.finish(page)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say in a sentence what is wrong; a person reads it."""
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, RedspotError):
            self.set_status(problem_of(error, "").status)
            self.set_header("Content-Security-Policy", PAGE_POLICY)
            self.finish(document("Redspot", [f'<p class="note">{escape(error.message)}</p>']))
        else:
            super().write_error(status_code, **kwargs)


class HubPageHandler(_PageHandler):
    """The list of what there is."""

    @authenticated
    async def get(self) -> None:
        """Send the page."""
        await self.send(PAGE_POLICY, render_page)


class HubVersionHandler(_PageHandler):
    """One version of a model."""

    @authenticated
    async def get(self, ref: str) -> None:
        """Send the page."""
        nonce = secrets.token_urlsafe(16)
        await self.send(policy(nonce), render_version, ref, nonce)


class HubEndpointHandler(_PageHandler):
    """One endpoint."""

    @authenticated
    async def get(self, name: str) -> None:
        """Send the page."""
        nonce = secrets.token_urlsafe(16)
        await self.send(policy(nonce), render_endpoint, name, nonce)


class PictureHandler(RequestHandler):
    """The script and the style of the pictures; they are the same for everybody, and no secret."""

    def initialize(self, host: Host) -> None:
        """Take what the application shares."""

    def get(self, name: str) -> None:
        """Send a file."""
        try:
            data = asset(name)
        except FileNotFoundError:
            raise HTTPError(404, "There is no such picture; in a checkout, run: make setup") from None
        self.set_header("Content-Type", f"{ASSETS[name]}; charset=utf-8")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "no-cache")
        self.finish(data)


def hub_app(services: Services) -> Application:
    """Return the application as a hub-managed service."""
    auth = HubOAuth()
    prefix = os.environ["JUPYTERHUB_SERVICE_PREFIX"]
    extra: list[Any] = [
        (f"{prefix}oauth_callback", CallbackHandler, {}),
        (f"{prefix}versions/([^/]+)", HubVersionHandler, {}),
        (f"{prefix}endpoints/([^/]+)", HubEndpointHandler, {}),
        (f"{prefix}pictures/([a-z.-]+)", PictureHandler, {}),
        (prefix, HubPageHandler, {}),
    ]
    app = make_app(services, HubIdentity(auth), prefix, extra)
    app.settings |= {"cookie_secret": os.urandom(32), "hub_auth": auth}
    return app
