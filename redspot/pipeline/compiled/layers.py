"""Fully connected layers as arrays: the network that is left when only answers are wanted."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self, cast

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.column import Table
from redspot.pipeline.compiled.links import Link, expit
from redspot.pipeline.compiled.missing import refuse_missing
from redspot.pipeline.compiled.model import Arrays
from redspot.pipeline.compiled.thresholds import as_float32
from redspot.pipeline.errors import CorruptPipelineError
from redspot.pipeline.rowcode import RowCode, Value

Floats = NDArray[np.float64]

# Rows at a time, so that what lies between two layers stays in the cache of a core.
_LEAST_ROWS, _MOST_ROWS = 64, 1024
# A product with fewer steps is computed on one core. Stretches of rows already run on all of them, and threads within
# threads wait for each other longer than they help.
_ALONE = 2**18


@dataclass(frozen=True, slots=True)
class Linear:
    """Weighted sums: float32 weights of shape (outputs, inputs) and biases of shape (outputs,)."""

    weights: NDArray[np.float32]
    biases: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Affine:
    """Each number times its scale plus its shift: float64, shape (width,)."""

    scale: Floats
    shift: Floats


@dataclass(frozen=True, slots=True)
class Activation:
    """A function of each number by itself; one of `ACTIVATIONS`."""

    name: str


Layer = Linear | Affine | Activation


@dataclass(frozen=True)
class LayersModel:
    """Layers, one after the other.

    Inputs are rounded to float32, and weights are kept as float32, as the framework has them. They are multiplied and
    added up as float64: a row then gets the same answer alone and among a million, to the last few of its bits.

    Attributes
    ----------
    layers
        From inputs to sums.
    width
        Number of columns.
    link
        From sums to answers.
    """

    kind: ClassVar[str] = "layers"

    layers: tuple[Layer, ...]
    width: int
    link: Link

    @property
    def outputs(self) -> int:
        """Number of sums per row."""
        return _widths(self.layers, self.width)[-1]

    def sums(self, table: Table) -> Floats:
        """Return float64, shape (rows, outputs)."""
        matrix = table.matrix("The model", allow_missing=False)
        size = self._rows_at_once
        parts = [self._through(as_float32(matrix[at : at + size])) for at in range(0, max(table.rows, 1), size)]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def row(self, code: RowCode, inputs: Sequence[Value]) -> list[str]:
        """Write down a call of numpy for the sums of one row, and return their expressions."""
        refuse_missing(code, inputs)
        result = code.fresh()
        code.line(f"{result} = {code.constant(self._one)}(({', '.join(code.floats(value) for value in inputs)},))")
        return [f"{result}[{output}]" for output in range(self.outputs)]

    def _one(self, row: Sequence[float]) -> list[float]:
        return cast("list[float]", self._through(as_float32(np.array(row, dtype=np.float64))).tolist())

    def _through(self, values: Floats) -> Floats:
        for function in self._functions:
            values = function(values)
        return values

    @cached_property
    def _rows_at_once(self) -> int:
        largest = max((layer.weights.size for layer in self.layers if isinstance(layer, Linear)), default=1)
        alone = _ALONE // max(largest, 1)
        return min(alone, _MOST_ROWS) if alone >= _LEAST_ROWS else _MOST_ROWS

    @cached_property
    def _functions(self) -> tuple[Callable[[Floats], Floats], ...]:
        return tuple(_function(layer) for layer in self.layers)

    def told(self, names: Sequence[str]) -> list[tuple[str, str]]:
        """Return the widths of the layers, what lies between them, and the number of weights."""
        widths = [self.width, *(len(layer.biases) for layer in self.layers if isinstance(layer, Linear))]
        between = dict.fromkeys(layer.name for layer in self.layers if isinstance(layer, Activation))
        weights = sum(array.size for array in self.arrays().values())
        return [
            ("layers", " → ".join(f"{width:,}" for width in widths)),
            *([("activation", ", ".join(between))] if between else []),
            ("weights", f"{weights:,}"),
        ]

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return what a file keeps as arrays."""
        found: dict[str, NDArray[np.generic]] = {}
        for index, layer in enumerate(self.layers):
            if isinstance(layer, Linear):
                found.update({f"weights_{index}": layer.weights, f"biases_{index}": layer.biases})
            elif isinstance(layer, Affine):
                found.update({f"scale_{index}": layer.scale, f"shift_{index}": layer.shift})
        return found

    def document(self) -> dict[str, Any]:
        """Return what a file keeps as JSON."""
        return {
            "kind": self.kind,
            "link": self.link,
            "width": self.width,
            "layers": [layer.name if isinstance(layer, Activation) else _NAMES[type(layer)] for layer in self.layers],
        }

    @classmethod
    def restored(cls, document: Mapping[str, Any], arrays: Arrays) -> Self:
        """Return the model of a file.

        Raises
        ------
        CorruptPipelineError
            When a layer is not known, or the arrays do not belong together.
        """
        layers: list[Layer] = []
        parts: Mapping[str, Any] = arrays
        for index, name in enumerate(document["layers"]):
            if name == "linear":
                layers.append(Linear(parts[f"weights_{index}"], parts[f"biases_{index}"]))
            elif name == "affine":
                layers.append(Affine(parts[f"scale_{index}"], parts[f"shift_{index}"]))
            elif name in ACTIVATIONS:
                layers.append(Activation(name))
            else:
                raise CorruptPipelineError(f"The file's model has the unknown layer {name!r}.")
        model = cls(tuple(layers), int(document["width"]), cast("Link", document["link"]))
        if not layers or not model.is_sound():
            raise CorruptPipelineError("The file's layers have weights that do not belong together.")
        return model

    def is_sound(self) -> bool:
        """Whether each layer gives what the next one reads, all of it finite."""
        given = _widths(self.layers, self.width)
        return self.width > 0 and all(_is_sound(layer, width) for layer, width in zip(self.layers, given, strict=False))


_NAMES: Mapping[type, str] = {Linear: "linear", Affine: "affine"}


def _widths(layers: Sequence[Layer], width: int) -> list[int]:
    """Return how many numbers go into each layer, and at last how many come out."""
    widths = [width]
    for layer in layers:
        widths.append(len(layer.biases) if isinstance(layer, Linear) else widths[-1])
    return widths


def _is_sound(layer: Layer, width: int) -> bool:
    if isinstance(layer, Linear):
        weights, biases = layer.weights, layer.biases
        is_typed = weights.dtype == np.float32 and biases.dtype == np.float32 and biases.ndim == 1
        return is_typed and weights.shape == (len(biases), width) and _is_finite(weights, biases)
    if isinstance(layer, Affine):
        is_typed = layer.scale.dtype == np.float64 and layer.shift.dtype == np.float64
        return is_typed and layer.scale.shape == layer.shift.shape == (width,) and _is_finite(layer.scale, layer.shift)
    return True


def _is_finite(*arrays: NDArray[Any]) -> bool:
    return all(bool(np.isfinite(array).all()) for array in arrays)


def _function(layer: Layer) -> Callable[[Floats], Floats]:
    if isinstance(layer, Activation):
        return ACTIVATIONS[layer.name]
    if isinstance(layer, Affine):
        scale, shift = layer.scale, layer.shift
        return lambda values: values * scale + shift
    weights, biases = np.ascontiguousarray(layer.weights.T, dtype=np.float64), layer.biases.astype(np.float64)

    def summed(values: Floats) -> Floats:
        sums: Floats = values @ weights
        sums += biases
        return sums

    return summed


def relu(values: Floats) -> Floats:
    """Return what is above zero."""
    # Each layer is given an array that nobody else has.
    return np.maximum(values, 0.0, out=values)


def gelu(values: Floats) -> Floats:
    """Return x times the share of a normal distribution below x."""
    return values * 0.5 * erfc(values * -math.sqrt(0.5))


def erfc(values: Floats) -> Floats:
    """Return the complementary error function, to about 1e-7 relative everywhere.

    numpy has none, and scipy takes longer to import than a loaded pipeline to start. Source of the fit: "erfcc" of
    Numerical Recipes.
    """
    size = np.abs(values)
    t = 1.0 / (1.0 + 0.5 * size)
    total = np.full_like(t, _FIT[0])
    for factor in _FIT[1:]:
        total = total * t + factor
    tail = t * np.exp(total - size * size)
    return np.asarray(np.where(values >= 0, tail, 2.0 - tail))


_FIT = (
    0.17087277,
    -0.82215223,
    1.48851587,
    -1.13520398,
    0.27886807,
    -0.18628806,
    0.09678418,
    0.37409196,
    1.00002368,
    -1.26551223,
)

ACTIVATIONS: Mapping[str, Callable[[Floats], Floats]] = {"gelu": gelu, "relu": relu, "sigmoid": expit, "tanh": np.tanh}
