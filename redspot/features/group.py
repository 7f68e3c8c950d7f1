"""Features of one source by the same keys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property
from typing import Any

from redspot.features.aggregation import Aggregation, Function, check_name, checked, refuse_unknown
from redspot.features.definition import content_hash
from redspot.features.derivation import Derivations, parse_derivations
from redspot.features.errors import InvalidDefinitionError
from redspot.features.expression import Expression
from redspot.features.schema import ColumnType, Kind
from redspot.features.source import ChangeSource, EventSource, SnapshotSource, source_of_dict
from redspot.features.window import Window


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of a group: an aggregation over one window."""

    name: str
    aggregation: Aggregation
    window: Window


@dataclass(frozen=True)
class FeatureGroup:
    """Aggregations of the events of a source, for each value of its keys.

    Parameters
    ----------
    name
        Lower-case word.
    source
        Where the events are.
    keys
        Columns that say whose features these are.
    features
        Aggregations (`count`, `mean`, …), each over its windows.
    where
        Expression that an event must fulfil to be seen.
    derive
        Columns computed of each event before it is aggregated: name and expression. They read columns of the
        source and each other.
    derivations
        Features computed of the group's features, all named without the prefix: name and expression.
    prefix
        Stands before every feature's name, with an underscore; needed where two groups of a training set would
        have a feature of the same name.
    owner, description, tags
        For people.

    Raises
    ------
    InvalidDefinitionError, InvalidExpressionError
        If a part names what does not exist, or is of the wrong type; the message lists what exists.

    Examples
    --------
    >>> from redspot.features import EventSource, FeatureGroup, count, mean
    >>> flights = EventSource(
    ...     "flights", path="flights/*.parquet", time="departure",
    ...     schema={"departure": "timestamp", "origin": "string", "delay": "float"},
    ... )
    >>> delays = FeatureGroup(
    ...     "origin_delays", source=flights, keys=["origin"], where="delay is not None",
    ...     features=[mean("delay").over("1h", "7d"), count().over("1d")],
    ... )
    >>> delays.feature_names
    ('delay_mean_1h', 'delay_mean_7d', 'count_1d')
    """

    name: str
    _: KW_ONLY
    source: EventSource
    keys: Sequence[str]
    features: Sequence[Aggregation]
    where: str | None = None
    derive: Mapping[str, str] = field(default_factory=dict)
    derivations: Mapping[str, str] = field(default_factory=dict)
    prefix: str = ""
    owner: str = ""
    description: str = ""
    tags: Sequence[str] = ()

    def __post_init__(self) -> None:
        check_name(self.name, "A group")
        if isinstance(self.keys, str) or not self.keys or len(set(self.keys)) < len(self.keys):
            raise InvalidDefinitionError(f"{self.name}: keys are a list of at least one column, and none twice.")
        if not self.features or not all(isinstance(made, Aggregation) for made in self.features):
            raise InvalidDefinitionError(f'{self.name}: features are aggregations such as mean("delay").over("7d").')
        if self.prefix:
            check_name(self.prefix, "A prefix")
        for name in ("keys", "features", "tags"):
            object.__setattr__(self, name, tuple(getattr(self, name)))
        object.__setattr__(self, "derive", dict(self.derive))
        object.__setattr__(self, "derivations", dict(self.derivations))
        for made in self.features:
            checked(made)
        self._check_columns()
        self._check_kinds()
        names = self.feature_names
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise InvalidDefinitionError(
                f"{self.name}: there would be two features named {', '.join(twice)}; name one with .named(…)."
            )

    def _check_columns(self) -> None:
        known = dict(self.source.columns)
        _ = self.derived_columns
        if not known:
            return
        for key in self.keys:
            if key not in known or known[key].is_list:
                raise InvalidDefinitionError(f"{self.name}: {key!r} is no key; there are {', '.join(known)}.")
        if self.where_expression is not None:
            self.where_expression.check({*known, *self.derive}, self.name)
        untyped = set(self.derive)
        for made in self.features:
            if untyped.isdisjoint({made.column, made.bucket}):
                made.check(known, self.name)
            else:  # the type of what is derived is known once the engine has read it
                lent = dict.fromkeys(self.derive, ColumnType(Kind.FLOAT))
                made.check({**known, **lent}, self.name)

    def _check_kinds(self) -> None:
        if isinstance(self.source, SnapshotSource | ChangeSource):
            other = sorted({str(made.function) for made in self.features if made.function is not Function.LAST})
            if other:
                raise InvalidDefinitionError(
                    f"{self.name}: of {self.source.kind} there is only last(…), not {', '.join(other)}."
                )
        if any(window.is_future for made in self.features for window in made.windows):
            raise InvalidDefinitionError(f"{self.name}: a feature never looks into the future; labels do.")

    @cached_property
    def where_expression(self) -> Expression | None:
        """The filter, read."""
        return None if self.where is None else Expression.parse(self.where)

    @cached_property
    def derived_columns(self) -> Derivations:
        """Derived columns of events, each after those that it reads."""
        known = [name for name, _ in self.source.columns]
        if not known:  # whatever they read may exist
            known = sorted(
                {n for text in self.derive.values() for n in Expression.parse(text).names} - set(self.derive)
            )
        return parse_derivations(self.derive, known, self.name)

    @cached_property
    def expanded(self) -> tuple[Feature, ...]:
        """Each aggregation over each window, in order."""
        return tuple(
            Feature(self.lead + name, made, window)
            for made in self.features
            for name, window in zip(made.names, made.windows, strict=True)
        )

    @cached_property
    def derived_features(self) -> Derivations:
        """Features derived of features, each after those that it reads; all their names are without the prefix."""
        plain = [name for made in self.features for name in made.names]
        return parse_derivations(self.derivations, plain, self.name)

    @cached_property
    def feature_names(self) -> tuple[str, ...]:
        """All names, those of derivations last."""
        return (*(feature.name for feature in self.expanded), *(self.lead + name for name, _ in self.derived_features))

    @property
    def lead(self) -> str:
        """What stands before every feature's name."""
        return f"{self.prefix}_" if self.prefix else ""

    def explain(self) -> str:
        """Return what the group computes, in words."""
        from redspot.features.explanation import explain

        return explain(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the whole definition, source included, as JSON values."""
        data: dict[str, Any] = {
            "name": self.name,
            "source": self.source.to_dict(),
            "keys": list(self.keys),
            "features": [made.to_dict() for made in self.features],
        }
        if self.where_expression is not None:
            data["where"] = self.where_expression.text
        if self.derive:
            data["derive"] = {name: expression.text for name, expression in self.derived_columns}
        if self.derivations:
            data["derivations"] = {name: expression.text for name, expression in self.derived_features}
        for name in ("prefix", "owner", "description"):
            if getattr(self, name):
                data[name] = getattr(self, name)
        if self.tags:
            data["tags"] = list(self.tags)
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> FeatureGroup:
        """Return the group that `to_dict` wrote.

        Raises
        ------
        InvalidDefinitionError
            If it is anything else.
        """
        refuse_unknown(data, [name for name in cls.__dataclass_fields__ if name != "_"], "A group")
        absent = [name for name in ("name", "source", "keys", "features") if name not in data]
        if absent:
            raise InvalidDefinitionError(f"A group has {', '.join(absent)}.")
        rest = {name: value for name, value in data.items() if name not in ("name", "source", "features")}
        made = [Aggregation.from_dict(item) for item in data["features"]]
        return cls(data["name"], source=source_of_dict(data["source"]), features=made, **rest)

    @cached_property
    def hash(self) -> str:
        """SHA-256 of all that decides values: names, owners and descriptions of people's are left out."""
        data = self.to_dict()
        for part in (data, data["source"], *data["features"]):
            for name in ("owner", "description", "tags", "unit"):
                part.pop(name, None)
        return content_hash(data)

    @property
    def version(self) -> str:
        """The first twelve digits of the hash: a changed definition is another version."""
        return self.hash[:12]
