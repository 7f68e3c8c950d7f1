"""pip, as what finds and fetches packages: it knows the indexes, proxies and certificates of this machine.

It runs outside of any build, so no address and no credential ever gets into an image.
"""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name, parse_wheel_filename

from redspot.images.errors import UnresolvedError, WheelError
from redspot.images.lock import Lock, LockedPackage
from redspot.images.recipe import Recipe

_TIMEOUT_S = 900.0
_SAID_CHARS = 800
_ADDRESS = re.compile(r"\(?(from )?(https?|file)://\S+")


def resolve(recipe: Recipe) -> Lock:
    """Return every package that the recipe needs on this platform and Python.

    Raises
    ------
    UnresolvedError
        When there is no such set; with pip's own last words.
    """
    with tempfile.TemporaryDirectory() as folder:
        constraints, report = Path(folder, "constraints.txt"), Path(folder, "report.json")
        constraints.write_text("\n".join(recipe.constraints))
        argv = ["install", "--dry-run", "--ignore-installed", "--only-binary", ":all:", "--quiet"]
        argv += ["--report", str(report), "--constraint", str(constraints), "--", *recipe.requirements]
        done = _pip(argv)
        if done.returncode:
            raise UnresolvedError(f"No packages were found for the recipe: {_last_words(done)}")
        found = json.loads(report.read_text())["install"]
    return Lock(tuple(sorted(map(_locked, found))), running_python(), running_platform())


def fetch(packages: Iterable[LockedPackage], folder: Path) -> tuple[Path, ...]:
    """Return the wheels of all packages, fetching what is not in `folder`; each has the locked hash.

    Raises
    ------
    WheelError
        When one cannot be had, or has another hash.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted = tuple(packages)
    there = _wheels_in(folder)
    missing = [package for package in wanted if (canonicalize_name(package.name), package.version) not in there]
    if missing:
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as lines:
            lines.write("\n".join(package.line for package in missing))
            lines.flush()
            argv = ["download", "--no-deps", "--only-binary", ":all:", "--require-hashes", "--quiet"]
            done = _pip([*argv, "--dest", str(folder), "--requirement", lines.name])
        if done.returncode:
            raise WheelError(f"The locked packages could not be fetched: {_last_words(done)}")
        there = _wheels_in(folder)
    return tuple(there[canonicalize_name(package.name), package.version] for package in wanted)


def running_python() -> str:
    """Return the minor version of this Python, such as ``3.11``."""
    return ".".join(platform.python_version_tuple()[:2])


def running_platform() -> str:
    """Return this platform, such as ``linux-x86_64``."""
    return f"{platform.system().lower()}-{platform.machine()}"


def _wheels_in(folder: Path) -> dict[tuple[str, str], Path]:
    found = {}
    for path in folder.glob("*.whl"):
        name, version, _, _ = parse_wheel_filename(path.name)
        found[str(name), str(version)] = path
    return found


def _locked(entry: dict[str, Any]) -> LockedPackage:
    described = entry["metadata"]
    name, version = str(canonicalize_name(described["name"])), str(described["version"])
    hashes = entry["download_info"].get("archive_info", {}).get("hashes", {})
    if "sha256" not in hashes:
        raise UnresolvedError(f"The index gives no SHA-256 for {name} {version}, so it cannot be locked.", package=name)
    return LockedPackage(name, version, str(hashes["sha256"]))


def _pip(argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pip", argv[0], "--disable-pip-version-check", "--no-input", *argv[1:]]
    environment = {**os.environ, "PIP_NO_COLOR": "1"}
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        timeout=_TIMEOUT_S,
        env=environment,
        stdin=subprocess.DEVNULL,
    )


def _last_words(done: subprocess.CompletedProcess[str]) -> str:
    """Return what pip complains of, without the addresses that it names."""
    text = done.stderr or done.stdout
    said = text[text.find("ERROR") :] if "ERROR" in text else f"pip ended with status {done.returncode}"
    plain = _ADDRESS.sub("", said).replace("ERROR: ", "")
    return " ".join(plain.split())[:_SAID_CHARS]
