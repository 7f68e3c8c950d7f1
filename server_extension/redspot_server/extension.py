"""The Jupyter Server extension: brings the service to the notebook's page, as the user who is signed in there.

Under a hub it proxies to the hub's service with the server's own token; without one it starts, or joins,
one service per state directory and proxies to its socket.
"""

from __future__ import annotations

import asyncio
import os
import subprocess

import httpx
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.extension.application import ExtensionApp
from tornado import web

from redspot.client.service import ServiceUnreachableError
from redspot.config import Config
from redspot.errors import RedspotError
from redspot_server.child import answers, join_or_start
from redspot_server.handlers import encode
from redspot_server.problems import problem_of

_PASSED_BACK = ("Content-Type", "Content-Disposition", "Content-Security-Policy", "X-Request-Id", "Etag")
_PASSED_ON = ("If-Match",)
_TIMEOUT_S = 120.0


class ServiceLink:
    """The way to the service: a socket of our own, or the hub's address with the server's token."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._url = os.environ.get("REDSPOT_SERVICE_URL", "")
        self._token = os.environ.get("JUPYTERHUB_API_TOKEN", "")
        self._child: subprocess.Popen[bytes] | None = None
        self._starting = asyncio.Lock()
        self._client: httpx.AsyncClient | None = None

    @property
    def by_hub(self) -> bool:
        """Whether the hub's service is used."""
        return bool(self._url)

    async def client(self) -> httpx.AsyncClient:
        """Return a client of a service that was there a moment ago; starts one where that is ours to do."""
        if self.by_hub:
            if self._client is None:
                headers = {"Authorization": f"token {self._token}"}
                self._client = httpx.AsyncClient(
                    base_url=self._url, headers=headers, timeout=_TIMEOUT_S, trust_env=False
                )
            return self._client
        async with self._starting:
            if self._client is None or not answers(self._config.socket):
                await self._restart()
        if self._client is None:
            raise RuntimeError("no client")
        return self._client

    async def _restart(self) -> None:
        if self._client is not None:
            await self._client.aclose()
        if self._child is not None:
            self._child.poll()
        child = await asyncio.get_running_loop().run_in_executor(None, join_or_start, self._config)
        self._child = child or self._child
        transport = httpx.AsyncHTTPTransport(uds=str(self._config.socket))
        self._client = httpx.AsyncClient(
            base_url="http://redspot/", transport=transport, timeout=_TIMEOUT_S, trust_env=False
        )

    async def close(self) -> None:
        """Close the connections, and end the service that we started; what runs, goes on."""
        if self._client is not None:
            await self._client.aclose()
        if self._child is not None and self._child.poll() is None:
            self._child.terminate()
            await asyncio.get_running_loop().run_in_executor(None, self._child.wait)


class ProxyHandler(JupyterHandler):
    """Passes a request on to the service, and its answer back."""

    auth_resource = "redspot"

    def initialize(self, link: ServiceLink) -> None:
        """Take the way to the service."""
        self.link = link

    def get_login_url(self) -> str:
        """Refuse programs that are not signed in, instead of sending them to a page."""
        raise web.HTTPError(403)

    async def _pass_on(self, path: str) -> None:
        try:
            client = await self.link.client()
            answer = await client.request(
                self.request.method or "GET",
                path,
                params=self.request.query,
                content=self.request.body or None,
                headers=self._given(),
            )
        except RedspotError as error:
            self._problem(error)
            return
        except httpx.HTTPError as error:
            self._problem(
                ServiceUnreachableError(f"The Redspot service does not answer: {error or type(error).__name__}.")
            )
            return
        self.set_status(answer.status_code)
        for name in _PASSED_BACK:
            if name in answer.headers:
                self.set_header(name, answer.headers[name])
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "no-store")
        self.finish(answer.content)

    def _given(self) -> dict[str, str]:
        """Return the headers that say what is asked, and none of those that say who asks."""
        given = {"Content-Type": self.request.headers.get("Content-Type", "application/json")}
        return given | {name: self.request.headers[name] for name in _PASSED_ON if name in self.request.headers}

    def _problem(self, error: RedspotError) -> None:
        problem = problem_of(error, "")
        self.set_status(problem.status)
        self.set_header("Content-Type", "application/problem+json")
        self.finish(encode(problem))

    @web.authenticated
    @authorized(  # type: ignore[untyped-decorator]
        "read", resource="redspot"
    )
    async def get(self, path: str) -> None:
        """Read."""
        await self._pass_on(path)

    @web.authenticated
    @authorized(  # type: ignore[untyped-decorator]
        "write", resource="redspot"
    )
    async def post(self, path: str) -> None:
        """Make."""
        await self._pass_on(path)

    @web.authenticated
    @authorized(  # type: ignore[untyped-decorator]
        "write", resource="redspot"
    )
    async def put(self, path: str) -> None:
        """Set."""
        await self._pass_on(path)

    @web.authenticated
    @authorized(  # type: ignore[untyped-decorator]
        "write", resource="redspot"
    )
    async def patch(self, path: str) -> None:
        """Change."""
        await self._pass_on(path)

    @web.authenticated
    @authorized(  # type: ignore[untyped-decorator]
        "write", resource="redspot"
    )
    async def delete(self, path: str) -> None:
        """Remove."""
        await self._pass_on(path)


class RedspotExtension(ExtensionApp):
    """Adds ``/redspot/…`` to a Jupyter server."""

    name = "redspot_server"
    extension_url = "/lab"
    load_other_extensions = True

    def initialize_settings(self) -> None:
        """Find the way to the service."""
        self.link = ServiceLink(Config.load())

    def initialize_handlers(self) -> None:
        """Add the proxy."""
        self.handlers.append((r"/redspot/((?:api|health|mlflow)/.*)", ProxyHandler, {"link": self.link}))

    async def stop_extension(self) -> None:
        """End what was started."""
        await self.link.close()
