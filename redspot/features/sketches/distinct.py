"""How many different values there are, by HyperLogLog.

Source: P. Flajolet, É. Fusy, O. Gandouet and F. Meunier, "HyperLogLog: the analysis of a near-optimal cardinality
estimation algorithm", AOFA 2007; the estimate for few values is linear counting.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from redspot.features.errors import InvalidDefinitionError

PRECISION = 12
REGISTERS = 1 << PRECISION
STANDARD_ERROR = 1.04 / REGISTERS**0.5  # of the estimate, relative: 1.6 %
_ALPHA = 0.7213 / (1 + 1.079 / REGISTERS)

Hashes = npt.NDArray[np.uint64]


def hash_numbers(values: npt.NDArray[np.int64 | np.float64]) -> Hashes:
    """Return 64 well-mixed bits of each number, the same on every machine (splitmix64); -0.0 is 0.0."""
    bits = (values + 0.0 if values.dtype == np.float64 else values).view(np.uint64)
    with np.errstate(over="ignore"):
        mixed = bits + np.uint64(0x9E3779B97F4A7C15)
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def hash_texts(values: list[str | None]) -> Hashes:
    """Return the first 64 bits of BLAKE2b of each text in UTF-8; of a missing one, 0."""
    found = [
        0 if text is None else int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")
        for text in values
    ]
    return np.array(found, np.uint64)


def places(hashes: Hashes) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]:
    """Return each hash's register, and the place of its first set bit after the register's own bits, from 1."""
    register = (hashes >> np.uint64(64 - PRECISION)).astype(np.int64)
    rest = hashes << np.uint64(PRECISION)
    high = (rest >> np.uint64(32)).astype(np.float64)
    low = (rest & np.uint64(0xFFFFFFFF)).astype(np.float64)
    bits = np.where(high > 0, 32 + np.frexp(high)[1], np.frexp(low)[1])  # bits of the rest
    return register, np.minimum(65 - bits, 65 - PRECISION).astype(np.uint8)


def estimate(inverse_sum: npt.NDArray[np.float64], zeros: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Return estimates from the sum of 2^-register over all registers and from how many are zero."""
    raw = _ALPHA * REGISTERS**2 / inverse_sum
    few = REGISTERS * np.log(REGISTERS / np.maximum(zeros, 1))
    return np.rint(np.where((raw <= 2.5 * REGISTERS) & (zeros > 0), few, raw)).astype(np.int64)


class DistinctSketch:
    """4,096 registers of one byte; sketches of parts merge into the sketch of the whole, exactly."""

    def __init__(self, registers: npt.NDArray[np.uint8] | None = None) -> None:
        self._registers = np.zeros(REGISTERS, np.uint8) if registers is None else registers

    def add(self, hashes: Hashes) -> None:
        """Take in values by their hashes (`hash_numbers`, `hash_texts`)."""
        register, place = places(hashes)
        np.maximum.at(self._registers, register, place)

    def merge(self, other: DistinctSketch) -> DistinctSketch:
        """Return the sketch of all values of both."""
        return DistinctSketch(np.maximum(self._registers, other._registers))

    def estimate(self) -> int:
        """Return about how many different values were added; the standard error is 1.6 %."""
        total = np.array([np.ldexp(1.0, -self._registers.astype(np.int32)).sum()])
        return int(estimate(total, np.array([np.count_nonzero(self._registers == 0)]))[0])

    def to_bytes(self) -> bytes:
        """Return the registers, one byte each."""
        return self._registers.tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> DistinctSketch:
        """Return the sketch that `to_bytes` wrote.

        Raises
        ------
        InvalidDefinitionError
            If the bytes are none.
        """
        registers = np.frombuffer(data, np.uint8).copy()
        if len(registers) != REGISTERS or registers.max(initial=0) > 65 - PRECISION:
            raise InvalidDefinitionError(f"A sketch of distinct values has {REGISTERS} bytes of at most 53.")
        return cls(registers)
