"""The inference server of one deployment: ``python -m redspot.serving.replica CONFIG.json``.

It listens on a Unix socket in a folder that only its owner can enter, and only once the pipeline has
proved that it answers as it did when it was fitted.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from redspot.serving.errors import ParityFailedError, ReplicaConfigError
from redspot.serving.events.errors import EventSettingsError
from redspot.serving.events.recorder import Recorder, Source
from redspot.serving.events.settings import EventSettings
from redspot.serving.front import Front
from redspot.serving.inference import Inference, Served
from redspot.serving.predictor import Predictor
from redspot.serving.program import Ending, run

PARITY_FAILED = 3
DEFAULT_SECRET_ENV = "REDSPOT_REPLICA_SECRET"
_BACKLOG = 1024
_MAX_SOCKET_PATH_BYTES = 100

log = logging.getLogger("redspot.serving")


@dataclass(frozen=True, slots=True)
class ReplicaConfig:
    """What a replica serves and where.

    Attributes
    ----------
    pipeline
        The pipeline file.
    socket
        Path of the Unix socket; its folder must be closed to others.
    secret_env
        Environment variable that holds the secret the router sends.
    trusted_modules
        Modules whose custom steps may be loaded.
    events
        Which predictions are written down and where; None writes none.
    """

    served: Served
    pipeline: Path
    socket: Path
    secret_env: str
    trusted_modules: tuple[str, ...]
    events: EventSettings | None = None

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read the configuration.

        Raises
        ------
        ReplicaConfigError, EventSettingsError
            Naming the key that is wrong.
        """
        try:
            content = json.loads(file.read_text())
        except (OSError, ValueError) as error:
            raise ReplicaConfigError(f"The configuration {str(file)!r} cannot be read: {error}.") from error
        if not isinstance(content, dict):
            raise ReplicaConfigError(f"The configuration {str(file)!r} is not a JSON object.")
        content.setdefault("secret_env", DEFAULT_SECRET_ENV)
        trusted = content.setdefault("trusted_modules", [])
        keys = ("endpoint", "deployment_id", "model", "version", "pipeline", "socket", "secret_env")
        for key in keys:
            if not isinstance(content.get(key), str) or not content[key]:
                raise ReplicaConfigError(f"The configuration {str(file)!r} has no text in {key!r}.", key=key)
        if not isinstance(trusted, list) or not all(isinstance(name, str) for name in trusted):
            raise ReplicaConfigError("'trusted_modules' is not a list of names.", key="trusted_modules")
        served = Served(*(content[key] for key in keys[:4]))
        events = None if content.get("events") is None else EventSettings.of_json(content["events"])
        places = Path(content["pipeline"]), Path(content["socket"])
        return cls(served, *places, content["secret_env"], tuple(trusted), events)


async def serve(config: ReplicaConfig) -> None:
    """Load, prove, listen, answer until SIGTERM."""
    # Taken out of the environment, so that no step of the pipeline finds it there.
    secret = os.environ.pop(config.secret_env, "")
    if not secret:
        raise ReplicaConfigError(f"The environment variable {config.secret_env} that holds the secret is not set.")
    predictor = Predictor.open(config.pipeline, config.trusted_modules)
    served = config.served
    source = Source(served.endpoint, served.deployment_id, served.model, served.version)
    events = Recorder.of(source, config.events, predictor.schema)
    inference = Inference(served, predictor, secret, events=events)
    front = Front(inference.answer, refusing=inference.refuse)
    server = front.make_server()
    ending = Ending()
    listening = _listen(config.socket)
    inode = config.socket.stat().st_ino
    server.add_socket(listening)
    log.info("replica of %s serves %s@%s on %s", served.endpoint, served.model, served.version, config.socket)
    try:
        await ending.drain(front, server)
    finally:
        if config.socket.exists() and config.socket.stat().st_ino == inode:
            config.socket.unlink()
        if events is not None:
            events.close()


def main() -> int:
    """Run the replica that the configuration file in the only argument describes."""
    if len(sys.argv) != 2:
        sys.stderr.write("usage: python -m redspot.serving.replica CONFIG.json\n")
        return 2

    async def start() -> None:
        await serve(ReplicaConfig.read(Path(sys.argv[1])))

    return run(
        "redspot replica", start, {ParityFailedError: PARITY_FAILED, ReplicaConfigError: 2, EventSettingsError: 2}
    )


def _listen(path: Path) -> socket.socket:
    """Return a listening socket that appears at `path` only when it is ready; one that was left there gives way."""
    if len(os.fsencode(path)) > _MAX_SOCKET_PATH_BYTES:
        raise ReplicaConfigError(
            f"The socket's path {str(path)!r} is longer than {_MAX_SOCKET_PATH_BYTES} bytes; use a shorter folder.",
            key="socket",
        )
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if stat.S_IMODE(path.parent.stat().st_mode) & 0o077:
        raise ReplicaConfigError(
            f"The socket's folder {str(path.parent)!r} is open to others; make it 0700.", key="socket"
        )
    scratch = path.with_name(f".{os.getpid()}")
    scratch.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listening.setblocking(False)
    listening.bind(str(scratch))
    os.chmod(scratch, 0o600)
    listening.listen(_BACKLOG)
    os.rename(scratch, path)
    return listening


if __name__ == "__main__":
    sys.exit(main())
