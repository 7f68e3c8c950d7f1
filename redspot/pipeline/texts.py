"""Texts as whole numbers: each distinct text is kept once, and rows point to it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Texts:
    """A column of texts.

    What a step does to a text it does once per distinct text, however many rows have it.

    Attributes
    ----------
    codes
        int32, one entry per row: index into `labels`, or -1 for missing.
    labels
        Distinct texts, in no particular order; some may occur in no row.
    """

    codes: NDArray[np.int32]
    labels: tuple[str, ...]

    @classmethod
    def of(cls, values: Sequence[object], convert: Callable[[object], str | None]) -> Texts:
        """Return plain values as texts; `convert` is asked once for each distinct value, and says None for missing."""
        if set(map(type, values)) <= {str, type(None)}:
            return cls._of_plain(cast("Sequence[str | None]", values))
        known: dict[str, int] = {}
        seen: dict[tuple[type, object], int] = {}
        codes = np.empty(len(values), dtype=np.int32)
        for index, value in enumerate(values):
            code = known.get(value) if type(value) is str else None
            if code is None:
                # True, 1 and 1.0 are equal and not the same, so the type belongs to the key.
                key = (type(value), value if isinstance(value, Hashable) else id(value))
                code = seen.get(key)
                if code is None:
                    text = convert(value)
                    code = -1 if text is None else known.setdefault(text, len(known))
                    seen[key] = code
            codes[index] = code
        return cls(codes, tuple(known))

    @classmethod
    def _of_plain(cls, values: Sequence[str | None]) -> Texts:
        distinct = dict.fromkeys(values)
        distinct.pop(None, None)
        labels = cast("tuple[str, ...]", tuple(distinct))
        places: dict[str | None, int] = {label: index for index, label in enumerate(labels)}
        places[None] = -1
        return cls(np.fromiter(map(places.__getitem__, values), dtype=np.int32, count=len(values)), labels)

    def __len__(self) -> int:
        return len(self.codes)

    def decoded(self) -> NDArray[np.object_]:
        """Return objects, ``str`` or None, one per row."""
        return self.gathered([*self.labels, None], np.object_)

    def gathered(self, per_label: Sequence[Any] | NDArray[Any], dtype: Any) -> NDArray[Any]:
        """Return one entry per row, given one per label and a last one for missing."""
        table = np.empty(len(self.labels) + 1, dtype=dtype)
        table[:] = per_label
        # Code -1 finds the last entry.
        return table[self.codes]

    def numbers(self, function: Callable[[str], float], missing: float) -> NDArray[np.float64]:
        """Return float64, one per row: the function of its text, or `missing`."""
        return self.gathered([*map(function, self.labels), missing], np.float64)

    def mapped(self, function: Callable[[str], str | None]) -> Texts:
        """Return the texts that a function makes of these; None becomes missing, and missing stays it."""
        known: dict[str, int] = {}
        codes = []
        for label in self.labels:
            text = function(label)
            codes.append(-1 if text is None else known.setdefault(text, len(known)))
        return Texts(self.gathered([*codes, -1], np.int32), tuple(known))

    def counts(self) -> NDArray[np.int64]:
        """Return in how many rows each label occurs."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.labels)).astype(np.int64)
