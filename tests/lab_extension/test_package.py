"""The npm side: one version, and a lock file that works wherever packages come from. Each guard is shown red once."""

from __future__ import annotations

import copy
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from redspot import __version__


def _beside(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


npm = _beside("npm")
LOCK = npm.read_json("package-lock.json")
PACKAGE = npm.read_json("lab_extension", "package.json")
PICTURES = npm.read_json("widgets", "package.json")


def test_the_extension_has_the_version_of_the_python_package() -> None:
    assert PACKAGE["version"] == __version__
    assert LOCK["packages"]["lab_extension"]["version"] == __version__, "run: npm install"
    assert PICTURES["version"] == PACKAGE["dependencies"]["@redspot/pictures"] == __version__
    assert LOCK["packages"]["widgets"]["version"] == __version__, "run: npm install"


def test_the_lock_file_holds_no_download_address() -> None:
    assert npm.downloads(LOCK) == []


def test_the_lock_file_pins_every_package_by_content() -> None:
    assert npm.unlocked(LOCK) == []


@pytest.mark.parametrize(
    ("key", "value"),
    [("resolved", "https://packages.example/jest.tgz"), ("version", "git+ssh://git@code.example/jest.git")],
)
def test_an_address_in_the_lock_file_is_found(key: str, value: str) -> None:
    lock = copy.deepcopy(LOCK)
    lock["packages"]["node_modules/jest"][key] = value
    assert npm.downloads(lock) == [f"node_modules/jest/{key}"]


def test_a_package_without_a_hash_is_found() -> None:
    lock = copy.deepcopy(LOCK)
    del lock["packages"]["node_modules/jest"]["integrity"]
    assert npm.unlocked(lock) == ["node_modules/jest"]


def test_the_pictures_need_nothing_at_run_time() -> None:
    assert "dependencies" not in PICTURES
    assert "peerDependencies" not in PICTURES


def test_the_lock_file_knows_all_packages() -> None:
    """A lock file made before the last change of a package.json would make `npm ci` refuse."""
    for folder, package in (("", npm.read_json("package.json")), ("lab_extension", PACKAGE), ("widgets", PICTURES)):
        locked = LOCK["packages"][folder]
        for group in ("dependencies", "devDependencies"):
            assert locked.get(group, {}) == package.get(group, {}), f"run: npm install ({folder or 'root'})"


def test_the_extension_is_built_into_the_server_package() -> None:
    output = (npm.ROOT / "lab_extension" / PACKAGE["jupyterlab"]["outputDir"]).resolve()
    assert output == npm.ROOT / "server_extension" / "redspot_server" / "labextension"


def test_every_settings_schema_belongs_to_a_plugin() -> None:
    """JupyterLab loads `schema/NAME.json` for the plugin `@redspot/lab:NAME`, and is silent when there is none."""
    sources = (npm.ROOT / "lab_extension" / "src" / "plugins").glob("*.ts*")
    plugins = set(re.findall(r"id: '@redspot/lab:([a-z-]+)'", "\n".join(path.read_text() for path in sources)))
    schemas = {path.stem for path in (npm.ROOT / "lab_extension" / "schema").glob("*.json")}
    assert schemas
    assert schemas <= plugins
