"""scikit-learn's linear models as weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from redspot.pipeline.compiled.linear import LinearModel
from redspot.pipeline.compiled.links import Link

_IDENTITY = frozenset(
    "ARDRegression BayesianRidge ElasticNet ElasticNetCV HuberRegressor Lars Lasso LassoCV LassoLars LassoLarsIC "
    "LinearRegression LinearSVR OrthogonalMatchingPursuit QuantileRegressor Ridge RidgeCV SGDRegressor "
    "TheilSenRegressor".split()
)
_EXP = frozenset({"PoissonRegressor", "GammaRegressor"})
_LOGISTIC = frozenset({"LogisticRegression", "LogisticRegressionCV"})
_CLASSES_ONLY = frozenset({"LinearSVC", "RidgeClassifier", "RidgeClassifierCV", "Perceptron"})


def linear_model(estimator: Any) -> LinearModel | None:
    """Return a fitted linear model as weights; None for anything else."""
    link = _link(estimator)
    if link is None:
        return None
    weights = np.atleast_2d(np.asarray(estimator.coef_, dtype=np.float64))
    intercepts = np.broadcast_to(np.asarray(estimator.intercept_, dtype=np.float64).ravel(), (len(weights),)).copy()
    if not (np.isfinite(weights).all() and np.isfinite(intercepts).all()):
        return None
    return LinearModel(np.ascontiguousarray(weights), intercepts, link)


def _link(estimator: Any) -> Link | None:
    cls = type(estimator)
    if not cls.__module__.startswith("sklearn."):
        return None
    name = cls.__name__
    if name in _IDENTITY:
        return "identity" if np.ndim(estimator.coef_) == 1 else None
    if name in _EXP:
        return "exp"
    if name == "TweedieRegressor":
        links: dict[str, Link] = {"IdentityLink": "identity", "LogLink": "exp"}
        return links.get(type(estimator._base_loss.link).__name__)
    if name not in _LOGISTIC and name not in _CLASSES_ONLY and name != "SGDClassifier":
        return None
    classes = np.asarray(estimator.classes_)
    if classes.ndim != 1 or len(classes) < 2:
        return None
    is_binary = len(classes) == 2
    if name in _LOGISTIC:
        return "logit" if is_binary else "softmax"
    if name == "SGDClassifier" and estimator.loss == "log_loss":
        return "logit" if is_binary else "one_vs_rest"
    if hasattr(estimator, "predict_proba"):
        return None
    return "sign" if is_binary else "highest"
