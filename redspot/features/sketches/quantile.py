"""Quantiles by a KLL sketch: exact while it is small, within a stated share of ranks after that.

Source: Z. Karnin, K. Lang and E. Liberty, "Optimal quantile approximation in streams", FOCS 2016. The coin that decides
which half of a full level is kept comes from the sketch's own count, so the same values in the same order give
the same sketch.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from redspot.features.errors import InvalidDefinitionError

CAPACITY = 400
RANK_ERROR = 0.01  # of a quantile's rank, as a share of the count, for 99 % of sketches
_SHRINK = 2 / 3


class QuantileSketch:
    """Values on levels; one on level h stands for 2^h values.

    Parameters
    ----------
    levels
        Values of each level; none at first.
    count
        How many values were added.
    """

    def __init__(self, levels: Sequence[Iterable[float]] = ((),), count: int = 0) -> None:
        self._levels = [np.asarray(list(level), np.float64) for level in levels]
        self.count = count
        self._turns = 0

    def add(self, values: npt.NDArray[np.float64]) -> None:
        """Take in values; those that are NaN are missing and left out."""
        there = values[~np.isnan(values)]
        self.count += len(there)
        self._levels[0] = np.concatenate((self._levels[0], there))
        self._compress()

    def merge(self, other: QuantileSketch) -> QuantileSketch:
        """Return the sketch of all values of both."""
        height = max(len(self._levels), len(other._levels))
        nothing = np.zeros(0)
        levels = [
            np.concatenate([side._levels[h] if h < len(side._levels) else nothing for side in (self, other)])
            for h in range(height)
        ]
        merged = QuantileSketch(levels, self.count + other.count)
        merged._turns = self._turns + other._turns
        merged._compress()
        return merged

    def quantile(self, share: float) -> float | None:
        """Return about the value below which a share of the values lies; exact for up to 400 values.

        While nothing was given up it is NumPy's default quantile, linear between neighbours; after that it is a
        value whose rank is within `RANK_ERROR` of the one asked for.
        """
        if self.count == 0:
            return None
        if len(self._levels) == 1:
            return float(np.quantile(self._levels[0], share))
        values = np.concatenate(self._levels)
        weights = np.concatenate([np.full(len(level), 1 << h) for h, level in enumerate(self._levels)])
        order = np.argsort(values, kind="stable")
        reached = np.cumsum(weights[order])
        return float(values[order][min(len(values) - 1, int(np.searchsorted(reached, share * reached[-1])))])

    def to_json(self) -> str:
        """Return the sketch as text; `from_json` reads it."""
        levels = [[float(value).hex() for value in level] for level in self._levels]
        return json.dumps({"count": self.count, "turns": self._turns, "levels": levels}, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> QuantileSketch:
        """Return the sketch that `to_json` wrote.

        Raises
        ------
        InvalidDefinitionError
            If the text is none.
        """
        try:
            data = json.loads(text)
            found = cls([[float.fromhex(v) for v in level] for level in data["levels"]], int(data["count"]))
            found._turns = int(data["turns"])
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidDefinitionError(f"This is no sketch of quantiles: {error!r}.") from error
        weight = sum(len(level) << h for h, level in enumerate(found._levels))
        if not found._levels or weight != found.count:
            raise InvalidDefinitionError(f"A sketch of {found.count} values stands for {weight}.")
        return found

    def _compress(self) -> None:
        height = 0
        while height < len(self._levels):
            level = self._levels[height]
            top = len(self._levels) - 1
            if len(level) <= max(8, math.ceil(CAPACITY * _SHRINK ** (top - height))):
                height += 1
                continue
            if height == top:
                self._levels.append(np.zeros(0))
            ordered = np.sort(level)
            even = len(ordered) // 2 * 2
            kept, left = ordered[:even], ordered[even:]
            self._turns += 1
            half = kept[(self._turns * 0x9E3779B1 >> 16) & 1 :: 2]
            self._levels[height] = left
            self._levels[height + 1] = np.concatenate((self._levels[height + 1], half))
            height = 0
