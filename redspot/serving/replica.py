"""The inference server of one deployment: ``python -m redspot.serving.replica CONFIG.json``.

It listens only once the pipeline has proved that it answers as it did when it was fitted.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from redspot.serving.door import Door, TcpDoor, read_door
from redspot.serving.errors import ParityFailedError, ReplicaConfigError
from redspot.serving.events.errors import EventSettingsError
from redspot.serving.events.recorder import Recorder, Source
from redspot.serving.events.settings import EventSettings
from redspot.serving.front import Front
from redspot.serving.inference import Inference, Served
from redspot.serving.limits import Limits
from redspot.serving.predictor import Predictor
from redspot.serving.program import run, run_loop, serve_front
from redspot.serving.tracing import traced
from redspot.serving.workers import Workers

PARITY_FAILED = 3
DEFAULT_SECRET_ENV = "REDSPOT_REPLICA_SECRET"
_MAX_WORKERS = 64

log = logging.getLogger("redspot.serving")


@dataclass(frozen=True, slots=True)
class ReplicaConfig:
    """What a replica serves and where.

    Attributes
    ----------
    pipeline
        The pipeline file.
    door
        Where it listens: a Unix socket, or a TCP port.
    secret_env
        Environment variable that holds the secret the router sends.
    trusted_modules
        Modules whose custom steps may be loaded.
    events
        Which predictions are written down and where; None writes none.
    limits
        What one request may ask.
    workers
        How many processes answer.
    """

    served: Served
    pipeline: Path
    door: Door
    secret_env: str
    trusted_modules: tuple[str, ...]
    limits: Limits
    workers: int = 1
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
        keys = ("endpoint", "deployment_id", "model", "version", "pipeline", "secret_env")
        for key in keys:
            if not isinstance(content.get(key), str) or not content[key]:
                raise ReplicaConfigError(f"The configuration {str(file)!r} has no text in {key!r}.", key=key)
        if not isinstance(trusted, list) or not all(isinstance(name, str) for name in trusted):
            raise ReplicaConfigError("'trusted_modules' is not a list of names.", key="trusted_modules")
        served = Served(*(content[key] for key in keys[:4]))
        workers = content.get("workers", 1)
        if type(workers) is not int or not 1 <= workers <= _MAX_WORKERS:
            raise ReplicaConfigError(f"'workers' is {workers!r}, not from 1 to {_MAX_WORKERS}.", key="workers")
        limits = Limits.read(content.get("limits", {}))
        events = None if content.get("events") is None else EventSettings.of_json(content["events"])
        pipeline, secret_env = Path(content["pipeline"]), content["secret_env"]
        door = read_door(content, workers)
        return cls(served, pipeline, door, secret_env, tuple(trusted), limits, workers, events)


def serve(config: ReplicaConfig) -> int:
    """Load, prove, listen, and answer until SIGTERM; return the exit status."""
    # Taken out of the environment, so that no step of the pipeline finds it there.
    secret = os.environ.pop(config.secret_env, "")
    if not secret:
        raise ReplicaConfigError(f"The environment variable {config.secret_env} that holds the secret is not set.")
    predictor = Predictor.open(config.pipeline, config.trusted_modules)
    inference = Inference(config.served, predictor, secret, config.limits, workers=config.workers)
    served, door = config.served, config.door
    source = Source(served.endpoint, served.deployment_id, served.model, served.version)
    # What is wrong with the settings is said before anybody listens.
    Recorder.of(source, config.events, predictor.schema)

    def answer(listening: socket.socket) -> int:
        # After the fork: each worker writes segments of its own.
        events = Recorder.of(source, config.events, predictor.schema)
        inference.record(events)
        told = {"redspot.endpoint": served.endpoint, "redspot.deployment": served.deployment_id}
        told["redspot.version"] = f"{served.model}@{served.version}"
        answering, end_traces = traced(inference.answer, "redspot-replica", told)
        front = Front(answering, refusing=inference.refuse, max_body_bytes=config.limits.body_bytes)
        try:
            return run_loop(serve_front(front, listening))
        finally:
            end_traces()
            if events is not None:
                events.close()

    log.info("replica of %s serves %s@%s on %s", served.endpoint, served.model, served.version, door)
    if config.workers == 1:
        with door.open() as listening:
            return answer(listening)
    # What is loaded is not looked at by the collector again, so that the workers go on sharing its memory.
    gc.collect()
    gc.freeze()
    if isinstance(door, TcpDoor):

        def work(number: int) -> int:
            inference.become_worker(number)
            with door.open() as own:
                return answer(own)

        return Workers(config.workers, work).run()
    with door.open() as shared:

        def work_on(number: int) -> int:
            inference.become_worker(number)
            return answer(shared)

        return Workers(config.workers, work_on).run()


def main() -> int:
    """Run the replica that the configuration file in the only argument describes."""
    if len(sys.argv) != 2:
        sys.stderr.write("usage: python -m redspot.serving.replica CONFIG.json\n")
        return 2
    exit_codes = {ParityFailedError: PARITY_FAILED, ReplicaConfigError: 2, EventSettingsError: 2}
    return run("redspot replica", lambda: serve(ReplicaConfig.read(Path(sys.argv[1]))), exit_codes)


if __name__ == "__main__":
    sys.exit(main())
