"""What the wheel holds, and what importing costs."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = (
    "jupyter_server",
    "jupyterlab",
    "sqlalchemy",
    "docker",
    "kubernetes",
    "torch",
    "pandas",
    "jupyterhub",
    "papermill",
    "airflow",
)


def test_importing_redspot_is_light() -> None:
    code = "import sys, redspot, redspot.config, redspot.ids\nprint(*sorted({m.split('.')[0] for m in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert {"numpy", "sklearn", "pydantic", "tornado", *HEAVY}.isdisjoint(loaded)


@pytest.mark.parametrize("module", ["redspot.pipeline", "redspot.serving.replica", "redspot.serving.router"])
def test_what_an_endpoint_imports_needs_only_the_base_install(module: str) -> None:
    code = f"import sys, {module}\nprint(*sorted({{m.split('.')[0] for m in sys.modules}}))"
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split()
    assert set(HEAVY).isdisjoint(loaded)


def test_the_base_install_names_no_heavy_package() -> None:
    base = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    assert not [name for name in base if name.startswith(HEAVY)]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT],
        check=True,
        capture_output=True,
    )
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def test_the_wheel_holds_prefixed_packages_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    packages = {name for name in tops if not name.endswith((".dist-info", ".data"))}
    assert packages == {
        "redspot",
        "redspot_hub",
        "redspot_kernels",
        "redspot_productionize",
        "redspot_server",
        "redspot_widgets",
    }


def test_the_wheel_holds_what_is_read_at_run_time(wheel: zipfile.ZipFile) -> None:
    names = "\n".join(wheel.namelist())
    for part in (
        "redspot/examples/penguins.ipynb",
        "redspot/serving/trial.html",
        "redspot/stores/migrations/versions/0001_the_first_tables.py",
        "redspot_productionize/templates/redspot/index.html.j2",
        "redspot_hub/jupyterhub_config.py",
        "redspot_widgets/pictures.js",
        "redspot_widgets/pictures.css",
        "redspot_widgets/pictures-page.js",
        "share/jupyter/labextensions/@redspot/lab/package.json",
        "etc/jupyter/jupyter_server_config.d/redspot_server.json",
    ):
        assert part in names
