"""Raw columns of a pipeline as profiles read them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.column import Table
from redspot.pipeline.node import Target
from redspot.profile.profiling import profile_table
from redspot.profile.table import Profile
from redspot.profile.values import Coded, Dtype, Values

# Lists and images have no values that rows could be counted by.
_PROFILED: dict[str, Dtype] = {"float": "float", "int": "int", "bool": "bool", "text": "text", "datetime": "datetime"}


def profile_of(table: Table, target: Target | None = None) -> Profile:
    """Return what columns hold, and how each goes with the target; columns of lists and images are left out."""
    columns: dict[str, tuple[Dtype, Values]] = {}
    for column in table.columns:
        dtype = _PROFILED.get(column.dtype)
        if dtype == "text":
            columns[column.name] = dtype, Coded(column.texts.codes, column.texts.labels)
        elif dtype is not None:
            columns[column.name] = dtype, column.values
    profile = profile_table(columns, None if target is None else _measured(target.values))
    # A table without a column that can be profiled still has rows.
    return Profile(table.rows, profile.columns)


def _measured(target: NDArray[np.generic]) -> tuple[Dtype, Values]:
    if target.dtype.kind == "U":
        labels, codes = np.unique(target, return_inverse=True)
        return "text", Coded(codes.astype(np.int32), tuple(labels.tolist()))
    return "bool" if target.dtype.kind == "b" else "float", target.astype(np.float64)
