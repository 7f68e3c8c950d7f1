"""Estimators as bytes: what may be in them is fixed, and wrong indices do not reach compiled code."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import skops.io
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
    StackingRegressor,
    VotingClassifier,
)
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier

from redspot.pipeline.archive import write_archive
from redspot.pipeline.errors import (
    CorruptPipelineError,
    PipelineVersionError,
    UnsavableStepError,
    UntrustedPipelineError,
)
from redspot.pipeline.estimator_file import dump_estimator, load_estimator
from redspot.pipeline.trusted import CLASSES, TRUSTED

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(60, 4))
LABELS = np.where(X[:, 0] + X[:, 1] > 0, "yes", "no")
NUMBERS = X[:, 0] * 2 + X[:, 1]


def members_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def edited(data: bytes, edit: Callable[[dict[str, Any]], None]) -> bytes:
    members = members_of(data)
    schema = json.loads(members["schema.json"])
    edit(schema)
    return write_archive({**members, "schema.json": json.dumps(schema).encode()})


def test_no_trusted_name_is_outside_of_scikit_learn_and_numpy() -> None:
    names = set().union(*TRUSTED.values())
    roots = {name.split(".")[0] for name in names}
    assert roots == {"sklearn", "numpy", "builtins"}
    assert {name for name in names if name.startswith("builtins")} == {
        f"builtins.{name}" for name in ("str", "int", "float", "bool", "dict", "list", "tuple")
    }
    for caller in ("MethodNode", "PartialNode", "OperatorFuncNode", "ConstructorFromReduceNode", "CachedNode"):
        assert caller not in TRUSTED


def test_every_trusted_class_exists() -> None:
    from importlib import import_module

    missing = [name for name in CLASSES if not hasattr(import_module(name.rpartition(".")[0]), name.rpartition(".")[2])]
    # Added and removed between versions of scikit-learn that are supported.
    assert set(missing) <= {"sklearn._loss.loss.HalfTweedieLossIdentity"}


@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(),
        RandomForestClassifier(3),
        HistGradientBoostingClassifier(max_iter=3),
        SVC(),
        VotingClassifier([("a", LogisticRegression()), ("b", DecisionTreeClassifier())]),
        make_pipeline(StandardScaler(), SelectKBest(f_classif, k=2), LogisticRegression()),
        KNeighborsClassifier(algorithm="brute"),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_estimators_come_back_the_same(estimator: Any) -> None:
    estimator.fit(X, LABELS)
    data = dump_estimator(estimator, "model")
    assert dump_estimator(estimator, "model") == data
    loaded = load_estimator(data, "model")
    assert loaded.predict(X).tolist() == estimator.predict(X).tolist()


@pytest.mark.parametrize(
    "estimator",
    [GradientBoostingRegressor(n_estimators=3), SVR(), StackingRegressor([("a", Ridge()), ("b", SVR())])],
    ids=lambda estimator: type(estimator).__name__,
)
def test_regressors_come_back_the_same(estimator: Any) -> None:
    data = dump_estimator(estimator.fit(X, NUMBERS), "model")
    assert load_estimator(data, "model").predict(X).tolist() == estimator.predict(X).tolist()


def test_categories_of_histogram_trees_are_left_to_one_hot() -> None:
    codes = np.column_stack([GENERATOR.integers(0, 5, 200), GENERATOR.normal(size=200)]).astype(float)
    model = HistGradientBoostingClassifier(max_iter=4, categorical_features=[0]).fit(codes, codes[:, 0] % 2 == 0)
    with pytest.raises(UnsavableStepError, match="ColumnTransformer"):
        dump_estimator(model, "model")


def test_what_is_not_trusted_cannot_be_saved() -> None:
    with pytest.raises(
        UnsavableStepError, match=r"KDTree, which is not on the list of trusted types. Use algorithm='brute'"
    ):
        dump_estimator(KNeighborsClassifier(algorithm="kd_tree").fit(X, LABELS), "model")
    with pytest.raises(UnsavableStepError, match="FunctionTransformer, which is not on the list"):
        dump_estimator(FunctionTransformer(np.log1p).fit(X), "model")


class _Foreign(Ridge):
    """A user's own estimator."""


def test_a_foreign_class_cannot_be_saved() -> None:
    with pytest.raises(UnsavableStepError, match=r"_Foreign, which is not on the list"):
        dump_estimator(_Foreign().fit(X, NUMBERS), "model")


@pytest.mark.parametrize(
    ("loader", "module", "name"),
    [
        ("FunctionNode", "os", "system"),
        ("FunctionNode", "builtins", "eval"),
        ("TypeNode", "os", "system"),
        ("TypeNode", "builtins", "eval"),
        ("ObjectNode", "subprocess", "Popen"),
        ("ObjectNode", "sklearn.linear_model._ridge", "Foreign"),
        ("ConstructorFromReduceNode", "os", "system"),
        ("ConstructorFromReduceNode", "sklearn.linear_model._ridge", "Ridge"),
        ("MethodNode", "os", "system"),
        ("PartialNode", "functools", "partial"),
        ("OperatorFuncNode", "operator", "methodcaller"),
        ("NdArrayNode", "os", "system"),
        ("DictNode", "os", "system"),
        ("ListNode", "os", "system"),
        ("TupleNode", "os", "system"),
        ("RandomStateNode", "os", "system"),
        ("JsonNode", "os", "system"),
        ("Unheard", "os", "system"),
    ],
)
def test_a_file_that_names_anything_else_is_refused(
    loader: str, module: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[object] = []
    monkeypatch.setattr(os, "system", ran.append)
    data = dump_estimator(Ridge().fit(X, NUMBERS), "model")

    def insert(schema: dict[str, Any]) -> None:
        entry = {"__loader__": loader, "__module__": module, "__class__": name, "content": [], "__id__": 999}
        schema["content"]["content"]["alpha"] = entry

    with pytest.raises(UntrustedPipelineError, match=f"names {module}.{name} .*nothing was loaded"):
        load_estimator(edited(data, insert), "model")
    assert ran == []


def test_an_entry_that_hides_where_skops_would_still_look_is_found() -> None:
    data = dump_estimator(Ridge().fit(X, NUMBERS), "model")
    evil = {"__loader__": "TypeNode", "__module__": "os", "__class__": "system"}

    def hide(schema: dict[str, Any]) -> None:
        schema["content"]["key_types"]["content"][0] = evil

    with pytest.raises(UntrustedPipelineError, match=r"os.system"):
        load_estimator(edited(data, hide), "model")


def test_a_file_by_plain_skops_with_an_untrusted_type_is_refused() -> None:
    data = skops.io.dumps(FunctionTransformer(os.system))
    with pytest.raises(UntrustedPipelineError):
        load_estimator(data, "model")


def test_another_protocol_and_damage_are_refused() -> None:
    data = dump_estimator(Ridge().fit(X, NUMBERS), "model")
    for protocol in (0, 1, 3, True, "2"):
        with pytest.raises((PipelineVersionError, CorruptPipelineError)):
            load_estimator(edited(data, lambda schema, p=protocol: schema.update(protocol=p)), "model")  # type: ignore[misc]
    with pytest.raises(CorruptPipelineError):
        load_estimator(edited(data, lambda schema: schema["content"].pop("content")), "model")
    members = members_of(data)
    text = "[" * 100_000 + "]" * 100_000
    with pytest.raises(CorruptPipelineError):
        load_estimator(write_archive({**members, "schema.json": text.encode()}), "model")


# -- indices ----------------------------------------------------------------------------------------


def with_arrays(estimator: Any, edit: Callable[[np.ndarray], bool]) -> bytes:
    """Return the estimator's bytes with every array edited for which `edit` says so."""
    members = members_of(dump_estimator(estimator, "model"))
    hits = 0
    for name in [name for name in members if name.endswith(".npy")]:
        array = np.load(io.BytesIO(members[name]), allow_pickle=False).copy()
        if edit(array):
            hits += 1
            buffer = io.BytesIO()
            np.save(buffer, array, allow_pickle=False)
            members[name] = buffer.getvalue()
    assert hits
    return write_archive(members)


def field_edit(field: str, value: int) -> Callable[[np.ndarray], bool]:
    def edit(array: np.ndarray) -> bool:
        if array.dtype.names is None or field not in array.dtype.names:
            return False
        array[field][0] = value
        return True

    return edit


@pytest.mark.parametrize(
    ("field", "value"),
    [("left_child", 10**6), ("right_child", -5), ("left_child", 0), ("feature", 10**6), ("feature", -3)],
)
@pytest.mark.parametrize("estimator", [DecisionTreeClassifier(), RandomForestClassifier(2)], ids=["tree", "forest"])
def test_a_tree_that_points_outside_is_refused(estimator: Any, field: str, value: int) -> None:
    with pytest.raises(CorruptPipelineError, match="Tree in model has indices that point outside"):
        load_estimator(with_arrays(estimator.fit(X, LABELS), field_edit(field, value)), "model")


@pytest.mark.parametrize(
    ("field", "value"), [("left", 10**6), ("right", 0), ("feature_idx", 99), ("is_categorical", 1)]
)
def test_a_histogram_tree_that_points_outside_is_refused(field: str, value: int) -> None:
    model = HistGradientBoostingClassifier(max_iter=2).fit(X, LABELS)
    with pytest.raises(CorruptPipelineError, match="point outside"):
        load_estimator(with_arrays(model, field_edit(field, value)), "model")


def test_a_tree_with_more_outputs_than_class_counts_is_refused() -> None:
    data = dump_estimator(DecisionTreeClassifier().fit(X, LABELS), "model")

    def more(schema: dict[str, Any]) -> None:
        schema["content"]["content"]["tree_"]["__reduce__"]["args"]["content"][2]["content"] = "1000000"

    with pytest.raises(CorruptPipelineError, match="arguments that do not belong together"):
        load_estimator(edited(data, more), "model")


def test_support_vectors_that_do_not_belong_together_are_refused() -> None:
    def edit(array: np.ndarray) -> bool:
        if array.dtype != np.int32 or array.shape != (2,):
            return False
        array[0] += 1000
        return True

    with pytest.raises(CorruptPipelineError, match="SVC in model has indices"):
        load_estimator(with_arrays(SVC().fit(X, LABELS), edit), "model")
