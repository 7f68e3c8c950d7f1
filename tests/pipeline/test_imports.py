"""Importing is light; each guard is shown to see what it looks for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def modules_after(statement: str) -> set[str]:
    """Return the top-level modules of a fresh interpreter after a statement."""
    program = (
        f"{statement}\nimport json, sys\nprint(json.dumps(sorted(name.partition('.')[0] for name in sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    return set(json.loads(done.stdout))


HEAVY = {"numpy", "sklearn", "pandas", "polars", "narwhals", "scipy", "skops", "IPython", "pydantic", "tornado"}


FRAMEWORKS = {"torch", "onnx", "onnxruntime", "keras", "catboost", "xgboost", "lightgbm", "safetensors", "tensorflow"}


def test_importing_redspot_imports_no_framework() -> None:
    assert modules_after("import redspot") & (HEAVY | FRAMEWORKS) == set()


def test_importing_the_pipeline_imports_numpy_only() -> None:
    found = modules_after("from redspot.pipeline import Pipeline, branch, load, scale, step, estimate")
    assert found & (HEAVY | FRAMEWORKS) == {"numpy"}


def test_a_name_of_a_framework_imports_it_only_when_it_learns() -> None:
    names = "TorchClassifier, TorchRegressor, KerasClassifier, KerasRegressor, OnnxModel, mlp, module"
    assert modules_after(f"from redspot.pipeline import {names}; TorchClassifier(hidden=(3,))") & FRAMEWORKS == set()


@pytest.mark.parametrize(
    ("framework", "made"),
    [
        ("torch", "rp.TorchClassifier(epochs=1, progress=False)"),
        ("catboost", "__import__('catboost').CatBoostClassifier(iterations=2, verbose=0, allow_writing_files=False)"),
    ],
)
def test_a_compiled_pipeline_is_loaded_and_answers_without_its_framework(
    framework: str, made: str, tmp_path: Path
) -> None:
    pytest.importorskip(framework)
    learn = (
        "import redspot.pipeline as rp\n"
        f"p = rp.Pipeline(x=rp.branch('x'), model=rp.estimate({made}))\n"
        f"p.fit({{'x': [-9.0, -8.0, 8.0, 9.0] * 9}}, ['a', 'a', 'b', 'b'] * 9).save({str(tmp_path / 'it')!r})"
    )
    assert framework in modules_after(learn)
    answer = (
        f"import redspot.pipeline as rp; p = rp.load({str(tmp_path / 'it')!r})\n"
        "p.predict_one({'x': 9.0}); p.predict([{'x': 9.0}]); p.check_parity()"
    )
    assert modules_after(answer) & (FRAMEWORKS | {"sklearn", "scipy", "skops"}) == set()


def test_the_guard_sees_a_framework() -> None:
    assert "narwhals" in modules_after("import narwhals")


def test_a_pipeline_lives_without_pandas() -> None:
    program = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("pandas", "polars", "pyarrow"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
import redspot.pipeline as rp
from sklearn.linear_model import LogisticRegression
p = rp.Pipeline(x=rp.branch('x').then(rp.impute()), model=rp.estimate(LogisticRegression()))
p.fit({'x': [-9.0, None, -8.0, 9.0]}, ['a', 'a', 'a', 'b'])
assert rp.loads(p.dumps()).predict_one({'x': 9})['prediction'] == 'b'
assert rp.loads(p.dumps()).predict([{'x': 9}, {}]).tolist() == ['b', 'a']
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)


@pytest.mark.skipif("COVERAGE_RUN" in os.environ, reason="coverage slows imports")
def test_importing_redspot_takes_less_than_100_ms() -> None:
    program = "import time; start = time.perf_counter(); import redspot; print(time.perf_counter() - start)"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    times_s = [
        float(subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, env=environment).stdout)
        for _ in range(3)
    ]
    assert min(times_s) < 0.1
