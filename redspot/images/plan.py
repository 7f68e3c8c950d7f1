"""A plan: what the engine will be told, worked out from recipe and lock alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass

from redspot._version import __version__
from redspot.images.lock import Lock
from redspot.images.recipe import Recipe

LOCK_LABEL = "org.redspot.lock"
RECIPE_LABEL = "org.redspot.recipe"
# With the lock's digest on the stage that installs, which is of no use once the image is there.
STAGE_LABEL = "org.redspot.stage"
PREFIX = "/opt/redspot"
PYTHON = f"{PREFIX}/bin/python"
UID = GID = 1000
_TEMPLATE = """\
FROM {base} AS build
LABEL {stage}={lock}
RUN python3 -c "import sys; found = '%d.%d' % sys.version_info[:2]; found == '{python}' or sys.exit(\
'The base image has Python ' + found + ', and the packages are for Python {python}.')"
COPY wheels /wheels
COPY requirements.txt /requirements.txt
RUN python3 -m venv {prefix} \\
 && {prefix}/bin/pip install --no-index --no-deps --no-cache-dir --disable-pip-version-check --require-hashes \\
    --find-links /wheels --requirement /requirements.txt \\
 && {prefix}/bin/pip uninstall --yes --quiet setuptools pip

FROM {base}
COPY --from=build {prefix} {prefix}
ENV PATH={prefix}/bin:/usr/local/bin:/usr/bin:/bin PYTHONUNBUFFERED=1
{labels}
USER {uid}:{gid}
"""


@dataclass(frozen=True, slots=True)
class ImagePlan:
    """What the engine will be told.

    Attributes
    ----------
    dockerfile, requirements
        The two texts of the build's context; the wheels are the rest of it.
    digest
        ``sha256:…`` of both: an image that carries it as its label needs no building.
    """

    dockerfile: str
    requirements: str
    labels: Mapping[str, str]
    digest: str


def plan_image(recipe: Recipe, lock: Lock, base_id: str) -> ImagePlan:
    """Return the plan; equal recipes, locks and bases give the same bytes.

    Parameters
    ----------
    base_id
        Id of the image that the recipe's base is now: a name may mean another one tomorrow.
    """
    requirements = "".join(f"{package.line}\n" for package in lock.packages)
    labels = {
        RECIPE_LABEL: recipe.digest,
        LOCK_LABEL: lock.digest,
        "org.redspot.kind": recipe.kind.value,
        "org.opencontainers.image.base.name": recipe.base,
        "org.opencontainers.image.base.digest": base_id,
        "org.opencontainers.image.title": f"Redspot {recipe.kind.value}",
        "org.opencontainers.image.version": __version__,
    }
    lines = "LABEL " + " \\\n      ".join(f"{name}={json.dumps(value)}" for name, value in labels.items())
    dockerfile = _TEMPLATE.format(
        base=base_id,
        stage=STAGE_LABEL,
        lock=lock.digest,
        python=lock.python,
        prefix=PREFIX,
        labels=lines,
        uid=UID,
        gid=GID,
    )
    digest = hashlib.sha256(f"{dockerfile}\0{requirements}".encode()).hexdigest()
    return ImagePlan(dockerfile, requirements, labels, f"sha256:{digest}")
