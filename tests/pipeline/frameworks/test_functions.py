"""Functions as predictors: numbers and labels, found again by address, and by nothing else."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib import metadata
from importlib.metadata import EntryPoint
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from redspot.pipeline import Pipeline, branch, estimate, impute, loads, step
from redspot.pipeline.errors import (
    ColumnTypeError,
    CorruptPipelineError,
    InvalidStepError,
    InvalidTargetError,
    MissingValueError,
    UnsavableStepError,
    UntrustedPipelineError,
)
from redspot.pipeline.space import choice

COLUMNS: dict[str, Any] = {
    "area": np.array([20.0, 40.0, 60.0, 80.0, 100.0, 50.0] * 10),
    "kind": np.array(["flat", "house", "flat", None, "house", "flat"] * 10, dtype=object),
}
PRICES = COLUMNS["area"] * 3.0 + np.where(COLUMNS["kind"] == "house", 50.0, 0.0)
SIZES = np.where(COLUMNS["area"] > 70, "large", "small")


def pipeline_of(predictor: Any, **options: Any) -> Pipeline:
    return Pipeline(numbers=branch("area").then(impute()), words=branch("kind"), model=estimate(predictor, **options))


def test_a_function_predicts_numbers(trusted_models: Any, all_ways_agree: Callable[..., None]) -> None:
    pipeline = pipeline_of(trusted_models.price_rule(factor=3.0)).fit(COLUMNS, PRICES)
    assert pipeline.evaluate(COLUMNS, PRICES)["r2"] == 1.0
    assert pipeline.predict_one({"area": 10, "kind": "house"}) == {"prediction": 80.0}
    assert pipeline.schema_.task == "regression"
    all_ways_agree(pipeline, COLUMNS, 0.0, trusted_modules=("trusted_models",))


def test_a_function_of_numbers_needs_no_target(trusted_models: Any) -> None:
    pipeline = pipeline_of(trusted_models.price_rule()).fit(COLUMNS)
    assert pipeline.predict_one({"area": 10, "kind": None})["prediction"] == 20.0


def test_a_function_predicts_labels(trusted_models: Any, all_ways_agree: Callable[..., None]) -> None:
    pipeline = pipeline_of(trusted_models.size_rule(limit=70.0), task="classification").fit(COLUMNS, SIZES)
    assert pipeline.classes_.tolist() == ["large", "small"]
    assert pipeline.evaluate(COLUMNS, SIZES)["accuracy"] == 1.0
    assert pipeline.predict_one({"area": 99, "kind": "flat"}) == {"prediction": "large"}
    all_ways_agree(pipeline, COLUMNS, 0.0, trusted_modules=("trusted_models",))
    with pytest.raises(InvalidTargetError, match="needs a target"):
        pipeline_of(trusted_models.size_rule(), task="classification").fit(COLUMNS)


@pytest.mark.parametrize("labels", [[0, 1], [False, True], [0.5, 2.5]], ids=["int", "bool", "float"])
def test_labels_have_the_type_of_the_target(labels: list[Any]) -> None:
    @step
    def above(x: Any) -> Any:
        return np.where(x > 0, labels[1], labels[0])

    x = np.array([-1.0, 2.0, 3.0])
    pipeline = Pipeline(x=branch("x"), model=estimate(above(), task="classification")).fit(
        {"x": x}, np.array([labels[0], labels[1], labels[1]])
    )
    for given in (pipeline.predict({"x": x}).tolist(), [pipeline.predict_one({"x": v})["prediction"] for v in x]):
        assert given == [labels[0], labels[1], labels[1]]
        assert type(given[0]) is type(labels[0])


def test_options_are_parameters(trusted_models: Any) -> None:
    pipeline = pipeline_of(trusted_models.price_rule(factor=1.0))
    assert pipeline.get_params()["model__factor"] == 1.0
    assert pipeline.clone().set_params(model__factor=5.0).fit(COLUMNS).predict_one({"area": 1.0})["prediction"] == 5.0
    assert pipeline.get_params()["model__factor"] == 1.0
    found = pipeline.search({"model__factor": choice(1.0, 2.0, 3.0)}, COLUMNS, PRICES, trials=3)
    assert found.best_params == {"model__factor": 3.0}
    assert pipeline.cross_validate(COLUMNS, PRICES)["r2"] < 1.0
    with pytest.raises(InvalidStepError, match="no option 'limit'"):
        pipeline.set_params(model__limit=1.0)


def test_a_fresh_process_gives_the_same_answers(
    trusted_models: Any, answers_elsewhere: Callable[..., list[dict[str, Any]]]
) -> None:
    pipeline = pipeline_of(trusted_models.price_rule(factor=3.0)).fit(COLUMNS, PRICES)
    rows = [{"area": 12.5, "kind": "house"}, {"area": None, "kind": None}]
    given = answers_elsewhere(pipeline, rows, trusted_modules=("trusted_models",))
    assert given == [pipeline.predict_one(row) for row in rows]


def test_what_a_function_must_not_return(trusted_models: Any) -> None:
    with pytest.raises(ColumnTypeError, match="task='classification'"):
        pipeline_of(trusted_models.size_rule()).fit(COLUMNS, PRICES)
    with pytest.raises(ColumnTypeError, match="returned 'large' for row 2, which is no label of the target"):
        pipeline_of(trusted_models.size_rule(), task="classification").fit(COLUMNS, ["small"] * 60)
    with pytest.raises(ColumnTypeError, match="returned 2 columns"):
        pipeline_of(trusted_models.two_columns()).fit(COLUMNS)
    with pytest.raises(InvalidStepError, match="takes 2 columns"):
        Pipeline(x=branch("area"), model=estimate(trusted_models.price_rule())).fit(COLUMNS)
    with pytest.raises(MissingValueError, match="for row 1"):
        Pipeline(x=branch("area", "kind"), model=estimate(trusted_models.price_rule())).fit(
            {"area": [1.0, None], "kind": ["flat", "flat"]}
        )
    with pytest.raises(InvalidStepError, match="one of 'classification', 'regression'"):
        estimate(trusted_models.price_rule(), task="other")
    with pytest.raises(InvalidStepError, match="task is for functions"):
        estimate(Ridge(), task="regression")


def test_a_function_of_a_notebook_is_not_saved() -> None:
    @step
    def local(area: Any, kind: Any) -> Any:
        return area

    with pytest.raises(UnsavableStepError, match="move it to the top level"):
        pipeline_of(local()).fit(COLUMNS).dumps()


# -- malice -----------------------------------------------------------------------------------------


def test_an_untrusted_module_is_not_even_imported(trusted_models: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    data = pipeline_of(trusted_models.price_rule()).fit(COLUMNS).dumps()
    del sys.modules["trusted_models"]
    with pytest.raises(UntrustedPipelineError, match=r"trusted_modules=\['trusted_models'\]"):
        loads(data)
    assert "trusted_models" not in sys.modules
    point = EntryPoint("price_rule", "trusted_models:price_rule", "redspot.steps")
    monkeypatch.setattr(metadata, "entry_points", lambda group: [point] if group == "redspot.steps" else [])
    assert loads(data).check_parity().ok


@pytest.mark.parametrize(
    ("module", "function", "trusted"),
    [
        ("os", "system", ()),
        ("os", "system", ("os",)),
        ("builtins", "eval", ("builtins",)),
        ("trusted_models", "not_marked", ("trusted_models",)),
        ("trusted_models", "step.__globals__", ("trusted_models",)),
        ("trusted_models", "nothing", ("trusted_models",)),
    ],
)
def test_a_file_that_names_another_function_is_refused(
    trusted_models: Any,
    edited: Callable[..., bytes],
    module: str,
    function: str,
    trusted: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ran: list[object] = []
    monkeypatch.setattr(os, "system", ran.append)
    data = pipeline_of(trusted_models.price_rule()).fit(COLUMNS).dumps()

    def name_it(document: Any) -> None:
        document.update(module=module, function=function)

    with pytest.raises((UntrustedPipelineError, CorruptPipelineError)) as caught:
        loads(edited(data, "function.json", name_it), trusted)
    assert "names" in str(caught.value) or "not marked" in str(caught.value)
    assert ran == []


@pytest.mark.parametrize(
    "change",
    [
        {"task": "classification"},
        {"task": "other"},
        {"options": {"factor": 2.0, "other": 1}},
        {"options": []},
        {"classes": {"dtype": "text", "values": ["a"]}},
        {"extra": 1},
    ],
    ids=str,
)
def test_a_damaged_function_is_refused(
    trusted_models: Any, edited: Callable[..., bytes], change: dict[str, Any]
) -> None:
    data = pipeline_of(trusted_models.price_rule()).fit(COLUMNS).dumps()
    with pytest.raises(CorruptPipelineError):
        loads(edited(data, "function.json", lambda document: document.update(change)), ("trusted_models",))
