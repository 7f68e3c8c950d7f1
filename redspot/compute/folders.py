"""The folders of a backend's units: one each, whose name is used once and for ever."""

from __future__ import annotations

import shutil
from pathlib import Path

from redspot.compute.files import FORGOTTEN, LOCK
from redspot.compute.records import read_kind
from redspot.compute.unit import UnitKind, UnitNotFoundError


class UnitFolders:
    """Finds units by their folders ``root/<unit_id>``.

    Parameters
    ----------
    root
        Folder of all units of one backend.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def find(self, unit_id: str) -> tuple[Path, UnitKind]:
        """Return a unit's folder and what the unit is for (UnitNotFoundError)."""
        folder = self._root / unit_id
        is_name = unit_id not in ("", ".", "..") and "/" not in unit_id and "\0" not in unit_id
        kind = read_kind(folder) if is_name and not (folder / FORGOTTEN).exists() else None
        if kind is None:
            raise UnitNotFoundError(f"no unit {unit_id!r} was started here, or it was forgotten.", unit_id=unit_id)
        return folder, kind

    def ids(self) -> tuple[str, ...]:
        """Return the ids of all units, oldest first."""
        if not self._root.exists():
            return ()
        found = []
        for folder in self._root.iterdir():
            if folder.name.startswith(".") or (folder / FORGOTTEN).exists():
                continue
            # The lock file is never written to, so its time is the start's.
            found.append(((folder / LOCK).stat().st_mtime_ns, folder.name))
        return tuple(name for _, name in sorted(found))


def clear(folder: Path) -> None:
    """Remove the files of a unit; an empty marker keeps its id used."""
    (folder / FORGOTTEN).touch(mode=0o600)
    for entry in folder.iterdir():
        if entry.name == FORGOTTEN:
            continue
        if entry.is_dir():
            shutil.rmtree(entry)
        else:
            entry.unlink(missing_ok=True)
