"""The examples in the docstrings run."""

from __future__ import annotations

import doctest
from importlib import import_module
from pkgutil import iter_modules

import pytest

import redspot.pipeline
import redspot.pipeline.frameworks
import redspot.pipeline.steps

MODULES = [
    *(f"redspot.pipeline.{module.name}" for module in iter_modules(redspot.pipeline.__path__)),
    *(f"redspot.pipeline.frameworks.{module.name}" for module in iter_modules(redspot.pipeline.frameworks.__path__)),
    *(f"redspot.pipeline.steps.{module.name}" for module in iter_modules(redspot.pipeline.steps.__path__)),
]


@pytest.mark.parametrize("name", [*MODULES, "redspot.client.recording"])
def test_examples(name: str) -> None:
    assert doctest.testmod(import_module(name), optionflags=doctest.NORMALIZE_WHITESPACE).failed == 0


def test_there_are_examples() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    examples = [test for name in MODULES for test in finder.find(import_module(name)) if test.examples]
    assert len(examples) >= 10
