"""Features that are computed of other features."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from redspot.features.aggregation import check_name
from redspot.features.errors import InvalidDefinitionError
from redspot.features.expression import Expression

Derivations = tuple[tuple[str, Expression], ...]


def parse_derivations(given: Mapping[str, str], existing: Collection[str], place: str) -> Derivations:
    """Return derivations in an order in which each finds what it reads.

    Parameters
    ----------
    given
        Expression of each derived name; it reads existing names and other derivations.
    existing
        Names that are there without them.
    place
        What errors begin with.

    Raises
    ------
    InvalidDefinitionError
        If a name is taken, or derivations form a circle; the message names it.
    InvalidExpressionError
        If one reads what does not exist.
    """
    parsed = {check_name(name, "A derivation"): Expression.parse(text) for name, text in given.items()}
    taken = sorted(set(parsed) & set(existing))
    if taken:
        raise InvalidDefinitionError(f"{place}: {', '.join(map(repr, taken))} would be there twice.")
    for expression in parsed.values():
        expression.check({*existing, *parsed}, place)
    ordered: dict[str, Expression] = {}
    for name in parsed:
        _visit(name, parsed, ordered, (), place)
    return tuple(ordered.items())


def _visit(
    name: str, parsed: Mapping[str, Expression], ordered: dict[str, Expression], path: tuple[str, ...], place: str
) -> None:
    if name in path:
        circle = " → ".join((*path[path.index(name) :], name))
        raise InvalidDefinitionError(f"{place}: derivations form a circle: {circle}.")
    if name in ordered:
        return
    for read in sorted(parsed[name].names & set(parsed)):
        _visit(read, parsed, ordered, (*path, name), place)
    ordered[name] = parsed[name]
