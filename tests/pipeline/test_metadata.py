"""What is remembered of a fit, and the metadata of a file that must not be believed blindly."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from redspot.pipeline import Pipeline, branch, estimate, impute, load, loads, scale, step
from redspot.pipeline.archive import write_archive
from redspot.pipeline.errors import CorruptPipelineError, NotFittedError, PipelineFolderTakenError
from tests.pipeline.test_file import changed, members_of


@pytest.fixture
def fitted(classifier: Pipeline, penguins: Any) -> Pipeline:
    classifier.fit(penguins, "species").evaluate(penguins, "species")
    return classifier


def test_a_fit_is_remembered(fitted: Pipeline) -> None:
    metadata = fitted.metadata_
    assert metadata is not None
    assert metadata.rows == 344
    assert timedelta(0) <= datetime.now(UTC) - metadata.fitted_at < timedelta(minutes=1)
    assert set(metadata.timing) == {"numbers_impute", "numbers_scale", "words_one_hot", "model"}
    assert sum(each.fit_s + (each.apply_s or 0) for each in metadata.timing.values()) <= metadata.fit_s
    assert {"python", "redspot", "numpy", "sklearn"} == set(metadata.libraries)
    assert metadata.metrics == fitted.metrics_
    assert fitted.profile_.names == fitted.columns
    assert fitted.profile_["island"].target is not None
    assert fitted.profile_["body_mass_g"].missing == 2


def test_nothing_of_it_can_be_written_to(fitted: Pipeline) -> None:
    metadata: Any = fitted.metadata_
    with pytest.raises(AttributeError, match="cannot assign"):
        metadata.rows = 3
    with pytest.raises(TypeError, match="does not support item assignment"):
        metadata.timing["model"] = None
    with pytest.raises(TypeError, match="does not support item assignment"):
        metadata.metrics["accuracy"] = 1.0


def test_a_file_gives_it_back(fitted: Pipeline) -> None:
    before, loaded = fitted.metadata_, loads(fitted.dumps())
    after = loaded.metadata_
    assert before is not None
    assert after is not None
    for name in ("rows", "fitted_at", "fit_s", "timing", "libraries", "code_hash", "metrics", "profile"):
        assert getattr(after, name) == getattr(before, name), name
    assert loaded.describe() == fitted.describe()


def test_loading_and_saving_changes_no_byte(fitted: Pipeline) -> None:
    data = fitted.dumps()
    assert fitted.dumps() == data
    assert loads(data).dumps() == data


def test_the_fingerprint_is_blind_to_when_and_how_good(fitted: Pipeline, penguins: Any) -> None:
    again = fitted.clone().fit(penguins, "species")
    assert again.fingerprint == fitted.fingerprint
    assert again.dumps() != fitted.dumps()
    other = fitted.clone().set_params(model__C=0.5).fit(penguins, "species")
    assert other.fingerprint != fitted.fingerprint


def hash_of(pipeline: Pipeline) -> str:
    metadata = pipeline.fit({"x": [1.0, 2.0, 4.0]}, [1.0, 2.0, 3.0]).metadata_
    assert metadata is not None
    return metadata.code_hash


def test_the_code_hash_follows_parameters_and_the_source_of_functions() -> None:
    def with_scale(method: Any) -> Pipeline:
        return Pipeline(x=branch("x").then(scale(method)), model=estimate(Ridge()))

    assert hash_of(with_scale("standard")) == hash_of(with_scale("standard"))
    assert hash_of(with_scale("standard")) != hash_of(with_scale("min_max"))

    def defined(factor: str) -> Any:
        scope: dict[str, Any] = {"np": np}
        exec(f"def doubled(x):\n    return x * {factor}", scope)
        return step(scope["doubled"])

    def with_function(function: Any) -> Pipeline:
        return Pipeline(x=branch("x").then(function), model=estimate(Ridge()))

    assert hash_of(with_function(defined("2.0"))) == hash_of(with_function(defined("2.0")))
    assert hash_of(with_function(defined("x"))) != hash_of(with_function(defined("2.0")))

    @step
    def written(x: Any) -> Any:
        return x + 1

    assert hash_of(with_function(written)) != hash_of(with_function(defined("2.0")))


def test_lists_are_told_by_their_items(fitted: Pipeline) -> None:
    @step
    def counted(words: Any) -> Any:
        return np.array([float(len(each)) for each in words])

    made = Pipeline(x=branch("words").then(counted)).fit({"words": [["a"], ["b", "c"]]})
    assert made.profile_.rows == 2
    assert made.profile_["words"].top == (("a", 1), ("b", 1), ("c", 1))


def test_before_a_fit_there_is_nothing(classifier: Pipeline) -> None:
    for name in ("metadata_", "profile_", "fingerprint"):
        with pytest.raises(NotFittedError):
            getattr(classifier, name)


def test_what_was_taken_over_remembers_nothing() -> None:
    taken = Pipeline.from_sklearn(Ridge().fit([[1.0], [2.0]], [1.0, 2.0]))
    assert taken.metadata_ is None
    assert loads(taken.dumps()).metadata_ is None


# -- files that lie ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small() -> bytes:
    pipeline = Pipeline(x=branch("a").then(impute()).then(scale()), model=estimate(Ridge()))
    return pipeline.fit({"a": [1.0, None, 3.0]}, [1.0, 2.0, 3.0]).dumps()


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.clear(),
        lambda d: d.update(more=1),
        lambda d: d.update(metrics=[]),
        lambda d: d["metrics"].update(r2="good"),
        lambda d: d["metrics"].update(r2=True),
        lambda d: d["metrics"].update(r2=10**400),
        lambda d: d.update(training=3),
        lambda d: d["training"].pop("rows"),
        lambda d: d["training"].update(extra=1),
        lambda d: d["training"].update(rows=0),
        lambda d: d["training"].update(rows=4),
        lambda d: d["training"].update(rows=3.0),
        lambda d: d["training"].update(fitted_at="yesterday"),
        lambda d: d["training"].update(fitted_at="2026-01-01T00:00:00"),
        lambda d: d["training"].update(fitted_at="2026-01-01T00:00:00+02:00"),
        lambda d: d["training"].update(fitted_at=3),
        lambda d: d["training"].update(fit_s=-1),
        lambda d: d["training"]["timing"].update(nobody={"fit_s": 1.0, "apply_s": None}),
        lambda d: d["training"]["timing"].update(model=3),
        lambda d: d["training"]["timing"]["model"].update(fit_s=None),
        lambda d: d["training"].update(libraries={"numpy": 2}),
        lambda d: d["training"].update(libraries={str(index): "1" for index in range(1000)}),
        lambda d: d["training"].update(code_hash="abc"),
        lambda d: d["training"].update(code_hash="X" * 64),
    ],
)
def test_metadata_that_does_not_hold_together_is_refused(small: bytes, change: Callable[[Any], Any]) -> None:
    with pytest.raises(CorruptPipelineError, match=r"metadata"):
        loads(changed(small, change, "metadata.json"))


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p.clear(),
        lambda p: p.update(rows="3"),
        lambda p: p.update(rows=4),
        lambda p: p.update(columns={}),
        lambda p: p["columns"].append(p["columns"][0]),
        lambda p: p["columns"].append(3),
        lambda p: p["columns"][0].update(more=1),
        lambda p: p["columns"][0].update(name=["x"]),
        lambda p: p["columns"][0].update(dtype="pickle"),
        lambda p: p["columns"][0].update(missing=4),
        lambda p: p["columns"][0].update(distinct=-1),
        lambda p: p["columns"][0].update(distinct_exact=1),
        lambda p: p["columns"][0]["histogram"].update(edges=[1.0]),
        lambda p: p["columns"][0]["histogram"].update(edges=[3.0, 1.0], counts=[1]),
        lambda p: p["columns"][0]["histogram"].update(counts=[-1]),
        lambda p: p["columns"][0].update(histogram={"edges": list(range(2000)), "counts": [0] * 1999}),
        lambda p: p["columns"][0].update(top=[["a"]]),
        lambda p: p["columns"][0].update(top=[[1, 1]]),
        lambda p: p["columns"][0]["quantiles"].pop("0.5"),
        lambda p: p["columns"][0]["quantiles"].update({"0.5": "low"}),
        lambda p: p["columns"][0].update(mean="low"),
        lambda p: p["columns"][0].update(std=10**400),
        lambda p: p["columns"][0].update(target={"kind": "magic", "value": 1.0}),
        lambda p: p["columns"][0].update(drift={"psi": 1.0, "ks": None, "verdict": "huge"}),
    ],
)
def test_a_profile_that_does_not_hold_together_is_refused_when_it_is_asked_for(
    small: bytes, change: Callable[[Any], Any]
) -> None:
    loaded = loads(changed(small, lambda d: change(d["training"]["profile"]), "metadata.json"))
    assert loaded.predict_one({"a": 1.0})["prediction"] > 0
    with pytest.raises(CorruptPipelineError, match=r"metadata\.json is damaged"):
        _ = loaded.profile_
    with pytest.raises(CorruptPipelineError, match=r"metadata\.json is damaged"):
        loaded.dumps()


def test_a_file_without_metadata_is_not_whole(small: bytes) -> None:
    members = members_of(small)
    del members["metadata.json"]
    with pytest.raises(CorruptPipelineError, match=r"no metadata\.json"):
        loads(write_archive(members))


# -- folders ----------------------------------------------------------------------------------------


def test_a_folder_holds_the_same_members(fitted: Pipeline, penguins: Any, tmp_path: Path) -> None:
    folder = tmp_path / "penguins"
    fitted.save(folder, folder=True)
    members = members_of(fitted.dumps())
    assert {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()} == set(members)
    assert all((folder / name).read_bytes() == data for name, data in members.items())
    loaded = load(folder)
    assert loaded.predict(penguins).tolist() == fitted.predict(penguins).tolist()
    assert loaded.dumps() == fitted.dumps()
    assert [path.name for path in tmp_path.iterdir()] == ["penguins"]


def test_a_folder_replaces_a_pipeline_and_nothing_else(fitted: Pipeline, tmp_path: Path) -> None:
    folder = tmp_path / "x"
    fitted.save(folder, folder=True)
    (folder / "stray.txt").write_text("left from before")
    fitted.save(folder, folder=True)
    assert not (folder / "stray.txt").exists()
    home = tmp_path / "home"
    home.mkdir()
    fitted.save(home, folder=True)
    home = tmp_path / "other"
    home.mkdir()
    (home / "thesis.md").write_text("precious")
    link = tmp_path / "link"
    link.symlink_to(folder)
    for taken in (home, link, home / "thesis.md"):
        with pytest.raises(PipelineFolderTakenError, match="is no pipeline folder"):
            fitted.save(taken, folder=True)
    assert (home / "thesis.md").read_text() == "precious"


def test_a_folder_with_a_link_or_a_pipe_is_refused(fitted: Pipeline, tmp_path: Path) -> None:
    import os

    folder = tmp_path / "x"
    fitted.save(folder, folder=True)
    (folder / "parity.json").rename(tmp_path / "parity.json")
    (folder / "parity.json").symlink_to(tmp_path / "parity.json")
    with pytest.raises(CorruptPipelineError, match=r"'parity\.json' cannot be read, or is a link"):
        load(folder)
    (folder / "parity.json").unlink()
    os.mkfifo(folder / "parity.json")
    with pytest.raises(CorruptPipelineError, match="no plain file"):
        load(folder)
    (folder / "parity.json").unlink()
    (tmp_path / "parity.json").rename(folder / "parity.json")
    assert load(folder).is_fitted
    (folder / "estimators").rename(tmp_path / "estimators")
    (folder / "estimators").symlink_to(tmp_path / "estimators")
    with pytest.raises(CorruptPipelineError, match="'estimators' is a link"):
        load(folder)


def test_a_folder_of_something_else_is_no_pipeline(tmp_path: Path) -> None:
    with pytest.raises(CorruptPipelineError, match=r"no pipeline\.json"):
        load(tmp_path)
    (tmp_path / "pipeline.json").write_text(json.dumps({}))
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(CorruptPipelineError, match=r"unexpected member 'notes\.txt'"):
        load(tmp_path)
