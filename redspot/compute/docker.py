"""The Docker backend: units are containers of a local engine, unprivileged and with a root that cannot be written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redspot.compute import files
from redspot.compute.container import (
    INSTALLATION_LABEL,
    Account,
    entrypoint,
    exit_record,
    host_settings,
    labels,
    moment,
    unit_environment,
)
from redspot.compute.container_group import ContainerGroup, can_hold_groups
from redspot.compute.folders import UnitFolders, clear
from redspot.compute.launch import cgroup_name, check_spec, claim, make_working_dir, spec_content
from redspot.compute.records import read_exit, read_limits, render_exit
from redspot.compute.unit import (
    ExitReason,
    ExitRecord,
    Isolation,
    UnitAliveError,
    UnitKind,
    UnitPhase,
    UnitSpec,
    UnitSpecError,
    UnitStatus,
    UnitStopError,
)
from redspot.images.engine import DockerRefusedError, connect, translated

if TYPE_CHECKING:
    from docker import APIClient

LOG_MAX_BYTES = 32 * 1024 * 1024
# Who units are where the service is root; elsewhere they are the service's own account.
DEFAULT_ACCOUNT = Account(1000, 1000)
_MAX_LOG_LINES = 5000
_ALIVE = ("created", "running", "restarting", "paused")


class DockerBackend:
    """Units as containers. Each has a folder ``root/<unit_id>`` too: it holds the spec, and how the unit ended.

    A unit sees its working directory and what its spec binds, at the same paths as outside; nothing else of the
    machine. It is not root, has no capabilities, no way to gain any, and no Docker socket.

    Parameters
    ----------
    root
        Folder of all units of this backend.
    url
        Of the engine; empty for what ``DOCKER_HOST`` says. It must run on this machine: folders are bound.
    account
        Who units are; None for the service's own account, or 1000:1000 where that is root.
    log_max_bytes
        Bound of each unit's log.

    Raises
    ------
    DockerMissingError, DockerUnavailableError
        By each method, when there is no library or no engine.
    """

    name = "docker"
    isolates = Isolation.CONTAINER

    def __init__(
        self, root: Path, *, url: str = "", account: Account | None = None, log_max_bytes: int = LOG_MAX_BYTES
    ) -> None:
        self._root = root
        self._folders = UnitFolders(root)
        self._url = url
        self.account = account or (DEFAULT_ACCOUNT if os.geteuid() == 0 else Account(os.geteuid(), os.getegid()))
        self._log_max_bytes = log_max_bytes

    def start(self, spec: UnitSpec) -> UnitStatus:
        """Start a unit and return once its container runs, or is known not to."""
        check_spec(spec)
        if not spec.image:
            raise UnitSpecError("unit's image is empty: a container needs one.", field="image")
        content = spec_content(spec, self._root, cgroups=False, log_max_bytes=self._log_max_bytes)
        if not (self._root / spec.unit_id).exists():
            self._give(make_working_dir(spec))
        folder, lock = claim(self._root, spec, content)
        # The engine keeps the environment; a second copy would only be one more place for secrets.
        (folder / files.ENVIRONMENT).unlink()
        try:
            self._run(spec)
        except DockerRefusedError as error:
            self._record(folder, spec.unit_id, _not_started(error.message))
        finally:
            os.close(lock)
        return self.observe(spec.unit_id)

    def observe(self, unit_id: str) -> UnitStatus:
        """Return the unit as it is now; how it ended is written down as soon as that is seen."""
        folder, kind = self._folders.find(unit_id)
        ended = read_exit(folder)
        if ended is not None:
            return UnitStatus(unit_id, kind, UnitPhase.ENDED, None, ended.started_at, None, ended)
        is_starting = files.is_locked(folder / files.LOCK)
        container = self._inspect(unit_id)
        if container is None or container["State"]["Status"] == "created":
            phase = UnitPhase.STARTING if is_starting else UnitPhase.LOST
            return UnitStatus(unit_id, kind, phase, None, None, None, None)
        state = container["State"]
        if state["Status"] in _ALIVE:
            return self._running(unit_id, kind, container)
        return self._ended(unit_id, kind, folder, container, out_of_memory=False)

    def stop(self, unit_id: str, *, grace_s: float = 10.0) -> UnitStatus:
        """End every process of the unit: SIGTERM, then SIGKILL; its container's namespace leaves none behind."""
        folder, kind = self._folders.find(unit_id)
        status = self.observe(unit_id)
        if status.phase is UnitPhase.ENDED:
            return status
        files.write_json(folder / files.STOP, {"grace_s": grace_s})
        container = self._inspect(unit_id)
        if container is None or container["State"]["Status"] == "created":
            self._remove(unit_id)
            self._record(folder, unit_id, _vanished())
            return self.observe(unit_id)
        with translated():
            self._api.stop(container["Id"], timeout=max(0, round(grace_s)))
        container = self._inspect(unit_id)
        if container is not None and container["State"]["Status"] in _ALIVE:
            raise UnitStopError(f"unit {unit_id!r} did not end within {grace_s:g} s and the time to kill it.")
        if container is None:
            self._record(folder, unit_id, _vanished())
            return self.observe(unit_id)
        return self._ended(unit_id, kind, folder, container, out_of_memory=False)

    def unit_ids(self) -> tuple[str, ...]:
        """Return the ids of all units known here, oldest first."""
        return self._folders.ids()

    def log_tail(self, unit_id: str, *, max_bytes: int = 65536) -> str:
        """Return the end of the unit's log; the engine keeps it as text, so the bound is of characters."""
        self._folders.find(unit_id)
        if self._inspect(unit_id) is None:
            return ""
        with translated():
            lines = self._api.logs(self._name(unit_id), stdout=True, stderr=True, tail=_MAX_LOG_LINES)
        return lines.decode("utf-8", "replace")[-max_bytes:] if max_bytes else ""

    def forget(self, unit_id: str) -> None:
        """Remove the container and the files of a unit that has ended or is lost; its id stays used."""
        folder, _ = self._folders.find(unit_id)
        if self.observe(unit_id).phase in (UnitPhase.STARTING, UnitPhase.RUNNING):
            raise UnitAliveError(f"unit {unit_id!r} still runs; stop it before forgetting it.", unit_id=unit_id)
        self._remove(unit_id)
        clear(folder)

    def close(self) -> None:
        """Close the connections to the engine; the next call opens new ones."""
        if (api := self.__dict__.pop("_api", None)) is not None:
            api.close()

    @cached_property
    def _api(self) -> APIClient:
        return connect(self._url)

    @cached_property
    def _has_groups(self) -> bool:
        with translated():
            return can_hold_groups(str(self._api.info()["CgroupDriver"]))

    def _name(self, unit_id: str) -> str:
        return cgroup_name(self._root, unit_id)

    def _group(self, unit_id: str) -> ContainerGroup | None:
        return ContainerGroup(self._name(unit_id)) if self._has_groups else None

    def _run(self, spec: UnitSpec) -> None:
        name = self._name(spec.unit_id)
        parent = f"/{name}" if self._has_groups else None
        settings = host_settings(spec, cgroup_parent=parent, log_max_bytes=self._log_max_bytes)
        program, *arguments = entrypoint(spec)
        with translated():
            made = self._api.create_container(
                spec.image,
                arguments,
                entrypoint=[program],
                name=name,
                user=str(self.account),
                working_dir=str(spec.working_dir),
                environment=unit_environment(spec),
                labels=labels(spec, self._name("")),
                host_config=self._api.create_host_config(**settings),
            )
            self._api.start(made["Id"])

    def _give(self, folder: Path) -> None:
        """Make the unit's account the owner of its working directory, where the service may."""
        if os.geteuid() != 0:
            return
        for place, _, names in os.walk(folder):
            for path in (place, *(os.path.join(place, name) for name in names)):
                os.chown(path, self.account.uid, self.account.gid, follow_symlinks=False)

    def _inspect(self, unit_id: str) -> Mapping[str, Any] | None:
        """Return what the engine knows of the unit's container; None when it knows none."""
        from docker.errors import NotFound

        with translated():
            try:
                found: Mapping[str, Any] = self._api.inspect_container(self._name(unit_id))
            except NotFound:
                return None
        is_ours = found["Config"]["Labels"].get(INSTALLATION_LABEL) == self._name("")
        return found if is_ours else None

    def _running(self, unit_id: str, kind: UnitKind, container: Mapping[str, Any]) -> UnitStatus:
        state, group = container["State"], self._group(unit_id)
        if group is not None and group.oom_kills(container["Id"]):
            # The kernel ended one of its processes only; what is left cannot be trusted to go on.
            with translated():
                # Unlike a kill, this may also find it ended.
                self._api.stop(container["Id"], timeout=0)
            folder, _ = self._folders.find(unit_id)
            renewed = self._inspect(unit_id)
            if renewed is not None:
                return self._ended(unit_id, kind, folder, renewed, out_of_memory=True)
        held = 0 if group is None else group.memory_bytes(container["Id"]) or 0
        return UnitStatus(
            unit_id, kind, UnitPhase.RUNNING, state["Pid"] or None, moment(state["StartedAt"]), held, None
        )

    def _ended(
        self, unit_id: str, kind: UnitKind, folder: Path, container: Mapping[str, Any], *, out_of_memory: bool
    ) -> UnitStatus:
        group = self._group(unit_id)
        lines = self.log_tail(unit_id, max_bytes=4096).strip().splitlines()
        state = {**container["State"], "OOMKilled": container["State"].get("OOMKilled") or out_of_memory}
        ended = exit_record(
            state,
            read_limits(folder),
            is_stopped=(folder / files.STOP).exists(),
            peak_memory_bytes=0 if group is None else group.peak_bytes(),
            last_line=lines[-1] if lines else "",
        )
        self._record(folder, unit_id, ended)
        written = read_exit(folder) or ended
        return UnitStatus(unit_id, kind, UnitPhase.ENDED, None, written.started_at, None, written)

    def _record(self, folder: Path, unit_id: str, ended: ExitRecord) -> None:
        files.write_json_once(folder / files.EXIT, render_exit(ended))
        if (group := self._group(unit_id)) is not None:
            group.remove()

    def _remove(self, unit_id: str) -> None:
        from docker.errors import NotFound

        with translated():
            try:
                self._api.remove_container(self._name(unit_id), v=True, force=True)
            except NotFound:
                return


def _not_started(why: str) -> ExitRecord:
    now = datetime.now(UTC)
    return ExitRecord(ExitReason.NOT_STARTED, None, None, now, now, 0, why)


def _vanished() -> ExitRecord:
    now = datetime.now(UTC)
    message = "Its container was gone before it was stopped; how it ended is not known."
    return ExitRecord(ExitReason.STOPPED, None, None, now, now, 0, message)
