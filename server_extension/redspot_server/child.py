"""Join the service of a state directory, or start one as a child of this process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from redspot.config import Config
from redspot.errors import UnavailableError

_START_S = 40.0


class ServiceStartError(UnavailableError):
    """The service did not come up; the message carries its own last words."""

    code = "service-start"


def answers(path: Path) -> bool:
    """Return whether something accepts connections on the Unix socket."""
    if not path.exists():
        return False
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(2.0)
        try:
            probe.connect(str(path))
        except OSError:
            return False
        return True


def join_or_start(config: Config) -> subprocess.Popen[bytes] | None:
    """Return the child that was started, or None when a service was there already.

    Raises
    ------
    ServiceStartError
        When the child ends or does not listen in time.
    """
    config.prepare()
    if answers(config.socket):
        return None
    log = config.state_dir / "service.log"
    with log.open("ab") as output:
        begin = output.tell()
        child = subprocess.Popen(
            [sys.executable, "-m", "redspot", "service", "--embedded"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, **config.to_environment(), "REDSPOT_PARENT": str(os.getpid())},
            start_new_session=True,
        )
    deadline = time.monotonic() + _START_S
    while not answers(config.socket):
        if child.poll() is not None and not answers(config.socket):
            raise ServiceStartError(f"The Redspot service did not start: {_last_words(log, begin)}")
        if time.monotonic() > deadline:
            child.terminate()
            child.wait()
            raise ServiceStartError(f"The Redspot service did not listen within {_START_S:.0f} s; see {log}.")
        time.sleep(0.05)
    return child


def _last_words(log: Path, begin: int) -> str:
    with log.open("rb") as file:
        file.seek(begin)
        lines = file.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"it left no message; see {log}."
