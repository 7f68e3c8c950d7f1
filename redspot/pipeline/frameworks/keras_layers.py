"""Keras models that are one chain of fully connected layers, as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.compiled.layers import ACTIVATIONS, Activation, Affine, Layer, LayersModel, Linear
from redspot.pipeline.compiled.links import Link


def layers_of(estimator: Any) -> LayersModel | None:
    """Return a fitted estimator's model as arrays; None when it is no such chain."""
    if type(estimator.module_).__name__ != "Sequential":
        return None
    layers: list[Layer] = []
    parts = list(estimator.module_.layers)
    for place, part in enumerate(parts):
        made = _layer(part, is_last=place == len(parts) - 1 and hasattr(estimator, "classes_"))
        if made is None:
            return None
        layers.extend(made)
    outputs = int(estimator.module_.output_shape[-1])
    link: Link = "identity"
    if hasattr(estimator, "classes_"):
        link = "logit" if outputs == 1 else "softmax"
    else:
        layers.append(Affine(np.array([estimator.target_scale_]), np.array([estimator.target_mean_])))
    model = LayersModel(tuple(layers), int(estimator.n_features_in_), link)
    return model if model.is_sound() and model.outputs == outputs else None


def _layer(part: Any, *, is_last: bool) -> tuple[Layer, ...] | None:
    kind, weights = type(part), [_array(weight) for weight in part.get_weights()]
    if not kind.__module__.startswith("keras.src.layers."):
        return None
    if kind.__name__ in ("InputLayer", "Dropout", "GaussianNoise", "GaussianDropout"):
        return ()
    if kind.__name__ in ("Activation", "ReLU", "Dense"):
        return _activated(part, weights, is_last)
    if kind.__name__ == "BatchNormalization" and part.axis in (-1, 1) and part.scale and part.center:
        gamma, beta, mean, variance = (weight.astype(float) for weight in weights)
        scale = gamma / np.sqrt(variance + part.epsilon)
        return (Affine(scale, beta - mean * scale),)
    if kind.__name__ == "Normalization" and not part.invert and len(weights) == 3 and weights[0].ndim == 1:
        scale = 1.0 / np.maximum(np.sqrt(weights[1].astype(float)), 1e-7)
        return (Affine(scale, -weights[0].astype(float) * scale),)
    return None


def _activated(part: Any, weights: list[NDArray[Any]], is_last: bool) -> tuple[Layer, ...] | None:
    layers: tuple[Layer, ...] = ()
    if type(part).__name__ == "Dense":
        if not 1 <= len(weights) <= 2 or any(weight.dtype != np.float32 for weight in weights):
            return None
        kernel = np.ascontiguousarray(weights[0].T)
        layers = (Linear(kernel, weights[1] if len(weights) == 2 else np.zeros(len(kernel), dtype=np.float32)),)
    if type(part).__name__ == "ReLU":
        is_plain = part.max_value is None and not part.negative_slope and not part.threshold
        return (*layers, Activation("relu")) if is_plain else None
    name = getattr(part.activation, "__name__", "")
    # What turns sums into probabilities is the link.
    if name == "linear" or (is_last and name in ("softmax", "sigmoid")):
        return layers
    return (*layers, Activation(name)) if name in ACTIVATIONS else None


def _array(weight: Any) -> NDArray[Any]:
    return np.asarray(weight)
