"""PyTorch: weights as safetensors and the address of a module class; fully connected layers as arrays.

Nothing here unpickles, and no program is stored: not ``torch.load``, not TorchScript, not ``torch.export``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from redspot.pipeline.compiled.model import Model
from redspot.pipeline.errors import CorruptPipelineError, InvalidStepError, UnsavableStepError
from redspot.pipeline.frameworks.libraries import library
from redspot.pipeline.frameworks.tensors_file import Tensor, read_tensors, write_tensors
from redspot.pipeline.frameworks.torch_modules import MODULES
from redspot.pipeline.frameworks.wrapper_file import WRAPPER, read_wrapper, write_wrapper

wants_codes = True
tolerance = 1e-5
reads_tables = False

_WEIGHTS = "weights.safetensors"
_CLASSES = ("TorchClassifier", "TorchRegressor")
_DTYPES: Mapping[str, str] = {
    "BF16": "bfloat16",
    "BOOL": "bool",
    "F16": "float16",
    "F32": "float32",
    "F64": "float64",
    "I16": "int16",
    "I32": "int32",
    "I64": "int64",
    "I8": "int8",
    "U8": "uint8",
}
_NAMES = {f"torch.{name}": dtype for dtype, name in _DTYPES.items()}


def dump(estimator: Any, step: str) -> Mapping[str, bytes]:
    """Return the weights, the address of the module and the parameters."""
    module, name = MODULES.require_findable(estimator.module, step)
    weights = write_tensors({key: _tensor(value, key, step) for key, value in estimator.module_.state_dict().items()})
    wrapper = write_wrapper(
        estimator,
        step,
        _CLASSES,
        keep_none=True,
        left_out=("module", "progress", *estimator.settings),
        facts={
            "module": [module, name],
            "settings": estimator.settings,
            "inputs": estimator.n_features_in_,
            "outputs": estimator.outputs_,
            "classes": len(getattr(estimator, "classes_", ())),
            "target": [getattr(estimator, "target_mean_", 0.0), getattr(estimator, "target_scale_", 1.0)],
            "digest": hashlib.sha256(weights).hexdigest(),
        },
    )
    files = {WRAPPER: wrapper, _WEIGHTS: weights}
    try:
        _module(_document(files, step), estimator.module, read_tensors(weights, step), step)
    except CorruptPipelineError as error:
        raise UnsavableStepError(f"{step} cannot be saved, since it could not be loaded: {error}", step=step) from error
    return files


def check(files: Mapping[str, bytes], step: str, trusted_modules: Sequence[str]) -> None:
    """Refuse a module that nobody vouches for, and weights that are not whole."""
    document = _document(files, step)
    MODULES.require_vouched(*_address(document), trusted_modules)
    read_tensors(files[_WEIGHTS], step)


def load(files: Mapping[str, bytes], step: str, trusted_modules: Sequence[str]) -> Any:
    """Return the estimator with its module; the module is made once it is known that the weights are its own."""
    from redspot.pipeline.frameworks import torch_estimator

    document = _document(files, step)
    target = MODULES.find(*_address(document), trusted_modules)
    module = _module(document, target, read_tensors(files[_WEIGHTS], step), step)
    params = {key: value for key, value in document["params"].items() if key not in document["settings"]}
    try:
        estimator = getattr(torch_estimator, document["class"])(target, **params, **document["settings"])
    except (TypeError, InvalidStepError) as error:
        raise CorruptPipelineError(f"The parameters of {step} are damaged: {error}.", step=step) from error
    estimator.module_, estimator.history_ = module, ()
    estimator.n_features_in_, estimator.outputs_ = document["inputs"], document["outputs"]
    if document["class"] == "TorchClassifier":
        estimator.classes_ = np.arange(document["classes"])
    else:
        estimator.target_mean_, estimator.target_scale_ = map(float, document["target"])
    return estimator


def compiled(estimator: Any) -> Model | None:
    """Return fully connected layers as arrays; None for any other module."""
    from redspot.pipeline.frameworks.torch_layers import layers_of

    return layers_of(estimator)


def is_float32(estimator: Any) -> bool:
    """Inputs are rounded to float32."""
    return True


def refuse(estimator: Any) -> None:
    """Take any."""


def errors() -> tuple[type[Exception], ...]:
    """What PyTorch raises, of shapes that do not fit to memory that is full."""
    return (RuntimeError,)


def _document(files: Mapping[str, bytes], step: str) -> Mapping[str, Any]:
    if set(files) != {WRAPPER, _WEIGHTS}:
        raise CorruptPipelineError(f"{step} has lost its module.", step=step)
    document = read_wrapper(files[WRAPPER], step, _CLASSES)
    try:
        is_classifier = document["class"] == "TorchClassifier"
        inputs, outputs, classes = document["inputs"], document["outputs"], document["classes"]
        mean, scale = document["target"]
        module, name = document["module"]
        is_sound = (
            all(type(number) is int for number in (inputs, outputs, classes))
            and inputs > 0
            and (classes >= 2) == is_classifier
            and outputs == (classes if classes > 2 else 1)
            and all(type(number) is float for number in (mean, scale))
            and isinstance(module, str)
            and isinstance(name, str)
            and isinstance(document["settings"], dict)
        )
        is_whole = document["digest"] == hashlib.sha256(files[_WEIGHTS]).hexdigest()
    except (KeyError, TypeError, ValueError) as error:
        raise CorruptPipelineError(f"The module of {step} is damaged: {error!r}.", step=step) from error
    if not is_sound or not is_whole:
        raise CorruptPipelineError(f"The module of {step} is damaged.", step=step)
    return document


def _address(document: Mapping[str, Any]) -> tuple[str, str]:
    module, name = document["module"]
    return module, name


def _tensor(value: Any, name: str, step: str) -> Tensor:
    import torch

    dtype = _NAMES.get(str(value.dtype)) if isinstance(value, torch.Tensor) else None
    if dtype is None or value.layout is not torch.strided:
        raise UnsavableStepError(
            f"{step} cannot be saved: its weight {name} is of a type that no file keeps.", step=step
        )
    plain = value.detach().cpu().contiguous()
    return Tensor(dtype, tuple(plain.shape), plain.reshape(-1).view(torch.uint8).numpy().tobytes())


def _module(document: Mapping[str, Any], target: Any, tensors: Mapping[str, Tensor], step: str) -> Any:
    """Return the module with its weights, in evaluation mode.

    What the file says of the module's size is tried on a device that has no memory. Only when the weights that came
    with it are exactly those of the module is it made.
    """
    torch = library("torch", "torch", step)

    def made() -> Any:
        return target(document["inputs"], document["outputs"], **document["settings"])

    given = {name: (f"torch.{_DTYPES[tensor.dtype]}", tensor.shape) for name, tensor in tensors.items()}
    try:
        with torch.random.fork_rng(devices=[]):
            with torch.device("meta"):
                empty = made().state_dict()
            if {name: (str(value.dtype), tuple(value.shape)) for name, value in empty.items()} != given:
                raise CorruptPipelineError(f"The weights of {step} are not those of {target.__qualname__}.", step=step)
            module = made()
        module.load_state_dict({name: _loaded(tensor) for name, tensor in tensors.items()})
    # Whatever a module's own code makes of settings that it did not expect, the file is to blame.
    except Exception as error:
        if isinstance(error, CorruptPipelineError):
            raise
        raise CorruptPipelineError(f"The module of {step} cannot be made again: {error!r}.", step=step) from error
    return module.eval()


def _loaded(tensor: Tensor) -> Any:
    import torch

    dtype = getattr(torch, _DTYPES[tensor.dtype])
    if not tensor.data:
        return torch.empty(tensor.shape, dtype=dtype)
    return torch.frombuffer(bytearray(tensor.data), dtype=dtype).reshape(tensor.shape)
