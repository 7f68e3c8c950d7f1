"""What a part of a fitted pipeline has learned."""

from __future__ import annotations

from dataclasses import replace

from redspot.pipeline.column import Table
from redspot.pipeline.fitting import Feature, Fitted, run
from redspot.pipeline.graph import WITHIN, Graph
from redspot.pipeline.schema import InputColumn, Schema


def part_of(
    whole: Graph, fitted: Fitted, part: Graph, prefix: str, sample: Table | None
) -> tuple[Fitted, Table | None]:
    """Return what a part of a graph has learned, and sample rows for it where there are any for the whole.

    Parameters
    ----------
    whole, fitted
        The graph, and what it has learned.
    part
        One of its parts; see `redspot.pipeline.cutting`.
    prefix
        What the names of its steps had before them in the whole.
    sample
        Raw rows of the whole.
    """
    names = {each.name.replace(WITHIN, "_"): each.name for each in whole.all_parts}
    origin = {
        each.name: prefix + each.name if prefix + each.name in fitted.features else names[each.name]
        for each in part.all_parts
    }
    states = {node.name: fitted.states[origin[node.name]] for node in part.steps}
    raw = {column.name: column for column in fitted.schema.inputs}
    starts = {source.name for source in whole.sources}
    inputs: dict[str, InputColumn] = {}
    for source in part.sources:
        for feature in fitted.features[origin[source.name]]:
            if origin[source.name] in starts:
                inputs[feature.name] = raw[feature.name]
            else:
                inputs[feature.name] = InputColumn(feature.name, feature.dtype, True, None, None)  # type: ignore[arg-type]
    features = {new: tuple(replace(each, step=new) for each in fitted.features[old]) for new, old in origin.items()}
    is_whole = part.predictor is not None
    schema = replace(fitted.schema, inputs=tuple(inputs[name] for name in part.columns))
    if not is_whole:
        schema = Schema("other", schema.inputs, ())
    else:
        kept = {"prediction", "probabilities", *(o.name for o in part.outputs), *(n.name for n in part.explanations)}
        schema = replace(schema, outputs=tuple(output for output in schema.outputs if output.name in kept))
    made = Fitted(states, _with_new_origins(part, features), schema, fitted.rows)
    return made, None if sample is None else _rows(whole, fitted, part, origin, sample)


def _rows(whole: Graph, fitted: Fitted, part: Graph, origin: dict[str, str], sample: Table) -> Table:
    """Return the sample as the raw columns of the part."""
    tables = run(whole, fitted, sample, [origin[source.name] for source in part.sources])
    columns = {c.name: c for source in part.sources for c in tables[origin[source.name]].columns}
    return Table(tuple(columns[name] for name in part.columns), sample.rows)


def _with_new_origins(part: Graph, features: dict[str, tuple[Feature, ...]]) -> dict[str, tuple[Feature, ...]]:
    """Return the features; where the raw columns are other ones, those of a step are all that it can come from."""
    known = set(part.columns)
    made: dict[str, tuple[Feature, ...]] = {}
    for source in part.sources:
        made[source.name] = tuple(replace(each, columns=(each.name,), made_of=()) for each in features[source.name])
    for node in part.steps:
        behind = tuple(dict.fromkeys(c for name in node.inputs for each in made.get(name, ()) for c in each.columns))
        made[node.name] = tuple(
            each if set(each.columns) <= known else replace(each, columns=behind) for each in features[node.name]
        )
    return {**features, **made}
