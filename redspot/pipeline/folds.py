"""Parting rows into folds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.errors import InvalidSearchError


def plan_folds(
    rows: int,
    folds: int,
    seed: int,
    *,
    strata: NDArray[np.generic] | None = None,
    groups: NDArray[np.int64] | None = None,
) -> tuple[NDArray[np.intp], ...]:
    """Return the test rows of each fold: every row in exactly one, in ascending order.

    Parameters
    ----------
    rows, folds
        How many there are.
    seed
        Of the shuffling.
    strata
        Labels whose shares should be about the same in each fold. A label with fewer rows than folds is absent from
        some of them.
    groups
        Number of the group of each row; a group stays together. Then folds are about equally large, and shares about
        the same, as far as the groups allow.

    Raises
    ------
    InvalidSearchError
        When there are fewer than two folds, or fewer rows or groups than folds.

    Examples
    --------
    >>> [fold.tolist() for fold in plan_folds(5, 2, seed=0, groups=np.array([0, 0, 0, 1, 1]))]
    [[0, 1, 2], [3, 4]]
    """
    count = rows if groups is None else len(np.unique(groups))
    if folds < 2 or folds > count:
        what = "rows" if groups is None else "groups"
        raise InvalidSearchError(f"{folds} folds of {count} {what} cannot be made; give 2 to {count}.", folds=folds)
    generator = np.random.default_rng(seed)
    codes = np.zeros(rows, dtype=np.intp) if strata is None else np.unique(strata, return_inverse=True)[1]
    if groups is not None:
        fold_of = _whole_groups(codes, groups, folds, generator)
    else:
        order = generator.permutation(rows)
        # Label after label is dealt round like cards, so that both labels and sizes come out even.
        order = order[np.argsort(codes[order], kind="stable")]
        fold_of = np.empty(rows, dtype=np.intp)
        fold_of[order] = np.arange(rows) % folds
    return tuple(np.flatnonzero(fold_of == fold) for fold in range(folds))


def _whole_groups(
    codes: NDArray[np.intp], groups: NDArray[np.int64], folds: int, generator: np.random.Generator
) -> NDArray[np.intp]:
    """Give each group, those that weigh most first, to the fold that it leaves most even."""
    _, members = np.unique(groups, return_inverse=True)
    labels = int(codes.max()) + 1
    counts = np.bincount(members * labels + codes, minlength=(int(members.max()) + 1) * labels).reshape(-1, labels)
    shares = counts / counts.sum(axis=0)
    order = generator.permutation(len(counts))
    order = order[np.argsort(-(shares[order] ** 2).sum(axis=1), kind="stable")]
    held, sizes, chosen = np.zeros((folds, labels)), np.zeros(folds), np.empty(len(counts), dtype=np.intp)
    for group in order.tolist():
        # An empty fold comes first, since each must get some group.
        cost = ((held + shares[group]) ** 2 - held**2).sum(axis=1)
        fold = int(np.lexsort((sizes, cost, sizes > 0))[0])
        chosen[group] = fold
        held[fold] += shares[group]
        sizes[fold] += counts[group].sum()
    # In the order of their first rows, so that the numbers of folds do not depend on sizes.
    fold_of: NDArray[np.intp] = chosen[members]
    _, first = np.unique(fold_of, return_index=True)
    return np.asarray(np.argsort(np.argsort(first))[fold_of])
