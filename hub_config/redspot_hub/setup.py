"""``setup(c)``: everything of a hub that is Redspot's."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

from redspot.compute.process import ProcessBackend
from redspot.compute.unit import Isolation
from redspot.config import Config
from redspot.errors import InvalidError, MissingExtraError
from redspot_hub.ports import Ports
from redspot_hub.spawner import RedspotSpawner

SERVICE = "redspot"
ROUTER_PREFIX = f"/services/{SERVICE}-router/"
SCOPES = {
    "custom:redspot:read": {"description": "See models, jobs, runs and endpoints"},
    "custom:redspot:author": {"description": "Make and change one's own", "subscopes": ["custom:redspot:read"]},
    "custom:redspot:admin": {"description": "See the audit log", "subscopes": ["custom:redspot:author"]},
}
_AUTHOR = ["access:services!service=redspot", "custom:redspot:read", "custom:redspot:author"]


class TrustDomainError(InvalidError):
    """Several people would share one trust domain."""

    code = "trust-domain"


class ProxyMissingError(MissingExtraError):
    """The proxy that JupyterHub starts is not installed."""

    code = "proxy-missing"


def setup(c: Any, config: Config | None = None) -> None:
    """Configure services, scopes, roles, the spawn form and the proxy.

    Call it last: it reads who is allowed.

    Raises
    ------
    TrustDomainError
        When not exactly one person is allowed although nothing keeps their units apart.
    ProxyMissingError
        When ``configurable-http-proxy`` is not found.
    """
    config = config or Config.load()
    config.prepare()
    user = the_one_user(c)
    ports = Ports.of(config)
    _set_hub(c, config, ports)
    _set_services(c, config, ports, user)
    _set_roles(c, user)
    _set_spawner(c, config, ports)
    c.JupyterHub.template_vars = {
        "announcement_login": f"One trust domain: all that runs here has the rights of {user}, the only one allowed.",
    }


def the_one_user(c: Any) -> str:
    """Return the only allowed person (TrustDomainError)."""
    allowed = set(c.Authenticator.get("allowed_users", set())) | set(c.Authenticator.get("admin_users", set()))
    if ProcessBackend.isolates is Isolation.NONE and (len(allowed) != 1 or c.Authenticator.get("allow_all", False)):
        who = "anybody" if c.Authenticator.get("allow_all", False) else f"{len(allowed)} people"
        raise TrustDomainError(
            f"This hub would let in {who}, but the process backend keeps nobody apart: allow exactly one person"
            " (c.Authenticator.allowed_users), or use a backend that isolates.",
        )
    return str(next(iter(allowed)))


def find_proxy() -> str:
    """Return the path of ``configurable-http-proxy``: the project's own or the PATH's (ProxyMissingError)."""
    own = Path(__file__).parents[2] / "node_modules" / ".bin" / "configurable-http-proxy"
    found = str(own) if own.exists() else shutil.which("configurable-http-proxy")
    if found is None:
        raise ProxyMissingError(
            "JupyterHub needs configurable-http-proxy: run `npm ci` in the project, or install it with"
            " `npm install -g configurable-http-proxy`."
        )
    return found


def _set_hub(c: Any, config: Config, ports: Ports) -> None:
    folder = config.state_dir / "hub"
    folder.mkdir(exist_ok=True, mode=0o700)
    c.JupyterHub.bind_url = f"http://127.0.0.1:{ports.public}"
    c.JupyterHub.hub_bind_url = f"http://127.0.0.1:{ports.hub_api}"
    c.JupyterHub.db_url = f"sqlite:///{folder}/jupyterhub.sqlite"
    c.JupyterHub.cookie_secret_file = str(folder / "cookie_secret")
    c.JupyterHub.cleanup_servers = True
    c.ConfigurableHTTPProxy.command = [find_proxy()]
    c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{ports.proxy_api}"
    c.ConfigurableHTTPProxy.pid_file = str(folder / "proxy.pid")


def _set_services(c: Any, config: Config, ports: Ports, user: str) -> None:
    c.JupyterHub.services = [
        *c.JupyterHub.get("services", []),
        {
            "name": SERVICE,
            "url": f"http://127.0.0.1:{ports.service}",
            "command": [sys.executable, "-m", "redspot", "service", "--hub"],
            "environment": {**config.to_environment(), "REDSPOT_HUB_USERS": user},
            "oauth_no_confirm": True,
            "oauth_client_allowed_scopes": [*SCOPES],
            "display": True,
        },
    ]
    # Not a service of the hub's: the hub would wait for it with an exponential back-off before it is "running",
    # although the router comes and goes on its own.
    c.Proxy.extra_routes = {
        **c.Proxy.get("extra_routes", {}),
        ROUTER_PREFIX: f"http://{config.router_host}:{config.router_port}",
    }
    c.JupyterHub.custom_scopes = {**c.JupyterHub.get("custom_scopes", {}), **SCOPES}


def _set_roles(c: Any, user: str) -> None:
    c.JupyterHub.load_roles = [
        *c.JupyterHub.get("load_roles", []),
        {"name": "user", "scopes": ["self", *_AUTHOR]},
        {"name": "redspot-admin", "scopes": ["custom:redspot:admin"], "users": [user]},
    ]


def _set_spawner(c: Any, config: Config, ports: Ports) -> None:
    c.JupyterHub.spawner_class = RedspotSpawner
    c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
    if os.geteuid() == 0:  # the one allowed person is root, as in a container
        c.Spawner.args = ["--allow-root", *c.Spawner.get("args", [])]
    c.Spawner.default_url = "/lab"
    c.Spawner.server_token_scopes = ["users:activity!user", "access:servers!server", *_AUTHOR]
    c.Spawner.environment = {
        **c.Spawner.get("environment", {}),
        "REDSPOT_SERVICE_URL": f"http://127.0.0.1:{ports.service}/services/{SERVICE}/",
    }
    c.Spawner.http_timeout = 60
    c.SimpleLocalProcessSpawner.home_dir_template = str(config.state_dir / "home" / "{username}")
