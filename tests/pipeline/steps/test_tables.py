"""What the package offers and what a file may name belong together, and cost nothing until they are used."""

from __future__ import annotations

import inspect
import subprocess
import sys
from importlib.metadata import EntryPoint
from pkgutil import iter_modules
from types import ModuleType

import pytest

import redspot.pipeline
import redspot.pipeline.steps
from redspot.pipeline import Pipeline, branch, loads, step
from redspot.pipeline.errors import UntrustedPipelineError
from redspot.pipeline.node import Step
from redspot.pipeline.step_file import KINDS, STEPS_GROUP, step_class

# These take what someone else has learned, and are made by `Pipeline.from_sklearn` only.
GIVEN = {kind for kind, home in KINDS.items() if home.startswith("given:")}


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - GIVEN))
def test_each_kind_is_the_class_of_that_kind_and_has_a_factory(kind: str) -> None:
    kept = step_class(kind)
    assert issubclass(kept, Step)
    assert kept.kind == kind
    factory = getattr(redspot.pipeline, kind)
    assert kind in redspot.pipeline.__all__
    assert inspect.signature(factory).return_annotation == kept.__name__


def test_every_step_of_every_module_is_in_the_tables() -> None:
    written = {
        member.kind
        for module in iter_modules(redspot.pipeline.steps.__path__)
        for member in vars(__import__(f"redspot.pipeline.steps.{module.name}", fromlist=["*"])).values()
        if isinstance(member, type) and issubclass(member, Step) and "kind" in vars(member)
    }
    # A function of the user is written down by its name instead.
    assert written == {*KINDS, "function"}


def test_names_are_offered_and_others_refused() -> None:
    assert set(redspot.pipeline.__all__) <= set(dir(redspot.pipeline))
    assert all(getattr(redspot.pipeline, name) is not None for name in redspot.pipeline.__all__)
    with pytest.raises(AttributeError, match="has no 'nothing'; it has "):
        _ = redspot.pipeline.nothing


def test_no_step_is_imported_before_it_is_named() -> None:
    program = """
import sys
import redspot.pipeline as rp
loaded = {name for name in sys.modules if name.startswith("redspot.pipeline.steps") or name == "PIL"}
assert not loaded, loaded
rp.clip(0)
assert "redspot.pipeline.steps.clipping" in sys.modules and "redspot.pipeline.steps.bins" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)


def test_a_function_of_an_installed_plugin_is_found_by_its_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("plugin_of_a_test")
    exec("def doubled(x, *, times=2.0):\n    return x * times\n", vars(module))
    module.doubled = step(module.doubled)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "plugin_of_a_test", module)
    data = Pipeline(x=branch("x").then(module.doubled(times=3.0))).fit({"x": [1.0]}).dumps()
    with pytest.raises(UntrustedPipelineError, match="names plugin_of_a_test.doubled"):
        loads(data)
    point = EntryPoint("doubled", "plugin_of_a_test:doubled", STEPS_GROUP)
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [point] if group == STEPS_GROUP else [])
    assert loads(data).transform({"x": [2.0]})["doubled"].tolist() == [6.0]
