"""Images really built, on a real engine, and looked into."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from redspot.images.build import Built, Order
from redspot.images.building import PLAN_LABEL
from redspot.images.plan import LOCK_LABEL, STAGE_LABEL
from redspot.images.recipe import ImageKind, Recipe

pytestmark = pytest.mark.docker


def build(recipe: Recipe, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    import os

    folder.mkdir(parents=True, exist_ok=True)
    Order(recipe, "", folder.parent / "wheels", folder / "result.json").write(folder / "order.json")
    argv = [sys.executable, "-m", "redspot.images.build", str(folder / "order.json")]
    return subprocess.run(argv, capture_output=True, text=True, check=False, env={**os.environ, **environment})


def engine(*argv: str) -> bytes:
    return subprocess.run(["docker", *argv], capture_output=True, check=True).stdout


def test_an_image_holds_what_was_locked_and_nothing_of_the_machine(docker_base: str, tmp_path: Path) -> None:
    recipe = Recipe(ImageKind.ENDPOINT, "redspot-base:bookworm", ("six",), ("six==1.17.0",))
    secret = "proxy-password-1234"
    done = build(recipe, tmp_path / "first", no_proxy=secret, REDSPOT_TEST_SECRET=secret)
    assert done.returncode == 0, done.stderr
    built = Built.read(tmp_path / "first" / "result.json")
    assert built is not None
    try:
        # The engine's own words are passed on; what pip says is not among them where a layer is cached.
        assert "Step 1/" in done.stdout
        shown = json.loads(engine("image", "inspect", built.image))[0]
        assert shown["Id"] == built.image
        assert shown["Config"]["User"] == "1000:1000"
        labels = shown["Config"]["Labels"]
        assert labels[LOCK_LABEL] == built.lock
        assert labels["org.opencontainers.image.base.digest"] == docker_base
        said = engine("run", "--rm", "--network", "none", built.image, "/opt/redspot/bin/python", "-c", "import six")
        assert said == b""
        history = engine("history", "--no-trunc", built.image)
        assert secret.encode() not in history
        assert b"://" not in history
        saved = engine("image", "save", built.image)
        layers = tarfile.open(fileobj=io.BytesIO(saved))
        assert not any(secret.encode() in (layers.extractfile(member) or io.BytesIO()).read() for member in layers)
        assert engine("image", "ls", "--quiet", "--filter", f"label={STAGE_LABEL}={built.lock}") == b""
        # The same recipe again is the same image, and nothing is built.
        again = build(recipe, tmp_path / "second")
        assert Built.read(tmp_path / "second" / "result.json") == built, again.stderr
        assert "Step 1/" not in again.stdout
    finally:
        engine("image", "rm", "--force", built.image)
        engine("image", "prune", "--force", "--filter", f"label={PLAN_LABEL}")


@pytest.mark.parametrize(
    ("recipe", "says"),
    [
        (Recipe(ImageKind.ENDPOINT, "redspot-base:bookworm", ("six==0.0.999",)), "six==0.0.999"),
        (Recipe(ImageKind.ENDPOINT, "redspot-nobody:1", ("six",)), "'redspot-nobody:1' is not on the engine"),
    ],
)
def test_what_cannot_be_built_is_told_in_one_sentence(recipe: Recipe, says: str, tmp_path: Path) -> None:
    done = build(recipe, tmp_path / "b")
    assert done.returncode == 1
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert Built.read(tmp_path / "b" / "result.json") is None
