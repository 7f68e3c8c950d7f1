"""The very Redspot that is running, as a wheel: it may come from no index.

The format is PEP 427's: files, metadata, and a record with the SHA-256 of each.
"""

from __future__ import annotations

import base64
import hashlib
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import redspot
from redspot._version import __version__
from redspot.images.lock import LockedPackage

_INFO = f"redspot-{__version__}.dist-info"
_NAME = f"redspot-{__version__}-py3-none-any.whl"
_TAGS = "Wheel-Version: 1.0\nGenerator: redspot\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
# The earliest moment that a zip can hold: equal files make an equal wheel.
_MOMENT = (1980, 1, 1, 0, 0, 0)
_SKIPPED = ("__pycache__",)


def write_own_wheel(folder: Path) -> tuple[Path, LockedPackage]:
    """Write the package `redspot`, which is all that an endpoint runs, as a wheel; return it and its lock."""
    root = Path(redspot.__file__).resolve().parent
    members = {
        f"redspot/{path.relative_to(root).as_posix()}": path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not any(part in _SKIPPED for part in path.parts)
    }
    described = distribution("redspot").read_text("METADATA") or ""
    members |= {f"{_INFO}/METADATA": described.encode(), f"{_INFO}/WHEEL": _TAGS.encode()}
    record = "".join(f"{name},sha256={_digest(data)},{len(data)}\n" for name, data in members.items())
    members[f"{_INFO}/RECORD"] = f"{record}{_INFO}/RECORD,,\n".encode()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / _NAME
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            member = zipfile.ZipInfo(name, _MOMENT)
            member.external_attr = 0o644 << 16
            archive.writestr(member, data, zipfile.ZIP_DEFLATED)
    return path, LockedPackage("redspot", __version__, hashlib.sha256(path.read_bytes()).hexdigest())


def base_requirements() -> tuple[str, ...]:
    """Return what the base install of Redspot requires, as PEP 508 requirements without those of extras."""
    return tuple(line for line in distribution("redspot").requires or () if "extra ==" not in line)


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
