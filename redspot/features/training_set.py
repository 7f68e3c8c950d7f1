"""Rows with a label, joined with features as they were at each row's time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from redspot.features.aggregation import Aggregation, check_name, checked, refuse_unknown
from redspot.features.definition import content_hash
from redspot.features.derivation import Derivations, parse_derivations
from redspot.features.errors import InvalidDefinitionError
from redspot.features.expression import Expression
from redspot.features.group import Feature, FeatureGroup
from redspot.features.window import Window, parse_duration

if TYPE_CHECKING:
    import pyarrow as pa

    from redspot.features.embedded.engine import EmbeddedEngine


@dataclass(frozen=True)
class FutureLabel:
    """What happened after each row: aggregations of a group's events in ``t <= event time < t + window``.

    Parameters
    ----------
    group
        Its source, keys, filter and derived columns are used.
    aggregation
        Over windows that are lengths of time; the names are those of `Aggregation.names` with ``_next``
        (``count_next_7d``).

    Raises
    ------
    InvalidDefinitionError, InvalidWindowError
        If a window is unbounded, has a hop, or the aggregation does not fit the group.
    """

    group: FeatureGroup
    aggregation: Aggregation

    def __post_init__(self) -> None:
        ahead = tuple(Window(w.length_us, w.hop_us, is_future=True) for w in self.aggregation.windows)
        object.__setattr__(self, "aggregation", checked(replace(self.aggregation, windows=ahead)))
        if self.group.source.columns and self.aggregation.column not in self.group.derive:
            self.aggregation.check(dict(self.group.source.columns), self.group.name)

    @property
    def expanded(self) -> tuple[Feature, ...]:
        """One label column for each window."""
        pairs = zip(self.aggregation.names, self.aggregation.windows, strict=True)
        return tuple(Feature(self.group.lead + name, self.aggregation, window) for name, window in pairs)


@dataclass(frozen=True)
class TrainingSet:
    """A spine (keys, time, label) joined with groups as of each row's own time.

    Parameters
    ----------
    name
        Lower-case word.
    time
        The spine's column of times, read as those of `EventSource`: with a zone, or without one as UTC.
    groups
        Whose features are joined.
    label
        The spine's column of labels, if it brings them.
    future
        Labels that are made of events after each row.
    keys
        The spine's name of a key where it is another: ``{"origin": "from_airport"}``.
    offset
        Features are of this long before each row's time, as if it were known that much earlier.
    on_demand
        Features of the request: expressions over the spine's columns and features.
    sample
        Share of the spine's rows to keep, above 0 and at most 1; a row is kept or not by its keys and time alone.
    owner, description, tags
        For people.

    Raises
    ------
    InvalidDefinitionError, InvalidExpressionError
        If a part does not fit; the message lists what exists.
    """

    name: str
    _: KW_ONLY
    time: str
    groups: Sequence[FeatureGroup]
    label: str | None = None
    future: Sequence[FutureLabel] = ()
    keys: Mapping[str, str] = field(default_factory=dict)
    offset: str = "0s"
    on_demand: Mapping[str, str] = field(default_factory=dict)
    sample: float = 1.0
    owner: str = ""
    description: str = ""
    tags: Sequence[str] = ()

    def __post_init__(self) -> None:
        check_name(self.name, "A training set")
        for name in ("groups", "future", "tags"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        for name in ("keys", "on_demand"):
            object.__setattr__(self, name, dict(getattr(self, name)))
        if not self.groups or not all(isinstance(group, FeatureGroup) for group in self.groups):
            raise InvalidDefinitionError(f"{self.name}: a training set joins at least one group.")
        if not isinstance(self.sample, int | float) or not 0 < self.sample <= 1:
            raise InvalidDefinitionError(f"{self.name}: sample is above 0 and at most 1, not {self.sample!r}.")
        parse_duration(self.offset)
        all_keys = {key for group in self.all_groups for key in group.keys}
        unknown = sorted(set(self.keys) - all_keys)
        if unknown:
            raise InvalidDefinitionError(
                f"{self.name}: no group has the key {', '.join(map(repr, unknown))};"
                f" there are {', '.join(sorted(all_keys))}."
            )
        names = self.feature_names
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise InvalidDefinitionError(
                f"{self.name}: two groups have a feature named {', '.join(twice)}; give one of them a prefix."
            )
        taken = sorted({*self.spine_columns} & set(names))
        if taken:
            raise InvalidDefinitionError(f"{self.name}: the spine has {', '.join(taken)} already; give a prefix.")

    @property
    def all_groups(self) -> tuple[FeatureGroup, ...]:
        """Groups of features and of labels."""
        return (*self.groups, *(label.group for label in self.future))

    @property
    def offset_us(self) -> int:
        """The offset in microseconds."""
        return parse_duration(self.offset)

    def spine_keys(self, group: FeatureGroup) -> tuple[str, ...]:
        """Return the spine's columns that hold a group's keys, in the group's order."""
        return tuple(self.keys.get(key, key) for key in group.keys)

    @property
    def spine_columns(self) -> tuple[str, ...]:
        """Columns that a spine must have: keys, time, label."""
        keys = dict.fromkeys(key for group in self.all_groups for key in self.spine_keys(group))
        return (*keys, self.time, *([self.label] if self.label else []))

    @cached_property
    def feature_names(self) -> tuple[str, ...]:
        """Names of all that is joined, labels after features, on-demand features last."""
        joined = [name for group in self.groups for name in group.feature_names]
        labels = [feature.name for label in self.future for feature in label.expanded]
        return (*joined, *labels, *self.on_demand)

    @cached_property
    def on_demand_features(self) -> Derivations:
        """On-demand features, each after those that it reads; what else they read is the spine's."""
        made = set(self.feature_names) - set(self.on_demand)
        read = {name for text in self.on_demand.values() for name in Expression.parse(text).names}
        return parse_derivations(self.on_demand, sorted(made | (read - set(self.on_demand))), self.name)

    def build(self, spine: Any, *, engine: EmbeddedEngine | None = None) -> pa.Table:
        """Return the spine with all features, row by row, as an Arrow table.

        Parameters
        ----------
        spine
            A pandas, polars or Arrow table, or the path of Parquet or CSV files.
        engine
            What computes; an `EmbeddedEngine` with its usual limits, if none is given.

        Raises
        ------
        SpineError, SourceSchemaError, SourceReadError
            If the rows or a source are not what the definition says.
        MissingExtraError
            If ``redspot[features]`` is not installed.
        """
        from redspot.features.embedded.engine import EmbeddedEngine

        return (engine or EmbeddedEngine()).build(self, spine)

    def to_dict(self) -> dict[str, Any]:
        """Return the whole definition, groups and sources included, as JSON values."""
        data: dict[str, Any] = {
            "name": self.name,
            "time": self.time,
            "groups": [group.to_dict() for group in self.groups],
            "offset": self.offset,
            "sample": self.sample,
        }
        if self.future:
            data["future"] = [
                {"group": label.group.to_dict(), "aggregation": label.aggregation.to_dict()} for label in self.future
            ]
        if self.on_demand:
            data["on_demand"] = {name: expression.text for name, expression in self.on_demand_features}
        for name in ("label", "owner", "description"):
            if getattr(self, name):
                data[name] = getattr(self, name)
        if self.keys:
            data["keys"] = dict(self.keys)
        if self.tags:
            data["tags"] = list(self.tags)
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TrainingSet:
        """Return the training set that `to_dict` wrote.

        Raises
        ------
        InvalidDefinitionError
            If it is anything else.
        """
        refuse_unknown(data, [name for name in cls.__dataclass_fields__ if name != "_"], "A training set")
        absent = [name for name in ("name", "time", "groups") if name not in data]
        if absent:
            raise InvalidDefinitionError(f"A training set has {', '.join(absent)}.")
        rest = {name: value for name, value in data.items() if name not in ("name", "groups", "future")}
        groups = [FeatureGroup.from_dict(group) for group in data["groups"]]
        future = []
        for item in data.get("future", ()):
            refuse_unknown(item, ("group", "aggregation"), "A label")
            made = Aggregation.from_dict(item["aggregation"])
            behind = tuple(Window(window.length_us) for window in made.windows)
            future.append(FutureLabel(FeatureGroup.from_dict(item["group"]), replace(made, windows=behind)))
        return cls(data["name"], groups=groups, future=future, **rest)

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the definition as data."""
        return content_hash(self.to_dict() | {"groups": [group.hash for group in self.groups]})

    @property
    def version(self) -> str:
        """The first twelve digits of the hash."""
        return self.hash[:12]
