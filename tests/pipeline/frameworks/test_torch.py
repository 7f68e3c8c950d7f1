"""PyTorch: trained, compiled, saved; what names another class or has other weights is refused."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

from redspot.errors import MissingExtraError
from redspot.pipeline import (
    Pipeline,
    TorchClassifier,
    TorchRegressor,
    branch,
    estimate,
    impute,
    loads,
    mlp,
    module,
    one_hot,
    scale,
)
from redspot.pipeline.archive import write_archive
from redspot.pipeline.errors import (
    CorruptPipelineError,
    EstimatorRefusedError,
    InvalidStepError,
    InvalidTargetError,
    UnsavableStepError,
    UntrustedPipelineError,
)
from redspot.pipeline.frameworks import framework_named
from redspot.pipeline.frameworks.progress import Epoch, reporting
from redspot.pipeline.frameworks.tensors_file import read_tensors
from redspot.pipeline.space import choice

torch = pytest.importorskip("torch")

NUMBERS = ("bill_length_mm", "bill_depth_mm", "flipper_length_mm")
QUICK: dict[str, Any] = {"epochs": 12, "learning_rate": 0.01, "batch_size": 64, "progress": False, "device": "cpu"}


def pipeline_of(estimator: Any) -> Pipeline:
    return Pipeline(
        numbers=branch(*NUMBERS).then(impute()).then(scale()),
        words=branch("island", "sex").then(one_hot()),
        model=estimate(estimator),
    )


@pytest.fixture
def columns(penguins: Any) -> dict[str, Any]:
    """The penguins as plain columns."""
    found = {name: penguins[name].to_numpy() for name in (*NUMBERS, "body_mass_g")}
    for name in ("island", "sex", "species"):
        found[name] = np.array([None if v != v else v for v in penguins[name].tolist()], dtype=object)
    is_whole = ~np.isnan(found["body_mass_g"])
    return {name: values[is_whole] for name, values in found.items()}


def inputs_of(columns: dict[str, Any]) -> dict[str, Any]:
    return {name: columns[name] for name in (*NUMBERS, "island", "sex")}


# -- learning and answering -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"hidden": (8,), "activation": "tanh", "batch_norm": True, "dropout": 0.2},
        {"hidden": (8,), "activation": "gelu"},
        {"hidden": [6, 5, 4], "activation": "sigmoid"},
        {"hidden": ()},
    ],
    ids=str,
)
def test_classes_by_a_network(
    columns: dict[str, Any], settings: dict[str, Any], all_ways_agree: Callable[..., None]
) -> None:
    pipeline = pipeline_of(TorchClassifier(**QUICK, **settings)).fit(columns, columns["species"])
    assert pipeline.classes_.tolist() == ["Adelie", "Chinstrap", "Gentoo"]
    assert pipeline.learned("model")["estimator"].outputs_ == 3
    all_ways_agree(pipeline, inputs_of(columns), 1e-5)
    if not settings:
        assert pipeline.evaluate(columns, columns["species"])["accuracy"] > 0.95


def test_two_classes_are_one_output(columns: dict[str, Any], all_ways_agree: Callable[..., None]) -> None:
    target = columns["body_mass_g"] > 4000
    pipeline = pipeline_of(TorchClassifier(**QUICK)).fit(columns, target)
    assert pipeline.learned("model")["estimator"].outputs_ == 1
    assert pipeline.predict_one({"flipper_length_mm": 230.0, "bill_depth_mm": 14.0})["prediction"] is True
    assert pipeline.evaluate(columns, target)["accuracy"] > 0.85
    all_ways_agree(pipeline, inputs_of(columns), 1e-5)


@pytest.mark.parametrize("settings", [{}, {"activation": "gelu", "batch_norm": True}], ids=str)
def test_a_number_in_its_own_unit(
    columns: dict[str, Any], settings: dict[str, Any], all_ways_agree: Callable[..., None]
) -> None:
    pipeline = pipeline_of(TorchRegressor(**{**QUICK, "epochs": 40}, **settings)).fit(columns, columns["body_mass_g"])
    assert pipeline.evaluate(columns, columns["body_mass_g"])["r2"] > 0.75
    all_ways_agree(pipeline, inputs_of(columns), 1e-5)


def test_a_module_of_ones_own_answers_through_torch(
    columns: dict[str, Any], trusted_models: Any, all_ways_agree: Callable[..., None]
) -> None:
    pipeline = pipeline_of(TorchClassifier(trusted_models.Gated, units=10, **QUICK)).fit(columns, columns["species"])
    assert pipeline.evaluate(columns, columns["species"])["accuracy"] > 0.9
    assert pipeline._learned().states["model"].model is None
    all_ways_agree(pipeline, inputs_of(columns), 1e-5, trusted_modules=("trusted_models",))


def test_a_function_that_stacks_known_layers_is_compiled(
    columns: dict[str, Any], trusted_models: Any, all_ways_agree: Callable[..., None]
) -> None:
    pipeline = pipeline_of(TorchRegressor(trusted_models.stacked, **QUICK)).fit(columns, columns["body_mass_g"])
    assert pipeline._learned().states["model"].model is not None
    all_ways_agree(pipeline, inputs_of(columns), 1e-5, trusted_modules=("trusted_models",))


def test_large_numbers_answer_as_torch_does() -> None:
    x = np.array([1e300, -1e300, 1.0, 0.0] * 10)
    pipeline = Pipeline(x=branch("x"), model=estimate(TorchClassifier(mlp, hidden=(4,), activation="tanh", **QUICK)))
    pipeline.fit({"x": x}, np.sign(x))
    assert np.allclose(pipeline.predict_proba({"x": x}), pipeline.predict_proba({"x": x}, compiled=False), atol=1e-5)
    assert pipeline.predict_one({"x": 1e300})["prediction"] in (-1.0, 0.0, 1.0)


def test_the_same_seed_gives_the_same_file_and_leaves_other_random_numbers_alone(columns: dict[str, Any]) -> None:
    torch.manual_seed(1)
    state = torch.get_rng_state()
    files = []
    for seed in (0, 0, 1):
        estimator = TorchClassifier(**QUICK, dropout=0.3, seed=seed)
        files.append(pipeline_of(estimator).fit(columns, columns["species"]).fingerprint)
    assert files[0] == files[1] != files[2]
    assert torch.equal(state, torch.get_rng_state())


def test_training_stops_early_and_keeps_the_best_weights() -> None:
    random = np.random.default_rng(0)
    x, y = random.normal(size=(200, 3)), random.normal(size=200)
    told: list[Epoch] = []
    model = TorchRegressor(epochs=200, learning_rate=0.05, patience=3, validation_share=0.25, progress=told.append)
    model.fit(x, y)
    losses = [epoch.held_out_loss for epoch in told]
    assert tuple(told) == model.history_
    assert len(told) < 200
    assert [epoch.number for epoch in told] == list(range(1, len(told) + 1))
    best = int(np.argmin(np.array(losses, dtype=float)))
    assert len(told) == best + 1 + 3
    until_then = TorchRegressor(epochs=best + 1, learning_rate=0.05, validation_share=0.25, progress=False).fit(x, y)
    assert np.array_equal(until_then.predict(x), model.predict(x))
    without = TorchRegressor(epochs=4, validation_share=0.0, progress=False).fit(x, y)
    assert [epoch.held_out_loss for epoch in without.history_] == [None] * 4


def test_a_line_is_drawn_where_somebody_watches(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # That a kernel could be started here does not mean that somebody looks.
    monkeypatch.setitem(sys.modules, "ipykernel", ModuleType("ipykernel"))
    monkeypatch.setattr("sys.stderr.isatty", lambda: False, raising=False)
    with reporting(True, "Model") as report:
        report(Epoch(1, 4, 0.5, None, 0.1))
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with reporting(True, "Model") as report:
        report(Epoch(2, 4, 0.5, 0.25, 0.1))
    drawn = capsys.readouterr().err
    assert drawn.startswith("\rModel ████████████············ 2/4 loss 0.5, held out 0.25")
    assert drawn.endswith("\n")


# -- as scikit-learn has it -------------------------------------------------------------------------


def test_parameters_and_settings_are_one() -> None:
    model = TorchClassifier(hidden=(5,), epochs=3)
    assert model.get_params()["hidden"] == (5,)
    assert "hidden=(5,)" in repr(model)
    again = clone(model).set_params(hidden=(7, 7), seed=4, dropout=0.1)
    assert {key: again.get_params()[key] for key in ("hidden", "seed", "dropout")} == {
        "hidden": (7, 7),
        "seed": 4,
        "dropout": 0.1,
    }
    assert model.get_params()["hidden"] == (5,)
    with pytest.raises(InvalidStepError, match="no parameter 'epoch', and mlp no such setting; the settings are 'hid"):
        model.set_params(epoch=5)
    with pytest.raises(InvalidStepError, match="no parameter 'width'"):
        TorchRegressor(width=5)


def test_it_works_by_itself_in_scikit_learn() -> None:
    from sklearn.model_selection import GridSearchCV

    random = np.random.default_rng(0)
    x = random.normal(size=(120, 2))
    y = np.where(x.sum(axis=1) > 0, "yes", "no")
    found = GridSearchCV(TorchClassifier(**QUICK), {"hidden": [(4,), (8,)]}, cv=2).fit(x, y)
    assert found.best_score_ > 0.8
    assert found.best_estimator_.classes_.tolist() == ["no", "yes"]
    assert found.best_estimator_.n_features_in_ == 2
    with pytest.raises(ValueError, match="expecting 2 features"):
        found.predict(np.zeros((1, 3)))
    assert TorchRegressor(**QUICK).fit(x, x[:, 0]).score(x, x[:, 0]) > 0.3


def test_cross_validation_and_search(columns: dict[str, Any]) -> None:
    pipeline = pipeline_of(TorchClassifier(**QUICK))
    assert pipeline.cross_validate(columns, columns["species"], folds=2)["accuracy"] > 0.8
    space = {"model__hidden": choice((4,), (16,)), "model__learning_rate": choice(1e-4, 1e-2)}
    found = pipeline.search(space, columns, columns["species"], trials=3, folds=2)
    assert found.best_pipeline.evaluate(columns, columns["species"])["accuracy"] > 0.8
    failed = pipeline.search({"model__batch_size": choice(0, 32)}, columns, columns["species"], trials=2, folds=2)
    assert "batch_size is a whole number from 1, not 0" in next(t.error for t in failed.trials if t.error)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"epochs": 0}, "epochs is a whole number from 1, not 0"),
        ({"batch_size": 2.5}, "batch_size is a whole number"),
        ({"learning_rate": "fast"}, "learning_rate is a number above 0, not 'fast'"),
        ({"patience": 0}, "patience is a whole number from 1, or None"),
        ({"validation_share": 1.0}, "validation_share is a share from 0 to below 1"),
        ({"seed": True}, "seed is a whole number"),
        ({"device": "tpu"}, "device is 'auto', 'cpu', 'cuda' or 'cuda:N', not 'tpu'"),
        ({"device": "cuda:99"}, "device='cuda:99' is asked for, and PyTorch sees"),
        ({"activation": "swish"}, "activation is one of 'gelu', 'relu', 'sigmoid', 'tanh', not 'swish'"),
        ({"hidden": (0,)}, "hidden is a list of numbers of units"),
        ({"dropout": 1.0}, "dropout is a share"),
    ],
    ids=str,
)
def test_a_value_that_cannot_be_is_refused_in_a_sentence(params: dict[str, Any], words: str) -> None:
    model = TorchRegressor(**{**QUICK, **params})
    with pytest.raises(InvalidStepError) as caught:
        model.fit(np.zeros((4, 1)), np.arange(4.0))
    assert words in str(caught.value)


def test_what_cannot_be_learned() -> None:
    x = np.zeros((10, 1))
    with pytest.raises(InvalidTargetError, match="one only"):
        TorchClassifier(**QUICK).fit(x, ["a"] * 10)
    steep = TorchRegressor(**{**QUICK, "learning_rate": 1e30, "epochs": 60}, hidden=(8, 8))
    with pytest.raises(EstimatorRefusedError, match="lower learning_rate"):
        steep.fit(np.arange(20.0)[:, np.newaxis], np.arange(20.0) ** 3)
    with pytest.raises(InvalidStepError, match="marked with @redspot.pipeline.module"):
        TorchClassifier(torch.nn.Linear)

    @module
    def flat(inputs: int, outputs: int) -> Any:
        return torch.nn.Sequential(torch.nn.Linear(inputs, outputs), torch.nn.Flatten(0))

    with pytest.raises(InvalidStepError, match=r"flat gave shape \(2,\) for 2 rows of 1 columns; \(2, 1\)"):
        TorchRegressor(flat, **QUICK).fit(x, np.arange(10.0))
    with pytest.raises(InvalidStepError, match="called with inputs and outputs"):
        module(lambda inputs: None)
    with pytest.raises(InvalidStepError, match="marks a class or a function"):
        module(3)  # type: ignore[type-var]


def test_the_extra_is_named_where_torch_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtraError, match=r"TorchClassifier needs torch; install redspot\[torch\]") as caught:
        TorchClassifier().fit(np.zeros((4, 1)), [0, 1, 0, 1])
    assert caught.value.facts == {"extra": "torch"}


# -- files ------------------------------------------------------------------------------------------


def test_a_loaded_network_answers_without_torch(
    columns: dict[str, Any], answers_elsewhere: Callable[..., list[dict[str, Any]]]
) -> None:
    pipeline = pipeline_of(TorchClassifier(**QUICK)).fit(columns, columns["species"])
    rows = [{"bill_length_mm": 39.1, "island": "Dream"}, {}]
    assert answers_elsewhere(pipeline, rows, without=("torch", "sklearn", "skops", "pandas", "scipy")) == [
        pipeline.predict_one(row) for row in rows
    ]


def test_a_module_of_ones_own_is_found_again(
    columns: dict[str, Any], trusted_models: Any, answers_elsewhere: Callable[..., list[dict[str, Any]]]
) -> None:
    pipeline = pipeline_of(TorchRegressor(trusted_models.Gated, **QUICK)).fit(columns, columns["body_mass_g"])
    rows = [{"bill_length_mm": 39.1, "island": "Dream"}, {}]
    given = answers_elsewhere(pipeline, rows, trusted_modules=("trusted_models",))
    for one, other in zip(given, [pipeline.predict_one(row) for row in rows], strict=True):
        assert one["prediction"] == pytest.approx(other["prediction"], rel=1e-5)


def test_the_weights_are_safetensors_that_its_own_library_reads(
    columns: dict[str, Any], members_of: Callable[[bytes], dict[str, bytes]]
) -> None:
    safetensors = pytest.importorskip("safetensors.numpy")
    pipeline = pipeline_of(TorchClassifier(**QUICK, batch_norm=True)).fit(columns, columns["species"])
    data = members_of(pipeline.dumps())["estimators/model/weights.safetensors"]
    theirs = safetensors.load(data)
    ours = read_tensors(data, "model")
    assert {name: value.shape for name, value in theirs.items()} == {name: t.shape for name, t in ours.items()}
    assert all(value.tobytes() == ours[name].data for name, value in theirs.items())
    assert read_tensors(safetensors.save(theirs), "model") == ours


def test_what_no_other_process_finds_is_not_saved(columns: dict[str, Any], trusted_models: Any) -> None:
    @module
    def local(inputs: int, outputs: int) -> Any:
        return torch.nn.Linear(inputs, outputs)

    with pytest.raises(UnsavableStepError, match="is the module .*local.* move it to the top level"):
        pipeline_of(TorchClassifier(local, **QUICK)).fit(columns, columns["species"]).dumps()
    with pytest.raises(InvalidStepError, match="marked with"):
        TorchClassifier(trusted_models.Unmarked)


# -- damage and malice ------------------------------------------------------------------------------


def test_an_untrusted_module_is_not_even_imported(
    columns: dict[str, Any], trusted_models: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = pipeline_of(TorchClassifier(trusted_models.stacked, **QUICK)).fit(columns, columns["species"]).dumps()
    del sys.modules["trusted_models"]
    with pytest.raises(UntrustedPipelineError, match=r"trusted_modules=\['trusted_models'\]"):
        loads(data)
    assert "trusted_models" not in sys.modules
    point = EntryPoint("stacked", "trusted_models:stacked", "redspot.modules")
    monkeypatch.setattr(metadata, "entry_points", lambda group: [point] if group == "redspot.modules" else [])
    assert loads(data).check_parity().ok


@pytest.mark.parametrize(
    ("address", "trusted"),
    [
        (["os", "system"], ()),
        (["os", "system"], ("os",)),
        (["builtins", "eval"], ("builtins",)),
        (["torch.hub", "load"], ("torch.hub",)),
        (["torch", "load"], ("torch",)),
        (["trusted_models", "Unmarked"], ("trusted_models",)),
        (["trusted_models", "price_rule"], ("trusted_models",)),
        (["redspot.pipeline.frameworks.torch_modules", "module"], ()),
    ],
    ids=str,
)
def test_a_file_that_names_another_class_is_refused(
    columns: dict[str, Any],
    trusted_models: Any,
    edited: Callable[..., bytes],
    monkeypatch: pytest.MonkeyPatch,
    address: list[str],
    trusted: tuple[str, ...],
) -> None:
    ran: list[object] = []
    monkeypatch.setattr(os, "system", ran.append)
    monkeypatch.setattr(torch.hub, "load", lambda *given, **named: ran.append(given))
    data = pipeline_of(TorchClassifier(**QUICK)).fit(columns, columns["species"]).dumps()
    changed = edited(data, "wrapper.json", lambda document: document.update(module=address))
    with pytest.raises(UntrustedPipelineError, match="which is no installed module|is not marked"):
        loads(changed, trusted).learned("model")["estimator"]
    assert ran == []


def test_a_wrapper_of_another_class_is_refused(columns: dict[str, Any], edited: Callable[..., bytes]) -> None:
    data = pipeline_of(TorchClassifier(**QUICK)).fit(columns, columns["species"]).dumps()
    with pytest.raises(UntrustedPipelineError, match="names the class 'Module'"):
        loads(edited(data, "wrapper.json", lambda document: document.update({"class": "Module"})))


@pytest.mark.parametrize(
    "change",
    [
        {"settings": {"hidden": [10**9, 10**9]}},
        {"settings": {"hidden": [7]}},
        {"settings": {"hidden": "all"}},
        {"settings": {"width": 3}},
        {"settings": {"epochs": 3}},
        {"inputs": 10**12},
        {"inputs": 0},
        {"outputs": 2},
        {"classes": 1},
        {"target": [0.0]},
        {"module": []},
        {"digest": "0"},
        {"params": {"epochs": 1, "module": "x"}},
        {"params": {"_private": 1}},
        {"params": {"other": 1}},
    ],
    ids=str,
)
def test_what_does_not_belong_together_is_refused(
    columns: dict[str, Any], edited: Callable[..., bytes], change: dict[str, Any]
) -> None:
    data = pipeline_of(TorchClassifier(**QUICK)).fit(columns, columns["species"]).dumps()
    with pytest.raises(CorruptPipelineError):
        loads(edited(data, "wrapper.json", lambda document: document.update(change))).learned("model")["estimator"]


def _with_header(data: bytes, change: Callable[[Any], Any]) -> bytes:
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    text = json.dumps(change(header) or header).encode()
    return len(text).to_bytes(8, "little") + text + data[8 + length :]


def test_weights_of_another_size_are_refused_before_anything_is_reserved(
    columns: dict[str, Any], members_of: Callable[[bytes], dict[str, bytes]]
) -> None:
    members = members_of(pipeline_of(TorchClassifier(**QUICK)).fit(columns, columns["species"]).dumps())
    prefix = "estimators/model/"
    weights = members[prefix + "weights.safetensors"]

    def huge(header: Any) -> None:
        header["0.weight"].update(shape=[2**40, 2**20])

    def swapped(header: Any) -> None:
        header["0.weight"]["shape"].reverse()

    def renamed(header: Any) -> None:
        header["evil"] = header.pop("0.weight")

    def overlapping(header: Any) -> None:
        header["2.bias"]["data_offsets"] = header["0.bias"]["data_offsets"]

    def negative(header: Any) -> None:
        header["0.weight"]["shape"] = [-1, -len(NUMBERS)]

    damaged = [_with_header(weights, change) for change in (huge, swapped, renamed, overlapping, negative)]
    damaged += [weights[:-1], weights + b"\0", weights[:7], b"", (2**63).to_bytes(8, "little") + weights[8:]]
    for each in damaged:
        document = json.loads(members[prefix + "wrapper.json"])
        document["digest"] = hashlib.sha256(each).hexdigest()
        changed = {
            **members,
            prefix + "wrapper.json": json.dumps(document).encode(),
            prefix + "weights.safetensors": each,
        }
        with pytest.raises(CorruptPipelineError):
            loads(write_archive(changed)).learned("model")["estimator"]


def test_any_damage_to_a_file_is_refused_or_harmless(columns: dict[str, Any], pytestconfig: pytest.Config) -> None:
    pipeline = pipeline_of(TorchClassifier(**{**QUICK, "epochs": 1}, hidden=(3,))).fit(columns, columns["species"])
    files = dict(pipeline._learned().states["model"].packed("model"))
    framework, random = framework_named("torch"), np.random.default_rng(0)
    given = np.zeros((2, pipeline._learned().states["model"].model.width), dtype=np.float32)
    wanted = framework.load(files, "model", ()).predict(given).tolist()
    every = bool(pytestconfig.getoption("--torture", default=False))
    refused = tried = 0
    for name, data in files.items():
        places = range(len(data)) if every else random.integers(0, len(data), 120).tolist()
        for place in places:
            changed = bytearray(data)
            changed[place] ^= 1 << int(random.integers(0, 8))
            tried += 1
            try:
                loaded = framework.load({**files, name: bytes(changed)}, "model", ())
            except (CorruptPipelineError, UntrustedPipelineError):
                refused += 1
                continue
            # Only parameters of training can change unnoticed.
            assert name == "wrapper.json"
            assert loaded.predict(given).tolist() == wanted
        for length in random.integers(0, len(data), 20).tolist():
            with pytest.raises((CorruptPipelineError, UntrustedPipelineError)):
                framework.load({**files, name: data[:length]}, "model", ())
    assert refused > tried / 2


def test_a_compiled_network_that_differs_from_the_module_is_refused(
    columns: dict[str, Any], members_of: Callable[[bytes], dict[str, bytes]]
) -> None:
    pipeline = pipeline_of(TorchClassifier(**QUICK)).fit(columns, columns["species"])
    other = pipeline_of(TorchClassifier(**QUICK, seed=5)).fit(columns, columns["species"])
    members, others = members_of(pipeline.dumps()), members_of(other.dumps())
    mixed = {**members, **{name: data for name, data in others.items() if name.startswith("estimators/")}}
    with pytest.raises(CorruptPipelineError, match="what was compiled from it differ"):
        loads(write_archive(mixed)).learned("model")["estimator"]


@pytest.mark.gpu
def test_a_gpu_learns_and_the_cpu_answers_the_same(columns: dict[str, Any], tmp_path: Path) -> None:
    if not torch.cuda.is_available():
        pytest.skip("this PyTorch has no CUDA")
    pipeline = pipeline_of(TorchClassifier(**{**QUICK, "device": "cuda"})).fit(columns, columns["species"])
    assert pipeline.evaluate(columns, columns["species"])["accuracy"] > 0.9
    own = pipeline.predict_proba(columns, compiled=False)
    assert np.allclose(pipeline.predict_proba(columns), own, atol=1e-5)
    pipeline.save(tmp_path / "it.redspot")
    program = (
        "from redspot.pipeline import load\n"
        f"print(load({str(tmp_path / 'it.redspot')!r}).learned('model')['estimator'].predict([[0.0] * 9])[0])"
    )
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment, timeout=300
    )
    assert done.stdout.strip() in "012"
