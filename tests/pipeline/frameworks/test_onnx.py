"""ONNX models: answered by onnxruntime after they were read here; foreign, external and damaged ones are refused."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone

from redspot.errors import MissingExtraError
from redspot.pipeline import OnnxModel, Pipeline, branch, estimate, impute, loads, scale
from redspot.pipeline.archive import write_archive
from redspot.pipeline.errors import (
    ColumnTypeError,
    CorruptPipelineError,
    EstimatorRefusedError,
    InvalidStepError,
    InvalidTargetError,
    PipelineFileNotFoundError,
    UntrustedPipelineError,
)
from redspot.pipeline.frameworks.onnx_file import read_onnx
from redspot.pipeline.space import choice

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
helper, numpy_helper, FLOAT, INT64, STRING = (
    onnx.helper,
    onnx.numpy_helper,
    onnx.TensorProto.FLOAT,
    onnx.TensorProto.INT64,
    onnx.TensorProto.STRING,
)

RANDOM = np.random.default_rng(0)
WEIGHTS = RANDOM.normal(size=(2, 3)).astype(np.float32)
COLUMNS = {"a": RANDOM.normal(size=80), "b": RANDOM.normal(size=80)}
LABELS = np.array(["x", "y", "z"])[RANDOM.integers(0, 3, 80)]


def model_of(nodes: Any, inputs: Any, outputs: Any, constants: Any = (), **options: Any) -> Any:
    graph = helper.make_graph(list(nodes), "graph", list(inputs), list(outputs), list(constants))
    opsets = options.pop("opset_imports", [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)])
    return helper.make_model(graph, opset_imports=opsets, **{"ir_version": 8, **options})


def tensor(name: str, shape: Any, element: int = FLOAT) -> Any:
    return helper.make_tensor_value_info(name, element, shape)


def linear(outputs: int = 1, *, after: str | None = None, rows: int | None = None) -> Any:
    """A matrix times weights, and perhaps a function of it."""
    constant = numpy_helper.from_array(WEIGHTS[:, :outputs].copy(), "w")
    nodes = [helper.make_node("MatMul", ["X", "w"], ["y" if after is None else "sums"])]
    if after is not None:
        nodes.append(helper.make_node(after, ["sums"], ["y"]))
    return model_of(nodes, [tensor("X", [rows, 2])], [tensor("y", [rows, outputs])], [constant])


def labelled(labels: list[Any], *, zipped: bool = False) -> Any:
    """A classifier as scikit-learn's exporter writes it."""
    kind = "classlabels_strings" if isinstance(labels[0], str) else "classlabels_ints"
    node = helper.make_node(
        "LinearClassifier",
        ["X"],
        ["label", "scores"],
        domain="ai.onnx.ml",
        coefficients=WEIGHTS.T.ravel().tolist(),
        intercepts=[0.0] * 3,
        post_transform="SOFTMAX",
        **{kind: labels},
    )
    element = STRING if isinstance(labels[0], str) else INT64
    outputs = [tensor("label", [None], element)]
    if not zipped:
        return model_of([node], [tensor("X", [None, 2])], [*outputs, tensor("scores", [None, 3])])
    zipper = helper.make_node(
        "ZipMap", ["scores"], ["maps"], domain="ai.onnx.ml", **{kind.replace("ints", "int64s"): labels}
    )
    value = helper.make_map_type_proto(element, helper.make_tensor_type_proto(FLOAT, []))
    maps = helper.make_value_info("maps", helper.make_sequence_type_proto(value))
    return model_of([node, zipper], [tensor("X", [None, 2])], [*outputs, maps])


def pipeline_of(model: Any, **options: Any) -> Pipeline:
    data = model if isinstance(model, bytes | str | Path) else model.SerializeToString()
    return Pipeline(x=branch("a", "b"), model=estimate(OnnxModel(data, **options)))


def own_scores(outputs: int = 3) -> Any:
    matrix = np.stack([COLUMNS["a"], COLUMNS["b"]], axis=1).astype(np.float32)
    return (matrix @ WEIGHTS[:, :outputs]).astype(np.float64)


def softmax(scores: Any) -> Any:
    grown = np.exp(scores - scores.max(axis=1, keepdims=True))
    return grown / grown.sum(axis=1, keepdims=True)


# -- answering --------------------------------------------------------------------------------------


def test_a_matrix_gives_numbers(tmp_path: Path, all_ways_agree: Callable[..., None]) -> None:
    onnx.save(linear(), tmp_path / "model.onnx")
    pipeline = pipeline_of(tmp_path / "model.onnx").fit(COLUMNS)
    assert pipeline.schema_.task == "regression"
    assert pipeline.fit(COLUMNS).fingerprint == pipeline_of(tmp_path / "model.onnx").fit(COLUMNS).fingerprint
    assert str(tmp_path).encode() not in pipeline.dumps()
    (tmp_path / "model.onnx").unlink()
    assert pipeline.clone().fit(COLUMNS).is_fitted
    assert np.allclose(pipeline.predict(COLUMNS), own_scores(1)[:, 0], atol=1e-5)
    assert pipeline.evaluate(COLUMNS, own_scores(1)[:, 0])["r2"] > 0.999
    all_ways_agree(pipeline, COLUMNS, 1e-5)


@pytest.mark.parametrize("after", ["Softmax", None])
def test_probabilities_and_logits(after: str | None, all_ways_agree: Callable[..., None]) -> None:
    scores: Any = "probabilities" if after else "logits"
    pipeline = pipeline_of(linear(3, after=after), scores=scores).fit(COLUMNS, LABELS)
    assert pipeline.classes_.tolist() == ["x", "y", "z"]
    assert np.allclose(pipeline.predict_proba(COLUMNS), softmax(own_scores()), atol=1e-5)
    all_ways_agree(pipeline, COLUMNS, 1e-5)


def test_one_number_is_the_second_class(all_ways_agree: Callable[..., None]) -> None:
    second = 1.0 / (1.0 + np.exp(-own_scores(1)[:, 0]))
    for model, scores in ((linear(1, after="Sigmoid"), "probabilities"), (linear(1), "logits")):
        pipeline = pipeline_of(model, task="classification", classes=["no", "yes"], scores=scores).fit(COLUMNS)
        assert np.allclose(pipeline.predict_proba(COLUMNS)[:, 1], second, atol=1e-5)
        assert pipeline.predict(COLUMNS).tolist() == np.where(second > 0.5, "yes", "no").tolist()
        all_ways_agree(pipeline, COLUMNS, 1e-5)


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("labels", [["z", "x", "y"], [2, 0, 1]], ids=["text", "int"])
def test_the_model_names_its_classes(labels: list[Any], zipped: bool, all_ways_agree: Callable[..., None]) -> None:
    model = labelled(labels, zipped=zipped)
    pipeline = pipeline_of(model).fit(COLUMNS)
    assert pipeline.classes_.tolist() == labels
    assert np.allclose(pipeline.predict_proba(COLUMNS), softmax(own_scores()), atol=1e-5)
    assert pipeline.predict(COLUMNS).tolist() == np.array(labels)[own_scores().argmax(axis=1)].tolist()
    all_ways_agree(pipeline, COLUMNS, 1e-5)
    renamed = pipeline_of(model, classes=["c", "a", "b"]).fit(COLUMNS)
    assert renamed.predict(COLUMNS).tolist() == np.array(["c", "a", "b"])[own_scores().argmax(axis=1)].tolist()
    all_ways_agree(renamed, COLUMNS, 1e-5)
    with pytest.raises(InvalidTargetError, match="The target has 'w', and the ONNX model knows"):
        pipeline_of(model).fit(COLUMNS, ["w"] * 80)


def test_one_input_for_each_column(all_ways_agree: Callable[..., None]) -> None:
    encode = helper.make_node(
        "LabelEncoder",
        ["kind"],
        ["code"],
        domain="ai.onnx.ml",
        keys_strings=["flat", "house"],
        values_floats=[1.0, 2.0],
        default_float=0.0,
    )
    nodes = [encode, helper.make_node("Add", ["code", "a"], ["y"])]
    model = model_of(nodes, [tensor("kind", [None, 1], STRING), tensor("a", [None, 1])], [tensor("y", [None, 1])])
    columns = {"a": COLUMNS["a"], "kind": np.array(["flat", "house", "hut", None] * 20, dtype=object)}
    made = OnnxModel(model.SerializeToString())
    pipeline = Pipeline(x=branch("a").then(impute()), k=branch("kind"), model=estimate(made)).fit(columns)
    wanted = columns["a"] + np.array([1.0, 2.0, 0.0, 0.0] * 20)
    assert np.allclose(pipeline.predict(columns), wanted, atol=1e-5)
    assert pipeline.predict_one({"a": 1.0, "kind": "house"})["prediction"] == pytest.approx(3.0)
    all_ways_agree(pipeline, columns, 1e-5)
    with pytest.raises(EstimatorRefusedError, match="reads 'a', 'kind', and is given 'a', 'b'"):
        Pipeline(x=branch("a", "b"), model=estimate(clone(made))).fit(COLUMNS)
    swapped = {"a": columns["kind"], "kind": columns["kind"]}
    with pytest.raises(ColumnTypeError, match="reads 'a' as float32, and the column holds text"):
        Pipeline(x=branch("a", "kind"), model=estimate(clone(made))).fit(swapped)


def test_a_model_of_one_row_at_a_time(all_ways_agree: Callable[..., None]) -> None:
    pipeline = pipeline_of(linear(rows=1)).fit(COLUMNS)
    assert np.allclose(pipeline.predict(COLUMNS), own_scores(1)[:, 0], atol=1e-5)
    all_ways_agree(pipeline, COLUMNS, 1e-5)
    with pytest.raises(EstimatorRefusedError, match="exactly 7 rows at a time"):
        pipeline_of(linear(rows=7)).fit(COLUMNS)


def test_missing_values_reach_the_model_when_they_may() -> None:
    columns = {"a": [1.0, None], "b": [1.0, 2.0]}
    node = helper.make_node("IsNaN", ["X"], ["gaps"])
    cast = helper.make_node("Cast", ["gaps"], ["numbers"], to=FLOAT)
    total = helper.make_node("ReduceMax", ["numbers"], ["y"], axes=[1], keepdims=1)
    model = model_of([node, cast, total], [tensor("X", [None, 2])], [tensor("y", [None, 1])])
    assert pipeline_of(model, allows_missing=True).fit(columns).predict(columns).tolist() == [0.0, 1.0]
    with pytest.raises(Exception, match="cannot read the missing"):
        pipeline_of(model).fit(columns)


def test_steps_before_it_are_fitted_and_parameters_searched() -> None:
    steps = branch("a", "b").then(scale())
    model = linear(3).SerializeToString()
    pipeline = Pipeline(x=steps, model=estimate(OnnxModel(model, classes=["x", "y", "z"], scores="logits")))
    assert pipeline.cross_validate(COLUMNS, LABELS, folds=2)["accuracy"] < 0.9
    found = pipeline.search({"model__threads": choice(1, 2)}, COLUMNS, LABELS, trials=2, folds=2)
    assert found.best_params["model__threads"] in (1, 2)
    other = clone(OnnxModel(model)).set_params(model=linear(1).SerializeToString())
    assert len(other.facts.outputs) == 1
    assert other._task == "regression"


def test_a_fresh_process_gives_the_same_answers(answers_elsewhere: Callable[..., list[dict[str, Any]]]) -> None:
    pipeline = pipeline_of(labelled(["z", "x", "y"])).fit(COLUMNS)
    rows = [{"a": 1.0, "b": 0.5}, {"a": -1, "b": 2}]
    assert answers_elsewhere(pipeline, rows, without=("onnx", "torch")) == [pipeline.predict_one(row) for row in rows]


@pytest.mark.parametrize(
    ("make", "options", "words"),
    [
        (lambda: linear(3), {}, "no probabilities; say scores='logits'"),
        (lambda: linear(3), {"task": "regression"}, "a regression is one number per row"),
        (lambda: linear(2, after="Softmax"), {}, "gives 2 numbers per row, and there are 3 classes"),
        (lambda: model_of([helper.make_node("Abs", ["X"], ["y"])], [tensor("X", [None, 5])], [tensor("y", [None, 5])]),
         {}, "reads 5 columns, and is given 2 \\('a', 'b'\\)"),
        (lambda: model_of([helper.make_node("Nope", ["X"], ["y"])], [tensor("X", [None, 2])], [tensor("y", [None, 1])]),
         {}, "onnxruntime cannot load the model"),
    ],
)  # fmt: skip
def test_a_model_that_does_not_fit_is_refused(make: Any, options: Any, words: str) -> None:
    with pytest.raises(EstimatorRefusedError, match=words):
        pipeline_of(make(), **options).fit(COLUMNS, None if options or "Nope" in str(make()) else LABELS)


def test_wrong_parameters_are_refused() -> None:
    model = linear(3).SerializeToString()
    with pytest.raises(PipelineFileNotFoundError, match=r"no file 'nowhere\.onnx'"):
        estimate(OnnxModel("nowhere.onnx"))
    with pytest.raises(InvalidStepError, match="task is one of"):
        estimate(OnnxModel(model, task="other"))
    for options in ({"threads": 0}, {"scores": "odds"}, {"classes": ["a", "a", "b"]}):
        with pytest.raises(InvalidStepError, match="OnnxModel: "):
            pipeline_of(model, **options).fit(COLUMNS, LABELS)
    with pytest.raises(InvalidTargetError, match="needs a target"):
        pipeline_of(model).fit(COLUMNS)


def test_the_extra_is_named_where_the_runtime_is_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtraError, match=r"install redspot\[onnx\]"):
        pipeline_of(linear()).fit(COLUMNS)


# -- damage and malice ------------------------------------------------------------------------------


def _external() -> Any:
    model = linear()
    constant = model.graph.initializer[0]
    constant.ClearField("raw_data")
    constant.data_location = onnx.TensorProto.EXTERNAL
    constant.external_data.add(key="location", value="/etc/passwd")
    return model


def _external_within() -> Any:
    inner = _external().graph
    node = helper.make_node("If", ["c"], ["y"], then_branch=inner, else_branch=inner)
    return model_of([node], [tensor("c", [1], onnx.TensorProto.BOOL)], [tensor("y", [None, 1])])


def _foreign() -> Any:
    node = helper.make_node("Run", ["X"], ["y"], domain="com.example")
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("com.example", 1)]
    return model_of([node], [tensor("X", [None, 2])], [tensor("y", [None, 1])], opset_imports=opsets)


def _undeclared() -> Any:
    node = helper.make_node("Run", ["X"], ["y"], domain="com.example")
    return model_of([node], [tensor("X", [None, 2])], [tensor("y", [None, 1])])


def _functions() -> Any:
    model = linear()
    body = helper.make_node("Abs", ["x"], ["y"])
    opsets = [helper.make_opsetid("", 17)]
    model.functions.append(helper.make_function("own", "F", ["x"], ["y"], [body], opsets))
    return model


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_external, "data in another file"),
        (_external_within, "data in another file"),
        (_foreign, "operators of 'com.example'.*known are 'ai.onnx', 'ai.onnx.ml'"),
        (_undeclared, "operators of 'com.example'"),
        (_functions, "functions of its own"),
    ],
)
def test_a_model_that_needs_more_than_itself_is_refused(make: Any, words: str) -> None:
    with pytest.raises(UntrustedPipelineError, match=words):
        pipeline_of(make())


def _huge() -> Any:
    model = linear()
    model.graph.initializer[0].dims[:] = [2**31, 2**31]
    return model


def _nested() -> Any:
    graph = linear().graph
    for _ in range(30):
        node = helper.make_node("If", ["c"], ["y"], then_branch=graph, else_branch=graph)
        graph = helper.make_graph([node], "graph", [], [tensor("y", [None, 1])])
        if len(graph.SerializeToString()) > 2**20:
            graph.node[0].attribute.pop()
    return model_of(graph.node, [tensor("c", [1])], [tensor("y", [None, 1])])


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_huge, "does not hold so much"),
        (_nested, "nested too deeply"),
        (lambda: model_of([], [], []), "no input, or no output"),
        (lambda: model_of([], [tensor("X", [1])], [tensor("X", [1])], ir_version=99), "IR version 99; known are 1 to"),
        (lambda: model_of([], [tensor("X", [1])], [tensor("X", [1])], opset_imports=[helper.make_opsetid("", 999)]),
         "version 999 of the operators 'ai.onnx'"),
        (lambda: b"", "no ONNX model"),
        (lambda: b"\x80\x02K\x01.", "damaged|no ONNX model"),
        (lambda: b"not a model", "damaged|no ONNX model"),
    ],
)  # fmt: skip
def test_a_damaged_or_newer_model_is_refused_before_the_runtime_sees_it(
    make: Any, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(CorruptPipelineError, match=words):
        pipeline_of(make())


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_or_read(data: bytes) -> None:
    with pytest.raises((CorruptPipelineError, UntrustedPipelineError)):
        read_onnx(data)


def test_every_cut_is_refused_or_is_another_model() -> None:
    data = labelled(["z", "x", "y"]).SerializeToString()
    whole = read_onnx(data)
    for length in range(len(data)):
        try:
            assert read_onnx(data[:length]) == whole
        except (CorruptPipelineError, UntrustedPipelineError):
            continue


@pytest.mark.parametrize(
    "change",
    [
        {"digest": "0"},
        {"classes": None},
        {"columns": "two"},
        {"params": {}},
        {"params": {"task": None, "scores": "probabilities", "allows_missing": False, "threads": 10**9}},
        {"params": {"task": None, "scores": "x", "allows_missing": False, "threads": 1}},
    ],
    ids=str,
)
def test_facts_that_do_not_fit_are_refused(edited: Callable[..., bytes], change: dict[str, Any]) -> None:
    data = pipeline_of(labelled(["z", "x", "y"])).fit(COLUMNS).dumps()
    with pytest.raises(CorruptPipelineError):
        loads(edited(data, "facts.json", lambda document: document.update(change)))


def test_another_model_in_the_file_is_refused(members_of: Callable[[bytes], dict[str, bytes]]) -> None:
    members = members_of(pipeline_of(labelled(["z", "x", "y"])).fit(COLUMNS).dumps())
    with pytest.raises(CorruptPipelineError):
        loads(write_archive({**members, "estimators/model/model.onnx": _foreign().SerializeToString()}))


# A runtime that meets nonsense may take the process with it; so this runs in one of its own.
_FUZZ = """
import sys, json, hashlib
sys.path.insert(0, sys.argv[1])
import numpy as np
from redspot.errors import RedspotError
from redspot.pipeline.column import Column, Table
from redspot.pipeline.frameworks import framework_named
framework = framework_named("onnx")
files = {k: bytes.fromhex(v) for k, v in json.load(open(sys.argv[2])).items()}
random = np.random.default_rng(0)
table = Table(tuple(Column(name, "float", np.array([0.5, 1.0]), ()) for name in "ab"), 2)
refused = 0
for _ in range(int(sys.argv[3])):
    data = bytearray(files["model.onnx"])
    for _ in range(int(random.integers(1, 4))):
        what, at = random.integers(0, 3), int(random.integers(0, len(data)))
        if what == 0:
            data[at] ^= 1 << int(random.integers(0, 8))
        elif what == 1:
            del data[at : at + int(random.integers(1, 20))]
        else:
            data[at:at] = bytes(random.integers(0, 256, int(random.integers(1, 5))).astype(np.uint8))
    facts = json.loads(files["facts.json"])
    # Whoever means harm writes the digest anew.
    facts["digest"] = hashlib.sha256(bytes(data)).hexdigest()
    try:
        estimator = framework.load({"model.onnx": bytes(data), "facts.json": json.dumps(facts).encode()}, "model", ())
        estimator.predict(table)
    except (RedspotError, ValueError, KeyError):
        refused += 1
print(refused)
"""


def test_a_damaged_model_is_refused_or_harmless(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    pipeline = pipeline_of(labelled(["z", "x", "y"])).fit(COLUMNS)
    files = pipeline._learned().states["model"].packed("model")
    (tmp_path / "files.json").write_text(json.dumps({name: data.hex() for name, data in files.items()}))
    rounds = 5000 if pytestconfig.getoption("--torture", default=False) else 400
    words = [sys.executable, "-c", _FUZZ, str(Path(__file__).parents[3]), str(tmp_path / "files.json"), str(rounds)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    assert int(done.stdout) > rounds / 4
