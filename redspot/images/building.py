"""Building an image on a Docker engine, with its own word of what happens."""

from __future__ import annotations

import io
import tarfile
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from redspot.images.engine import DockerRefusedError, DockerUnavailableError, translated
from redspot.images.errors import BuildFailedError, RecipeError
from redspot.images.plan import LOCK_LABEL, STAGE_LABEL, ImagePlan

if TYPE_CHECKING:
    from docker import APIClient

PLAN_LABEL = "org.redspot.plan"
_SAID_LINES = 5
# A build may take this much memory, in bytes, and this many seconds.
_MEMORY_BYTES = 4 * 1024**3
_TIMEOUT_S = 1800


def find_image(engine: APIClient, label: str, value: str) -> str | None:
    """Return the id of the newest image that carries a label, or None."""
    with translated():
        found = engine.images(filters={"label": f"{label}={value}"})
    newest = max(found, key=lambda image: image["Created"], default=None)
    return None if newest is None else str(newest["Id"])


def has_image(engine: APIClient, image: str) -> bool:
    """Return whether the engine has an image, by name or id."""
    from docker.errors import ImageNotFound

    with translated():
        try:
            engine.inspect_image(image)
        except ImageNotFound:
            return False
    return True


def base_id(engine: APIClient, name: str) -> str:
    """Return the id of a base image, pulling it when the engine does not have it.

    Raises
    ------
    RecipeError
        When it can be had nowhere.
    """
    try:
        with translated():
            if not has_image(engine, name):
                engine.pull(name)
            return str(engine.inspect_image(name)["Id"])
    except (DockerRefusedError, DockerUnavailableError) as error:
        raise RecipeError(
            f"The base image {name!r} is not on the engine and cannot be pulled: {error.message}", field="base"
        ) from error


def build_image(engine: APIClient, plan: ImagePlan, wheels: Iterable[Path], on_line: Callable[[str], None]) -> str:
    """Build what is planned, unless the engine has it, and return the image's id.

    Parameters
    ----------
    on_line
        Gets each line that the engine says.

    Raises
    ------
    BuildFailedError
        With the last lines of the build.
    DockerUnavailableError, DockerRefusedError
        When the engine cannot be asked.
    """
    there = find_image(engine, PLAN_LABEL, plan.digest)
    if there is not None:
        return there
    said: list[str] = []
    with tempfile.TemporaryFile() as context:
        _write_context(context, plan, wheels)
        context.seek(0)
        with translated():
            steps = engine.build(
                fileobj=context,
                custom_context=True,
                labels={PLAN_LABEL: plan.digest},
                container_limits={"memory": _MEMORY_BYTES, "memswap": _MEMORY_BYTES},
                # All that a build needs is in its context.
                network_mode="none",
                rm=True,
                forcerm=True,
                decode=True,
                timeout=_TIMEOUT_S,
            )
            for step in steps:
                for line in _lines(step):
                    said.append(line)
                    on_line(line)
                if "error" in step:
                    raise BuildFailedError(f"The image was not built: {' '.join(said[-_SAID_LINES:])}")
            # Only once it has worked: what a build that failed has made already shortens the next try.
            engine.prune_images({"dangling": True, "label": f"{STAGE_LABEL}={plan.labels[LOCK_LABEL]}"})
    built = find_image(engine, PLAN_LABEL, plan.digest)
    if built is None:
        raise BuildFailedError(f"The engine built no image: {' '.join(said[-_SAID_LINES:])}")
    return built


def _lines(step: dict[str, Any]) -> list[str]:
    text = str(step.get("stream") or step.get("error") or "")
    return [line for line in text.splitlines() if line.strip()]


def _write_context(stream: Any, plan: ImagePlan, wheels: Iterable[Path]) -> None:
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, text in (("Dockerfile", plan.dockerfile), ("requirements.txt", plan.requirements)):
            _add(archive, name, io.BytesIO(text.encode()), len(text.encode()))
        for wheel in sorted(wheels):
            with wheel.open("rb") as opened:
                _add(archive, f"wheels/{wheel.name}", opened, wheel.stat().st_size)


def _add(archive: tarfile.TarFile, name: str, data: Any, size: int) -> None:
    # Nothing of this machine: equal contents make an equal context, which the engine's cache knows.
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o644
    archive.addfile(member, data)
