from __future__ import annotations

import os
from pathlib import Path

import pytest

from redspot.compute.cgroup import V1Cgroup, V2Cgroup, make_cgroup, reopen_cgroup
from redspot.compute.mount import read_mounts

MIB = 1024 * 1024


class Machine:
    """A fake tree of control groups, and the two files of /proc that describe it."""

    def __init__(self, folder: Path) -> None:
        self.proc = folder / "proc"
        self.tree = folder / "cgroup"
        self.proc.mkdir()
        self.tree.mkdir()
        self._mounts: list[str] = []
        self._groups: list[str] = []

    def mount_v1(self, name: str, own: str, root: str = "/") -> Path:
        point = self.tree / name
        (point / own.strip("/")).mkdir(parents=True)
        self._mounts.append(f"31 23 0:29 {root} {point} rw,relatime - cgroup cgroup rw,{name}")
        self._groups.append(f"{len(self._groups) + 1}:{name}:{own}")
        return self._write() / name

    def mount_v2(self, own: str, controllers: str, handed_down: str) -> Path:
        point = self.tree / "unified"
        folder = point / own.strip("/")
        folder.mkdir(parents=True)
        for parent in {folder, folder.parent if folder != point else folder}:
            (parent / "cgroup.controllers").write_text(controllers)
            (parent / "cgroup.subtree_control").write_text(handed_down)
        self._mounts.append(f"32 23 0:30 / {point} rw - cgroup2 cgroup2 rw,nsdelegate")
        self._groups.append(f"0::{own}")
        self._write()
        return folder

    def _write(self) -> Path:
        (self.proc / "mountinfo").write_text("22 1 0:1 / / rw - ext4 /dev/vda rw\n" + "\n".join(self._mounts) + "\n")
        (self.proc / "cgroup").write_text("\n".join(self._groups) + "\n")
        return self.tree


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_without_control_groups_there_is_none(machine: Machine) -> None:
    machine.mount_v1("cpu", "/")
    assert make_cgroup("u", proc=machine.proc) is None
    assert make_cgroup("u", proc=machine.proc / "missing") is None
    assert list((machine.tree / "cpu").iterdir()) == []


def test_version_1_lies_under_our_own_groups(machine: Machine) -> None:
    memory = machine.mount_v1("memory", "/system/service")
    cpu = machine.mount_v1("cpu", "/")
    group = make_cgroup("u", proc=machine.proc)
    assert isinstance(group, V1Cgroup)
    assert group.paths == (str(memory / "system/service/u"), str(cpu / "u"))
    assert group.holds_cpu
    group.limit(64 * MIB, 0.5)
    assert (memory / "system/service/u/memory.limit_in_bytes").read_text() == str(64 * MIB)
    assert (cpu / "u/cpu.cfs_quota_us").read_text() == "50000"
    assert not (memory / "system/service/u/memory.memsw.limit_in_bytes").exists()


def test_version_1_reads_use_without_the_file_cache(machine: Machine) -> None:
    memory = machine.mount_v1("memory", "/") / "u"
    group = make_cgroup("u", proc=machine.proc)
    assert group is not None
    (memory / "memory.usage_in_bytes").write_text("1000\n")
    (memory / "memory.stat").write_text("inactive_file 999\ntotal_inactive_file 300\n")
    (memory / "memory.oom_control").write_text("oom_kill_disable 0\nunder_oom 0\noom_kill 2\n")
    (memory / "cgroup.procs").write_text("12\n13\n")
    assert (group.memory_bytes(), group.oom_kills(), group.members()) == (700, 2, {12, 13})
    reopened = reopen_cgroup(group.paths)
    assert reopened is not None
    assert reopened.memory_bytes() == 700
    (memory / "cgroup.procs").unlink()
    assert reopen_cgroup(group.paths) is None


def test_a_container_that_sees_the_path_of_its_host(machine: Machine) -> None:
    machine.mount_v1("memory", "/docker/abc", root="/docker/abc")
    assert read_mounts(machine.proc)[0].own == machine.tree / "memory"
    (machine.proc / "cgroup").write_text("1:memory:/elsewhere\n")
    assert read_mounts(machine.proc)[0].own == machine.tree / "memory"


def test_version_2_in_a_delegated_group_lies_beside_us(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    own = machine.mount_v2("/redspot.service/main", "cpu memory pids", "cpu memory pids")
    (own / "cgroup.subtree_control").unlink()
    folder = own.parent / "u"
    kernel_fills(monkeypatch, "cpu.max", "memory.max", "memory.swap.max", "pids.max")
    group = make_cgroup("u", proc=machine.proc)
    assert isinstance(group, V2Cgroup)
    assert (group.paths, group.holds_cpu) == ((str(folder),), True)
    group.limit(64 * MIB, 2)
    group.forbid_forks()
    group.enter()
    assert (folder / "memory.max").read_text() == str(64 * MIB)
    assert (folder / "memory.swap.max").read_text() == "0"
    assert (folder / "memory.oom.group").read_text() == "1"
    assert (folder / "cpu.max").read_text() == "200000 100000"
    assert (folder / "pids.max").read_text() == "0"
    assert group.members() == {os.getpid()}
    (folder / "memory.current").write_text("900\n")
    (folder / "memory.stat").write_text("anon 1\ninactive_file 400\n")
    (folder / "memory.events").write_text("low 0\noom 3\noom_kill 1\n")
    assert (group.memory_bytes(), group.oom_kills()) == (500, 1)
    reopened = reopen_cgroup(group.paths)
    assert isinstance(reopened, V2Cgroup)


def test_version_2_hands_down_what_is_offered(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    own = machine.mount_v2("/", "memory pids", "pids")
    kernel_fills(monkeypatch, "memory.max", "pids.max")
    group = make_cgroup("u", proc=machine.proc)
    assert group is not None
    assert (own / "cgroup.subtree_control").read_text() == "+memory"
    assert not group.holds_cpu


def test_version_2_that_counts_no_memory_is_not_used(machine: Machine) -> None:
    own = machine.mount_v2("/", "memory", "memory")
    assert make_cgroup("u", proc=machine.proc) is None
    assert not (own / "u").exists()


def kernel_fills(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """Let new folders hold the files that the kernel would put there."""
    mkdir = Path.mkdir

    def filling(path: Path, *, exist_ok: bool = False) -> None:
        mkdir(path, exist_ok=exist_ok)
        for name in names:
            (path / name).touch()

    monkeypatch.setattr(Path, "mkdir", filling)
