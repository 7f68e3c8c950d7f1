from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from redspot.compute.cgroup import make_cgroup
from redspot.compute.files import EXIT, LOCK, SUPERVISOR, SUPERVISOR_LOG
from redspot.compute.launch import cgroup_name, claim, launch, spec_content
from redspot.compute.proc import marked, start_of
from redspot.compute.process import ProcessBackend
from redspot.compute.unit import ComputeBackend, ExitReason, Limits, UnitPhase, UnitSpec
from tests.conformance.compute_backend import ComputeBackendSuite, wait_for_end, wait_until

ESCAPER = """
    import os, signal, sys, time
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            print('escaped', os.getpid(), flush=True)
            time.sleep(120)
        os._exit(0)
    os.wait()
"""


def _group_available() -> bool:
    group = make_cgroup(f"redspot-test-probe-{os.getpid()}")
    if group is None:
        return False
    group.remove()
    return True


def supervisor_pid(root: Path, unit_id: str) -> int:
    file = root / unit_id / SUPERVISOR
    wait_until(lambda: file.exists() and json.loads(file.read_text())["unit_pid"] is not None)
    return int(json.loads(file.read_text())["pid"])


def cgroups_of(root: Path) -> list[Path]:
    return list(Path("/sys/fs/cgroup").glob(f"**/{cgroup_name(root, '*')}"))


class ProcessSuite(ComputeBackendSuite):
    python = sys.executable
    cgroups = True

    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        return tmp_path / "units"

    @pytest.fixture
    def backend(self, root: Path) -> Iterator[ComputeBackend]:
        if self.cgroups and not _group_available():
            pytest.skip("no control group can be written here")
        backend = ProcessBackend(root, cgroups=self.cgroups, log_max_bytes=1024 * 1024)
        yield backend
        for unit_id in backend.unit_ids():
            backend.stop(unit_id, grace_s=1)
            assert marked(unit_id) == set()
            assert (root / unit_id / SUPERVISOR_LOG).read_text() == ""
        assert cgroups_of(root) == []

    def escaper(self, work: Path, tail: str = "") -> UnitSpec:
        return self.script(work, textwrap.dedent(ESCAPER) + tail)

    def test_the_folder_is_private_and_keeps_no_secret(
        self, backend: ProcessBackend, root: Path, tmp_path: Path
    ) -> None:
        spec = self.spec(tmp_path / "w", "/bin/sleep", "60", SECRET="s3cr3t-value")
        backend.start(spec)
        supervisor_pid(root, spec.unit_id)
        folder = root / spec.unit_id
        assert folder.stat().st_mode & 0o777 == 0o700
        assert all(file.stat().st_mode & 0o077 == 0 for file in folder.iterdir())
        assert not any(b"s3cr3t-value" in file.read_bytes() for file in folder.iterdir())

    def test_stop_leaves_nothing(self, backend: ProcessBackend, tmp_path: Path) -> None:
        spec = self.escaper(tmp_path / "w", "time.sleep(120)")
        backend.start(spec)
        wait_until(lambda: backend.log_tail(spec.unit_id).endswith("\n"))
        escaped = int(backend.log_tail(spec.unit_id).split()[1])
        assert start_of(escaped) is not None
        ended = backend.stop(spec.unit_id, grace_s=0.3).exit
        assert ended is not None
        assert (ended.reason, ended.signal) == (ExitReason.STOPPED, 9)
        assert start_of(escaped) is None

    def test_the_end_leaves_nothing(self, backend: ProcessBackend, tmp_path: Path) -> None:
        spec = self.escaper(tmp_path / "w", "sys.exit(3)")
        backend.start(spec)
        ended = wait_for_end(backend, spec.unit_id).exit
        assert ended is not None
        assert (ended.reason, ended.exit_code) == (ExitReason.EXITED, 3)
        assert start_of(int(backend.log_tail(spec.unit_id).split()[1])) is None

    def test_a_second_stop_can_be_less_patient(self, backend: ProcessBackend, tmp_path: Path) -> None:
        spec = self.script(
            tmp_path / "w", "import signal, time; signal.signal(15, signal.SIG_IGN); print(1); time.sleep(99)"
        )
        backend.start(spec)
        wait_until(lambda: backend.log_tail(spec.unit_id).endswith("\n"))
        code = f"backend.stop({spec.unit_id!r}, grace_s=60)"
        patient = self.elsewhere(tmp_path / "units", code)
        wait_until(lambda: (tmp_path / "units" / spec.unit_id / "stop.json").exists())
        ended = backend.stop(spec.unit_id, grace_s=0).exit
        assert ended is not None
        assert ended.reason is ExitReason.STOPPED
        patient.communicate(timeout=10)
        assert patient.returncode == 0

    def elsewhere(self, root: Path, code: str, stdin: int | None = None) -> subprocess.Popen[bytes]:
        """Run code with a backend of its own in another process."""
        prelude = f"""
            import sys
            from pathlib import Path
            from redspot.compute.process import ProcessBackend
            from redspot.compute.unit import *
            backend = ProcessBackend(Path({str(root)!r}), cgroups={self.cgroups})
        """
        argv = [sys.executable, "-c", textwrap.dedent(prelude) + code]
        return subprocess.Popen(argv, stdin=stdin, stdout=subprocess.PIPE)

    def test_a_unit_outlives_its_starter_and_is_adopted(
        self, backend: ProcessBackend, root: Path, tmp_path: Path
    ) -> None:
        work = tmp_path / "w"
        shell = "while [ ! -e go ]; do /bin/sleep 0.02; done; exit 6"
        code = (
            f"work = Path({str(work)!r})\n"
            f"backend.start(UnitSpec('adopted', UnitKind.RUN, ('/bin/sh', '-c', {shell!r}), work))\n"
            "print('started', flush=True)\nimport time; time.sleep(60)"
        )
        starter = self.elsewhere(root, code)
        assert starter.stdout is not None
        assert starter.stdout.readline() == b"started\n"
        starter.kill()
        starter.wait()
        # The unit holds no copy of its starter's pipe: it ends although the unit runs.
        assert starter.stdout.read() == b""
        starter.stdout.close()
        wait_until(lambda: backend.observe("adopted").phase is UnitPhase.RUNNING)
        (work / "go").touch()
        ended = wait_for_end(backend, "adopted").exit
        assert ended is not None
        assert ended.exit_code == 6

    def test_of_two_processes_that_race_one_starts_the_unit(
        self, backend: ProcessBackend, root: Path, tmp_path: Path
    ) -> None:
        code = textwrap.dedent(f"""
            sys.stdin.readline()
            work = Path({str(tmp_path / "w")!r})
            try:
                backend.start(UnitSpec('raced', UnitKind.RUN, ('/bin/sh', '-c', 'echo once'), work))
            except UnitExistsError:
                sys.exit(9)
        """)
        reader, writer = os.pipe()
        racers = [self.elsewhere(root, code, stdin=reader) for _ in range(4)]
        os.close(reader)
        # Nothing is ever written: closing the pipe lets all of them go at once.
        os.close(writer)
        for racer in racers:
            racer.communicate(timeout=30)
        assert sorted(racer.returncode for racer in racers) == [0, 9, 9, 9]
        wait_for_end(backend, "raced")
        assert backend.log_tail("raced") == "once\n"
        assert [path.name for path in root.iterdir()] == ["raced"]

    def test_the_service_has_no_child_and_the_unit_no_foreign_handle(
        self, backend: ProcessBackend, tmp_path: Path
    ) -> None:
        reader, writer = os.pipe()
        os.set_inheritable(writer, True)
        spec = self.spec(tmp_path / "w", "/bin/sh", "-c", "ls /proc/$$/fd; readlink /proc/$$/fd/0; exec /bin/sleep 60")
        backend.start(spec)
        os.close(writer)
        wait_until(lambda: "/dev/null\n" in backend.log_tail(spec.unit_id))
        assert os.read(reader, 1) == b""
        os.close(reader)
        assert backend.log_tail(spec.unit_id).split() == ["0", "1", "2", "/dev/null"]
        with pytest.raises(ChildProcessError):
            os.waitpid(-1, os.WNOHANG)

    def test_a_killed_supervisor_takes_its_unit_along(
        self, backend: ProcessBackend, root: Path, tmp_path: Path
    ) -> None:
        spec = self.escaper(tmp_path / "w", "time.sleep(120)")
        backend.start(spec)
        wait_until(lambda: backend.log_tail(spec.unit_id).endswith("\n"))
        escaped = int(backend.log_tail(spec.unit_id).split()[1])
        first = backend.observe(spec.unit_id).pid
        os.kill(supervisor_pid(root, spec.unit_id), signal.SIGKILL)
        wait_until(lambda: backend.observe(spec.unit_id).phase is UnitPhase.LOST)
        wait_until(lambda: start_of(escaped) is None and start_of(first or 0) is None, 5)
        assert backend.observe(spec.unit_id).exit is None
        ended = backend.stop(spec.unit_id).exit
        assert ended is not None
        assert (ended.reason, ended.exit_code, ended.signal) == (ExitReason.STOPPED, None, None)
        assert "not known" in ended.message
        assert backend.observe(spec.unit_id).phase is UnitPhase.ENDED

    def test_stop_alone_ends_what_a_killed_supervisor_left(
        self, backend: ProcessBackend, root: Path, tmp_path: Path
    ) -> None:
        spec = self.escaper(tmp_path / "w", "time.sleep(120)")
        backend.start(spec)
        wait_until(lambda: backend.log_tail(spec.unit_id).endswith("\n"))
        escaped = int(backend.log_tail(spec.unit_id).split()[1])
        os.kill(supervisor_pid(root, spec.unit_id), signal.SIGKILL)
        assert backend.stop(spec.unit_id).phase is UnitPhase.ENDED
        assert start_of(escaped) is None

    def test_a_pid_that_is_used_again_is_not_mistaken(
        self, backend: ProcessBackend, root: Path, tmp_path: Path
    ) -> None:
        spec = self.spec(tmp_path / "w", "/bin/sleep", "60")
        backend.start(spec)
        supervisor = supervisor_pid(root, spec.unit_id)
        file = root / spec.unit_id / SUPERVISOR
        record = json.loads(file.read_text())
        os.kill(supervisor, signal.SIGKILL)
        wait_until(lambda: start_of(supervisor) is None)
        bystander = subprocess.Popen(["/bin/sleep", "60"])
        # As if the kernel had given both pids to somebody else.
        file.write_text(json.dumps(record | {"pid": bystander.pid, "unit_pid": bystander.pid, "unit_start": "1"}))
        assert backend.observe(spec.unit_id).phase is UnitPhase.LOST
        assert backend.stop(spec.unit_id).phase is UnitPhase.ENDED
        assert bystander.poll() is None
        bystander.kill()
        bystander.wait()

    def test_after_a_reboot_a_unit_is_lost(self, backend: ProcessBackend, root: Path, tmp_path: Path) -> None:
        spec = self.spec(tmp_path / "w", "/bin/sleep", "60")
        backend.start(spec)
        supervisor_pid(root, spec.unit_id)
        file = root / spec.unit_id / SUPERVISOR
        truth = file.read_text()
        file.write_text(json.dumps(json.loads(truth) | {"boot_id": "another"}))
        assert backend.observe(spec.unit_id).phase is UnitPhase.LOST
        file.write_text(truth)
        (root / spec.unit_id / "swept").unlink()
        assert backend.observe(spec.unit_id).phase is UnitPhase.RUNNING

    def test_a_starter_that_died_before_launching_leaves_a_lost_unit(self, backend: ProcessBackend, root: Path) -> None:
        spec = self.spec(root / "w", "/bin/true")
        _, lock = claim(root, spec, spec_content(spec, root, cgroups=False, log_max_bytes=1000))
        assert backend.observe(spec.unit_id).phase is UnitPhase.STARTING
        os.close(lock)
        assert backend.observe(spec.unit_id).phase is UnitPhase.LOST
        backend.forget(spec.unit_id)

    def test_the_log_cannot_fill_the_disk(self, backend: ProcessBackend, root: Path, tmp_path: Path) -> None:
        spec = self.script(tmp_path / "w", "for n in range(60_000): print(n, 'x' * 90)")
        backend.start(spec)
        assert wait_for_end(backend, spec.unit_id).exit is not None
        files = [file for file in (root / spec.unit_id).iterdir() if file.name.startswith("log")]
        assert sum(file.stat().st_size for file in files) <= 1024 * 1024
        tail = backend.log_tail(spec.unit_id, max_bytes=500_000)
        assert tail.endswith("59999 " + "x" * 90 + "\n")
        assert len(tail) == 500_000

    def test_a_full_disk_costs_the_log_and_not_the_unit(self, backend: ProcessBackend, root: Path) -> None:
        spec = self.spec(root, "/bin/sh", "-c", "echo 1234567; exit 3")
        folder, lock = claim(root, spec, spec_content(spec, root, cgroups=self.cgroups, log_max_bytes=1000))
        (folder / "log").symlink_to("/dev/full")
        launch(folder, lock)
        os.close(lock)
        ended = wait_for_end(backend, spec.unit_id).exit
        assert ended is not None
        assert (ended.reason, ended.exit_code) == (ExitReason.EXITED, 3)
        assert ended.message == "The disk was full: 8 bytes of its log are lost."
        (folder / "log").unlink()

    def test_every_record_is_written_whole(self, backend: ProcessBackend, root: Path, tmp_path: Path) -> None:
        spec = self.spec(tmp_path / "w", "/bin/true")
        backend.start(spec)
        wait_for_end(backend, spec.unit_id)
        wait_until(lambda: start_of(supervisor_pid(root, spec.unit_id)) is None)
        names = {file.name for file in (root / spec.unit_id).iterdir()}
        assert names == {"spec.json", LOCK, SUPERVISOR, SUPERVISOR_LOG, "log", EXIT}


class TestWithoutControlGroups(ProcessSuite):
    cgroups = False

    def test_it_says_what_it_does_not_hold(self, backend: ProcessBackend) -> None:
        assert (backend.enforcement().memory, backend.enforcement().cpu) == ("supervisor", "none")

    def test_an_empty_environment_hides_nobody(self, backend: ProcessBackend, tmp_path: Path) -> None:
        spec = self.spec(tmp_path / "w", "/bin/sh", "-c", "env -i setsid /bin/sleep 77 & echo $!; exit 0")
        backend.start(spec)
        wait_for_end(backend, spec.unit_id)
        assert start_of(int(backend.log_tail(spec.unit_id))) is None


class TestWithControlGroups(ProcessSuite):
    def test_it_says_who_holds_the_limits(self, backend: ProcessBackend) -> None:
        assert backend.enforcement().memory.startswith("cgroup-v")

    def test_a_running_unit_has_groups_of_its_own(self, backend: ProcessBackend, root: Path, tmp_path: Path) -> None:
        spec = self.spec(tmp_path / "w", "/bin/sleep", "60")
        backend.start(spec)
        supervisor_pid(root, spec.unit_id)
        groups = cgroups_of(root)
        assert groups
        assert {group.name for group in groups} == {cgroup_name(root, spec.unit_id)}
        pid = str(backend.observe(spec.unit_id).pid)
        assert all(pid in (group / "cgroup.procs").read_text().split() for group in groups)

    def test_the_cpu_limit_holds(self, backend: ProcessBackend, tmp_path: Path) -> None:
        if backend.enforcement().cpu == "none":
            pytest.skip("no cpu controller can be written here")
        code = (
            "import os, time\nbegun = time.monotonic()\nwhile time.monotonic() < begun + 1.5: pass\n"
            "print(sum(os.times()[:2]) / (time.monotonic() - begun))"
        )
        spec = self.script(tmp_path / "w", code, limits=Limits(cpu=0.2))
        begun = time.monotonic()
        backend.start(spec)
        wait_for_end(backend, spec.unit_id)
        assert time.monotonic() - begun < 15
        assert 0.05 < float(backend.log_tail(spec.unit_id)) < 0.35


def test_the_supervisor_is_light() -> None:
    code = (
        "import sys; sys.path.insert(0, '.'); import redspot.compute.supervisor; "
        "print(*{'dataclasses', 'subprocess', 'asyncio', 'numpy', 'inspect', 'logging'} & sys.modules.keys())"
    )
    answer = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, check=True, text=True)
    assert answer.stdout.strip() == ""
