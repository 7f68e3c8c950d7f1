"""Identity by JupyterHub: tokens and cookies are checked with the hub, rights come from custom scopes."""

from __future__ import annotations

import asyncio
import os
from typing import Any
from urllib.parse import urlsplit

from jupyterhub.services.auth import HubOAuth, HubOAuthCallbackHandler, HubOAuthenticated
from tornado.web import Application, RequestHandler, authenticated

from redspot_server.app import make_app
from redspot_server.handlers import Host
from redspot_server.identity import Caller, NotSignedInError, Right
from redspot_server.page import PAGE_POLICY, render_page
from redspot_server.services import Services

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


class HubPageHandler(HubOAuthenticated, RequestHandler):  # type: ignore[misc] # jupyterhub is untyped
    """The service's own page, for people who are signed in."""

    def initialize(self, host: Host) -> None:
        """Take what the application shares."""
        self.host = host
        self.hub_auth = self.settings["hub_auth"]

    @authenticated
    async def get(self) -> None:
        """Send the page, or the browser to the hub's sign-in."""
        caller = await self.host.identity.identify(self)
        caller.require(Right.READ)
        loop = asyncio.get_running_loop()
        page = await loop.run_in_executor(self.host.threads, render_page, self.host.services, caller)
        self.set_header("Content-Security-Policy", PAGE_POLICY)
        self.set_header("X-Content-Type-Options", "nosniff")
        self.finish(page)


def hub_app(services: Services) -> Application:
    """Return the application as a hub-managed service."""
    auth = HubOAuth()
    prefix = os.environ["JUPYTERHUB_SERVICE_PREFIX"]
    extra: list[Any] = [(f"{prefix}oauth_callback", CallbackHandler, {}), (prefix, HubPageHandler, {})]
    app = make_app(services, HubIdentity(auth), prefix, extra)
    app.settings |= {"cookie_secret": os.urandom(32), "hub_auth": auth}
    return app
