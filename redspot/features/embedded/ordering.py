"""Order statistics of windows by a wavelet matrix: their cost does not depend on the windows' lengths.

Source: F. Claude, G. Navarro and A. Ordóñez, "The wavelet matrix: an efficient wavelet tree for large alphabets",
Information Systems 47, 2015.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from redspot.features.embedded.arrays import Ints, prefix_counts


def _levels(ranks: Ints, bits: int) -> Iterator[tuple[int, Ints, int]]:
    """Give for each bit, the highest first, how many zeros stand before each position, and how many there are."""
    here = ranks
    for bit in range(bits - 1, -1, -1):
        is_one = ((here >> bit) & 1).astype(bool)
        zeros = prefix_counts(~is_one)
        yield bit, zeros, int(zeros[-1])
        here = np.concatenate((here[~is_one], here[is_one]))


def kth_smallest(ranks: Ints, lo: Ints, hi: Ints, k: Ints) -> Ints:
    """Return the k-th smallest of ``ranks[lo:hi]`` of each query, counted from 0.

    Parameters
    ----------
    ranks
        int64, shape (n,), at least 0.
    lo, hi, k
        int64, shape (queries,), ``0 <= k < hi - lo``.
    """
    bits = int(ranks.max(initial=0)).bit_length()
    lo, hi, k = lo.copy(), hi.copy(), k.copy()
    found = np.zeros(len(lo), np.int64)
    for bit, zeros, total in _levels(ranks, bits):
        zeros_lo, zeros_hi = zeros[lo], zeros[hi]
        inside = zeros_hi - zeros_lo
        goes_right = k >= inside
        found |= goes_right.astype(np.int64) << bit
        k -= np.where(goes_right, inside, 0)
        lo = np.where(goes_right, lo - zeros_lo + total, zeros_lo)
        hi = np.where(goes_right, hi - zeros_hi + total, zeros_hi)
    return found


def count_below(ranks: Ints, lo: Ints, hi: Ints, bound: Ints) -> Ints:
    """Return how many of ``ranks[lo:hi]`` are below each query's bound."""
    bits = int(max(ranks.max(initial=0), bound.max(initial=0))).bit_length()
    lo, hi = lo.copy(), hi.copy()
    found = np.zeros(len(lo), np.int64)
    for bit, zeros, total in _levels(ranks, bits):
        zeros_lo, zeros_hi = zeros[lo], zeros[hi]
        goes_right = ((bound >> bit) & 1).astype(bool)
        found += np.where(goes_right, zeros_hi - zeros_lo, 0)
        lo = np.where(goes_right, lo - zeros_lo + total, zeros_lo)
        hi = np.where(goes_right, hi - zeros_hi + total, zeros_hi)
    return found


def count_distinct(ranks: Ints, lo: Ints, hi: Ints) -> Ints:
    """Return how many different ranks each window holds.

    A value is counted where it stands first in its window: where the same value stood before, if anywhere, is left
    of the window.
    """
    order = np.argsort(ranks, kind="stable")
    before = np.zeros(len(ranks), np.int64)  # 1 + position of the same value before; 0 for none
    same = np.flatnonzero(ranks[order][1:] == ranks[order][:-1]) + 1
    before[order[same]] = order[same - 1] + 1
    return count_below(before, lo, hi, lo + 1)
