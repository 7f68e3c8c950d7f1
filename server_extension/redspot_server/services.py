"""The composition root: every part of the service, wired once."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from redspot.artifacts import ArtifactStore, FsspecArtifactStore
from redspot.clock import Clock, SystemClock
from redspot.compute.instance import InstanceType, local_instance_types
from redspot.compute.process import ProcessBackend
from redspot.compute.unit import ComputeBackend
from redspot.config import Config
from redspot.images.process import running_image
from redspot.registry.model import EnvironmentRecord
from redspot.stores.audit import SqlAuditLog
from redspot.stores.database import Database
from redspot.stores.endpoints import SqlEndpointStore
from redspot.stores.jobs import SqlJobStore
from redspot.stores.leases import SqlLeases
from redspot.stores.models import SqlModelStore
from redspot.stores.recording import Recording
from redspot.stores.runs import SqlRunStore
from redspot.stores.tokens import SqlTokenStore
from redspot.stores.watch import SqlWatchStore
from redspot_server.recent import Recent

if TYPE_CHECKING:
    from redspot_server.controllers.stats import RouterStats


@dataclass(frozen=True, slots=True)
class Services:
    """What endpoints and controllers work with.

    Attributes
    ----------
    host
        ``hub`` or ``embedded``.
    users
        Names that may use this installation, where the hub says; empty for its owner alone.
    recent
        What the router counted in the last seconds, while somebody looks.
    """

    config: Config
    host: str
    users: tuple[str, ...]
    clock: Clock
    database: Database
    artifacts: ArtifactStore
    backend: ComputeBackend
    models: SqlModelStore
    jobs: SqlJobStore
    runs: SqlRunStore
    endpoints: SqlEndpointStore
    watched: SqlWatchStore
    tokens: SqlTokenStore
    audit: SqlAuditLog
    recording: Recording
    leases: SqlLeases
    instance_types: tuple[InstanceType, ...]
    key: bytes
    recent: Recent[RouterStats]

    @classmethod
    def open(cls, config: Config, *, host: str, users: tuple[str, ...] = (), clock: Clock | None = None) -> Services:
        """Open the database and everything else of an installation."""
        config.prepare()
        clock = clock or SystemClock()
        database = Database.open(config.database, clock)
        return cls(
            config=config,
            host=host,
            users=users,
            clock=clock,
            database=database,
            artifacts=FsspecArtifactStore(config.artifacts),
            backend=ProcessBackend(config.units_dir),
            models=SqlModelStore(database),
            jobs=SqlJobStore(database),
            runs=SqlRunStore(database),
            endpoints=SqlEndpointStore(database, config.router_url),
            watched=SqlWatchStore(database),
            tokens=SqlTokenStore(database),
            audit=SqlAuditLog(database),
            recording=Recording.open(database),
            leases=SqlLeases(database),
            instance_types=local_instance_types(config.memory_bytes),
            key=_installation_key(config),
            recent=Recent(),
        )

    @property
    def is_shared(self) -> bool:
        """Whether several people use this installation, so that what is private to one is kept from others."""
        return len(self.users) > 1

    def environment(self, instance_type: str) -> EnvironmentRecord:
        """Return the environment that a job made now runs in."""
        image = running_image()
        return EnvironmentRecord(image.name, image.lock, instance_type, image.python, image.platform)

    def secret_of(self, purpose: str) -> str:
        """Return a secret of this installation, the same after a restart and stored nowhere."""
        return hmac.new(self.key, purpose.encode(), hashlib.sha256).hexdigest()


def _installation_key(config: Config) -> bytes:
    """Return the key that replica secrets are derived from; made once, 0600."""
    path = config.state_dir / "key"
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        key = path.read_bytes()
        if len(key) == 32:
            return key
        file = os.open(path, os.O_WRONLY | os.O_TRUNC)  # cut off while it was first written
    key = secrets.token_bytes(32)
    with os.fdopen(file, "wb") as opened:
        opened.write(key)
    return key
