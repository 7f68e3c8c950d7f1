"""XGBoost: boosters as UBJSON, read and checked here before the library sees them, and compiled from the same bytes.

Source of the meaning of the fields: XGBoost's documentation of its JSON model format.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from redspot.pipeline.compiled.linear import LinearModel
from redspot.pipeline.compiled.links import Link
from redspot.pipeline.compiled.model import Model
from redspot.pipeline.compiled.trees import Tree, joined
from redspot.pipeline.errors import CorruptPipelineError, UnsavableStepError
from redspot.pipeline.frameworks.ubjson import read_ubjson, write_ubjson
from redspot.pipeline.frameworks.wrapper_file import WRAPPER, read_wrapper, write_wrapper

wants_codes = True
tolerance = 1e-5
reads_tables = False

_BOOSTER = "booster.ubj"
_CLASSES = ("XGBClassifier", "XGBRFClassifier", "XGBRFRegressor", "XGBRanker", "XGBRegressor")
_IDENTITY = (
    "reg:squarederror reg:absoluteerror reg:quantileerror reg:pseudohubererror reg:squaredlogerror "
    "rank:ndcg rank:map rank:pairwise"
).split()
_LINKS: Mapping[str, Link] = {
    **dict.fromkeys(_IDENTITY, "identity"),
    "binary:logistic": "logit",
    "multi:softprob": "softmax",
    "multi:softmax": "softmax",
    "count:poisson": "exp",
    "reg:gamma": "exp",
    "reg:tweedie": "exp",
}


_PER_NODE: Mapping[str, type] = {
    "base_weights": np.float32,
    "default_left": np.uint8,
    "left_children": np.int32,
    "loss_changes": np.float32,
    "parents": np.int32,
    "right_children": np.int32,
    "split_conditions": np.float32,
    "split_indices": np.int32,
    "split_type": np.uint8,
    "sum_hessian": np.float32,
}
_CATEGORIES: Mapping[str, type] = {
    "categories": np.int32,
    "categories_nodes": np.int32,
    "categories_segments": np.int64,
    "categories_sizes": np.int64,
}
_ROOT_PARENT = 2**31 - 1
_MOST = 1_000_000


def dump(estimator: Any, step: str) -> Mapping[str, bytes]:
    """Return the booster and its wrapper."""
    data = _bytes(estimator)
    try:
        is_known = _model(data) is not None
    except CorruptPipelineError:
        is_known = False
    if not is_known:
        raise UnsavableStepError(
            f"{step} cannot be saved: its booster has an objective, categorical splits or leaves that cannot be "
            f"checked when it is loaded; known objectives are {', '.join(_LINKS)}.",
            step=step,
        )
    return {_BOOSTER: data, WRAPPER: write_wrapper(estimator, step, _CLASSES)}


def check(files: Mapping[str, bytes], step: str, trusted_modules: Sequence[str]) -> None:
    """Check every index of the booster, in Python."""
    if set(files) != {_BOOSTER, WRAPPER}:
        raise CorruptPipelineError(f"{step} has lost its booster.", step=step)
    read_wrapper(files[WRAPPER], step, _CLASSES)
    if _model(files[_BOOSTER]) is None:
        raise CorruptPipelineError(f"The booster of {step} is damaged.", step=step)


def load(files: Mapping[str, bytes], step: str, trusted_modules: Sequence[str]) -> Any:
    """Return the wrapper with its booster."""
    import xgboost

    check(files, step, trusted_modules)
    wrapper = read_wrapper(files[WRAPPER], step, _CLASSES)
    try:
        estimator = getattr(xgboost, wrapper["class"])(**wrapper["params"])
        # The library's own reader may end the process on damaged bytes; it sees only what was checked and written anew.
        estimator.load_model(bytearray(write_ubjson(_canonical(read_ubjson(files[_BOOSTER])))))
    except (xgboost.core.XGBoostError, KeyError, TypeError, ValueError) as error:
        raise CorruptPipelineError(f"The booster of {step} is damaged: {error}.", step=step) from error
    # Loading forgets what the wrapper was made with.
    estimator.set_params(**wrapper["params"])
    return estimator


def compiled(estimator: Any) -> Model | None:
    """Return the booster as arrays."""
    missing = estimator.missing
    return _model(_bytes(estimator)) if missing is None or math.isnan(missing) else None


def is_float32(estimator: Any) -> bool:
    """XGBoost keeps its data in float32."""
    return True


def refuse(estimator: Any) -> None:
    """Take any."""


def errors() -> tuple[type[Exception], ...]:
    """Nothing else."""
    return ()


def _bytes(estimator: Any) -> bytes:
    return bytes(estimator.get_booster().save_raw("ubj"))


def _model(data: bytes) -> Model | None:
    """Return the model of a booster; None when it has parts that are not known here.

    Raises
    ------
    CorruptPipelineError
        When it is damaged.
    """
    try:
        document = read_ubjson(data)
        learner = document["learner"]
        facts, objective = learner["learner_model_param"], learner["objective"]["name"]
        width, classes = int(facts["num_feature"]), int(facts["num_class"])
        if objective not in _LINKS or int(facts["num_target"]) != 1:
            return None
        if not 0 < width <= _MOST or not 0 <= classes <= _MOST:
            raise ValueError("num_feature")
        link, outputs = _LINKS[objective], max(classes, 1)
        if (link == "softmax") != (outputs > 1):
            return None
        base = [_margin(value, link) for value in _scores(facts["base_score"], outputs)]
        gradient = learner["gradient_booster"]
        if gradient["name"] == "gblinear":
            model: Model | None = _linear(gradient["model"], width, base, link)
        else:
            model = _trees(learner, gradient, width, base, link)
        if model is not None:
            _canonical(document)
        return model
    except (KeyError, IndexError, TypeError, ValueError, OverflowError) as error:
        raise CorruptPipelineError(f"The booster is damaged: {error!r}.") from error


def _scores(text: str, outputs: int) -> list[float]:
    scores = [float(word) for word in text.strip("[]").split(",")]
    return scores * outputs if len(scores) == 1 else scores


def _margin(score: float, link: Link) -> float:
    if link == "logit":
        return math.log(score / (1.0 - score))
    return math.log(score) if link == "exp" else score


def _linear(model: Mapping[str, Any], width: int, base: list[float], link: Link) -> LinearModel | None:
    weights = np.asarray(model["weights"], dtype=np.float64).reshape(width + 1, len(base))
    if not np.isfinite(weights).all():
        return None
    return LinearModel(np.ascontiguousarray(weights[:-1].T), weights[-1] + np.array(base), link)


def _trees(learner: Any, gradient: Any, width: int, base: list[float], link: Link) -> Model | None:
    is_dart = gradient["name"] == "dart"
    model = gradient["gbtree"]["model"] if is_dart else gradient["model"]
    drops = np.asarray(gradient["weight_drop"], dtype=np.float64) if is_dart else np.ones(len(model["trees"]))
    used = len(model["trees"])
    best = learner["attributes"].get("best_iteration")
    if best is not None:
        # Early stopping: the library itself answers with the trees up to the best round.
        used = int(model["iteration_indptr"][int(best) + 1])
    trees, outputs = [], []
    for tree, output, weight in zip(model["trees"][:used], model["tree_info"][:used], drops[:used], strict=True):
        made = _tree(tree, float(weight))
        if made is None:
            return None
        trees.append(made)
        outputs.append(int(output))
    return joined(trees, outputs, base, link=link, width=width, cast="float32", allows_missing=True)


def _tree(tree: Mapping[str, Any], weight: float) -> Tree | None:
    left, right = np.asarray(tree["left_children"]), np.asarray(tree["right_children"])
    values = np.asarray(tree["split_conditions"], dtype=np.float32)
    size = int(tree["tree_param"]["num_nodes"])
    lengths = {len(np.asarray(tree[key])) for key in _PER_NODE}
    if lengths != {size}:
        raise ValueError("lengths")
    if np.asarray(tree["split_type"]).any() or len(np.asarray(tree["categories"])):
        return None
    if int(tree["tree_param"]["size_leaf_vector"]) > 1 or not np.isfinite(values).all():
        return None
    is_leaf = left < 0
    # Left is what is smaller: up to and including the largest float32 below.
    below = np.nextafter(values, np.float32(-np.inf)).astype(np.float64)
    return Tree(
        feature=np.where(is_leaf, -1, np.asarray(tree["split_indices"])).astype(np.int32),
        threshold=below,
        left=left.astype(np.int32),
        right=right.astype(np.int32),
        missing_left=np.asarray(tree["default_left"]) != 0,
        value=(values.astype(np.float64) * weight)[:, np.newaxis],
    )


def _canonical(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a checked document again, made of nothing but what is known and has the right size."""
    learner = document["learner"]
    facts, objective, gradient = learner["learner_model_param"], learner["objective"], learner["gradient_booster"]
    width, outputs = int(facts["num_feature"]), max(int(facts["num_class"]), 1)
    scores = ",".join(repr(score) for score in _scores(facts["base_score"], outputs))
    best = learner["attributes"].get("best_iteration")
    return {
        "learner": {
            "attributes": {} if best is None else {"best_iteration": str(int(best))},
            "feature_names": [],
            "feature_types": [],
            "gradient_booster": _canonical_booster(gradient, width, outputs),
            "learner_model_param": {
                "base_score": f"[{scores}]",
                "boost_from_average": "1",
                "num_class": str(int(facts["num_class"])),
                "num_feature": str(width),
                "num_target": "1",
            },
            "objective": {
                str(key): str(value) if isinstance(value, str) else {str(k): _number_text(v) for k, v in value.items()}
                for key, value in _objective(objective).items()
            },
        },
        "version": [int(part) for part in document["version"]],
    }


def _number_text(text: str) -> str:
    """Return a number as it was written, when it is one."""
    float(text)
    return str(text)


def _objective(objective: Mapping[str, Any]) -> dict[str, Any]:
    classes = objective.get("softmax_multiclass_param")
    found: dict[str, Any] = {"name": objective["name"]}
    for key, value in objective.items():
        if key not in ("name", "softmax_multiclass_param", "lambdarank_param", "quantile_loss_param"):
            found[key] = value
    if classes is not None:
        found["softmax_multiclass_param"] = {"num_class": classes["num_class"]}
    return found


def _canonical_booster(gradient: Mapping[str, Any], width: int, outputs: int) -> dict[str, Any]:
    if gradient["name"] == "gblinear":
        weights = np.asarray(gradient["model"]["weights"], dtype=np.float32)
        if len(weights) != (width + 1) * outputs:
            raise ValueError("weights")
        return {
            "model": {"boosted_rounds": int(gradient["model"]["boosted_rounds"]), "weights": weights},
            "name": "gblinear",
        }
    is_dart = gradient["name"] == "dart"
    model = _canonical_trees(gradient["gbtree"]["model"] if is_dart else gradient["model"], width, outputs)
    if not is_dart:
        return {"model": model, "name": "gbtree"}
    drops = np.asarray(gradient["weight_drop"], dtype=np.float32)
    if len(drops) != len(model["trees"]) or not np.isfinite(drops).all():
        raise ValueError("weight_drop")
    return {"gbtree": {"model": model, "name": "gbtree"}, "name": "dart", "weight_drop": drops.tolist()}


def _canonical_trees(model: Mapping[str, Any], width: int, outputs: int) -> dict[str, Any]:
    count = len(model["trees"])
    info = np.asarray(model["tree_info"], dtype=np.int32)
    starts = np.asarray(model["iteration_indptr"], dtype=np.int32)
    is_sound = len(info) == count and (info >= 0).all() and (info < outputs).all() and len(starts) > 0
    if not (is_sound and starts[0] == 0 and starts[-1] == count and (np.diff(starts) >= 0).all()):
        raise ValueError("tree_info")
    parallel = int(model["gbtree_model_param"]["num_parallel_tree"])
    if not 1 <= parallel <= max(count, 1):
        raise ValueError("num_parallel_tree")
    return {
        "cats": {"enc": [], "feature_segments": np.empty(0, np.int32), "sorted_idx": np.empty(0, np.int32)},
        "gbtree_model_param": {"num_parallel_tree": str(parallel), "num_trees": str(count)},
        "iteration_indptr": starts.tolist(),
        "tree_info": info.tolist(),
        "trees": [_canonical_tree(tree, index, width) for index, tree in enumerate(model["trees"])],
    }


def _canonical_tree(tree: Mapping[str, Any], index: int, width: int) -> dict[str, Any]:
    parts: dict[str, Any] = {key: np.asarray(tree[key]).astype(dtype) for key, dtype in _PER_NODE.items()}
    left, right, parents = parts["left_children"], parts["right_children"], parts["parents"]
    size = len(left)
    inner = np.flatnonzero(left >= 0)
    wanted = np.full(size, -1, dtype=np.int64)
    wanted[0] = _ROOT_PARENT
    wanted[left[inner]], wanted[right[inner]] = inner, inner
    floats = [parts[key] for key, dtype in _PER_NODE.items() if dtype is np.float32]
    is_sound = (
        (right[left < 0] == -1).all()
        and (left >= -1).all()
        and np.array_equal(wanted, parents)
        and (parts["split_indices"] >= 0).all()
        and (parts["split_indices"] < width).all()
        and (parts["default_left"] <= 1).all()
        and all(np.isfinite(values).all() for values in floats)
    )
    if not is_sound:
        raise ValueError("a tree")
    numbers = {"num_deleted": "0", "num_feature": str(width), "num_nodes": str(size), "size_leaf_vector": "1"}
    return {
        **parts,
        **{key: np.empty(0, dtype) for key, dtype in _CATEGORIES.items()},
        "id": index,
        "tree_param": numbers,
    }
