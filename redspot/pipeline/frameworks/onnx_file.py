"""What an ONNX model says of itself, read and checked before any runtime sees the bytes.

Source: the numbers of the fields are those of ONNX's own ``onnx.proto``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from redspot.pipeline.column import listed
from redspot.pipeline.errors import CorruptPipelineError, UntrustedPipelineError
from redspot.pipeline.frameworks.protobuf import Message

# The newest that onnxruntime 1.32 knows, found by trying.
MAX_IR_VERSION = 14
MAX_OPSETS: Mapping[str, int] = {"": 28, "ai.onnx.ml": 5}
_MAX_DEPTH = 16

# Number of an element's type → name, and bytes each.
ELEMENTS: Mapping[int, tuple[str, float]] = {
    1: ("float32", 4),
    2: ("uint8", 1),
    3: ("int8", 1),
    4: ("uint16", 2),
    5: ("int16", 2),
    6: ("int32", 4),
    7: ("int64", 8),
    8: ("text", 0),
    9: ("bool", 1),
    10: ("float16", 2),
    11: ("float64", 8),
    12: ("uint32", 4),
    13: ("uint64", 8),
    16: ("bfloat16", 2),
    17: ("float8", 1),
    18: ("float8", 1),
    19: ("float8", 1),
    20: ("float8", 1),
    21: ("uint4", 0.5),
    22: ("int4", 0.5),
}
_PACKED = {4: 4, 10: 8}
_VARINTS = (5, 7, 11)


@dataclass(frozen=True, slots=True)
class Port:
    """One input or output.

    Attributes
    ----------
    name
        Of the input or output.
    element
        Name of the element's type; ``maps`` for a sequence of mappings, and ``other`` for what is no tensor.
    shape
        Length of each dimension, None where it is open; None when nothing is said.
    """

    name: str
    element: str
    shape: tuple[int | None, ...] | None


@dataclass(frozen=True, slots=True)
class OnnxFacts:
    """What is known of a model without running it.

    Attributes
    ----------
    inputs, outputs
        In order.
    labels
        Labels that a classifier among its operators gives; None without one.
    """

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    labels: tuple[str, ...] | tuple[int, ...] | None


def read_onnx(data: bytes) -> OnnxFacts:
    """Return what a model says of itself.

    Raises
    ------
    UntrustedPipelineError
        When it refers to other files, or has operators that are not of ONNX itself.
    CorruptPipelineError
        When it is damaged, or newer than what is known here.
    """
    model = Message.of(data)
    graphs = model.parts(7)
    if len(graphs) != 1 or not model.parts(8):
        raise CorruptPipelineError("The bytes are no ONNX model: it has a graph, and says which operators it needs.")
    version = model.number(1)
    if not 1 <= version <= MAX_IR_VERSION:
        raise CorruptPipelineError(f"The ONNX model has IR version {version}; known are 1 to {MAX_IR_VERSION}.")
    for opset in model.messages(8):
        domain, number = _domain(opset.text(1)), opset.number(2)
        if domain not in MAX_OPSETS:
            raise _foreign(domain)
        if not 1 <= number <= MAX_OPSETS[domain]:
            raise CorruptPipelineError(
                f"The ONNX model needs version {number} of the operators {domain or 'ai.onnx'!r}; "
                f"known are 1 to {MAX_OPSETS[domain]}."
            )
    if model.parts(25) or model.parts(20):
        raise UntrustedPipelineError(
            "The ONNX model has functions of its own, or how it is trained; inline the functions "
            "(onnx.inliner.inline_local_functions) and leave the training out."
        )
    labels: list[tuple[str, ...] | tuple[int, ...]] = []
    return _graph(Message.of(graphs[0]), labels)


def _graph(graph: Message, labels: list[tuple[str, ...] | tuple[int, ...]], depth: int = 0) -> OnnxFacts:
    if depth > _MAX_DEPTH:
        raise CorruptPipelineError("The ONNX model is nested too deeply.")
    constants = set()
    for tensor in graph.messages(5):
        _check_tensor(tensor)
        constants.add(tensor.text(8))
    for sparse in graph.messages(15):
        _check_sparse(sparse)
    for node in graph.messages(1):
        _check_node(node, labels, depth)
    inputs = tuple(port for port in map(_port, graph.messages(11)) if port.name not in constants)
    outputs = tuple(map(_port, graph.messages(12)))
    if depth == 0 and not (inputs and outputs):
        raise CorruptPipelineError("The ONNX model has no input, or no output.")
    return OnnxFacts(inputs, outputs, labels[-1] if labels else None)


def _check_node(node: Message, labels: list[tuple[str, ...] | tuple[int, ...]], depth: int) -> None:
    domain = _domain(node.text(7))
    if domain not in MAX_OPSETS:
        raise _foreign(domain)
    for attribute in node.messages(5):
        for tensor in (*attribute.messages(5), *attribute.messages(10)):
            _check_tensor(tensor)
        for sparse in (*attribute.messages(22), *attribute.messages(23)):
            _check_sparse(sparse)
        for graph in (*attribute.messages(6), *attribute.messages(11)):
            _graph(graph, [], depth + 1)
        name = attribute.text(1)
        if domain == "ai.onnx.ml" and name.startswith("classlabels_"):
            words = [_text(part) for part in attribute.parts(9)]
            found = tuple(words) if words else tuple(attribute.numbers(8))
            if found:
                labels.append(found)


def _check_sparse(sparse: Message) -> None:
    for tensor in (*sparse.messages(1), *sparse.messages(2)):
        _check_tensor(tensor)


def _check_tensor(tensor: Message) -> None:
    """Refuse a tensor that lies elsewhere, or promises another size than it has."""
    if tensor.number(14) or tensor.parts(13):
        raise UntrustedPipelineError(
            "The ONNX model refers to data in another file; save it as one file (save_as_external_data=False)."
        )
    dims, kind = tensor.numbers(1), tensor.number(2)
    if kind not in ELEMENTS or any(length < 0 for length in dims):
        raise CorruptPipelineError(f"The ONNX model has a constant of the unknown type {kind}, or of no size.")
    count, size = math.prod(dims), ELEMENTS[kind][1]
    raw = tensor.parts(9)
    if raw:
        held = len(raw[-1]) == math.ceil(count * size)
    elif kind == 8:
        held = len(tensor.parts(6)) == count
    else:
        packed = sum(tensor.size(field) // width for field, width in _PACKED.items())
        found = packed + sum(len(tensor.numbers(field)) for field in _VARINTS)
        # Complex pairs and halves of bytes are the only ones that are not one for one, and both come raw.
        held = found == count
    if not held:
        raise CorruptPipelineError(f"The ONNX model has a constant of shape {dims} that does not hold so much.")


def _port(info: Message) -> Port:
    name = info.text(1)
    types = info.messages(2)
    tensors = types[-1].messages(1) if types else []
    if not tensors:
        is_maps = bool(types and types[-1].messages(4) and types[-1].messages(4)[-1].messages(1)[-1].messages(5))
        return Port(name, "maps" if is_maps else "other", None)
    element = ELEMENTS.get(tensors[-1].number(1), ("other", 0.0))[0]
    shapes = tensors[-1].messages(2)
    if not shapes:
        return Port(name, element, None)
    dims = [dim.numbers(1) for dim in shapes[-1].messages(1)]
    return Port(name, element, tuple(lengths[-1] if lengths and lengths[-1] > 0 else None for lengths in dims))


def _domain(name: str) -> str:
    return "" if name == "ai.onnx" else name


def _text(data: memoryview) -> str:
    try:
        return bytes(data).decode()
    except UnicodeDecodeError as error:
        raise CorruptPipelineError(f"The ONNX model has a label that is no text: {error}.") from error


def _foreign(domain: str) -> UntrustedPipelineError:
    return UntrustedPipelineError(
        f"The ONNX model has operators of {domain!r}, which would need code of others; "
        f"known are {listed(name or 'ai.onnx' for name in MAX_OPSETS)}.",
        domain=domain,
    )
