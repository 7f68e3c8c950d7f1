"""Raw columns of a pipeline as profiles read them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from redspot.pipeline.column import Table
from redspot.pipeline.node import Target
from redspot.profile.profiling import profile_lists, profile_table
from redspot.profile.table import Profile
from redspot.profile.values import Coded, Dtype, Values

# Images have no values that rows could be counted by.
_PROFILED: dict[str, Dtype] = {"float": "float", "int": "int", "bool": "bool", "text": "text", "datetime": "datetime"}


def profile_of(table: Table, target: Target | None = None) -> Profile:
    """Return what columns hold, and how each goes with the target; columns of images are left out."""
    columns: dict[str, tuple[Dtype, Values]] = {}
    for column in table.columns:
        dtype = _PROFILED.get(column.dtype)
        if dtype == "text":
            columns[column.name] = dtype, Coded(column.texts.codes, column.texts.labels)
        elif dtype is not None:
            columns[column.name] = dtype, column.values
    profile = profile_table(columns, None if target is None else _measured(target.values))
    made = {column.name: column for column in profile.columns}
    made.update({c.name: profile_lists(c.name, c.values.tolist()) for c in table.columns if c.dtype == "list"})
    # In the order of the table, which still has rows when none of its columns can be profiled.
    return Profile(table.rows, tuple(made[name] for name in table.names if name in made))


def _measured(target: NDArray[np.generic]) -> tuple[Dtype, Values]:
    if target.dtype.kind == "U":
        labels, codes = np.unique(target, return_inverse=True)
        return "text", Coded(codes.astype(np.int32), tuple(labels.tolist()))
    return "bool" if target.dtype.kind == "b" else "float", target.astype(np.float64)
