"""Configuration: ``redspot.toml`` in the working directory or above, then ``REDSPOT_*`` of the environment."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Self

from redspot.errors import InvalidError

_SOCKET_FOLDER_CHARS = 60  # a Unix socket's path may have about 100


# What must be set before replicas can run there.
BACKEND_SETTINGS = {"docker": "base_image", "kubernetes": "kubernetes_namespace"}


class ConfigError(InvalidError):
    """A setting is unknown or not of its type."""

    code = "invalid-config"


@dataclass(frozen=True, slots=True)
class Config:
    """Where an installation keeps its state, and where it listens.

    Attributes
    ----------
    state_dir
        Everything that must survive a restart, unless the URLs below point elsewhere.
    database_url
        SQLAlchemy URL; empty for SQLite in the state directory.
    artifacts_url
        fsspec URL; empty for a folder in the state directory.
    router_host, router_port
        Where endpoints answer.
    router_public_url
        What users see of the router, when something stands in front of it; empty for host and port.
    hub_port
        Where browsers find the hub on 127.0.0.1; the three ports after it are its own.
    time_zone
        IANA name that new schedules start with.
    memory_bytes
        What ``cpu.small`` gives a run or replica, in bytes.
    max_runs
        Runs at a time.
    trusted_modules
        Modules whose functions marked ``@redspot.step`` may be loaded, separated by commas.
    base_image
        Image with a Python that images are built on, such as ``python:3.11-slim``; without one there is no Docker.
    docker_url
        Of the Docker engine; empty for what ``DOCKER_HOST`` says. It must be this machine's.
    events_sample
        Share of the predictions of every endpoint that are kept as events, from 0 to 1; 0 keeps none.
    events_url
        fsspec URL where they are kept; empty for a folder in the state directory.
    events_redact
        Columns whose values are not kept, separated by commas; a model without one of them is fine.
    events_keep_days
        For how many days they are kept; 0 is for ever.
    monitors_every_s
        Seconds between two looks at what every endpoint was asked and answered.
    kubernetes_namespace
        Where replicas run as pods; empty for no Kubernetes.
    kubernetes_context
        Of the kubeconfig; empty for its current one, or for the cluster whose pod the service runs in.
    kubernetes_image
        What runs in the pods, such as ``registry/redspot-endpoint:7``.
    kubernetes_pull_policy
        ``IfNotPresent``, ``Never`` or ``Always``.
    kubernetes_reach
        ``service`` or ``pod``: how the router, which runs in the cluster, finds replicas.
    kubernetes_router_labels, kubernetes_router_namespace
        Pods that may reach replicas, as ``key=value`` separated by commas, and where they are; empty for the same
        namespace.
    kubernetes_service_url, kubernetes_service_cidr, kubernetes_token_secret
        Where pods fetch pipelines that are too large for a ConfigMap: this service as they see it, its addresses, and
        the Secret whose key ``token`` may read versions.
    """

    state_dir: Path = Path("~/.local/share/redspot")
    database_url: str = ""
    artifacts_url: str = ""
    router_host: str = "127.0.0.1"
    router_port: int = 8417
    router_public_url: str = ""
    hub_port: int = 8000
    time_zone: str = "UTC"
    memory_bytes: int = 2 * 1024**3
    max_runs: int = 4
    trusted_modules: str = ""
    base_image: str = ""
    docker_url: str = ""
    events_sample: float = 0.0
    events_url: str = ""
    events_redact: str = ""
    events_keep_days: int = 0
    monitors_every_s: int = 60
    kubernetes_namespace: str = ""
    kubernetes_context: str = ""
    kubernetes_image: str = ""
    kubernetes_pull_policy: str = "IfNotPresent"
    kubernetes_reach: str = "service"
    kubernetes_router_labels: str = "app.kubernetes.io/name=redspot-router"
    kubernetes_router_namespace: str = ""
    kubernetes_service_url: str = ""
    kubernetes_service_cidr: str = ""
    kubernetes_token_secret: str = ""

    @classmethod
    def load(cls, folder: Path | None = None, environment: Mapping[str, str] | None = None) -> Self:
        """Read the nearest ``redspot.toml`` at or above `folder`, then the environment.

        Raises
        ------
        ConfigError
            When a setting is unknown (the known ones are listed) or not of its type.
        """
        settings: dict[str, Any] = {}
        start = (folder or Path.cwd()).absolute()
        for place in (start, *start.parents):
            if (place / "redspot.toml").is_file():
                settings = _read_toml(place / "redspot.toml")
                break
        known = {field.name for field in fields(cls)}
        for name, value in (os.environ if environment is None else environment).items():
            key = name.removeprefix("REDSPOT_").lower()
            if name.startswith("REDSPOT_") and key in known:
                settings[key] = value
        config = cls(**{key: _convert(key, value) for key, value in settings.items()})
        return replace(config, state_dir=config.state_dir.expanduser().absolute())

    def to_environment(self) -> dict[str, str]:
        """Return the same settings as ``REDSPOT_*`` variables, for a child process."""
        return {f"REDSPOT_{field.name.upper()}": str(getattr(self, field.name)) for field in fields(self)}

    @property
    def database(self) -> str:
        """The database's URL."""
        return self.database_url or f"sqlite:///{self.state_dir}/redspot.db"

    @property
    def artifacts(self) -> str:
        """The artifact store's URL."""
        return self.artifacts_url or f"{self.state_dir}/artifacts"

    @property
    def trusted(self) -> tuple[str, ...]:
        """The trusted modules, one by one."""
        return _names(self.trusted_modules)

    @property
    def redacted(self) -> tuple[str, ...]:
        """The columns whose values are not kept, one by one."""
        return _names(self.events_redact)

    @property
    def events(self) -> str:
        """The URL where events are kept."""
        return self.events_url or f"{self.state_dir}/events"

    @property
    def spool_dir(self) -> Path:
        """Where replicas write events, before they are shipped."""
        return self.state_dir / "spool"

    @property
    def units_dir(self) -> Path:
        """Where the process backend keeps its units."""
        return self.state_dir / "units"

    @property
    def containers_dir(self) -> Path:
        """Where the Docker backend keeps its units."""
        return self.state_dir / "containers"

    @property
    def images_dir(self) -> Path:
        """Where images are built, and the packages that were fetched for them."""
        return self.state_dir / "images"

    @property
    def backends(self) -> tuple[str, ...]:
        """Where replicas can run, by the names that definitions use."""
        needed = {"process": "always", **{name: getattr(self, setting) for name, setting in BACKEND_SETTINGS.items()}}
        return tuple(name for name, value in needed.items() if value)

    @property
    def work_dir(self) -> Path:
        """Where runs and replicas work."""
        return self.state_dir / "work"

    @property
    def router_url(self) -> str:
        """What users see of the router, without a slash at the end."""
        return (self.router_public_url or f"http://{self.router_host}:{self.router_port}").rstrip("/")

    @property
    def snapshot_file(self) -> Path:
        """The router's table."""
        return self.state_dir / "router.json"

    @property
    def lock_file(self) -> Path:
        """Locked by the one service of this state directory."""
        return self.state_dir / "service.lock"

    @property
    def socket(self) -> Path:
        """The service's own socket."""
        return self.runtime_dir() / "service.sock"

    def prepare(self) -> None:
        """Make the state directory, for its owner alone."""
        for folder in (self.state_dir, self.units_dir, self.work_dir, self.spool_dir):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.state_dir.chmod(0o700)

    def runtime_dir(self) -> Path:
        """Return the folder of the sockets, made 0700; a short path elsewhere when the state directory's is too long.

        Raises
        ------
        ConfigError
            When the folder exists and belongs to somebody else.
        """
        folder = self.state_dir / "run"
        if len(str(folder)) > _SOCKET_FOLDER_CHARS:
            mark = hashlib.sha256(str(self.state_dir).encode()).hexdigest()[:12]
            folder = Path(tempfile.gettempdir()) / f"redspot-{os.getuid()}-{mark}"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        facts = folder.lstat()
        if not stat.S_ISDIR(facts.st_mode) or facts.st_uid != os.getuid() or facts.st_mode & 0o077:
            raise ConfigError(f"The folder {folder} is not a directory of yours alone (0700): remove it.")
        return folder


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        settings = tomllib.loads(path.read_text())
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path} is not TOML: {error}.") from None
    known = {field.name for field in fields(Config)}
    for key in settings:
        if key not in known:
            raise ConfigError(f"{path} has an unknown setting {key!r}; known: {', '.join(sorted(known))}.", setting=key)
    return settings


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _convert(key: str, value: Any) -> Any:
    if key == "state_dir":
        return Path(value)
    if key == "events_sample":
        return _share(key, value)
    if key in ("router_port", "hub_port", "memory_bytes", "max_runs", "events_keep_days", "monitors_every_s"):
        try:
            return int(value)
        except (TypeError, ValueError):
            raise ConfigError(f"The setting {key!r} is a whole number, not {value!r}.", setting=key) from None
    if not isinstance(value, str):
        raise ConfigError(f"The setting {key!r} is a text, not {value!r}.", setting=key)
    return value


def _share(key: str, value: Any) -> float:
    try:
        share = float(value)
    except (TypeError, ValueError):
        share = -1.0
    if not 0 <= share <= 1:
        raise ConfigError(f"The setting {key!r} is a share from 0 to 1, not {value!r}.", setting=key)
    return share
