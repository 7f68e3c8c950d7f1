"""The inference server of one deployment: ``python -m redspot.serving.replica CONFIG.json``.

A replica of one model listens only once the pipeline has proved that it answers as it did when it was fitted. One of
several listens at once, and each model answers as soon as it has proved that.
"""

from __future__ import annotations

import gc
import logging
import os
import socket
import sys
from pathlib import Path

from redspot.serving.catalogue import Catalogue
from redspot.serving.config import ReplicaConfig
from redspot.serving.door import TcpDoor
from redspot.serving.errors import ParityFailedError, ReplicaConfigError
from redspot.serving.events.errors import EventSettingsError
from redspot.serving.front import Front
from redspot.serving.inference import Inference
from redspot.serving.loader import Loader
from redspot.serving.program import run, run_loop, serve_front
from redspot.serving.tracing import traced
from redspot.serving.watchdog import HUNG, Watchdog
from redspot.serving.workers import Workers

PARITY_FAILED = 3
# The router gives up before the replica does.
_GRACE_S = 1.0

log = logging.getLogger("redspot.serving")


def serve(config: ReplicaConfig) -> int:
    """Load, prove, listen, and answer until SIGTERM; return the exit status."""
    # Taken out of the environment, so that no step of the pipeline finds it there.
    secret = os.environ.pop(config.secret_env, "")
    if not secret:
        raise ReplicaConfigError(f"The environment variable {config.secret_env} that holds the secret is not set.")
    catalogue = Catalogue(config.models, config.workers)
    watchdog = Watchdog(config.limits.seconds + _GRACE_S)
    loader = Loader(config, catalogue, watchdog.give_up)
    inference = Inference(config.endpoint, config.deployment_id, catalogue, loader, secret)
    # One model is proved before anybody listens; of several, those that are there answer while others are loaded.
    # What workers are to share is loaded before there are any.
    if config.is_one or config.workers > 1:
        loader.load_now(strictly=config.is_one)
    door = config.door
    log.info("replica of %s serves %s on %s", config.endpoint, ", ".join(map(str, config.models[:20])), door)

    def answer(listening: socket.socket) -> int:
        told = {"redspot.endpoint": config.endpoint, "redspot.deployment": config.deployment_id}
        if config.is_one:
            told["redspot.version"] = str(config.models[0])
        answering, end_traces = traced(inference.answer, "redspot-replica", told)
        front = Front(answering, refusing=inference.refuse, max_body_bytes=config.limits.body_bytes)
        try:
            status = run_loop(serve_front(front, listening, (loader.run(), watchdog.keep())))
        finally:
            end_traces()
            catalogue.close()
        if watchdog.has_given_up:
            # A thread that hangs would keep the interpreter from its end.
            logging.shutdown()
            os._exit(HUNG)
        return status

    # What is loaded is not looked at by the collector again, so that the workers go on sharing its memory.
    gc.collect()
    gc.freeze()
    if config.workers == 1:
        # Before anybody can find it: from there on a signal is to be heard soon.
        loader.publish_loaded()
        with door.open() as listening:
            return answer(listening)

    def become_worker(number: int) -> None:
        inference.become_worker(number)
        loader.become_worker(number)
        # After the fork: each worker writes segments of its own.
        loader.publish_loaded()

    if isinstance(door, TcpDoor):

        def work(number: int) -> int:
            become_worker(number)
            with door.open() as own:
                return answer(own)

        return Workers(config.workers, work).run()
    with door.open() as shared:

        def work_on(number: int) -> int:
            become_worker(number)
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
