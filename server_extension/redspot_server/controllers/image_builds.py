"""Builds of endpoint images: a unit each, so that one goes on while the service is away."""

from __future__ import annotations

import hashlib
import logging
import os
import sys
import tempfile
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from redspot_productionize.runner import unit_environment

from redspot.compute.unit import Limits, UnitExistsError, UnitKind, UnitPhase, UnitSpec
from redspot.images.build import Built, Order
from redspot.images.building import has_image
from redspot.images.endpoint import endpoint_recipe, installed_versions
from redspot.images.engine import connect
from redspot.images.errors import BuildFailedError
from redspot.images.own_wheel import write_own_wheel
from redspot.images.recipe import Recipe
from redspot.jobs.endpoint_notebook import EndpointNotebook
from redspot.pipeline import load
from redspot.registry.model import Version
from redspot_server.services import Services

_log = logging.getLogger(__name__)
_DIGEST_CHARS = 16
_SAID_BYTES = 4096
_RETRY_AFTER_S = 10.0
_TIMEOUT_S = 1800.0
_RESULT = "result.json"
_PASSED_ON = ("pip_", "http_proxy", "https_proxy", "no_proxy", "all_proxy", "requests_ca_bundle", "docker_")


class ImageBuilds:
    """Says which image a version is served in, and has it built when it is not there."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._recipes: dict[str, Recipe] = {}

    def image(self, version: Version) -> str | None:
        """Return the id of the version's image; None while it is being built.

        Raises
        ------
        BuildFailedError
            With what the build said last. Asked again some time later, it is tried again.
        """
        recipe = self._recipe(version)
        digest = hashlib.sha256(f"{recipe.digest} {self._own}".encode()).hexdigest()[:_DIGEST_CHARS]
        folder = self._services.config.images_dir / digest
        built = self._built(folder)
        if built is not None:
            return built.image
        prefix = f"b_{digest}-"
        tries = [unit_id for unit_id in self._services.backend.unit_ids() if unit_id.startswith(prefix)]
        if not tries:
            self._start(f"{prefix}1", recipe, folder, version.created_by)
            return None
        unit = self._services.backend.observe(tries[-1])
        if unit.phase in (UnitPhase.STARTING, UnitPhase.RUNNING):
            return None
        built = self._built(folder)  # it may have ended since we looked
        if built is not None:
            return built.image
        ended = None if unit.exit is None else unit.exit.ended_at
        if ended is None or (self._services.clock.now() - ended).total_seconds() > _RETRY_AFTER_S:
            number = int(tries[-1].removeprefix(prefix)) + 1
            self._start(f"{prefix}{number}", recipe, folder, version.created_by)
            return None
        said = self._services.backend.log_tail(tries[-1], max_bytes=_SAID_BYTES).strip().splitlines()
        raise BuildFailedError(said[-1] if said else "The build of its image ended without a word.")

    @cached_property
    def _own(self) -> str:
        """The hash of the Redspot that is running: images hold this very one."""
        with tempfile.TemporaryDirectory() as folder:
            return write_own_wheel(Path(folder))[1].sha256

    def _built(self, folder: Path) -> Built | None:
        """Return what was built, unless somebody has removed it from the engine since."""
        built = Built.read(folder / _RESULT)
        if built is None:
            return None
        engine = connect(self._services.config.docker_url)
        try:
            if has_image(engine, built.image):
                return built
        finally:
            engine.close()
        (folder / _RESULT).unlink()
        return None

    def _start(self, unit_id: str, recipe: Recipe, folder: Path, owner: str) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        config = self._services.config
        order = folder / "order.json"
        Order(recipe, config.docker_url, config.images_dir / "wheels", folder / _RESULT).write(order)
        argv = (sys.executable, "-m", "redspot.images.build", str(order))
        # What pip needs to reach its indexes; it stays outside of the image.
        passed = {name: value for name, value in os.environ.items() if name.lower().startswith(_PASSED_ON)}
        environment = {**passed, **unit_environment(folder)}
        limits = Limits(timeout_s=_TIMEOUT_S)
        try:
            self._services.backend.start(UnitSpec(unit_id, UnitKind.BUILD, argv, folder, environment, limits, owner))
        except UnitExistsError:
            _log.info("build %s was started before; watching it", unit_id)

    def _recipe(self, version: Version) -> Recipe:
        """Return what the version's image shall hold; the file that says it is read once."""
        digest = version.pipeline.digest
        if digest not in self._recipes:
            libraries = self._libraries(version)
            self._recipes[digest] = endpoint_recipe(self._services.config.base_image, libraries)
        return self._recipes[digest]

    def _libraries(self, version: Version) -> Mapping[str, str]:
        """Return versions by name: as a pipeline's fit remembers them, or as a notebook's imports have them here."""
        content = self._services.artifacts.get(version.pipeline.digest)
        if version.is_notebook:
            return installed_versions(EndpointNotebook.read(content).modules)
        with tempfile.NamedTemporaryFile(suffix=".redspot") as file:
            file.write(content)
            file.flush()
            remembered = load(file.name, trusted_modules=self._services.config.trusted).metadata_
        return {} if remembered is None else remembered.libraries
