"""The unit's first process: from our fork to its own program.

Only the standard library: every supervisor imports this.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple, NoReturn

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_NOT_STARTED_STATUS = 127


class UnitStartError(Exception):
    """The program could not be run; it becomes the message of the exit record, so it has no code of its own."""


def become_subreaper() -> None:
    """Let orphans among our descendants become our children instead of the system's."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


class Program(NamedTuple):
    """What takes over the new process."""

    argv: list[str]
    working_dir: Path
    environment: Mapping[str, str]


def spawn(program: Program, enter: Callable[[], None]) -> tuple[int, int]:
    """Start a program in its own session and return its pid and the read end of its output.

    Parameters
    ----------
    enter
        Called in the new process before the program takes over.

    Raises
    ------
    UnitStartError
        When the program cannot be run.
    """
    output, unit_output = os.pipe()
    trouble, unit_trouble = os.pipe()
    supervisor = os.getpid()
    pid = os.fork()
    if pid == 0:
        try:
            _become(program, enter, supervisor, unit_output)
        except BaseException as error:  # whatever it is, the supervisor reports it
            os.write(unit_trouble, _sentence(error, program).encode()[:4096])
        os._exit(_NOT_STARTED_STATUS)
    os.close(unit_output)
    os.close(unit_trouble)
    with os.fdopen(trouble, "rb") as stream:
        # Ends when the program takes over: the handle is closed by exec.
        message = stream.read()
    if message:
        os.waitpid(pid, 0)
        os.close(output)
        raise UnitStartError(message.decode("utf-8", "replace"))
    os.set_blocking(output, False)
    return pid, output


def _become(program: Program, enter: Callable[[], None], supervisor: int, output: int) -> NoReturn:
    os.setsid()
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != supervisor:
        # It died before the line above took effect: nobody would watch this unit.
        os._exit(_NOT_STARTED_STATUS)
    enter()
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.umask(0o077)
    os.chdir(program.working_dir)
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        if signal.getsignal(number) not in (signal.SIG_DFL, None):
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, set())
    os.execvpe(program.argv[0], program.argv, dict(program.environment))


def _sentence(error: BaseException, program: Program) -> str:
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"{program.argv[0]!r} could not be started in {str(program.working_dir)!r}: {reason}."


def _prctl(option: int, value: int) -> None:
    """Set one of Linux's process options; other systems have none, and lose the guarantee it gives."""
    if not sys.platform.startswith("linux"):
        return
    if ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl({option}) is refused")
