"""Keras: weights as safetensors and the configuration of the model, of which only listed layers may be loaded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np

from redspot.pipeline.compiled.model import Model
from redspot.pipeline.errors import CorruptPipelineError, UnsavableStepError, UntrustedPipelineError
from redspot.pipeline.frameworks.keras_config import check_config
from redspot.pipeline.frameworks.tensors_file import Tensor, read_tensors, write_tensors
from redspot.pipeline.frameworks.wrapper_file import WRAPPER, read_wrapper, write_wrapper

wants_codes = True
tolerance = 1e-5
reads_tables = False

_WEIGHTS = "weights.safetensors"
_CLASSES = ("KerasClassifier", "KerasRegressor")
_DTYPES: Mapping[str, str] = {"F16": "float16", "F32": "float32", "F64": "float64", "I32": "int32", "I64": "int64"}
_NAMES = {name: dtype for dtype, name in _DTYPES.items()}


def dump(estimator: Any, step: str) -> Mapping[str, bytes]:
    """Return the weights, the configuration and the parameters."""
    config = json.loads(estimator.module_.to_json())
    # How it was trained is the estimator's own business.
    config.pop("compile_config", None)
    try:
        check_config(config, step)
        weights = write_tensors(
            {_key(index, weight): _tensor(weight) for index, weight in enumerate(estimator.module_.weights)}
        )
    except (UntrustedPipelineError, KeyError) as error:
        raise UnsavableStepError(f"{step} cannot be saved, since it could not be loaded: {error}", step=step) from error
    wrapper = write_wrapper(
        estimator,
        step,
        _CLASSES,
        keep_none=True,
        left_out=("model", "progress"),
        facts={
            "config": config,
            "inputs": estimator.n_features_in_,
            "classes": len(getattr(estimator, "classes_", ())),
            "target": [getattr(estimator, "target_mean_", 0.0), getattr(estimator, "target_scale_", 1.0)],
            "digest": hashlib.sha256(weights).hexdigest(),
        },
    )
    return {WRAPPER: wrapper, _WEIGHTS: weights}


def check(files: Mapping[str, bytes], step: str, trusted_modules: Sequence[str]) -> None:
    """Refuse layers that are not listed, and weights that are not whole."""
    check_config(_document(files, step)["config"], step)
    read_tensors(files[_WEIGHTS], step)


def load(files: Mapping[str, bytes], step: str, trusted_modules: Sequence[str]) -> Any:
    """Return the estimator with its model."""
    from redspot.pipeline.frameworks import keras_estimator

    check(files, step, trusted_modules)
    document = _document(files, step)
    model = _model(document["config"], read_tensors(files[_WEIGHTS], step), step)
    is_classifier = document["class"] == "KerasClassifier"
    shapes = tuple(model.input_shape), tuple(model.output_shape)
    wanted = {document["classes"], 1} if document["classes"] == 2 else {max(document["classes"], 1)}
    if shapes[0] != (None, document["inputs"]) or len(shapes[1]) != 2 or shapes[1][1] not in wanted:
        raise CorruptPipelineError(f"The model of {step} reads or gives other shapes than it is said to.", step=step)
    try:
        estimator = getattr(keras_estimator, document["class"])(model, **document["params"])
    except TypeError as error:
        raise CorruptPipelineError(f"The parameters of {step} are damaged: {error}.", step=step) from error
    estimator.module_, estimator.history_, estimator.n_features_in_ = model, (), document["inputs"]
    if is_classifier:
        estimator.classes_ = np.arange(document["classes"])
    else:
        estimator.target_mean_, estimator.target_scale_ = map(float, document["target"])
    return estimator


def compiled(estimator: Any) -> Model | None:
    """Return a chain of fully connected layers as arrays; None for any other model."""
    from redspot.pipeline.frameworks.keras_layers import layers_of

    return layers_of(estimator)


def is_float32(estimator: Any) -> bool:
    """Inputs are rounded to float32."""
    return True


def refuse(estimator: Any) -> None:
    """Take any; whether the model fits is known when there are columns."""


def errors() -> tuple[type[Exception], ...]:
    """What a backend raises, of shapes that do not fit to memory that is full."""
    return (RuntimeError,)


def _document(files: Mapping[str, bytes], step: str) -> Mapping[str, Any]:
    if set(files) != {WRAPPER, _WEIGHTS}:
        raise CorruptPipelineError(f"{step} has lost its model.", step=step)
    document = read_wrapper(files[WRAPPER], step, _CLASSES)
    try:
        inputs, classes = document["inputs"], document["classes"]
        is_sound = (
            set(document) == {"class", "params", "config", "inputs", "classes", "target", "digest"}
            and type(inputs) is int
            and inputs > 0
            and type(classes) is int
            and (classes >= 2) == (document["class"] == "KerasClassifier")
            and [type(number) for number in document["target"]] == [float, float]
            and document["digest"] == hashlib.sha256(files[_WEIGHTS]).hexdigest()
        )
    except (KeyError, TypeError) as error:
        raise CorruptPipelineError(f"The model of {step} is damaged: {error!r}.", step=step) from error
    if not is_sound:
        raise CorruptPipelineError(f"The model of {step} is damaged.", step=step)
    return document


def _key(index: int, weight: Any) -> str:
    return f"{index:04d}:{weight.path}"


def _tensor(weight: Any) -> Tensor:
    import keras

    values = np.ascontiguousarray(keras.ops.convert_to_numpy(weight.value))
    return Tensor(_NAMES[values.dtype.name], values.shape, values.tobytes())


def _model(config: Mapping[str, Any], tensors: Mapping[str, Tensor], step: str) -> Any:
    """Return the model with its weights.

    With PyTorch as the backend, what the configuration says of the model's size is tried without memory first.
    """
    from redspot.pipeline.frameworks.keras_estimator import keras_library

    keras = keras_library(step)
    given = {name: (_DTYPES.get(tensor.dtype), tensor.shape) for name, tensor in tensors.items()}
    is_torch = keras.backend.backend() == "torch"

    def made(without_memory: bool) -> Any:
        with keras.device("meta") if without_memory else nullcontext():
            model = keras.models.model_from_json(json.dumps(config))
        found = {
            _key(index, weight): (str(weight.dtype), tuple(weight.shape)) for index, weight in enumerate(model.weights)
        }
        if found != given:
            raise CorruptPipelineError(f"The weights of {step} are not those of its model.", step=step)
        return model

    try:
        if is_torch:
            made(without_memory=True)
        model = made(without_memory=False)
        arrays = [np.frombuffer(t.data, dtype=_DTYPES[t.dtype]).reshape(t.shape) for _, t in sorted(tensors.items())]
        model.set_weights(arrays)
    # Whatever Keras makes of numbers that it did not expect, the file is to blame.
    except Exception as error:
        if isinstance(error, CorruptPipelineError):
            raise
        raise CorruptPipelineError(f"The model of {step} cannot be made again: {error!r}.", step=step) from error
    return model
