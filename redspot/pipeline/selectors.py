"""Raw columns chosen by what they are, when the data is there, and not by name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from redspot.pipeline.column import DTYPES, Dtype, listed
from redspot.pipeline.errors import InvalidPipelineError

_GROUPS: Mapping[str, tuple[Dtype, ...]] = {"number": ("float", "int")}


@dataclass(frozen=True, slots=True)
class Selector:
    """All columns of some types, whose names match a pattern.

    Attributes
    ----------
    dtypes
        Types to choose; empty for any.
    matching
        Regular expression that a whole name must match; None for any name.
    without
        Names to leave out.
    """

    dtypes: tuple[Dtype, ...] = ()
    matching: str | None = None
    without: tuple[str, ...] = ()

    def chosen(self, dtypes: Mapping[str, Dtype]) -> tuple[str, ...]:
        """Return the names of those columns, in the order of the data."""
        return tuple(
            name
            for name, dtype in dtypes.items()
            if (not self.dtypes or dtype in self.dtypes)
            and name not in self.without
            and (self.matching is None or re.fullmatch(self.matching, name))
        )

    def __str__(self) -> str:
        words = [*(repr(dtype) for dtype in self.dtypes)]
        if self.matching is not None:
            words.append(f"matching={self.matching!r}")
        if self.without:
            words.append(f"without={list(self.without)!r}")
        return f"every({', '.join(words)})"


def every(*kinds: str, matching: str | None = None, without: Iterable[str] = ()) -> Selector:
    """Choose raw columns by type, when the pipeline is fitted; the target is never among them.

    Parameters
    ----------
    *kinds
        ``number`` (float and int) or types: ``float``, ``int``, ``bool``, ``text``, ``datetime``, ``list``, ``image``;
        none means any.
    matching
        Regular expression that the whole name must match.
    without
        Names to leave out.

    Raises
    ------
    InvalidPipelineError
        For a type that does not exist, or a pattern that is none.

    Examples
    --------
    >>> from redspot.pipeline import Pipeline, branch, impute
    >>> made = Pipeline(x=branch(every("number", without=["id"])).then(impute()))
    >>> made.fit({"id": [1, 2], "mass": [3.5, None], "island": ["a", "b"]}).columns
    ('mass',)
    """
    dtypes: list[Dtype] = []
    for kind in kinds:
        if kind not in _GROUPS and kind not in DTYPES:
            raise InvalidPipelineError(f"every() knows {listed([*_GROUPS, *DTYPES])}, not {kind!r}.")
        dtypes.extend(_GROUPS.get(kind, (kind,)))  # type: ignore[arg-type]
    if matching is not None:
        try:
            re.compile(matching)
        except re.error as error:
            raise InvalidPipelineError(f"every(): {matching!r} is no regular expression: {error}.") from error
    without = (without,) if isinstance(without, str) else tuple(without)
    return Selector(tuple(dict.fromkeys(dtypes)), matching, without)
