"""What every compute backend must do; subclass it per backend with a `backend` fixture."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from redspot.compute.unit import (
    ComputeBackend,
    ExitReason,
    Isolation,
    Limits,
    UnitAliveError,
    UnitExistsError,
    UnitKind,
    UnitNotFoundError,
    UnitPhase,
    UnitSpec,
    UnitSpecError,
    UnitStatus,
)

_NUMBERS = count()
MIB = 1024 * 1024


def wait_until(condition: Callable[[], bool], within_s: float = 20.0) -> None:
    """Return as soon as the condition holds; fail when it does not in time."""
    give_up = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < give_up, "what was waited for did not happen in time"
        time.sleep(0.01)


def wait_for_end(backend: ComputeBackend, unit_id: str, within_s: float = 20.0) -> UnitStatus:
    wait_until(lambda: backend.observe(unit_id).phase in (UnitPhase.ENDED, UnitPhase.LOST), within_s)
    return backend.observe(unit_id)


class ComputeBackendSuite:
    """Attributes: `python` is an interpreter that exists where units run."""

    python = "python3"

    def spec(self, work: Path, *argv: str, limits: Limits | None = None, **environment: str) -> UnitSpec:
        return UnitSpec(
            unit_id=f"unit-{next(_NUMBERS)}",
            kind=UnitKind.RUN,
            argv=argv,
            working_dir=work,
            environment={"PATH": "/usr/bin:/bin", **environment},
            limits=limits or Limits(),
            owner="ada",
        )

    def script(self, work: Path, code: str, limits: Limits | None = None) -> UnitSpec:
        return self.spec(work, self.python, "-u", "-c", code, limits=limits)

    def test_it_says_who_it_is(self, backend: ComputeBackend) -> None:
        assert backend.name
        assert isinstance(backend.isolates, Isolation)

    def test_start_returns_before_the_unit_ends(self, backend: ComputeBackend, tmp_path: Path) -> None:
        spec = self.spec(tmp_path / "w", "/bin/sleep", "30")
        begun = time.monotonic()
        status = backend.start(spec)
        assert time.monotonic() - begun < 5
        assert (status.unit_id, status.kind, status.exit) == (spec.unit_id, UnitKind.RUN, None)
        assert status.phase in (UnitPhase.STARTING, UnitPhase.RUNNING)
        wait_until(lambda: backend.observe(spec.unit_id).phase is UnitPhase.RUNNING)
        running = backend.observe(spec.unit_id)
        assert running.pid
        assert running.started_at is not None
        assert running.memory_bytes is not None
        backend.stop(spec.unit_id, grace_s=5)

    @pytest.mark.parametrize("code", [0, 1, 7, 255])
    def test_the_exit_code_is_recorded(self, backend: ComputeBackend, tmp_path: Path, code: int) -> None:
        spec = self.spec(tmp_path / "w", "/bin/sh", "-c", f"exit {code}")
        backend.start(spec)
        ended = wait_for_end(backend, spec.unit_id).exit
        assert ended is not None
        assert (ended.reason, ended.exit_code, ended.signal) == (ExitReason.EXITED, code, None)
        assert ended.ok == (code == 0)
        assert ended.started_at <= ended.ended_at
        assert ended.started_at.tzinfo is not None
        assert ended.peak_memory_bytes > 0

    def test_a_signal_is_recorded(self, backend: ComputeBackend, tmp_path: Path) -> None:
        spec = self.spec(tmp_path / "w", "/bin/sh", "-c", "kill -USR1 $$; exit 3")
        backend.start(spec)
        ended = wait_for_end(backend, spec.unit_id).exit
        assert ended is not None
        assert (ended.reason, ended.exit_code, ended.signal) == (ExitReason.SIGNALLED, None, 10)

    def test_a_program_that_does_not_exist_is_named(self, backend: ComputeBackend, tmp_path: Path) -> None:
        spec = self.spec(tmp_path / "w", "/nowhere/program", "x")
        backend.start(spec)
        ended = wait_for_end(backend, spec.unit_id).exit
        assert ended is not None
        assert ended.reason is ExitReason.NOT_STARTED
        assert "/nowhere/program" in ended.message
        assert (ended.exit_code, ended.ok) == (None, False)

    def test_its_environment_is_what_the_spec_says_and_its_id(self, backend: ComputeBackend, tmp_path: Path) -> None:
        spec = self.spec(tmp_path / "w", "/usr/bin/env", GREETING="hallo Welt\nzwei")
        backend.start(spec)
        wait_for_end(backend, spec.unit_id)
        lines = set(backend.log_tail(spec.unit_id).splitlines())
        assert lines == {"PATH=/usr/bin:/bin", "GREETING=hallo Welt", "zwei", f"REDSPOT_UNIT_ID={spec.unit_id}"}

    def test_it_runs_in_its_working_dir_which_is_its_own(self, backend: ComputeBackend, tmp_path: Path) -> None:
        work = tmp_path / "not" / "there yet"
        spec = self.spec(work, "/bin/sh", "-c", "pwd; umask; echo 1 > made")
        backend.start(spec)
        wait_for_end(backend, spec.unit_id)
        assert backend.log_tail(spec.unit_id).split("\n")[:2] == [str(work), "0077"]
        assert work.stat().st_mode & 0o777 == 0o700
        assert (work / "made").stat().st_mode & 0o077 == 0

    def test_no_shell_sees_the_arguments(self, backend: ComputeBackend, tmp_path: Path) -> None:
        spec = self.spec(tmp_path / "w", "/bin/echo", "$HOME; `id` && *", "ä \u2603")
        backend.start(spec)
        wait_for_end(backend, spec.unit_id)
        assert backend.log_tail(spec.unit_id) == "$HOME; `id` && * ä \u2603\n"

    def test_the_log_holds_both_outputs_and_its_tail_is_bounded(self, backend: ComputeBackend, tmp_path: Path) -> None:
        code = "import sys; print('first'); print('second', file=sys.stderr); sys.stdout.buffer.write(b'\\xff' * 10)"
        spec = self.script(tmp_path / "w", code)
        backend.start(spec)
        wait_for_end(backend, spec.unit_id)
        assert backend.log_tail(spec.unit_id) == "first\nsecond\n" + "\ufffd" * 10
        assert backend.log_tail(spec.unit_id, max_bytes=10) == "\ufffd" * 10

    def test_an_id_is_never_started_twice(self, backend: ComputeBackend, tmp_path: Path) -> None:
        spec = self.spec(tmp_path / "w", "/bin/true")
        backend.start(spec)
        with pytest.raises(UnitExistsError, match=spec.unit_id):
            backend.start(spec)
        wait_for_end(backend, spec.unit_id)
        with pytest.raises(UnitExistsError):
            backend.start(spec)
        backend.forget(spec.unit_id)
        with pytest.raises(UnitExistsError):
            backend.start(spec)

    def test_stop_ends_it_gently_first(self, backend: ComputeBackend, tmp_path: Path) -> None:
        code = (
            "import signal, sys, time\n"
            "signal.signal(signal.SIGTERM, lambda *_: (print('tidied'), sys.exit(5)))\n"
            "print('ready')\ntime.sleep(60)"
        )
        spec = self.script(tmp_path / "w", code)
        backend.start(spec)
        wait_until(lambda: backend.log_tail(spec.unit_id) == "ready\n")
        begun = time.monotonic()
        ended = backend.stop(spec.unit_id, grace_s=20).exit
        assert time.monotonic() - begun < 10
        assert ended is not None
        assert (ended.reason, ended.exit_code) == (ExitReason.STOPPED, 5)
        assert backend.log_tail(spec.unit_id) == "ready\ntidied\n"
        assert backend.stop(spec.unit_id).exit == ended

    def test_stop_right_after_start_is_heard(self, backend: ComputeBackend, tmp_path: Path) -> None:
        spec = self.spec(tmp_path / "w", "/bin/sleep", "60")
        backend.start(spec)
        ended = backend.stop(spec.unit_id, grace_s=5).exit
        assert ended is not None
        assert ended.reason is ExitReason.STOPPED

    def test_stop_leaves_the_record_of_what_ended_by_itself(self, backend: ComputeBackend, tmp_path: Path) -> None:
        spec = self.spec(tmp_path / "w", "/bin/sh", "-c", "exit 4")
        backend.start(spec)
        ended = wait_for_end(backend, spec.unit_id).exit
        assert backend.stop(spec.unit_id).exit == ended

    def test_the_time_limit_holds(self, backend: ComputeBackend, tmp_path: Path) -> None:
        spec = self.spec(tmp_path / "w", "/bin/sleep", "60", limits=Limits(timeout_s=0.5))
        backend.start(spec)
        ended = wait_for_end(backend, spec.unit_id).exit
        assert ended is not None
        assert ended.reason is ExitReason.TIMED_OUT
        assert "0.5 s" in ended.message
        assert (ended.ended_at - ended.started_at).total_seconds() < 10

    def test_the_memory_limit_holds(self, backend: ComputeBackend, tmp_path: Path) -> None:
        code = "import time\nheld = []\nwhile True:\n    held.append(b'x' * 4_000_000); time.sleep(0.01)"
        spec = self.script(tmp_path / "w", code, limits=Limits(memory_bytes=64 * MIB))
        backend.start(spec)
        ended = wait_for_end(backend, spec.unit_id).exit
        assert ended is not None
        assert (ended.reason, ended.signal) == (ExitReason.OUT_OF_MEMORY, 9)
        assert "limit of 64 MiB" in ended.message
        assert 48 * MIB < ended.peak_memory_bytes < 256 * MIB

    def test_the_memory_of_children_counts(self, backend: ComputeBackend, tmp_path: Path) -> None:
        code = (
            "import os, time\n"
            "for _ in range(4):\n"
            "    if os.fork() == 0:\n"
            "        held = os.urandom(30_000_000); time.sleep(60)\n"
            "time.sleep(60)"
        )
        spec = self.script(tmp_path / "w", code, limits=Limits(memory_bytes=80 * MIB))
        backend.start(spec)
        ended = wait_for_end(backend, spec.unit_id).exit
        assert ended is not None
        assert ended.reason is ExitReason.OUT_OF_MEMORY

    def test_it_may_use_its_memory_up_to_the_limit(self, backend: ComputeBackend, tmp_path: Path) -> None:
        code = "import time; held = b'x' * 60_000_000; time.sleep(0.3); print('fine')"
        spec = self.script(tmp_path / "w", code, limits=Limits(memory_bytes=128 * MIB))
        backend.start(spec)
        ended = wait_for_end(backend, spec.unit_id).exit
        assert ended is not None
        assert ended.ok, ended.message
        assert ended.peak_memory_bytes > 60_000_000

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"argv": ()}, "argv"),
            ({"argv": ("a\0b",)}, "argv"),
            ({"unit_id": "../x"}, "unit_id"),
            ({"working_dir": Path("relative")}, "working_dir"),
            ({"environment": {"A=B": "c"}}, "environment"),
            ({"limits": Limits(memory_bytes=0)}, "memory_bytes"),
            ({"limits": Limits(cpu=-1)}, "cpu"),
            ({"limits": Limits(timeout_s=float("nan"))}, "timeout_s"),
        ],
    )
    def test_what_cannot_run_is_refused(
        self, backend: ComputeBackend, tmp_path: Path, change: dict[str, object], field: str
    ) -> None:
        import dataclasses

        spec = dataclasses.replace(self.spec(tmp_path / "w", "/bin/true"), **change)  # type: ignore[arg-type]
        with pytest.raises(UnitSpecError, match=field):
            backend.start(spec)
        assert backend.unit_ids() == ()

    @pytest.mark.parametrize("unit_id", ["nobody", "", "..", "a/b", "."])
    def test_an_unknown_unit_is_not_found(self, backend: ComputeBackend, unit_id: str) -> None:
        for ask in (backend.observe, backend.stop, backend.log_tail, backend.forget):
            with pytest.raises(UnitNotFoundError):
                ask(unit_id)

    def test_units_are_listed_oldest_first_until_forgotten(self, backend: ComputeBackend, tmp_path: Path) -> None:
        assert backend.unit_ids() == ()
        specs = [self.spec(tmp_path / "w", "/bin/true") for _ in range(3)]
        for spec in specs:
            backend.start(spec)
        for spec in specs:
            wait_for_end(backend, spec.unit_id)
        assert backend.unit_ids() == tuple(spec.unit_id for spec in specs)
        backend.forget(specs[1].unit_id)
        assert backend.unit_ids() == (specs[0].unit_id, specs[2].unit_id)
        with pytest.raises(UnitNotFoundError):
            backend.observe(specs[1].unit_id)

    def test_a_running_unit_is_not_forgotten(self, backend: ComputeBackend, tmp_path: Path) -> None:
        spec = self.spec(tmp_path / "w", "/bin/sleep", "60")
        backend.start(spec)
        with pytest.raises(UnitAliveError):
            backend.forget(spec.unit_id)
        backend.stop(spec.unit_id, grace_s=5)
        backend.forget(spec.unit_id)
