"""Pipelines found in a namespace, and saved from it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from redspot_kernels import capture, channel
from redspot_kernels.capture import (
    CaptureTooLargeError,
    PipelineVariableNotFoundError,
    dump_inline,
    list_pipelines,
    save_pipelines,
)
from sklearn.linear_model import Ridge

from redspot.pipeline import Pipeline, branch, estimate, load, loads, step
from redspot.pipeline.errors import NotFittedError, UnsavableStepError


def pipeline() -> Pipeline:
    return Pipeline(x=branch("a"), model=estimate(Ridge()))


@pytest.fixture
def namespace() -> dict[str, Any]:
    fitted = pipeline().fit({"a": [1.0, 2.0, 4.0]}, [1.0, 2.0, 3.0])
    fitted.evaluate({"a": [1.0, 3.0]}, [1.0, 3.0])
    return {
        "zebra": fitted,
        "model": fitted,
        "_hidden": pipeline(),
        "draft": pipeline(),
        "Out": pipeline(),
        "number": 3,
        "Pipeline": Pipeline,
    }


@pytest.fixture
def unsavable() -> Pipeline:
    @step
    def local(x: Any) -> Any:
        return x

    return Pipeline(x=branch("a").then(local), model=estimate(Ridge())).fit({"a": [1.0, 2.0]}, [1.0, 2.0])


def test_each_pipeline_is_listed_once(namespace: dict[str, Any]) -> None:
    listed = list_pipelines(namespace)
    assert [(each["variable"], each["fitted"], each["steps"]) for each in listed] == [
        ("draft", False, 1),
        ("model", True, 1),
    ]
    assert listed[0]["inputs"] == []
    assert listed[0]["columns"] == ["a"]
    assert listed[1]["inputs"][0]["name"] == "a"
    assert {"mae", "rmse", "r2"} < set(listed[1]["metrics"])


def test_fitted_pipelines_are_saved_with_what_they_are(namespace: dict[str, Any], tmp_path: Path) -> None:
    captured = save_pipelines(namespace, tmp_path / "new" / "folder")
    assert [each["variable"] for each in captured] == ["model"]
    data = (tmp_path / "new" / "folder" / "model.redspot").read_bytes()
    assert captured[0]["sha256"] == hashlib.sha256(data).hexdigest()
    assert captured[0]["size_bytes"] == len(data)
    assert captured[0]["schema"]["task"] == "regression"
    assert captured[0]["graph"]["nodes"][-1]["title"] == "Ridge"
    assert json.loads((tmp_path / "new" / "folder" / "captured.json").read_text()) == captured
    assert sorted(os.listdir(tmp_path / "new" / "folder")) == ["captured.json", "model.redspot"]
    assert load(tmp_path / "new" / "folder" / "model.redspot").check_parity().ok


def test_a_chosen_pipeline_is_saved_under_the_name_that_was_chosen(namespace: dict[str, Any], tmp_path: Path) -> None:
    assert [each["file"] for each in save_pipelines(namespace, tmp_path, "zebra")] == ["zebra.redspot"]
    with pytest.raises(PipelineVariableNotFoundError, match="no pipeline called 'number'; it has draft, model"):
        save_pipelines(namespace, tmp_path, "number")
    with pytest.raises(PipelineVariableNotFoundError, match="'_hidden'"):
        save_pipelines(namespace, tmp_path, "_hidden")
    with pytest.raises(NotFittedError):
        save_pipelines(namespace, tmp_path, "draft")


def test_one_that_cannot_be_saved_does_not_cost_the_others(
    namespace: dict[str, Any], unsavable: Pipeline, tmp_path: Path
) -> None:
    captured = save_pipelines({**namespace, "local": unsavable}, tmp_path)
    assert [(each["variable"], each["file"]) for each in captured] == [("local", None), ("model", "model.redspot")]
    assert captured[0]["error"]["code"] == "unsavable-step"
    assert "no other process can import" in captured[0]["error"]["detail"]
    with pytest.raises(UnsavableStepError):
        save_pipelines({"local": unsavable}, tmp_path, "local")


def test_nothing_to_save_is_said_so(tmp_path: Path) -> None:
    assert save_pipelines({}, tmp_path) == []
    assert json.loads((tmp_path / "captured.json").read_text()) == []


def test_a_pipeline_goes_inline_up_to_a_limit(namespace: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    given = dump_inline(namespace, "model")
    assert loads(base64.b64decode(given["content"])).check_parity().ok
    monkeypatch.setattr(capture, "MAX_INLINE_BYTES", given["size_bytes"] - 1)
    with pytest.raises(CaptureTooLargeError, match="a message carries at most"):
        dump_inline(namespace, "model")


@pytest.mark.parametrize(
    ("request_", "code", "detail"),
    [
        (None, "invalid-request", "A request is"),
        ({}, "invalid-request", "A request is"),
        ({"id": [1], "method": "list_pipelines"}, "invalid-request", "A request is"),
        ({"id": 1, "method": "nix"}, "invalid-request", "no method 'nix'; there are list_pipelines, save_pipelines"),
        ({"id": 1, "method": ["x"]}, "invalid-request", "no method"),
        ({"id": 1, "method": "describe", "params": 3}, "invalid-request", "params of describe is an object"),
        ({"id": 1, "method": "describe", "params": {"nix": 3}}, "invalid-request", "it takes variable (str)"),
        ({"id": 1, "method": "describe", "params": {"variable": 3}}, "invalid-request", "'variable' as it is"),
        ({"id": 1, "method": "describe"}, "invalid-request", "needs the parameter 'variable'"),
        ({"id": 1, "method": "save_pipelines"}, "invalid-request", "needs the parameter 'directory'"),
        ({"id": 1, "method": "save_pipelines", "params": {"inline": True}}, "invalid-request", "'variable'"),
        ({"id": 1, "method": "describe", "params": {"variable": "x"}}, "pipeline-variable-not-found", "it has draft"),
    ],
)
def test_a_wrong_request_is_answered(namespace: dict[str, Any], request_: Any, code: str, detail: str) -> None:
    given = channel.answer(namespace, request_)
    assert (given["ok"], given["code"]) == (False, code)
    assert detail in given["detail"]


def test_a_raising_method_is_answered_and_logged(namespace: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    namespace["model"].describe = lambda: 1 / 0
    given = channel.answer(namespace, {"id": "q", "method": "describe", "params": {"variable": "model"}})
    assert given == {"id": "q", "ok": False, "code": "internal", "detail": "ZeroDivisionError: division by zero"}
    assert "ZeroDivisionError" in caplog.text
