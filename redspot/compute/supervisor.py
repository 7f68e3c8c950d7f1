"""The small process that watches one unit: starts it, holds its limits, keeps its log, writes how it ended.

It is started detached, outlives the service, and is the unit's "child subreaper": whatever the unit
forks, daemonised or not, stays its descendant and can be found. It imports nothing but the standard
library and a few small files, all at start, so that an upgrade under its feet cannot break it.
"""

from __future__ import annotations

import errno
import os
import select
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, cast

from redspot.compute.child import Program, UnitStartError, become_subreaper, spawn
from redspot.compute.files import ENVIRONMENT, EXIT, SPEC, STOP, SUPERVISOR, read_json, write_json, write_json_once
from redspot.compute.logfile import BoundedLog
from redspot.compute.membership import Membership
from redspot.compute.proc import UNIT_ID_VARIABLE, identify
from redspot.compute.reasons import ran_out_of_memory, ran_too_long

if TYPE_CHECKING:
    from types import FrameType

LOCK_HANDLE = 3
DEFAULT_GRACE_S = 10.0
_TIMEOUT_GRACE_S = 5.0
_LEFTOVERS_GRACE_S = 1.0
_TICK_S = 0.5
_SUM_TICK_S = 0.1
_ENDING_TICK_S = 0.02
_CHUNK_BYTES = 65536


class Supervisor:
    """One unit's life, as a loop over what just happened: output, a signal, a dead child, time passed."""

    def __init__(self, folder: Path) -> None:
        spec = read_json(folder / SPEC)
        if spec is None:
            raise FileNotFoundError(folder / SPEC)
        self._folder = folder
        self._spec = spec
        self._memory_limit = cast("int | None", spec["memory_bytes"])
        self._timeout_s = cast("float | None", spec["timeout_s"])
        self._log = BoundedLog(folder, cast("int", spec["log_max_bytes"]))
        self._lost_log_bytes = 0
        self._members = Membership(
            str(spec["cgroup_name"]) if spec["cgroups"] else None, self._memory_limit, cast("float | None", spec["cpu"])
        )
        self._main_pid = 0
        self._main_status: int | None = None
        self._has_children = True
        self._reason: str | None = None
        self._message = ""
        self._kill_at: float | None = None
        self._told: set[int] = set()
        self._peak_bytes = 0
        self._next_look = 0.0
        self._stop_asked = False

    def run(self) -> None:
        """Live the unit's life from start to exit record."""
        self._started_at = time.time()
        self._deadline = None if self._timeout_s is None else time.monotonic() + self._timeout_s
        self._wakeup = self._listen()
        self._publish()
        try:
            output = self._start()
            if output is not None:
                self._watch(output)
        except BaseException:
            # Nothing may run unwatched: without us there is no limit and no exit record.
            self._members.kill()
            raise
        self._record()
        self._members.close()

    def _start(self) -> int | None:
        environment = read_json(self._folder / ENVIRONMENT) or {}
        # It may hold secrets: from here on only the unit itself has it.
        (self._folder / ENVIRONMENT).unlink(missing_ok=True)
        environment[UNIT_ID_VARIABLE] = self._spec["unit_id"]
        try:
            self._main_pid, output = spawn(
                Program(
                    cast("list[str]", self._spec["argv"]),
                    Path(str(self._spec["working_dir"])),
                    {name: str(value) for name, value in environment.items()},
                ),
                self._members.enter,
            )
        except UnitStartError as error:
            self._reason, self._message = "not-started", str(error)
            return None
        self._publish()
        return output

    def _publish(self) -> None:
        me, unit = identify(os.getpid()), identify(self._main_pid) if self._main_pid else None
        if me is None:
            raise ProcessLookupError("a process cannot find itself in the process table")
        record = me._asdict() | {
            "started_at": self._started_at,
            "unit_pid": self._main_pid or None,
            "unit_start": None if unit is None else unit.start,
            "cgroup": list(self._members.cgroup_paths),
        }
        write_json(self._folder / SUPERVISOR, record)

    def _watch(self, output: int) -> None:
        open_output: int | None = output
        while True:
            self._reap()
            self._decide()
            if self._main_status is not None and not self._has_children and not self._members.pids():
                break
            handles = [self._wakeup] if open_output is None else [self._wakeup, open_output]
            ready, _, _ = select.select(handles, [], [], self._patience_s())
            if self._wakeup in ready:
                os.read(self._wakeup, _CHUNK_BYTES)
            if open_output in ready and not self._copy(output):
                open_output = None
        while open_output is not None and select.select([output], [], [], 0)[0] and self._copy(output):
            pass
        os.close(output)
        self._log.close()

    def _copy(self, output: int) -> bool:
        """Move what was printed into the log; False at its end."""
        data = os.read(output, _CHUNK_BYTES)
        try:
            self._log.write(data)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            # A full disk must not end the unit; the exit record says how much is missing.
            self._lost_log_bytes += len(data)
        return bool(data)

    def _reap(self) -> None:
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                # We are the subreaper: without children there are no descendants at all.
                self._has_children = False
                return
            if pid == 0:
                return
            self._peak_bytes = max(self._peak_bytes, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024))
            if pid == self._main_pid:
                self._main_status = status

    def _decide(self) -> None:
        now = time.monotonic()
        stop = self._stop_request(now)
        if self._reason is None and self._memory_exceeded(now):
            self._end("out-of-memory", now)
        if self._reason is None and self._main_status is not None:
            self._end("exited" if os.WIFEXITED(self._main_status) else "signalled", now + _LEFTOVERS_GRACE_S)
        if stop is not None and self._reason is None:
            self._reason, self._message = "stopped", "It was stopped."
        if stop is not None:
            self._kill_at = min(self._kill_at or now + stop, now + stop)
        if self._reason is None and self._timeout_s is not None and now >= (self._deadline or 0.0):
            self._message = ran_too_long(self._timeout_s)
            self._end("timed-out", now + _TIMEOUT_GRACE_S)
        if self._kill_at is not None:
            self._end_members(now)

    def _end(self, reason: str, kill_at: float) -> None:
        self._reason, self._kill_at = reason, kill_at

    def _end_members(self, now: float) -> None:
        if self._kill_at is not None and now >= self._kill_at:
            self._members.kill()
            return
        self._told |= self._members.ask_to_end(self._told)

    def _memory_exceeded(self, now: float) -> bool:
        """Tell whether the unit ran out of memory, and keep the highest sum seen."""
        if self._members.oom_kills():
            used = max(self._peak_bytes, self._memory_limit or 0)
            self._message = ran_out_of_memory(self._memory_limit, used)
            return True
        if now < self._next_look:
            return False
        used = self._members.memory_bytes(over=self._memory_limit)
        # Looking costs time that grows with the number of processes: spend 5 % of it at most.
        tick_s = _TICK_S if self._members.cgroup_paths else _SUM_TICK_S
        self._next_look = now + max(tick_s, 20 * (time.monotonic() - now))
        self._peak_bytes = max(self._peak_bytes, used)
        if self._memory_limit is not None and not self._members.cgroup_paths and used > self._memory_limit:
            self._message = ran_out_of_memory(self._memory_limit, used)
            return True
        return False

    def _stop_request(self, now: float) -> float | None:
        """Return the grace of a stop that was asked for and not yet heard, by file, by signal, or both."""
        if not self._stop_asked and (self._reason is not None or now < self._next_look):
            return None
        request = read_json(self._folder / STOP)
        if request is None and not self._stop_asked:
            return None
        self._stop_asked = False
        return DEFAULT_GRACE_S if request is None else float(cast("float", request["grace_s"]))

    def _patience_s(self) -> float:
        if self._kill_at is not None:
            return _ENDING_TICK_S
        waits = [max(0.0, self._next_look - time.monotonic()), _TICK_S]
        if self._deadline is not None:
            waits.append(max(0.0, self._deadline - time.monotonic()))
        return min(waits)

    def _record(self) -> None:
        status = self._main_status
        if self._lost_log_bytes:
            self._message += f" The disk was full: {self._lost_log_bytes} bytes of its log are lost."
        write_json_once(
            self._folder / EXIT,
            {
                "reason": self._reason,
                "exit_code": os.WEXITSTATUS(status) if status is not None and os.WIFEXITED(status) else None,
                "signal": os.WTERMSIG(status) if status is not None and os.WIFSIGNALED(status) else None,
                "started_at": self._started_at,
                "ended_at": time.time(),
                "peak_memory_bytes": self._peak_bytes,
                "message": self._message.strip(),
            },
        )

    def _listen(self) -> int:
        """Turn signals into bytes on a handle that the loop waits for."""
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
            signal.signal(number, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, _wake)
        signal.signal(signal.SIGTERM, self._on_term)
        # Blocked since before our own first instruction: a stop in that time waits here.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        return reader

    def _on_term(self, _number: int, _frame: FrameType | None) -> None:
        self._stop_asked = True


def _wake(_number: int, _frame: FrameType | None) -> None:
    """Do nothing: that the signal arrived is enough to end a wait."""


def main() -> None:
    """Supervise the unit whose folder is the only argument; handle 3 is its lock, held until we end."""
    os.setsid()
    os.umask(0o077)
    os.set_inheritable(LOCK_HANDLE, False)
    os.closerange(LOCK_HANDLE + 1, os.sysconf("SC_OPEN_MAX"))
    become_subreaper()
    Supervisor(Path(sys.argv[1])).run()


if __name__ == "__main__":
    main()
