from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = ("redspot", "server_extension", "productionize", "kernels", "widgets", "hub_config")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    path = os.pathsep.join(str(folder / name) for name in ("", *SOURCES[1:]))
    return subprocess.run(
        [program, "--config", str(folder / ".importlinter"), "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_package_imports_only_what_is_below_it() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout


def test_the_guard_goes_red_when_a_floor_looks_up(tmp_path: Path) -> None:
    for name in SOURCES:
        shutil.copytree(
            ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("labextension", "__pycache__", "*.ipynb")
        )
    shutil.copy(ROOT / ".importlinter", tmp_path)
    with (tmp_path / "redspot" / "ids.py").open("a") as file:
        file.write("\nfrom redspot.stores import tables  # noqa\n")
    result = lint(tmp_path)
    assert result.returncode == 1
    assert "redspot.ids -> redspot.stores" in result.stdout
