"""Configurations of Keras models, of which only what is listed here may be in a file.

Keras makes a model from its configuration by importing what the configuration names. So nothing is given to it that names
anything else than these; Lambda, custom objects and every other layer are left out on purpose.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from redspot.pipeline.errors import CorruptPipelineError, UntrustedPipelineError

_MAX_DEPTH = 60

LAYERS = frozenset(
    "Activation Add Average AveragePooling1D AveragePooling2D BatchNormalization Concatenate Conv1D Conv2D Dense "
    "DepthwiseConv1D DepthwiseConv2D Dropout ELU Embedding Flatten GaussianDropout GaussianNoise "
    "GlobalAveragePooling1D GlobalAveragePooling2D GlobalMaxPooling1D GlobalMaxPooling2D InputLayer LayerNormalization "
    "LeakyReLU MaxPooling1D MaxPooling2D Maximum Minimum Multiply Normalization PReLU ReLU Rescaling Reshape "
    "SeparableConv1D SeparableConv2D Softmax SpatialDropout1D Subtract UnitNormalization ZeroPadding1D "
    "ZeroPadding2D".split()
)
_OTHERS: Mapping[str, frozenset[str]] = {
    "keras": frozenset({"DTypePolicy", "Functional", "Sequential"}),
    "keras.constraints": frozenset({"MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"}),
    "keras.initializers": frozenset(
        "Constant GlorotNormal GlorotUniform HeNormal HeUniform LecunNormal LecunUniform Ones Orthogonal RandomNormal "
        "RandomUniform TruncatedNormal VarianceScaling Zeros".split()
    ),
    "keras.layers": LAYERS,
    "keras.regularizers": frozenset({"L1", "L1L2", "L2"}),
    "keras.src.models.functional": frozenset({"Functional"}),
}
ACTIVATIONS = frozenset(
    "celu elu exponential gelu hard_sigmoid hard_tanh leaky_relu linear log_softmax mish relu relu6 selu sigmoid silu "
    "softmax softplus softsign swish tanh".split()
)
# What the runtime's own registries would look up by a bare text.
_NAMED = ("_initializer", "_regularizer", "_constraint")


def check_config(config: Any, step: str) -> None:
    """Refuse a configuration that names anything that is not listed; nothing is imported.

    Raises
    ------
    UntrustedPipelineError
        When it does.
    CorruptPipelineError
        When it is no configuration.
    """
    if not isinstance(config, dict) or config.get("class_name") not in ("Functional", "Sequential"):
        raise CorruptPipelineError(f"The model of {step} is neither Sequential nor Functional.", step=step)
    _check(config, step, 0)


def _check(value: Any, step: str, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise CorruptPipelineError(f"The model of {step} is nested too deeply.", step=step)
    if isinstance(value, list):
        for item in value:
            _check(item, step, depth + 1)
    if not isinstance(value, dict):
        return
    if {"class_name", "module", "registered_name"} & set(value):
        _require_listed(value, step)
    for key, item in value.items():
        if key == "activation" or key.endswith("_activation"):
            if item is not None and (not isinstance(item, str) or item not in ACTIVATIONS):
                raise _untrusted(item, step)
        elif key.endswith(_NAMED) and item is not None and not isinstance(item, dict):
            raise _untrusted(item, step)
        _check(item, step, depth + 1)


def _require_listed(entry: Mapping[str, Any], step: str) -> None:
    module, name, registered = entry.get("module"), entry.get("class_name"), entry.get("registered_name")
    if module is None and name == "__keras_tensor__" and registered is None:
        return
    is_listed = isinstance(module, str) and isinstance(name, str) and name in _OTHERS.get(module, ())
    if not is_listed or registered not in (None, name):
        raise _untrusted(f"{module}.{name}" if registered in (None, name) else registered, step)


def _untrusted(what: object, step: str) -> UntrustedPipelineError:
    return UntrustedPipelineError(
        f"The model of {step} names {what}, which is not on the list of trusted parts; nothing was loaded. Layers may be "
        f"{', '.join(sorted(LAYERS))}.",
        step=step,
        type=str(what),
    )
