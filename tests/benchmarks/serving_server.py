"""One server of the benchmark as a group of processes: started, asked whether it is ready, measured and stopped."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_READY_WITHIN_S = 90.0


class Server:
    """A server on 127.0.0.1.

    Parameters
    ----------
    argv
        Its command; it must stay in the foreground.
    log
        File that gets what it writes.
    """

    def __init__(
        self, name: str, argv: Sequence[str], port: int, *, env: Mapping[str, str], folder: Path, log: Path
    ) -> None:
        self.name = name
        self.url = f"http://127.0.0.1:{port}"
        self._log = log
        self._began = time.perf_counter()
        with log.open("ab") as stream:
            # A session of its own, so that all of its processes are ended together.
            self._process = subprocess.Popen(
                argv, cwd=folder, env=env, stdout=stream, stderr=stream, start_new_session=True
            )

    def ready_s(self, path: str, headers: Mapping[str, str]) -> float:
        """Wait until it is ready, and return the seconds since its start."""
        while time.perf_counter() - self._began < _READY_WITHIN_S:
            if self._process.poll() is not None:
                break
            try:
                self.ask(path, headers=headers)
            except (OSError, urllib.error.HTTPError):
                time.sleep(0.01)  # it is not listening yet, or still loading
            else:
                return time.perf_counter() - self._began
        self.stop()
        raise ServerFailedError(f"{self.name} did not get ready: {self._log.read_text(errors='replace')[-600:]}")

    def ask(self, path: str, body: str | None = None, headers: Mapping[str, str] | None = None) -> Any:
        """Return the answer of one request."""
        given = {"Content-Type": "application/json", **(headers or {})}
        request = urllib.request.Request(self.url + path, None if body is None else body.encode(), given)
        with urllib.request.urlopen(request, timeout=30) as answer:
            content = answer.read()
        try:
            return json.loads(content)
        except ValueError:
            return content.decode(errors="replace")  # what MLflow's /ping and the like say is no JSON

    def cpu_s(self) -> float:
        """Return the processor time of all its processes, ended ones included."""
        ticks = 0
        for pid in self._pids():
            fields = _stat(pid)
            ticks += sum(map(int, fields[11:15]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def pss_mib(self) -> float:
        """Return its memory in MiB, a page that several processes share being divided among them."""
        kib = 0
        for pid in self._pids():
            try:
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            except OSError:
                continue  # it ended meanwhile
            kib += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        return kib / 1024

    def stop(self) -> None:
        """End all its processes."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self._process.poll() is None or self._pids():
                try:
                    os.killpg(self._process.pid, number)
                except ProcessLookupError:
                    break
            try:
                self._process.wait(8)
            except subprocess.TimeoutExpired:
                continue

    def _pids(self) -> list[int]:
        """Return its process, those below it, and those of its session whose parent is gone."""
        running = {int(each.name): _stat(int(each.name)) for each in Path("/proc").iterdir() if each.name.isdigit()}
        found = {pid for pid, fields in running.items() if fields and self._process.pid in (pid, int(fields[3]))}
        while True:
            below = {pid for pid, fields in running.items() if fields and int(fields[1]) in found} - found
            if not below:
                return [pid for pid in found if running[pid][0] != "Z"]
            found |= below


class ServerFailedError(Exception):
    """A server did not get ready."""


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as asking:
        asking.bind(("127.0.0.1", 0))
        return int(asking.getsockname()[1])


def _stat(pid: int) -> list[str]:
    """Return the fields of a process from its state on; none when it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
