"""The spawn form: instance type and image; a shell of traits round pure functions."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

from jupyterhub.spawner import SimpleLocalProcessSpawner

from redspot.compute.instance import InstanceType, find_instance_type, local_instance_types
from redspot.config import Config
from redspot.errors import NotFoundError
from redspot.images.process import ProcessImage, running_image

_EXAMPLES = ("penguins.ipynb",)


class ImageNotFoundError(NotFoundError):
    """No image has that name."""

    code = "image-not-found"


def render_form(types: tuple[InstanceType, ...], image: ProcessImage) -> str:
    """Return the form's HTML: one choice of instance type, one of image."""
    options = "".join(
        f'<option value="{escape(t.name)}">{escape(t.name)}: {escape(t.description)}</option>' for t in types
    )
    facts = f"Python {image.python}, {len(image.requirements)} packages, lock {image.lock[7:19]}"
    return (
        '<div class="form-group"><label for="instance_type" class="form-label">Instance type</label>'
        f'<select class="form-select form-control" id="instance_type" name="instance_type" autofocus>{options}</select>'
        '<div class="form-text">Your jobs get it too, and there the limits hold; '
        "a local notebook server itself is not limited.</div></div>"
        '<div class="form-group mt-3"><label for="image" class="form-label">Image</label>'
        '<select class="form-select form-control" id="image" name="image">'
        f'<option value="{escape(image.name)}">{escape(image.name)}: {escape(facts)}</option></select>'
        '<div class="form-text">The same software runs your notebook, your jobs and your endpoints.</div></div>'
    )


def parse_choices(
    form: Mapping[str, list[str]], types: tuple[InstanceType, ...], image: ProcessImage
) -> dict[str, str]:
    """Return what was chosen (InstanceTypeNotFoundError, ImageNotFoundError)."""
    instance_type = find_instance_type(types, form.get("instance_type", [types[0].name])[0])
    wanted = form.get("image", [image.name])[0]
    if wanted != image.name:
        raise ImageNotFoundError(f"No image {wanted!r} exists; there is: {image.name}.", image=wanted)
    return {"instance_type": instance_type.name, "image": image.name}


def copy_examples(folder: Path) -> None:
    """Put the example notebooks into a home; what a person changed stays."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in _EXAMPLES:
        if not (folder / name).exists():
            shutil.copyfile(str(files("redspot.examples").joinpath(name)), folder / name)


def write_lab_defaults(home: Path) -> None:
    """Give a home JupyterLab's defaults that suit a hub: no question about news on the first page."""
    path = home / ".jupyter" / "labconfig" / "default_setting_overrides.json"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        quiet = {"fetchNews": "false", "checkForUpdates": False}
        path.write_text(json.dumps({"@jupyterlab/apputils-extension:notification": quiet}))


class RedspotSpawner(SimpleLocalProcessSpawner):  # type: ignore[misc] # jupyterhub is untyped
    """Starts notebook servers as processes of the one allowed person."""

    def _options_form_default(self) -> str:
        return render_form(self._types(), running_image())

    def options_from_form(self, form: Mapping[str, list[str]]) -> dict[str, str]:
        """Parse the form."""
        return parse_choices(form, self._types(), running_image())

    def _types(self) -> tuple[InstanceType, ...]:
        return local_instance_types(Config.load().memory_bytes)

    async def start(self) -> Any:
        """Prepare the home and start."""
        copy_examples(Path(self.home_dir))
        write_lab_defaults(Path(self.home_dir))
        image = running_image()
        chosen = self.user_options.get("instance_type", self._types()[0].name)
        self.environment: dict[str, Any] = {
            **self.environment,
            "REDSPOT_INSTANCE_TYPE": chosen,
            "REDSPOT_IMAGE": image.name,
            "REDSPOT_IMAGE_LOCK": image.lock,
        }
        return await super().start()
