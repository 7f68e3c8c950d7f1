"""The image of an endpoint: what serves a pipeline, and the frameworks that it was fitted with."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from importlib.metadata import packages_distributions, version

from packaging.utils import canonicalize_name

from redspot.images.errors import RecipeError
from redspot.images.own_wheel import base_requirements
from redspot.images.process import running_image
from redspot.images.recipe import ImageKind, Recipe

# Recorded with every pipeline, and not packages to install beside Redspot's own.
_NOT_PACKAGES = ("python", "redspot")


def endpoint_recipe(base: str, libraries: Mapping[str, str]) -> Recipe:
    """Return the recipe for pipelines that were fitted with `libraries`.

    Parameters
    ----------
    base
        Image that has a Python, by name or id.
    libraries
        Versions by name, as a pipeline file records them. What they need themselves is taken in the versions
        installed here, where those fit.
    """
    pinned = {_distribution_of(name): _public(given) for name, given in libraries.items() if name not in _NOT_PACKAGES}
    constraints = [
        f"{name}=={_public(given)}"
        for name, given in (line.split("==", 1) for line in running_image().requirements)
        if name not in pinned and name != "redspot"
    ]
    wanted = (*base_requirements(), *(f"{name}=={given}" for name, given in sorted(pinned.items())))
    return Recipe(ImageKind.ENDPOINT, base, wanted, tuple(constraints))


def installed_versions(modules: Iterable[str]) -> dict[str, str]:
    """Return the distributions that provide modules here, and their versions; the standard library needs none.

    Raises
    ------
    RecipeError
        When a module is not installed here.
    """
    here = packages_distributions()
    found: dict[str, str] = {}
    for module in modules:
        if module in sys.stdlib_module_names or module == "redspot":
            continue
        if module not in here:
            raise RecipeError(f"Module {module!r} is not installed here, so its version is not known.", module=module)
        found |= {name: version(name) for name in here[module]}
    return found


def _distribution_of(name: str) -> str:
    """Return what a library is called where it is installed: builds of one without GPU have another name."""
    here = packages_distributions()
    providers = here.get(name) or here.get(name.replace("-", "_")) or []
    return canonicalize_name(providers[0] if len(set(providers)) == 1 else name)


def _public(given: str) -> str:
    """Return a version without the mark of a local build, which an index may not have."""
    return given.partition("+")[0]
