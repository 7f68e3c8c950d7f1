from __future__ import annotations

import importlib
import pkgutil
import re

import redspot_hub
import redspot_kernels
import redspot_productionize
import redspot_server

import redspot
from redspot.errors import RedspotError

NOT_IMPORTED = {"redspot.__main__", "redspot.stores.migrations.env", "redspot_server.openapi"}


def leaves() -> list[type[RedspotError]]:
    for package in (redspot, redspot_server, redspot_productionize, redspot_hub, redspot_kernels):
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if module.name not in NOT_IMPORTED and ".migrations.versions." not in module.name:
                importlib.import_module(module.name)
    found: list[type[RedspotError]] = []
    waiting = [RedspotError]
    while waiting:
        kind = waiting.pop()
        found.append(kind)
        waiting += kind.__subclasses__()
    return [kind for kind in found if kind.__module__.startswith("redspot")]


def shared(kinds: list[type[RedspotError]]) -> dict[str, list[str]]:
    """Return the codes that several unrelated errors use."""
    by_code: dict[str, list[str]] = {}
    for kind in kinds:
        if "code" in kind.__dict__:
            by_code.setdefault(kind.code, []).append(f"{kind.__module__}.{kind.__qualname__}")
    return {code: names for code, names in by_code.items() if len(set(names)) > 1}


def test_every_error_has_a_code_of_its_own() -> None:
    kinds = leaves()
    assert len(kinds) > 40
    assert shared(kinds) == {}
    for kind in kinds:
        assert kind.__name__.endswith("Error")
        assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", kind.code)


def test_the_guard_goes_red_on_a_shared_code() -> None:
    class OneError(RedspotError):
        code = "twice"

    class TwoError(RedspotError):
        code = "twice"

    assert shared([OneError, TwoError]) == {
        "twice": [f"{__name__}.{kind.__qualname__}" for kind in (OneError, TwoError)]
    }
