"""The fuzzing of the serving suite, with many more examples."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SUITE = Path(__file__).parents[1] / "serving" / "test_fuzzing.py"
EXAMPLES = 2000


def test_no_request_that_is_made_up_gets_a_5xx_or_ends_a_worker(request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("--torture"):
        pytest.skip("the serving suite fuzzes with few examples; --torture asks for many")
    environment = {**os.environ, "REDSPOT_FUZZ_EXAMPLES": str(EXAMPLES)}
    argv = [sys.executable, "-m", "pytest", "-q", str(SUITE)]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=3600, check=False)
    assert done.returncode == 0, done.stdout[-4000:]
