"""Columns as `transform` gives them: a dict, and a matrix for those who ask for one."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Transformed(dict[str, NDArray[np.generic]]):
    """Arrays of one entry per row, by name.

    numpy and scikit-learn take it as a matrix of shape (rows, columns): float64, or objects where there is text.

    Parameters
    ----------
    columns
        The arrays.
    rows
        Their length.

    Examples
    --------
    >>> made = Transformed({"beds": np.array([1.0, 2.0])}, 2)
    >>> made["beds"].tolist(), np.asarray(made).tolist(), made.shape
    ([1.0, 2.0], [[1.0], [2.0]], (2, 1))
    """

    def __init__(self, columns: dict[str, NDArray[np.generic]], rows: int) -> None:
        super().__init__(columns)
        self._rows = rows

    def __getitem__(self, key: Any) -> Any:
        """Return a column by its name; anything else chooses from the matrix."""
        return super().__getitem__(key) if isinstance(key, str) else np.asarray(self)[key]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self._rows, len(self)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the matrix."""
        is_plain = all(values.dtype.kind in "fiub" for values in self.values())
        return np.dtype(np.float64 if is_plain else np.object_)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        if copy is False:
            raise ValueError("The columns are not side by side in memory; a matrix of them is a copy.")
        matrix = np.empty(self.shape, dtype=self.dtype)
        for index, values in enumerate(self.values()):
            matrix[:, index] = values
        return matrix if dtype is None else matrix.astype(dtype)
