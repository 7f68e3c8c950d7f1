"""What the tests of frameworks share."""

from __future__ import annotations

import importlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from redspot.pipeline import Pipeline, loads
from redspot.pipeline.archive import write_archive

FOLDER = Path(__file__).parent


@pytest.fixture
def trusted_models(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A module with marked functions, importable by name as a user's own would be."""
    monkeypatch.syspath_prepend(str(FOLDER))
    yield importlib.import_module("trusted_models")
    sys.modules.pop("trusted_models", None)


@pytest.fixture
def members_of() -> Callable[[bytes], dict[str, bytes]]:
    """Takes a pipeline file apart."""

    def apart(data: bytes) -> dict[str, bytes]:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}

    return apart


@pytest.fixture
def edited(members_of: Callable[[bytes], dict[str, bytes]]) -> Callable[..., bytes]:
    """Changes the JSON of one file of the estimator in a pipeline file."""

    def edit(data: bytes, file: str, change: Callable[[Any], None]) -> bytes:
        members = members_of(data)
        path = f"estimators/model/{file}"
        document = json.loads(members[path])
        change(document)
        return write_archive({**members, path: json.dumps(document).encode()})

    return edit


@pytest.fixture
def answers_elsewhere(tmp_path: Path) -> Callable[..., list[dict[str, Any]]]:
    """Loads a file in a fresh process and returns its answers; fails when that imported what it must not."""

    def answer(
        pipeline: Pipeline,
        rows: list[Mapping[str, Any]],
        *,
        without: tuple[str, ...] = (),
        trusted_modules: tuple[str, ...] = (),
    ) -> list[dict[str, Any]]:
        pipeline.save(tmp_path / "it.redspot")
        (tmp_path / "rows.json").write_text(json.dumps(rows))
        program = (
            "import json, sys\n"
            f"sys.path.insert(0, {str(FOLDER)!r})\n"
            "from redspot.pipeline import load\n"
            f"it = load({str(tmp_path / 'it.redspot')!r}, trusted_modules={list(trusted_modules)!r})\n"
            f"rows = json.load(open({str(tmp_path / 'rows.json')!r}))\n"
            "alone = [it.predict_one(row) for row in rows]\n"
            "together = it.predict(rows).tolist()\n"
            f"print(json.dumps([alone, together, sorted(set({list(without)!r}) & set(sys.modules))]))"
        )
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr[-3000:]
        alone, together, imported = json.loads(done.stdout.splitlines()[-1])
        assert imported == []
        assert len(together) == len(alone)
        return list(alone)

    return answer


@pytest.fixture(scope="session")
def all_ways_agree() -> Callable[..., None]:
    """Compares rows, batches, the framework's own answers and those after a file."""

    def check(
        pipeline: Pipeline,
        columns: Mapping[str, Any],
        tolerance: float,
        *,
        count: int = 40,
        trusted_modules: tuple[str, ...] = (),
    ) -> None:
        has_likely = pipeline.schema_.has_probabilities
        is_number = pipeline.schema_.task == "regression"

        def numbers(given: Any) -> Any:
            return np.asarray(given, dtype=np.float64)

        def of(one: Pipeline, **options: Any) -> Any:
            return one.predict_proba(columns, **options) if has_likely else one.predict(columns, **options)

        def assert_close(values: Any, wanted: Any) -> None:
            if not has_likely and not is_number:
                assert np.array_equal(values, wanted)
                return
            values, wanted = numbers(values), numbers(wanted)
            assert (np.abs(values - wanted) <= tolerance * np.maximum(1.0, np.abs(wanted))).all()

        own = of(pipeline, compiled=False)
        assert_close(of(pipeline), own)
        rows = [
            {name: None if values[i] != values[i] else values[i] for name, values in columns.items()}
            for i in range(count)
        ]
        alone = [pipeline.predict_one(row) for row in rows]
        assert_close(
            [list(a["probabilities"].values()) for a in alone] if has_likely else [a["prediction"] for a in alone],
            own[:count],
        )
        data = pipeline.dumps()
        assert pipeline.dumps() == data
        loaded = loads(data, trusted_modules)
        assert loaded.dumps() == data
        assert loaded.check_parity().ok
        assert [loaded.predict_one(row) for row in rows] == alone
        assert_close(of(loaded, compiled=False), own)

    return check
