"""One build: ``python -m redspot.images.build ORDER.json``. A unit, so it goes on while the service is away."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from redspot.errors import RedspotError
from redspot.images.building import base_id, build_image
from redspot.images.engine import connect
from redspot.images.errors import UnresolvedError
from redspot.images.lock import Lock
from redspot.images.own_wheel import write_own_wheel
from redspot.images.pip import fetch, resolve
from redspot.images.plan import plan_image
from redspot.images.recipe import ImageKind, Recipe


@dataclass(frozen=True, slots=True)
class Order:
    """What to build and where to say how it went.

    Attributes
    ----------
    engine
        URL of the Docker engine; empty for what ``DOCKER_HOST`` says.
    wheels
        Folder of fetched packages, shared by all builds.
    result
        File that gets the outcome.
    """

    recipe: Recipe
    engine: str
    wheels: Path
    result: Path

    def write(self, file: Path) -> None:
        """Put the order where the unit reads it."""
        content = {**dataclasses.asdict(self), "wheels": str(self.wheels), "result": str(self.result)}
        file.write_text(json.dumps(content))

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read what `write` wrote."""
        content: dict[str, Any] = json.loads(file.read_text())
        given = content["recipe"]
        recipe = Recipe(
            ImageKind(given["kind"]), given["base"], tuple(given["requirements"]), tuple(given["constraints"])
        )
        return cls(recipe, content["engine"], Path(content["wheels"]), Path(content["result"]))


@dataclass(frozen=True, slots=True)
class Built:
    """An image that is there.

    Attributes
    ----------
    image
        Its id: the digest of its configuration.
    lock
        Digest of the lock that it was made from.
    """

    image: str
    lock: str

    @classmethod
    def read(cls, file: Path) -> Self | None:
        """Return the outcome in a file; None when there is none."""
        try:
            content = json.loads(file.read_text())
        except FileNotFoundError:
            return None
        return cls(content["image"], content["lock"])


def build(order: Order) -> Built:
    """Resolve, fetch, and build, saying what happens."""
    with closing(connect(order.engine)) as engine:
        # Looked up first: it is what most often is wrong, and quickly found.
        base = base_id(engine, order.recipe.base)
        _say("Finding the packages…")
        lock = _resolved(order.recipe)
        _say(f"Fetching {len(lock.packages)} packages…")
        wheels = fetch(lock.packages, order.wheels)
        own, locked = write_own_wheel(order.result.parent)
        whole = Lock(tuple(sorted((*lock.packages, locked))), lock.python, lock.platform)
        _say("Building the image…")
        image = build_image(engine, plan_image(order.recipe, whole, base), (*wheels, own), _say)
    return Built(image, whole.digest)


def main() -> int:
    """Carry out the order in the file that is the only argument."""
    order = Order.read(Path(sys.argv[1]))
    try:
        built = build(order)
    except RedspotError as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    scratch = order.result.with_name(f".{order.result.name}")
    scratch.write_text(json.dumps(dataclasses.asdict(built)))
    os.replace(scratch, order.result)
    _say(f"The image is {built.image}.")
    return 0


def _resolved(recipe: Recipe) -> Lock:
    try:
        return resolve(recipe)
    except UnresolvedError:
        if not recipe.constraints:
            raise
        # What is installed here does not go with the versions that the pipeline was fitted with.
        _say("The packages installed here do not fit; looking for others…")
        return resolve(dataclasses.replace(recipe, constraints=()))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
