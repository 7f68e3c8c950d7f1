"""scikit-learn's trees and ensembles of them as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.compiled.links import Link
from redspot.pipeline.compiled.trees import Tree, TreeModel, joined

_SINGLE = frozenset({"DecisionTreeClassifier", "DecisionTreeRegressor", "ExtraTreeClassifier", "ExtraTreeRegressor"})
_FOREST = frozenset({"RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor"})
_BOOSTING = frozenset({"GradientBoostingClassifier", "GradientBoostingRegressor"})
_HISTOGRAM = frozenset({"HistGradientBoostingClassifier", "HistGradientBoostingRegressor"})


def tree_model(estimator: Any) -> TreeModel | None:
    """Return a fitted tree, forest or boosting as arrays; None for anything else."""
    cls = type(estimator)
    if not cls.__module__.startswith("sklearn."):
        return None
    if cls.__name__ in _SINGLE:
        return _forest(estimator, [estimator])
    if cls.__name__ in _FOREST:
        return _forest(estimator, list(estimator.estimators_))
    if cls.__name__ in _BOOSTING:
        return _boosting(estimator)
    return _histogram(estimator) if cls.__name__ in _HISTOGRAM else None


def _forest(estimator: Any, members: list[Any]) -> TreeModel | None:
    if estimator.n_outputs_ != 1:
        return None
    classes = getattr(estimator, "classes_", None)
    if classes is not None and len(classes) < 2:
        return None
    trees = [_tree(member.tree_, 1.0) for member in members]
    is_classifier = classes is not None
    return joined(
        trees,
        [-1 if is_classifier else 0] * len(trees),
        [0.0] * (len(classes) if classes is not None else 1),
        link="proportions" if is_classifier else "identity",
        width=estimator.n_features_in_,
        cast="float32",
        is_mean=True,
        allows_missing=_allows_missing(estimator),
    )


def _boosting(estimator: Any) -> TreeModel | None:
    # Anything but a constant to start from would be a second model.
    if type(estimator.init_).__name__ not in ("DummyClassifier", "DummyRegressor") and estimator.init_ != "zero":
        return None
    outputs = estimator.estimators_.shape[1]
    base = np.ravel(estimator._raw_predict_init(np.zeros((1, estimator.n_features_in_), dtype=np.float32)))
    link: Link = "identity"
    if hasattr(estimator, "classes_"):
        links: dict[str, Link] = {"ExponentialLoss": "half_logit", "HalfBinomialLoss": "logit"}
        link = "softmax" if outputs > 1 else links[type(estimator._loss).__name__]
    grown = [_tree(member.tree_, estimator.learning_rate) for member in estimator.estimators_.ravel()]
    return joined(
        grown,
        [index % outputs for index in range(len(grown))],
        base.tolist(),
        link=link,
        width=estimator.n_features_in_,
        cast="float32",
        allows_missing=_allows_missing(estimator),
    )


def _histogram(estimator: Any) -> TreeModel | None:
    outputs = estimator.n_trees_per_iteration_
    grown = []
    for predictor in (each for stage in estimator._predictors for each in stage):
        nodes = predictor.nodes
        if nodes["is_categorical"].any():
            return None
        grown.append(
            Tree(
                feature=np.where(nodes["is_leaf"] != 0, -1, nodes["feature_idx"]).astype(np.int32),
                threshold=nodes["num_threshold"].astype(np.float64),
                left=nodes["left"].astype(np.int32),
                right=nodes["right"].astype(np.int32),
                missing_left=nodes["missing_go_to_left"] != 0,
                value=nodes["value"].astype(np.float64)[:, np.newaxis],
            )
        )
    links: dict[str, Link] = {
        "IdentityLink": "identity",
        "LogLink": "exp",
        "LogitLink": "logit",
        "MultinomialLogit": "softmax",
    }
    link = links.get(type(estimator._loss.link).__name__)
    if link is None:
        return None
    return joined(
        grown,
        [index % outputs for index in range(len(grown))],
        np.ravel(estimator._baseline_prediction).tolist(),
        link=link,
        width=estimator.n_features_in_,
        allows_missing=True,
    )


def _tree(tree: Any, rate: float) -> Tree:
    is_leaf = tree.children_left < 0
    missing: NDArray[Any] = np.asarray(tree.missing_go_to_left)
    return Tree(
        feature=np.where(is_leaf, -1, tree.feature).astype(np.int32),
        threshold=np.asarray(tree.threshold, dtype=np.float64),
        left=np.asarray(tree.children_left, dtype=np.int32),
        right=np.asarray(tree.children_right, dtype=np.int32),
        missing_left=missing != 0,
        value=rate * np.asarray(tree.value[:, 0, :], dtype=np.float64),
    )


def _allows_missing(estimator: Any) -> bool:
    from sklearn.utils import get_tags

    return bool(get_tags(estimator).input_tags.allow_nan)
