"""CatBoost: oblivious trees as the library's own JSON, read and checked here before the library sees it.

Only what is known is written: columns, borders, trees and leaves. So the same model gives the same bytes, and the
library is given nothing that was not looked at.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from redspot.pipeline.compiled.links import Link
from redspot.pipeline.compiled.model import Model
from redspot.pipeline.compiled.oblivious import ObliviousModel
from redspot.pipeline.errors import CorruptPipelineError, InvalidStepError, UnsavableStepError
from redspot.pipeline.frameworks.libraries import library
from redspot.pipeline.frameworks.wrapper_file import WRAPPER, read_wrapper, write_wrapper

wants_codes = True
tolerance = 1e-9
reads_tables = False

_BOOSTER = "booster.json"
_CLASSES = ("CatBoostClassifier", "CatBoostRegressor")
_LINKS: Mapping[str, Link] = {
    **dict.fromkeys("RMSE MAE MAPE Quantile Expectile LogCosh Huber Lq".split(), "identity"),
    **dict.fromkeys("Poisson Tweedie".split(), "exp"),
    **dict.fromkeys("Logloss CrossEntropy".split(), "logit"),
    "MultiClass": "softmax",
}
_OPTIONS = ("alpha", "delta", "q", "variance_power")
_MISSING = {"AsIs": False, "AsFalse": False, "AsTrue": True}
# Where the library writes while it learns, and how much it says, is nothing that answers depend on.
_LEFT_OUT = ("train_dir", "verbose", "logging_level", "silent", "verbose_eval")


def dump(estimator: Any, step: str) -> Mapping[str, bytes]:
    """Return the trees and the wrapper."""
    try:
        document, _ = _known(_document(estimator))
    except CorruptPipelineError as error:
        raise UnsavableStepError(
            f"{step} cannot be saved: it has trees that are not symmetric, or a loss that cannot be "
            f"checked when it is loaded; known losses are {', '.join(_LINKS)}. "
            "Keep grow_policy='SymmetricTree'.",
            step=step,
        ) from error
    return {_BOOSTER: _bytes(document), WRAPPER: write_wrapper(estimator, step, _CLASSES, left_out=_LEFT_OUT)}


def check(files: Mapping[str, bytes], step: str, trusted_modules: Sequence[str]) -> None:
    """Check every number of the trees, in Python."""
    if set(files) != {_BOOSTER, WRAPPER}:
        raise CorruptPipelineError(f"{step} has lost its trees.", step=step)
    read_wrapper(files[WRAPPER], step, _CLASSES)
    _known(_read(files[_BOOSTER]))


def load(files: Mapping[str, bytes], step: str, trusted_modules: Sequence[str]) -> Any:
    """Return the wrapper with its trees."""
    check(files, step, trusted_modules)
    catboost = library("catboost", "catboost", step)
    wrapper = read_wrapper(files[WRAPPER], step, _CLASSES)
    document, model = _known(_read(files[_BOOSTER]))
    is_classifier = wrapper["class"] == "CatBoostClassifier"
    if is_classifier != (model.link in ("logit", "softmax")):
        raise CorruptPipelineError(f"The trees of {step} belong to another class than {wrapper['class']}.", step=step)
    try:
        estimator = getattr(catboost, wrapper["class"])(**wrapper["params"])
        # The library reads this format from a file only.
        handle, path = tempfile.mkstemp(suffix=".json")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(_bytes(document))
            estimator.load_model(path, format="json")
        finally:
            Path(path).unlink()
        # Loading forgets what the wrapper was made with.
        estimator._init_params = dict(wrapper["params"])
    except (catboost.CatBoostError, KeyError, TypeError, ValueError) as error:
        raise CorruptPipelineError(f"The trees of {step} are damaged: {error}.", step=step) from error
    return estimator


def compiled(estimator: Any) -> Model | None:
    """Return the trees as arrays; None where they are not symmetric, or have categories."""
    try:
        return _known(_document(estimator))[1]
    except CorruptPipelineError:
        return None


def is_float32(estimator: Any) -> bool:
    """CatBoost keeps its data in float32."""
    return True


def refuse(estimator: Any) -> None:
    """Refuse columns that are no numbers: steps give none."""
    for name in ("cat_features", "text_features", "embedding_features"):
        if estimator.get_params().get(name) is not None:
            raise InvalidStepError(
                f"{type(estimator).__name__}: {name} cannot be read here, since the steps before give numbers; encode "
                "such columns with one_hot() instead.",
                parameter=name,
            )


def errors() -> tuple[type[Exception], ...]:
    """What CatBoost raises when it cannot learn."""
    import catboost

    return (catboost.CatBoostError,)


def _document(estimator: Any) -> Any:
    import catboost

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        try:
            estimator.save_model(str(path), format="json")
        except catboost.CatBoostError as error:
            raise CorruptPipelineError(f"CatBoost cannot write the model: {error}") from error
        return _read(path.read_bytes())


def _bytes(document: Any) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _read(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise CorruptPipelineError(f"The trees are damaged: {error!r}.") from error


def _known(document: Any) -> tuple[dict[str, Any], ObliviousModel]:
    """Return a document again, made of nothing but what is known, and its model.

    Raises
    ------
    CorruptPipelineError
        When it is damaged, or has parts that are not known here.
    """
    try:
        loss = document["model_info"]["params"]["loss_function"]
        link = _LINKS[loss["type"]]
        # Each is a number, such as the quantile.
        options = {name: repr(float(loss["params"][name])) for name in _OPTIONS if name in loss["params"]}
        features = [_feature(each, place) for place, each in enumerate(document["features_info"]["float_features"])]
        if set(document["features_info"]) - {"float_features"} or "oblivious_trees" not in document:
            raise ValueError("columns or trees of another kind")
        scale, bias = document["scale_and_bias"]
        base = np.array(bias, dtype=np.float64)
        places = _places(features)
        trees = [_tree(each, places, len(base)) for each in document["oblivious_trees"]]
        model = _model(trees, features, base, float(scale), link)
        if not model.is_sound() or (link == "softmax") != (model.outputs > 1):
            raise ValueError("trees that do not belong together")
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise CorruptPipelineError(f"The trees are damaged: {error!r}.") from error
    written = ":".join([loss["type"], ";".join(f"{name}={value}" for name, value in options.items())]).rstrip(":")
    info: dict[str, Any] = {
        "params": {
            "flat_params": {"loss_function": written},
            "loss_function": {
                "type": loss["type"],
                "params": {**options, "__params_key_order": json.dumps(list(options))} if options else {},
            },
        }
    }
    if link in ("logit", "softmax"):
        labels = list(range(max(len(base), 2)))
        info["class_params"] = {
            "class_label_type": "Integer",
            "class_names": labels,
            "class_to_label": labels,
            "classes_count": 0,
        }
    return {
        "features_info": {"float_features": features},
        "model_info": info,
        "oblivious_trees": trees,
        "scale_and_bias": [float(scale), base.tolist()],
    }, model


def _feature(feature: Mapping[str, Any], place: int) -> dict[str, Any]:
    borders = [float(np.float32(border)) for border in feature["borders"]]
    treatment = feature["nan_value_treatment"]
    if feature["feature_index"] != place or feature["flat_feature_index"] != place or treatment not in _MISSING:
        raise ValueError("a column")
    if not np.isfinite(borders).all() or any(a >= b for a, b in pairwise(borders)):
        raise ValueError("borders")
    return {
        "borders": borders,
        "feature_id": "",
        "feature_index": place,
        "flat_feature_index": place,
        "has_nans": bool(feature["has_nans"]),
        "nan_value_treatment": treatment,
    }


def _places(features: Sequence[Mapping[str, Any]]) -> dict[tuple[int, float], int]:
    """Return the number of each question, by column and border."""
    pairs = [(index, border) for index, feature in enumerate(features) for border in feature["borders"]]
    return {pair: number for number, pair in enumerate(pairs)}


def _tree(tree: Mapping[str, Any], places: Mapping[tuple[int, float], int], outputs: int) -> dict[str, Any]:
    splits = []
    for split in tree["splits"] or ():
        pair = (int(split["float_feature_index"]), float(np.float32(split["border"])))
        if split["split_type"] != "FloatFeature":
            raise ValueError("a question of another kind")
        splits.append(
            {
                "border": pair[1],
                "float_feature_index": pair[0],
                "split_index": places[pair],
                "split_type": "FloatFeature",
            }
        )
    leaves = 1 << len(splits)
    values = [float(value) for value in tree["leaf_values"]]
    weights = [float(weight) for weight in tree["leaf_weights"]]
    if len(values) != leaves * outputs or len(weights) != leaves or not np.isfinite([*values, *weights]).all():
        raise ValueError("leaves")
    return {"leaf_values": values, "leaf_weights": weights, "splits": splits}


def _model(
    trees: Sequence[Mapping[str, Any]],
    features: Sequence[Mapping[str, Any]],
    base: np.ndarray[Any, np.dtype[np.float64]],
    scale: float,
    link: Link,
) -> ObliviousModel:
    splits = [split for tree in trees for split in tree["splits"]]
    index = [split["float_feature_index"] for split in splits]
    return ObliviousModel(
        feature=np.array(index, dtype=np.int32),
        border=np.array([split["border"] for split in splits], dtype=np.float32),
        missing_above=np.array([_MISSING[features[i]["nan_value_treatment"]] for i in index], dtype=np.bool_),
        depth=np.array([len(tree["splits"]) for tree in trees], dtype=np.int32),
        value=np.concatenate([np.reshape(tree["leaf_values"], (-1, len(base))) for tree in trees]) * scale,
        base=base,
        width=len(features),
        link=link,
    )
