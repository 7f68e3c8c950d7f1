"""The Docker backend on a real engine; what units run in is a small Debian that ``.ci/docker`` makes."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from redspot.compute.docker import DockerBackend
from redspot.compute.files import FORGOTTEN
from redspot.compute.launch import cgroup_name
from redspot.compute.unit import (
    Bind,
    ComputeBackend,
    ExitReason,
    Isolation,
    Limits,
    UnitKind,
    UnitPhase,
    UnitSpec,
    UnitSpecError,
)
from redspot.images.engine import DockerUnavailableError
from tests.conformance.compute_backend import ComputeBackendSuite, wait_for_end

pytestmark = pytest.mark.docker


class TestDocker(ComputeBackendSuite):
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        return tmp_path / "units"

    @pytest.fixture
    def backend(self, root: Path, docker_base: str) -> Iterator[ComputeBackend]:
        self.image = docker_base
        backend = DockerBackend(root)
        yield backend
        for unit_id in backend.unit_ids():
            backend.stop(unit_id, grace_s=0)
            backend.forget(unit_id)
        backend.close()

    def spec(self, work: Path, *argv: str, limits: Limits | None = None, **environment: str) -> UnitSpec:
        return replace(super().spec(work, *argv, limits=limits, **environment), image=self.image)

    def output(self, backend: ComputeBackend, spec: UnitSpec) -> str:
        backend.start(spec)
        wait_for_end(backend, spec.unit_id)
        return backend.log_tail(spec.unit_id)

    def test_a_unit_is_nobody_special_and_sees_nothing_of_the_machine(
        self, backend: DockerBackend, tmp_path: Path
    ) -> None:
        assert backend.isolates is Isolation.CONTAINER
        (tmp_path / "elsewhere").write_text("a secret")
        script = (
            "id -u; grep -E '^(CapEff|NoNewPrivs)' /proc/self/status; touch /etc/mine; touch /tmp/mine && echo tmp;"
            f" cat {tmp_path}/elsewhere; ls /var/run/docker.sock; ls /sys/class/net; ls /proc | grep -c '^[0-9]'"
        )
        said = self.output(backend, replace(self.spec(tmp_path / "w", "/bin/sh", "-c", script), network=False))
        assert f"{backend.account.uid}\nCapEff:\t0000000000000000\nNoNewPrivs:\t1" in said
        assert backend.account.uid != 0
        for refused in ("'/etc/mine': Read-only file system", "elsewhere: No such file", "docker.sock': No such file"):
            assert refused in said
        assert "tmp\n" in said
        assert "\nlo\n" in said
        assert "eth0" not in said

    def test_it_sees_what_is_bound_and_writes_where_it_may(self, backend: DockerBackend, tmp_path: Path) -> None:
        shown, given = tmp_path / "shown", tmp_path / "given"
        for folder in (shown, given):
            folder.mkdir()
            folder.chmod(0o777)
        (shown / "text").write_text("hallo\n")
        (shown / "text").chmod(0o644)
        spec = self.spec(tmp_path / "w", "/bin/sh", "-c", f"cat {shown}/text; touch {given}/made; touch {shown}/made")
        said = self.output(backend, replace(spec, binds=(Bind(shown), Bind(given, writable=True))))
        assert said.startswith("hallo\n")
        assert "Read-only file system" in said
        assert ((given / "made").exists(), (shown / "made").exists()) == (True, False)

    def test_another_backend_adopts_what_runs_and_learns_how_it_ended(
        self, backend: DockerBackend, tmp_path: Path
    ) -> None:
        spec = self.spec(tmp_path / "w", "/bin/sh", "-c", "while [ ! -e go ]; do /bin/sleep 0.02; done; exit 6")
        backend.start(spec)
        later = DockerBackend(tmp_path / "units")
        assert later.observe(spec.unit_id).phase is UnitPhase.RUNNING
        (tmp_path / "w" / "go").touch()
        ended = wait_for_end(later, spec.unit_id).exit
        assert ended is not None
        assert ended.exit_code == 6
        assert backend.observe(spec.unit_id).exit == ended
        later.close()

    def test_what_ended_it_from_outside_is_told(self, backend: DockerBackend, tmp_path: Path) -> None:
        killed, removed = (self.spec(tmp_path / "w", "/bin/sleep", "60") for _ in range(2))
        for spec in (killed, removed):
            backend.start(spec)
        engine("kill", container_of(killed))
        ended = wait_for_end(backend, killed.unit_id).exit
        assert ended is not None
        assert (ended.reason, ended.signal) == (ExitReason.SIGNALLED, 9)
        engine("rm", "-f", container_of(removed))
        assert backend.observe(removed.unit_id).phase is UnitPhase.LOST
        gone = backend.stop(removed.unit_id).exit
        assert gone is not None
        assert "not known" in gone.message

    def test_an_image_that_is_not_there_is_named(self, backend: DockerBackend, tmp_path: Path) -> None:
        spec = replace(self.spec(tmp_path / "w", "/bin/true"), image="redspot-nobody:1")
        ended = backend.start(spec).exit
        assert ended is not None
        assert ended.reason is ExitReason.NOT_STARTED
        assert "redspot-nobody:1" in ended.message
        with pytest.raises(UnitSpecError, match="image"):
            backend.start(replace(self.spec(tmp_path / "w", "/bin/true"), image=""))

    def test_nothing_of_a_forgotten_unit_is_left(self, backend: DockerBackend, root: Path, tmp_path: Path) -> None:
        spec = self.spec(tmp_path / "w", "/bin/true", SECRET="s3cr3t-value")
        backend.start(spec)
        wait_for_end(backend, spec.unit_id)
        assert not any(b"s3cr3t-value" in file.read_bytes() for file in (root / spec.unit_id).iterdir())
        backend.forget(spec.unit_id)
        assert [file.name for file in (root / spec.unit_id).iterdir()] == [FORGOTTEN]
        assert engine("ps", "-aq", "--filter", f"label=org.redspot.unit={spec.unit_id}") == ""
        assert list(Path("/sys/fs/cgroup").glob(f"**/{cgroup_name(root, spec.unit_id)}")) == []


def container_of(spec: UnitSpec) -> str:
    return engine("ps", "-aq", "--filter", f"label=org.redspot.unit={spec.unit_id}")


def engine(*argv: str) -> str:
    return subprocess.run(["docker", *argv], capture_output=True, text=True, check=True).stdout.strip()


def test_an_engine_that_does_not_answer_is_told(tmp_path: Path) -> None:
    backend = DockerBackend(tmp_path / "units", url=f"unix://{tmp_path}/nobody.sock")
    with pytest.raises(DockerUnavailableError, match="nobody.sock"):
        backend.start(UnitSpec("d_1-1", UnitKind.REPLICA, ("/bin/true",), tmp_path / "w", image="any"))
