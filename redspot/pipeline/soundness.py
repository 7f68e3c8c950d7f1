"""Checks of restored estimators whose compiled code would read outside of its arrays when given wrong indices."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from redspot.pipeline.errors import CorruptPipelineError


def check_soundness(estimator: Any, step: str) -> Any:
    """Return the estimator when every index in it stays inside.

    Raises
    ------
    CorruptPipelineError
        Otherwise.
    """
    for part, owner in _parts(estimator, None, set()):
        kept, check = _CHECKS.get(type(part).__name__, ("", None))
        try:
            # An estimator that is only a parameter of another is not fitted, and reads nothing without this.
            is_sound = check is None or not hasattr(part, kept) or check(part, owner)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise CorruptPipelineError(f"The estimator of {step} lacks a part: {error!r}.", step=step) from error
        if not is_sound:
            raise CorruptPipelineError(
                f"{type(part).__name__} in {step} has indices that point outside of it.", step=step
            )
    return estimator


def _parts(value: Any, owner: Any, seen: set[int]) -> Iterator[tuple[Any, Any]]:
    """Yield each object inside with the object that holds it."""
    if value is None or isinstance(value, str | int | float | np.generic) or id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, list | tuple):
        for item in value:
            yield from _parts(item, owner, seen)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _parts(item, owner, seen)
    elif isinstance(value, np.ndarray):
        if value.dtype.hasobject:
            for item in value.ravel():
                yield from _parts(item, owner, seen)
    else:
        yield value, owner
        for item in getattr(value, "__dict__", {}).values():
            yield from _parts(item, value, seen)


def _tree(tree: Any, owner: Any) -> bool:
    nodes = tree.__getstate__()["nodes"]
    left, right, feature = nodes["left_child"], nodes["right_child"], nodes["feature"]
    index = np.arange(len(nodes))
    is_leaf = left == -1
    inner = ~is_leaf
    # A child always has a higher number than its parent, so the walk down a tree ends.
    return bool(
        len(nodes) == tree.node_count
        and len(nodes) > 0
        and (right[is_leaf] == -1).all()
        and (left[inner] > index[inner]).all()
        and (left[inner] < len(nodes)).all()
        and (right[inner] > index[inner]).all()
        and (right[inner] < len(nodes)).all()
        and (feature[inner] >= 0).all()
        and (feature[inner] < tree.n_features).all()
        and tree.n_features == owner.n_features_in_
        and tree.value.shape == (len(nodes), tree.n_outputs, tree.max_n_classes)
    )


def _forest(forest: Any, owner: Any) -> bool:
    members = [member for member in np.ravel(np.asarray(forest.estimators_, dtype=object))]
    return all(member.n_features_in_ == forest.n_features_in_ for member in members)


def _boosting(boosting: Any, owner: Any) -> bool:
    shapes = {member.tree_.value.shape[1:] for member in boosting.estimators_.ravel()}
    return _forest(boosting, owner) and shapes <= {(1, 1)} and boosting.estimators_.ndim == 2


def _histogram_boosting(boosting: Any, owner: Any) -> bool:
    width = boosting.n_features_in_
    # One more column of trees than of predictions would be written outside.
    per_round = {len(predictors) for predictors in boosting._predictors}
    return (
        per_round <= {boosting.n_trees_per_iteration_}
        and boosting._baseline_prediction.shape == (1, boosting.n_trees_per_iteration_)
        and boosting._bin_mapper.is_categorical_.shape == (width,)
        and all(_predictor(tree, boosting) for trees in boosting._predictors for tree in trees)
    )


def _predictor(tree: Any, boosting: Any) -> bool:
    nodes = tree.nodes
    index = np.arange(len(nodes))
    inner = nodes["is_leaf"] == 0
    split = nodes[inner]
    return bool(
        len(nodes) > 0
        and (split["feature_idx"] >= 0).all()
        and (split["feature_idx"] < boosting.n_features_in_).all()
        and all((split[side] > index[inner]).all() and (split[side] < len(nodes)).all() for side in ("left", "right"))
        # Splits by category look into bitsets. They need a ColumnTransformer, which is never saved.
        and not split["is_categorical"].any()
    )


def _support_vectors(machine: Any, owner: Any) -> bool:
    vectors = machine.support_vectors_
    is_classifier = hasattr(machine, "classes_")
    classes = len(machine.classes_) if is_classifier else 2
    counts, pairs = machine._n_support, classes * (classes - 1) // 2
    return bool(
        vectors.ndim == 2
        and vectors.shape[1] == machine.n_features_in_
        and machine.support_.shape == (len(vectors),)
        and machine._dual_coef_.shape == (classes - 1, len(vectors))
        and machine._intercept_.shape == (pairs,)
        and (not is_classifier or (counts.shape == (classes,) and (counts >= 0).all() and counts.sum() == len(vectors)))
        and machine._probA.shape in ((0,), (pairs,))
        and machine._probB.shape == machine._probA.shape
    )


_Check = Callable[[Any, Any], bool]

# Class -> the attribute that its compiled code starts from, and the check.
_CHECKS: Mapping[str, tuple[str, _Check]] = {
    "Tree": ("value", _tree),
    **dict.fromkeys(
        ("RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor"),
        ("estimators_", _forest),
    ),
    **dict.fromkeys(("GradientBoostingClassifier", "GradientBoostingRegressor"), ("estimators_", _boosting)),
    **dict.fromkeys(
        ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor"), ("_predictors", _histogram_boosting)
    ),
    **dict.fromkeys(("SVC", "NuSVC", "SVR", "NuSVR"), ("support_vectors_", _support_vectors)),
}
