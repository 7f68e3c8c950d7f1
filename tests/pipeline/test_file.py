"""The pipeline file: fixed bytes, everything back, and hostile files refused before anything of them runs."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from importlib import metadata
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import Ridge

import redspot
from redspot.errors import RedspotError
from redspot.pipeline import Pipeline, branch, estimate, impute, load, loads, scale, step
from redspot.pipeline.archive import write_archive
from redspot.pipeline.errors import (
    CorruptPipelineError,
    MetadataMissingError,
    NotFittedError,
    PipelineFileNotFoundError,
    PipelineVersionError,
    UnsavableStepError,
    UntrustedPipelineError,
)


@pytest.fixture
def fitted(classifier: Pipeline, penguins: Any) -> Pipeline:
    classifier.fit(penguins, "species").evaluate(penguins, "species")
    return classifier


@pytest.fixture
def custom_module(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A module with marked functions, importable by name as a user's own would be."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    yield importlib.import_module("trusted_steps")
    sys.modules.pop("trusted_steps", None)


def members_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def changed(data: bytes, change: Callable[[Any], None], member: str = "pipeline.json") -> bytes:
    """Return the file with one JSON member edited."""
    members = members_of(data)
    document = json.loads(members[member])
    change(document)
    return write_archive({**members, member: json.dumps(document).encode()})


def test_a_file_gives_everything_back(fitted: Pipeline, penguins: Any, tmp_path: Path) -> None:
    path = tmp_path / "penguins.redspot"
    fitted.save(path)
    loaded = redspot.load(path)
    assert loaded.predict(penguins).tolist() == fitted.predict(penguins).tolist()
    assert np.array_equal(loaded.predict_proba(penguins), fitted.predict_proba(penguins))
    assert loaded.metrics_ == fitted.metrics_
    assert loaded.get_params()["model__max_iter"] == 500
    assert loaded.check_parity().ok
    assert loaded.fit(penguins, "species").is_fitted


def test_the_same_fit_gives_the_same_bytes_but_for_the_metadata(fitted: Pipeline, tmp_path: Path) -> None:
    program = """
import sys
from palmerpenguins import load_penguins
from sklearn.linear_model import LogisticRegression
from redspot.pipeline import Pipeline, branch, estimate, impute, one_hot, scale
pipeline = Pipeline(
    numbers=branch("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")
    .then(impute("median")).then(scale()),
    words=branch("island", "sex").then(one_hot()),
    model=estimate(LogisticRegression(max_iter=500)),
).fit(load_penguins(), "species")
pipeline.evaluate(load_penguins(), "species")
pipeline.save(sys.argv[1])
"""
    members = members_of(fitted.dumps())
    metadata = json.loads(members.pop("metadata.json"))
    for seed in ("1", "2"):
        path = tmp_path / f"{seed}.redspot"
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run([sys.executable, "-c", program, str(path)], check=True, timeout=120, env=environment)
        others = members_of(path.read_bytes())
        other = json.loads(others.pop("metadata.json"))
        assert others == members
        assert load(path).fingerprint == fitted.fingerprint
        for key in ("profile", "code_hash", "rows", "libraries"):
            assert other["training"][key] == metadata["training"][key]
        assert other["metrics"] == metadata["metrics"]


def test_trees_have_fixed_bytes_although_their_structs_have_gaps(penguins: Any) -> None:
    rows = penguins.dropna()
    pipeline = Pipeline(
        x=branch("body_mass_g", "bill_depth_mm"), model=estimate(RandomForestClassifier(8, random_state=1))
    )
    data = pipeline.fit(rows, "species").dumps()
    assert pipeline.dumps() == data
    assert loads(data).dumps() == data
    again = pipeline.clone().fit(rows, "species")
    assert again.fingerprint == pipeline.fingerprint


def test_the_file_holds_no_pickle(fitted: Pipeline) -> None:
    members = members_of(fitted.dumps())
    assert list(members) == [
        "pipeline.json",
        "parity.json",
        "arrays.npz",
        "estimators/model/estimator.skops",
        "metadata.json",
    ]
    assert not any(b"\x80\x04\x95" in content or b"\x80\x05\x95" in content for content in members.values())
    with np.load(io.BytesIO(members["arrays.npz"]), allow_pickle=False) as arrays:
        assert arrays["numbers_scale/means"].shape == (4,)


def test_saving_is_all_or_nothing(fitted: Pipeline, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.redspot"
    path.write_bytes(b"before")

    def full_disk(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full_disk)
        with pytest.raises(OSError, match="No space left"):
            fitted.save(path)
    assert path.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["model.redspot"]
    fitted.save(path)
    assert load(path).is_fitted


def test_only_a_fitted_pipeline_is_saved(classifier: Pipeline, tmp_path: Path) -> None:
    with pytest.raises(NotFittedError, match="Only a fitted pipeline"):
        classifier.save(tmp_path / "x.redspot")
    with pytest.raises(PipelineFileNotFoundError, match="There is no file"):
        load(tmp_path / "x.redspot")


def test_a_folder_that_does_not_exist_is_named(fitted: Pipeline, tmp_path: Path) -> None:
    with pytest.raises(PipelineFileNotFoundError, match=r"There is no folder .*nowhere"):
        fitted.save(tmp_path / "nowhere" / "x.redspot")


# -- functions of the user --------------------------------------------------------------------------


def with_function(module: Any) -> Pipeline:
    pipeline = Pipeline(x=branch("a", "b").then(module.log_ratio(shift=2.0)), model=estimate(Ridge()))
    return pipeline.fit({"a": [1.0, 2.0, 3.0], "b": [3.0, 2.0, 9.0]}, [1.0, 2.0, 3.0])


def test_a_marked_function_is_loaded_from_a_trusted_module_only(custom_module: Any) -> None:
    pipeline = with_function(custom_module)
    data = pipeline.dumps()
    loaded = loads(data, trusted_modules=["trusted_steps"])
    assert loaded.predict_one({"a": 1, "b": 2}) == pipeline.predict_one({"a": 1, "b": 2})
    assert loaded.get_params()["x_log_ratio__shift"] == 2.0
    del sys.modules["trusted_steps"]
    with pytest.raises(
        UntrustedPipelineError, match=r"names trusted_steps.log_ratio.*trusted_modules=\['trusted_steps'\]"
    ):
        loads(data)
    assert "trusted_steps" not in sys.modules, "an untrusted module must not even be imported"


def test_a_function_of_an_installed_plugin_needs_no_further_trust(
    custom_module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    point = EntryPoint("log_ratio", "trusted_steps:log_ratio", "redspot.steps")
    monkeypatch.setattr(metadata, "entry_points", lambda group: [point] if group == "redspot.steps" else [])
    assert loads(with_function(custom_module).dumps()).check_parity().ok


@pytest.mark.parametrize(
    ("module", "function", "trusted"),
    [
        ("os", "system", ()),
        ("os", "system", ("os",)),
        ("posix", "system", ("os",)),
        ("builtins", "eval", ("builtins",)),
        ("subprocess", "run", ("subprocess",)),
        ("trusted_steps", "not_marked", ("trusted_steps",)),
        ("trusted_steps", "nothing", ("trusted_steps",)),
        ("trusted_steps", "redspot.pipeline.load", ("trusted_steps",)),
        ("trusted_steps", "__class__", ("trusted_steps",)),
        ("trusted_steps.sub", "log_ratio", ("trusted_steps",)),
        ("trusted_steps", "log_ratio", ("trusted_",)),
    ],
)
def test_a_file_that_names_another_function_is_refused(
    custom_module: Any, module: str, function: str, trusted: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[object] = []
    monkeypatch.setattr(os, "system", ran.append)

    def name_it(document: Any) -> None:
        document["steps"][0].update(module=module, function=function, options={"command": "true"})

    with pytest.raises(UntrustedPipelineError, match=r"names|not marked"):
        loads(changed(with_function(custom_module).dumps(), name_it), trusted_modules=trusted)
    assert ran == []


def test_a_function_of_the_notebook_cannot_be_saved(custom_module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = with_function(custom_module)
    monkeypatch.setattr(custom_module.log_ratio.function, "__module__", "__main__")
    with pytest.raises(UnsavableStepError, match=r"of this notebook.*move it to the top level of a module"):
        pipeline.dumps()


def test_a_function_within_a_function_cannot_be_saved() -> None:
    @step
    def inner(x: Any) -> Any:
        return x

    pipeline = Pipeline(x=branch("a").then(inner), model=estimate(Ridge())).fit({"a": [1.0, 2.0]}, [1.0, 2.0])
    with pytest.raises(UnsavableStepError, match="no other process can import"):
        pipeline.dumps()


# -- damage and malice ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small() -> bytes:
    pipeline = Pipeline(x=branch("a").then(impute()).then(scale()), model=estimate(Ridge()))
    return pipeline.fit({"a": [1.0, None, 3.0]}, [1.0, 2.0, 3.0]).dumps()


@given(cut=st.floats(0, 1))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_truncated_file_is_corrupt(small: bytes, cut: float) -> None:
    with pytest.raises(CorruptPipelineError):
        loads(small[: int(cut * (len(small) - 1))])


@given(position=st.floats(0, 1), flip=st.integers(1, 255))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_flipped_byte_is_refused_or_harmless(small: bytes, position: float, flip: int) -> None:
    damaged = bytearray(small)
    damaged[int(position * (len(small) - 1))] ^= flip
    try:
        loaded = loads(bytes(damaged))
    except RedspotError:
        return
    # Some bytes of a zip mean nothing (times, attributes); then the pipeline is the same.
    assert loaded.dumps() == small


def test_other_bytes_are_no_pipeline_file() -> None:
    for data in (b"", b"PK", b"not a zip", write_archive({}), write_archive({"pipeline.json": b"{}"})):
        with pytest.raises(CorruptPipelineError):
            loads(data)


def bomb() -> bytes:
    return write_archive({"pipeline.json": bytes(64 * 1024**2)})


def test_a_zip_bomb_is_refused_before_it_is_unpacked(small: bytes) -> None:
    members = members_of(small)
    with pytest.raises(CorruptPipelineError, match="would unpack"):
        loads(bomb())
    with pytest.raises(CorruptPipelineError, match="would unpack"):
        loads(write_archive({**members, "arrays.npz": bomb()}, compress=False))
    with pytest.raises(CorruptPipelineError, match="would unpack"):
        loads(write_archive({**members, "estimators/model/estimator.skops": bomb()}, compress=False))


@pytest.mark.parametrize(
    "name", ["../evil.py", "/etc/cron.d/evil", "estimators/../../evil.py", "estimators/model/evil.py", "evil.pkl"]
)
def test_a_member_that_nothing_names_is_refused(small: bytes, name: str) -> None:
    with pytest.raises(CorruptPipelineError, match="unexpected member"):
        loads(write_archive({**members_of(small), name: b"print('evil')"}))


def test_a_size_that_lies_is_refused(small: bytes) -> None:
    # The directory says three bytes where there are more: zipfile would hand out three.
    data = bytearray(small)
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = (3).to_bytes(4, "little")
    with pytest.raises(CorruptPipelineError):
        loads(bytes(data))


def test_a_member_by_the_same_name_twice_is_refused(small: bytes) -> None:
    buffer = io.BytesIO(small)
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr("parity.json", "null")
    with pytest.raises(CorruptPipelineError, match="same name"):
        loads(buffer.getvalue())


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            lambda d: d.update(format_version=4),
            PipelineVersionError,
            "version 4; Redspot .* reads redspot-pipeline up to version 3",
        ),
        (lambda d: d.update(format="pickle"), PipelineVersionError, "The file is pickle"),
        (lambda d: d.pop("steps"), CorruptPipelineError, "steps"),
        (
            lambda d: d["steps"][0].update(kind="exec"),
            UntrustedPipelineError,
            "unknown kind 'exec'; known are 'affine'",
        ),
        (lambda d: d["steps"][0].update(params={"strategy": "x"}), RedspotError, "strategy is one of"),
        (lambda d: d["steps"][0].update(params={"nix": 1}), CorruptPipelineError, "nix"),
        (lambda d: d["steps"][0].update(inputs=["model"]), RedspotError, "reads 'model'"),
        (lambda d: d["steps"][1].update(arrays=["../x"]), CorruptPipelineError, "lost its array"),
        (lambda d: d["steps"][2].update(files=["../../etc/passwd"]), CorruptPipelineError, "lost its estimator"),
        (lambda d: d["schema"]["inputs"].clear(), CorruptPipelineError, "other columns"),
        (lambda d: d["schema"].update(inputs=3), CorruptPipelineError, "damaged"),
        (lambda d: d["features"].pop("model"), CorruptPipelineError, "features belong to other steps"),
        (lambda d: d["features"]["x_impute"][0].update(made_of=[1]), CorruptPipelineError, "none that it reads"),
        (lambda d: d["features"]["x_impute"][0].update(made_of=[True]), CorruptPipelineError, "no number"),
        (lambda d: d["features"]["x"][0].update(made_of=[0]), CorruptPipelineError, "none that it reads"),
        (lambda d: d["steps"][0].pop("path"), CorruptPipelineError, "path"),
        (lambda d: d["steps"][0]["state"].update(fills=[]), CorruptPipelineError, "gets no answer"),
        (lambda d: d["steps"][0]["state"].clear(), CorruptPipelineError, "gets no answer"),
        (lambda d: d["sources"].clear(), RedspotError, "starts at columns"),
        (lambda d: d.update(outputs=[{"name": "o", "node": "nix"}]), RedspotError, "shows 'nix'"),
        (lambda d: d.update(outputs=[{"name": "prediction", "node": "x_scale"}]), RedspotError, "taken"),
        (lambda d: d.update(explanations=["nix"]), CorruptPipelineError, "nix"),
        (lambda d: d.update(explanations=["x_scale"]), RedspotError, "reads 'x_scale'"),
        (
            lambda d: d.update(target={"source": d["sources"][0], "steps": [], "drops_missing": False}),
            RedspotError,
            "x",
        ),
        (lambda d: d.update(target={"source": 3}), CorruptPipelineError, "damaged"),
    ],
)
def test_a_document_that_does_not_hold_together_is_refused(
    small: bytes, change: Callable[[Any], None], error: type[RedspotError], message: str
) -> None:
    with pytest.raises(error, match=message):
        loads(changed(small, change))


def test_arrays_of_objects_and_arrays_that_lie_about_their_size_are_refused(small: bytes) -> None:
    members = members_of(small)

    def with_array(content: bytes) -> bytes:
        arrays = {name: data for name, data in members_of(members["arrays.npz"]).items()}
        return write_archive({**members, "arrays.npz": write_archive({**arrays, "x_scale/means.npy": content})})

    pickled = io.BytesIO()
    np.save(pickled, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(CorruptPipelineError, match="does not hold what it promises"):
        loads(with_array(pickled.getvalue()))
    huge = io.BytesIO()
    np.lib.format.write_array_header_1_0(huge, {"descr": "<f8", "fortran_order": False, "shape": (2**40,)})
    with pytest.raises(CorruptPipelineError, match="does not hold what it promises"):
        loads(with_array(huge.getvalue()))
    with pytest.raises(CorruptPipelineError, match="damaged"):
        loads(with_array(b"\x93NUMPY\x01\x00\x10\x00{'descr': __imp}"))


# -- earlier versions -------------------------------------------------------------------------------


FILES = Path(__file__).parent / "files"


@pytest.mark.parametrize("name", ["classifier-v1", "regressor-v1", "classifier-v2", "regressor-v2"])
def test_a_file_of_an_earlier_version_still_answers_the_same(name: str) -> None:
    loaded = load(FILES / f"{name}.redspot")
    assert loaded.check_parity().ok
    assert loaded.metadata_ is None
    with pytest.raises(MetadataMissingError, match="Fit it again"):
        _ = loaded.profile_
    data = loaded.dumps()
    again = loads(data)
    assert again.check_parity().ok
    assert again.dumps() == data
    assert again.describe() == loaded.describe()
    assert json.loads(members_of(data)["pipeline.json"])["format_version"] == 3


def test_a_parameter_that_has_another_name_now_is_kept(penguins: Any) -> None:
    assert load(FILES / "classifier-v2.redspot")["words_one_hot"].params()["min_support"] == 3
    prepared = load(FILES / "preparation-v2.redspot")
    assert prepared["words_one_hot"].params() == {"max_categories": None, "min_support": 2}
    assert len(prepared.transform(penguins)) == 11


def test_an_earlier_version_keeps_its_metrics(fitted: Pipeline) -> None:
    members = members_of(fitted.dumps())
    document = json.loads(members["pipeline.json"])
    document.update(format_version=2, metrics=json.loads(members.pop("metadata.json"))["metrics"])
    for part in (*document["sources"], *document["steps"]):
        del part["path"]
    for features in document["features"].values():
        for feature in features:
            del feature["made_of"]
    earlier = write_archive({**members, "pipeline.json": json.dumps(document).encode()})
    assert loads(earlier).metrics_ == fitted.metrics_
