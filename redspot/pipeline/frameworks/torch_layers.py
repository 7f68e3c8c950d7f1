"""Fully connected layers of PyTorch as arrays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.compiled.layers import Activation, Affine, Layer, LayersModel, Linear
from redspot.pipeline.compiled.links import Link


def layers_of(estimator: Any) -> LayersModel | None:
    """Return a fitted estimator's module as arrays; None when it has other layers than those of `mlp`."""
    layers: list[Layer] = []
    for part in _parts(estimator.module_):
        made = _layer(part)
        if made is None:
            return None
        layers.extend(made)
    link: Link = "identity"
    if hasattr(estimator, "classes_"):
        link = "logit" if estimator.outputs_ == 1 else "softmax"
    else:
        layers.append(Affine(np.array([estimator.target_scale_]), np.array([estimator.target_mean_])))
    model = LayersModel(tuple(layers), int(estimator.n_features_in_), link)
    return model if model.is_sound() and model.outputs == estimator.outputs_ else None


def _parts(module: Any) -> Iterator[Any]:
    from torch import nn

    # A subclass may do anything between its parts.
    if type(module) is nn.Sequential:
        for part in module:
            yield from _parts(part)
    else:
        yield module


def _layer(part: Any) -> tuple[Layer, ...] | None:
    from torch import nn

    kind = type(part)
    if any(hooks for name, hooks in vars(part).items() if name.endswith("_hooks")):
        return None
    if kind is nn.Linear and str(part.weight.dtype) == "torch.float32":
        weights = _array(part.weight)
        biases = np.zeros(len(weights), dtype=np.float32) if part.bias is None else _array(part.bias)
        return (Linear(weights, biases),)
    if kind is nn.BatchNorm1d and part.running_mean is not None:
        mean, variance = _array(part.running_mean).astype(float), _array(part.running_var).astype(float)
        scale = 1.0 / np.sqrt(variance + part.eps)
        shift = -mean * scale
        if part.weight is not None:
            gamma, beta = _array(part.weight).astype(float), _array(part.bias).astype(float)
            scale, shift = scale * gamma, shift * gamma + beta
        return (Affine(scale, shift),)
    if kind is nn.Dropout or kind is nn.Identity:
        return ()
    names = {nn.ReLU: "relu", nn.Tanh: "tanh", nn.Sigmoid: "sigmoid"}
    if kind is nn.GELU and part.approximate == "none":
        return (Activation("gelu"),)
    return (Activation(names[kind]),) if kind in names else None


def _array(tensor: Any) -> NDArray[np.float32]:
    return np.array(tensor.detach().cpu().numpy(), dtype=np.float32, order="C")
