"""From recipe and lock to what the engine is told: no engine is needed for that."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from redspot.images.endpoint import endpoint_recipe
from redspot.images.errors import RecipeError, WheelError
from redspot.images.lock import Lock, LockedPackage
from redspot.images.own_wheel import base_requirements, write_own_wheel
from redspot.images.pip import fetch
from redspot.images.plan import plan_image
from redspot.images.recipe import ImageKind, Recipe

RECIPE = Recipe(ImageKind.ENDPOINT, "debian-python:12", ("six>=1.16",), ("six==1.17.0",))
LOCK = Lock((LockedPackage("six", "1.17.0", "ab" * 32),), "3.11", "linux-x86_64")
BASE = f"sha256:{'0' * 64}"
DOCKERFILE = f"""\
FROM {BASE} AS build
LABEL org.redspot.stage={LOCK.digest}
RUN python3 -c "import sys; found = '%d.%d' % sys.version_info[:2]; found == '3.11' or sys.exit(\
'The base image has Python ' + found + ', and the packages are for Python 3.11.')"
COPY wheels /wheels
COPY requirements.txt /requirements.txt
RUN python3 -m venv /opt/redspot \\
 && /opt/redspot/bin/pip install --no-index --no-deps --no-cache-dir --disable-pip-version-check --require-hashes \\
    --find-links /wheels --requirement /requirements.txt \\
 && /opt/redspot/bin/pip uninstall --yes --quiet setuptools pip

FROM {BASE}
COPY --from=build /opt/redspot /opt/redspot
ENV PATH=/opt/redspot/bin:/usr/local/bin:/usr/bin:/bin PYTHONUNBUFFERED=1
LABEL org.redspot.recipe="{RECIPE.digest}" \\
      org.redspot.lock="{LOCK.digest}" \\
      org.redspot.kind="endpoint" \\
      org.opencontainers.image.base.name="debian-python:12" \\
      org.opencontainers.image.base.digest="{BASE}" \\
      org.opencontainers.image.title="Redspot endpoint" \\
      org.opencontainers.image.version="0.1.0"
USER 1000:1000
"""


def test_the_plan_is_worked_out_from_recipe_lock_and_base_alone() -> None:
    plan = plan_image(RECIPE, LOCK, BASE)
    assert plan.dockerfile == DOCKERFILE
    assert plan.requirements == f"six==1.17.0 --hash=sha256:{'ab' * 32}\n"
    assert plan == plan_image(RECIPE, Lock.from_dict(LOCK.to_dict()), BASE)
    assert plan.digest != plan_image(RECIPE, LOCK, f"sha256:{'1' * 64}").digest


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"base": "a b"}, "'a b' is no name of an image"),
        ({"base": "x\nRUN rm -rf /"}, "no name of an image"),
        ({"requirements": ("six >>= 1",)}, "'six >>= 1' in requirements"),
        ({"requirements": ("six @ file:///etc/six.whl",)}, "names an address"),
        ({"constraints": ("--index-url=elsewhere",)}, "in constraints"),
    ],
)
def test_a_recipe_is_parsed_before_anything_is_made_of_it(change: dict[str, object], says: str) -> None:
    given = {"kind": ImageKind.ENDPOINT, "base": "b", "requirements": (), "constraints": ()}
    with pytest.raises(RecipeError, match=says):
        Recipe(**given | change)  # type: ignore[arg-type]


def test_an_endpoint_gets_redspots_base_and_the_libraries_of_the_fit() -> None:
    import numpy
    import sklearn

    libraries = {"python": "3.11", "redspot": "0.1.0", "scikit-learn": sklearn.__version__, "xgboost": "3.0.0"}
    recipe = endpoint_recipe("base", libraries)
    assert set(base_requirements()) <= set(recipe.requirements)
    assert f"scikit-learn=={sklearn.__version__}" in recipe.requirements
    # Where a build without GPU code provides the library, the endpoint gets that one.
    assert "xgboost-cpu==3.0.0" in recipe.requirements
    assert f"numpy=={numpy.__version__}" in recipe.constraints
    pinned = {line.split("==")[0] for line in recipe.constraints}
    assert pinned.isdisjoint({"redspot", "scikit-learn", "xgboost-cpu"})
    assert not any("jupyter" in line or "sqlalchemy" in line for line in recipe.requirements)


def test_the_own_wheel_is_the_running_code_and_the_same_every_time(tmp_path: Path) -> None:
    path, locked = write_own_wheel(tmp_path / "a")
    again, same = write_own_wheel(tmp_path / "b")
    assert path.read_bytes() == again.read_bytes()
    assert locked == same
    assert locked.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
    target = tmp_path / "site"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-compile"]
    subprocess.run([*command, "--target", str(target), str(path)], check=True)
    code = "import redspot.serving.replica, sys; sys.stdout.write(redspot.__file__)"
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(target)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == f"{target}/redspot/__init__.py"


def test_a_package_with_another_hash_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WheelError, match="six"):
        fetch([LockedPackage("six", "1.17.0", "ab" * 32)], tmp_path)
    assert list(tmp_path.iterdir()) == []
