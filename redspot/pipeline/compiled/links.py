"""From what a model adds up to what it answers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.rowcode import RowCode

# identity, exp: regression. logit: two classes, one sum; half_logit: the same of twice the sum; softmax and
# one_vs_rest: a sum per class; proportions: the sums are the probabilities. sign and highest: classes only.
Link = Literal["identity", "exp", "logit", "half_logit", "softmax", "one_vs_rest", "proportions", "sign", "highest"]
LINKS: tuple[Link, ...] = get_args(Link)
WITHOUT_CLASSES: frozenset[Link] = frozenset({"identity", "exp"})
WITHOUT_PROBABILITIES: frozenset[Link] = frozenset({"identity", "exp", "sign", "highest"})
OF_ONE_SUM: frozenset[Link] = frozenset({"identity", "exp", "logit", "half_logit", "sign"})

# Two probabilities this close are one tie: sums over one row and over many differ in the last bits.
TIE = 1e-9


def probabilities(link: Link, sums: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return float64, shape (rows, classes), for sums of shape (rows, outputs); None where there are none."""
    if link in WITHOUT_PROBABILITIES:
        return None
    if link == "proportions":
        return sums
    if link in ("logit", "half_logit"):
        second = expit(2.0 * sums[:, 0] if link == "half_logit" else sums[:, 0])
        return np.stack([1.0 - second, second], axis=1)
    if link == "softmax":
        grown = np.exp(sums - sums.max(axis=1, keepdims=True))
        return np.asarray(grown / grown.sum(axis=1, keepdims=True))
    each = expit(sums)
    if each.shape[1] == 1:
        return np.concatenate([1.0 - each, each], axis=1)
    total = each.sum(axis=1, keepdims=True)
    return np.asarray(np.where(total == 0.0, 1.0 / each.shape[1], each / np.where(total == 0.0, 1.0, total)))


def predictions(
    link: Link, sums: NDArray[np.float64], likely: NDArray[np.float64] | None, classes: NDArray[np.generic] | None
) -> NDArray[np.generic]:
    """Return one label or number per row; of classes that tie, the first."""
    if link == "identity":
        return cast("NDArray[np.generic]", sums[:, 0])
    if link == "exp":
        return np.asarray(np.exp(sums[:, 0]))
    if classes is None:
        raise AssertionError(link)
    if link == "sign":
        return np.asarray(classes[(sums[:, 0] > 0).astype(np.intp)])
    if likely is None:
        return np.asarray(classes[sums.argmax(axis=1)])
    return np.asarray(classes[first_of_top(likely)])


def first_of_top(likely: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the first class of each row whose probability is the highest, but for a tie."""
    return np.asarray((likely >= likely.max(axis=1, keepdims=True) - TIE).argmax(axis=1))


def expit(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 / (1 + exp(-x)), without an overflow."""
    small = np.exp(-np.abs(values))
    return np.asarray(np.where(values >= 0, 1.0, small) / (1.0 + small))


def expit_of_one(value: float) -> float:
    """Return 1 / (1 + exp(-x)) of one number."""
    if value >= 0:
        return 1.0 / (1.0 + math.exp(-value))
    small = math.exp(value)
    return small / (1.0 + small)


def softmax_of_one(sums: Sequence[float]) -> list[float]:
    """Return the probabilities of one row."""
    top = max(sums)
    grown = [math.exp(value - top) for value in sums]
    total = sum(grown)
    return [value / total for value in grown]


def write_answer(code: RowCode, link: Link, sums: Sequence[str], classes: NDArray[np.generic] | None) -> str:
    """Write down what follows the sums, and return an expression for the answer, a dict."""
    if link == "identity":
        return f'{{"prediction": {sums[0]}}}'
    if link == "exp":
        return f'{{"prediction": {code.constant(math.exp)}({sums[0]})}}'
    if classes is None:
        raise AssertionError(link)
    labels = [code.literal(label) for label in classes.tolist()]
    if link == "sign":
        return f'{{"prediction": {labels[1]} if {sums[0]} > 0 else {labels[0]}}}'
    if link == "highest":
        listed = code.variable(f"[{', '.join(sums)}]")
        return f'{{"prediction": {code.constant(tuple(classes.tolist()))}[{listed}.index(max({listed}))]}}'
    names = [repr(str(label)) for label in classes.tolist()]
    if link in ("logit", "half_logit") or len(sums) == 1:
        total = f"2.0 * {sums[0]}" if link == "half_logit" else sums[0]
        second = code.variable(f"{code.constant(expit_of_one)}({total})")
        first = code.variable(f"1.0 - {second}")
        label = f"{labels[1]} if {second} - {first} > {TIE!r} else {labels[0]}"
        return f'{{"prediction": {label}, "probabilities": {{{names[0]}: {first}, {names[1]}: {second}}}}}'
    if link == "proportions":
        likely = code.variable(f"[{', '.join(sums)}]")
    else:
        function = softmax_of_one if link == "softmax" else _normalised
        likely = code.variable(f"{code.constant(function)}([{', '.join(sums)}])")
    label = f"{code.constant(tuple(classes.tolist()))}[{code.constant(_first)}({likely})]"
    pairs = f"dict(zip({code.constant(tuple(map(str, classes.tolist())))}, {likely}))"
    return f'{{"prediction": {label}, "probabilities": {pairs}}}'


def _first(likely: Sequence[float]) -> int:
    least = max(likely) - TIE
    return next(index for index, value in enumerate(likely) if value >= least)


def _normalised(sums: Sequence[float]) -> list[float]:
    each = [expit_of_one(value) for value in sums]
    total = sum(each)
    return [value / total for value in each] if total else [1.0 / len(each)] * len(each)
