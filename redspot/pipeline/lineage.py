"""Which input columns each output column of a step was made of.

Every step hands on the origins of what it read. So a step that is given columns whose only origin is their own name
tells by the origins of its outputs what each was made of, and needs no second account of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from redspot.pipeline.column import Table

# Places of input columns; None for all of them.
MadeOf = tuple[int, ...] | None


def marked(inputs: Table) -> Table:
    """Return the columns of a table, each with its own name as its only origin."""
    return Table(tuple(replace(column, origins=(column.name,)) for column in inputs.columns), inputs.rows)


def traced(made: Table, inputs: Table) -> tuple[Table, tuple[MadeOf, ...]]:
    """Return what a step made of `marked` inputs with its raw origins back, and what each column was made of.

    Parameters
    ----------
    made
        Columns whose origins are names of inputs.
    inputs
        The inputs, with raw columns as their origins.
    """
    places = {name: place for place, name in enumerate(inputs.names)}
    raw = [column.origins for column in inputs.columns]
    # Thousands of columns of one block share a handful of ancestries.
    known: dict[tuple[str, ...], tuple[tuple[str, ...], MadeOf]] = {}
    columns, ancestry = [], []
    for column in made.columns:
        found = known.get(column.origins)
        if found is None:
            chosen = sorted(places[name] for name in column.origins if name in places)
            found = known[column.origins] = (_united(raw, chosen), shortened(chosen, len(places)))
        columns.append(replace(column, origins=found[0]))
        ancestry.append(found[1])
    return Table(tuple(columns), made.rows), tuple(ancestry)


def shortened(places: Sequence[int], width: int) -> MadeOf:
    """Return places of input columns, or None when they are all of them: a mixing step would repeat a long list."""
    return None if len(places) == width and width > 1 else tuple(places)


def _united(raw: Sequence[tuple[str, ...]], places: Sequence[int]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(origin for place in places for origin in raw[place]))
