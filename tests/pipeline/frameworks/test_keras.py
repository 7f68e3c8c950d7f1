"""Keras: trained, compiled where it is a chain, saved; what names other layers is refused."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

from redspot.errors import MissingExtraError
from redspot.pipeline import KerasClassifier, KerasRegressor, Pipeline, branch, estimate, impute, loads, one_hot, scale
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
from redspot.pipeline.frameworks.keras_config import check_config
from redspot.pipeline.frameworks.progress import Epoch
from redspot.pipeline.space import choice

pytest.importorskip("torch")
os.environ["KERAS_BACKEND"] = "torch"
keras = pytest.importorskip("keras")

# Keras's own variables do not yet speak numpy's newest protocol.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

NUMBERS = ("bill_length_mm", "bill_depth_mm", "flipper_length_mm")
QUICK: dict[str, Any] = {"epochs": 12, "learning_rate": 0.01, "batch_size": 64, "progress": False}
WIDTH = 12


def pipeline_of(estimator: Any) -> Pipeline:
    return Pipeline(
        numbers=branch(*NUMBERS).then(impute()).then(scale()),
        words=branch("island", "sex").then(one_hot()),
        model=estimate(estimator),
    )


def chain(outputs: int, last: str = "linear", width: int = WIDTH, activation: str = "relu") -> Any:
    return keras.Sequential(
        [
            keras.Input((width,)),
            keras.layers.Dense(12, activation=activation),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.1),
            keras.layers.Dense(outputs, activation=last),
        ]
    )


def forked(outputs: int) -> Any:
    start = keras.Input((WIDTH,))
    one = keras.layers.Dense(6, activation="gelu", kernel_regularizer="l2")(start)
    other = keras.layers.Activation("tanh")(keras.layers.Dense(6)(start))
    return keras.Model(start, keras.layers.Dense(outputs)(keras.layers.Concatenate()([one, other])))


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


@pytest.mark.parametrize(("activation", "last"), [("relu", "softmax"), ("gelu", "linear")])
def test_a_chain_is_compiled(
    columns: dict[str, Any], last: str, activation: str, all_ways_agree: Callable[..., None]
) -> None:
    pipeline = pipeline_of(KerasClassifier(chain(3, last, activation=activation), **QUICK))
    pipeline.fit(columns, columns["species"])
    assert pipeline.evaluate(columns, columns["species"])["accuracy"] > 0.9
    assert pipeline._learned().states["model"].model is not None
    all_ways_agree(pipeline, inputs_of(columns), 1e-5)


@pytest.mark.parametrize(("outputs", "last"), [(1, "sigmoid"), (1, "linear"), (2, "softmax")])
def test_two_classes(columns: dict[str, Any], outputs: int, last: str, all_ways_agree: Callable[..., None]) -> None:
    target = columns["body_mass_g"] > 4000
    pipeline = pipeline_of(KerasClassifier(chain(outputs, last), **QUICK)).fit(columns, target)
    assert pipeline.evaluate(columns, target)["accuracy"] > 0.85
    all_ways_agree(pipeline, inputs_of(columns), 1e-5)


def test_another_model_answers_through_keras(columns: dict[str, Any], all_ways_agree: Callable[..., None]) -> None:
    pipeline = pipeline_of(KerasRegressor(forked(1), **{**QUICK, "epochs": 30})).fit(columns, columns["body_mass_g"])
    assert pipeline.evaluate(columns, columns["body_mass_g"])["r2"] > 0.6
    assert pipeline._learned().states["model"].model is None
    all_ways_agree(pipeline, inputs_of(columns), 1e-5)


def test_a_number_in_its_own_unit(columns: dict[str, Any], all_ways_agree: Callable[..., None]) -> None:
    pipeline = pipeline_of(KerasRegressor(chain(1), **{**QUICK, "epochs": 30})).fit(columns, columns["body_mass_g"])
    assert pipeline.evaluate(columns, columns["body_mass_g"])["r2"] > 0.6
    all_ways_agree(pipeline, inputs_of(columns), 1e-5)


def test_what_does_not_learn_is_kept_and_the_rest_drawn_anew() -> None:
    x = np.random.default_rng(0).normal(5, 3, (100, 2))
    normal = keras.layers.Normalization()
    normal.adapt(x)
    model = keras.Sequential([keras.Input((2,)), normal, keras.layers.Dense(1)])
    before = model.get_weights()
    first = KerasRegressor(model, **QUICK).fit(x, x[:, 0])
    assert np.array_equal(first.module_.layers[0].get_weights()[0], normal.get_weights()[0])
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    assert np.array_equal(first.predict(x), clone(first).fit(x, x[:, 0]).predict(x))
    pipeline = Pipeline(x=branch("x0", "x1"), model=estimate(KerasRegressor(model, **QUICK))).fit(x, x[:, 0])
    assert np.allclose(pipeline.predict(x), pipeline.predict(x, compiled=False), rtol=1e-5)


def test_the_same_seed_gives_the_same_file(columns: dict[str, Any]) -> None:
    model = chain(3)
    state = np.random.get_state()[1].copy()
    made = [
        pipeline_of(KerasClassifier(model, **QUICK, seed=seed)).fit(columns, columns["species"]).fingerprint
        for seed in (0, 0, 1)
    ]
    assert made[0] == made[1] != made[2]
    assert np.array_equal(state, np.random.get_state()[1])


def test_training_stops_early_and_keeps_the_best_weights() -> None:
    random = np.random.default_rng(0)
    x, y = random.normal(size=(200, 3)), random.normal(size=200)
    told: list[Epoch] = []
    options: dict[str, Any] = {"learning_rate": 0.05, "validation_share": 0.25}
    model = chain(1, width=3)
    fitted = KerasRegressor(model, epochs=100, patience=3, progress=told.append, **options).fit(x, y)
    assert tuple(told) == fitted.history_
    best = int(np.argmin([float(epoch.held_out_loss or 0.0) for epoch in told]))
    assert len(told) == best + 1 + 3
    until_then = KerasRegressor(model, epochs=best + 1, progress=False, **options).fit(x, y)
    assert np.allclose(until_then.predict(x), fitted.predict(x))


def test_cross_validation_and_search(columns: dict[str, Any]) -> None:
    pipeline = pipeline_of(KerasClassifier(chain(3), **QUICK))
    assert pipeline.cross_validate(columns, columns["species"], folds=2)["accuracy"] > 0.7
    space = {"model__learning_rate": choice(1e-4, 1e-2)}
    found = pipeline.search(space, columns, columns["species"], trials=2, folds=2)
    assert found.best_params["model__learning_rate"] == 1e-2


def test_what_cannot_be_is_refused_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = np.zeros((10, 2)), np.arange(10.0)
    with pytest.raises(InvalidStepError, match=r"reads \(None, 12\) and gives \(None, 1\).*\(None, 2\)"):
        KerasRegressor(chain(1), **QUICK).fit(x, y)
    with pytest.raises(InvalidStepError, match="Sequential or functional"):
        KerasRegressor("model", **QUICK).fit(x, y)
    with pytest.raises(InvalidStepError, match="no weights yet"):
        KerasRegressor(keras.Sequential([keras.layers.Dense(1)]), **QUICK).fit(x, y)
    with pytest.raises(InvalidStepError, match="epochs is a whole number"):
        KerasRegressor(chain(1, width=2), epochs=0).fit(x, y)
    with pytest.raises(InvalidTargetError, match="one only"):
        KerasClassifier(chain(1, width=2), **QUICK).fit(x, ["a"] * 10)
    steep = {**QUICK, "learning_rate": 1e30}
    with pytest.raises(EstimatorRefusedError, match="lower learning_rate"):
        KerasRegressor(chain(1, width=2), **steep).fit(np.arange(20.0).reshape(10, 2), y**3)
    monkeypatch.setitem(sys.modules, "keras", None)
    with pytest.raises(MissingExtraError, match=r"install redspot\[keras\]"):
        KerasRegressor(None, **QUICK).fit(x, y)


def test_a_loaded_chain_answers_without_keras(
    columns: dict[str, Any], answers_elsewhere: Callable[..., list[dict[str, Any]]]
) -> None:
    pipeline = pipeline_of(KerasClassifier(chain(3), **QUICK)).fit(columns, columns["species"])
    rows = [{"bill_length_mm": 39.1, "island": "Dream"}, {}]
    assert answers_elsewhere(pipeline, rows, without=("keras", "torch", "sklearn", "scipy")) == [
        pipeline.predict_one(row) for row in rows
    ]


def test_a_forked_model_is_made_again(
    columns: dict[str, Any], answers_elsewhere: Callable[..., list[dict[str, Any]]]
) -> None:
    pipeline = pipeline_of(KerasRegressor(forked(1), **QUICK)).fit(columns, columns["body_mass_g"])
    rows = [{"bill_length_mm": 39.1, "island": "Dream"}, {}]
    for one, row in zip(answers_elsewhere(pipeline, rows), rows, strict=True):
        assert one["prediction"] == pytest.approx(pipeline.predict_one(row)["prediction"], rel=1e-5)


# -- damage and malice ------------------------------------------------------------------------------


def test_a_layer_that_is_not_listed_is_not_saved(columns: dict[str, Any]) -> None:
    model = keras.Sequential([keras.Input((WIDTH,)), keras.layers.GroupNormalization(2), keras.layers.Dense(3)])
    with pytest.raises(UnsavableStepError, match=r"keras\.layers\.GroupNormalization"):
        pipeline_of(KerasClassifier(model, **QUICK)).fit(columns, columns["species"]).dumps()


def _first(config: Any) -> Any:
    return config["config"]["layers"][1]


EVIL: list[Callable[[Any], Any]] = [
    lambda config: _first(config).update(class_name="Lambda"),
    lambda config: _first(config).update(module="os", class_name="system"),
    lambda config: _first(config).update(module="builtins", class_name="eval"),
    lambda config: _first(config).update(module="torch.hub", class_name="load"),
    lambda config: _first(config).update(registered_name="package>Evil"),
    lambda config: _first(config).update(module=None, class_name="Evil"),
    lambda config: _first(config).update(class_name="TorchModuleWrapper"),
    lambda config: _first(config)["config"].update(activation="package>evil"),
    lambda config: _first(config)["config"].update(activation={"class_name": "function", "config": "system"}),
    lambda config: _first(config)["config"].update(kernel_initializer="package>evil"),
    lambda config: _first(config)["config"].update(kernel_initializer={"class_name": "__lambda__", "config": {}}),
    lambda config: _first(config)["config"].update(extra={"module": "os"}),
    lambda config: config.update(class_name="Model", module="keras"),
]


@pytest.mark.parametrize("change", EVIL)
def test_a_configuration_that_names_something_else_is_refused(
    columns: dict[str, Any], edited: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch, change: Any
) -> None:
    ran: list[object] = []
    monkeypatch.setattr(os, "system", ran.append)
    pipeline = pipeline_of(KerasClassifier(chain(3), **{**QUICK, "epochs": 1})).fit(columns, columns["species"])
    with pytest.raises((UntrustedPipelineError, CorruptPipelineError), match="names|neither Sequential"):
        loads(edited(pipeline.dumps(), "wrapper.json", lambda document: change(document["config"])))
    assert ran == []


def test_a_deep_configuration_is_refused() -> None:
    config: Any = {"class_name": "Sequential", "module": "keras", "config": {}}
    for _ in range(100):
        config = {"class_name": "Sequential", "module": "keras", "config": {"layers": [config]}}
    with pytest.raises(CorruptPipelineError, match="too deeply"):
        check_config(config, "model")


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document["config"]["config"]["layers"][1]["config"].update(units=10**9),
        lambda document: document["config"]["config"]["layers"][0]["config"].update(batch_shape=[None, 10**12]),
        lambda document: document["config"]["config"]["layers"].pop(),
        lambda document: document.update(inputs=3),
        lambda document: document.update(classes=4),
        lambda document: document.update(digest=""),
        lambda document: document.update(target=[1]),
        lambda document: document["params"].update(other=1),
        lambda document: document["params"].update(model=1),
    ],
)
def test_what_does_not_belong_together_is_refused(
    columns: dict[str, Any], edited: Callable[..., bytes], change: Any
) -> None:
    pipeline = pipeline_of(KerasClassifier(chain(3), **{**QUICK, "epochs": 1})).fit(columns, columns["species"])
    with pytest.raises(CorruptPipelineError):
        loads(edited(pipeline.dumps(), "wrapper.json", change)).learned("model")["estimator"]


def test_weights_of_another_size_are_refused(
    columns: dict[str, Any], members_of: Callable[[bytes], dict[str, bytes]]
) -> None:
    pipeline = pipeline_of(KerasClassifier(chain(3), **{**QUICK, "epochs": 1})).fit(columns, columns["species"])
    members = members_of(pipeline.dumps())
    prefix = "estimators/model/"
    weights = members[prefix + "weights.safetensors"]
    for damaged in (weights[:-4], weights + b"\0", weights[:8], weights.replace(b"[12,3]", b"[3,12]")):
        document = json.loads(members[prefix + "wrapper.json"])
        document["digest"] = hashlib.sha256(damaged).hexdigest()
        changed = {prefix + "wrapper.json": json.dumps(document).encode(), prefix + "weights.safetensors": damaged}
        with pytest.raises(CorruptPipelineError):
            loads(write_archive({**members, **changed})).learned("model")["estimator"]


def test_any_damage_to_a_file_is_refused_or_harmless(columns: dict[str, Any]) -> None:
    pipeline = pipeline_of(KerasClassifier(chain(3), **{**QUICK, "epochs": 1})).fit(columns, columns["species"])
    files = dict(pipeline._learned().states["model"].packed("model"))
    framework, random = framework_named("keras"), np.random.default_rng(0)
    given = np.zeros((2, WIDTH), dtype=np.float32)
    refused = 0
    for name, data in files.items():
        for place in random.integers(0, len(data), 60).tolist():
            changed = bytearray(data)
            changed[place] ^= 1 << int(random.integers(0, 8))
            try:
                loaded = framework.load({**files, name: bytes(changed)}, "model", ())
                # A setting such as a rate, or the name of a layer, may be another; it is still a model like this one.
                assert name == "wrapper.json"
                assert loaded.predict_proba(given).shape == (2, 3)
            except (CorruptPipelineError, UntrustedPipelineError):
                refused += 1
    assert refused >= 60
