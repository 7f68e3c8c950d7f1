"""What an endpoint is wanted to be: one small typed definition, the same in a file, in Python and on the wire."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from redspot.ids import ModelRef, parse_name
from redspot.registry.deployment import ReplicaSpec
from redspot.registry.policy import RolloutPolicy, refuse
from redspot.registry.reading import Fields

MAX_REPLICAS = 100
_ORIGIN = re.compile(r"https?://[A-Za-z0-9._\-\[\]:]+")
_STICKY = re.compile(r"(header:[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}|column:[^\x00-\x1f]{1,200})")


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call an endpoint beside its owner: nobody, unless named.

    Attributes
    ----------
    callers
        Names of people whose tokens are let in; ``*`` is everybody with a token.
    cors_origins
        Origins, such as ``https://app.example.org``, whose pages may call it from a browser.
    """

    callers: tuple[str, ...] = ()
    cors_origins: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is no origin (DefinitionError)."""
        for origin in self.cors_origins:
            if not _ORIGIN.fullmatch(origin):
                refuse("access.cors_origins", f"has {origin!r}; an origin is like 'https://app.example.org'.")
        for name in self.callers:
            if not name or len(name) > 255:
                refuse("access.callers", f"has {name!r}; it is a list of people's names, or ['*'].")

    def allows(self, caller: str, owner: str) -> bool:
        """Return whether somebody's tokens are let in."""
        return caller == owner or caller in self.callers or "*" in self.callers


@dataclass(frozen=True, slots=True)
class EndpointDefinition:
    """What an endpoint is wanted to be.

    Attributes
    ----------
    model
        ``name@7``, ``name@champion`` or ``name@latest``; resolved to an exact version when applied. Empty with `split`.
    follow
        Whether a move of the alias, or a newer version for ``latest``, starts a roll-out.
    backend, instance_type
        Where replicas run, and what each may use.
    min_replicas, max_replicas
        Bounds of each version's replicas; 0 lets it sleep until the next request.
    target_in_flight
        Requests under way that one replica shall have; more of them start another one.
    idle_s
        Seconds without a request before it sleeps.
    max_in_flight
        Requests under way, waiting ones included, beyond which others are refused; None knows no such bound.
    split
        Version → share for an experiment; shares sum to 1.
    sticky
        ``header:NAME`` or ``column:NAME``: what keeps a caller with one version; empty for chance.
    shadow
        Version that is asked the same and only compared; empty for none.
    log_sample, redact, keep_days
        Which predictions are kept as events, without which columns, for how many days; None is the installation's.
    owner
        Whose tokens may always call; empty for who applies it first.
    """

    name: str
    model: str = ""
    follow: bool = False
    backend: str = "process"
    instance_type: str = "cpu.small"
    min_replicas: int = 1
    max_replicas: int = 1
    target_in_flight: float = 4.0
    idle_s: float = 300.0
    max_in_flight: int | None = None
    split: Mapping[str, float] = field(default_factory=dict)
    sticky: str = ""
    shadow: str = ""
    log_sample: float | None = None
    redact: tuple[str, ...] | None = None
    keep_days: int | None = None
    owner: str = ""
    access: Access = field(default_factory=Access)
    rollout: RolloutPolicy = field(default_factory=RolloutPolicy)

    def __post_init__(self) -> None:
        """Refuse what contradicts itself (DefinitionError, InvalidNameError, InvalidRefError)."""
        parse_name(self.name, "name")
        self._check_versions()
        self._check_replicas()
        if self.sticky and not _STICKY.fullmatch(self.sticky):
            refuse("sticky", f"is {self.sticky!r}; it is 'header:NAME' or 'column:NAME', or empty.")
        if self.log_sample is not None and not 0 <= self.log_sample <= 1:
            refuse("log_sample", f"is {self.log_sample:g}; it is a share from 0 to 1.")
        if self.keep_days is not None and not 0 <= self.keep_days <= 36500:
            refuse("keep_days", f"is {self.keep_days}; it is a number of days, and 0 is for ever.")

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """Read what `to_dict` gives; what is left out keeps its default.

        Raises
        ------
        DefinitionError
            Naming the field that is unknown or of another type, and what exists.
        """
        return Fields(content, "").make(cls)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values, all fields of it."""
        told: dict[str, Any] = Fields.told(self)
        return told

    @property
    def shares(self) -> Mapping[str, float]:
        """Version → share of the requests that are answered."""
        return self.split or {self.model: 1.0}

    @property
    def spec(self) -> ReplicaSpec:
        """How its replicas run."""
        return ReplicaSpec(self.backend, self.instance_type, self.log_sample, self.redact)

    def serving(self, ref: str) -> Self:
        """Return the same with one exact version that follows nothing."""
        return replace(self, model=ref, follow=False, split={}, shadow="")

    def check(self, *, instance_types: Collection[str], backends: Collection[str]) -> None:
        """Refuse what this installation does not have (DefinitionError, listing what it has)."""
        for name, value, known in (
            ("instance_type", self.instance_type, instance_types),
            ("backend", self.backend, backends),
        ):
            if value not in known:
                refuse(name, f"is {value!r}; there is {', '.join(known)}.")

    def _check_versions(self) -> None:
        if bool(self.model) == bool(self.split):
            refuse("model", "and 'split' exclude each other: give one of them.")
        for text in (*self.shares, *([self.shadow] if self.shadow else ())):
            ModelRef.parse(text)
        if self.split and abs(sum(self.split.values()) - 1) > 1e-9:
            refuse("split", f"has shares that sum to {sum(self.split.values()):g}; they sum to 1.")
        if any(not 0 < share <= 1 for share in self.split.values()):
            refuse("split", f"is {dict(self.split)}; each share is above 0 and at most 1.")
        if self.follow and all(ModelRef.parse(text).number is not None for text in self.shares):
            refuse("follow", "needs a version that can move, such as name@champion or name@latest.")

    def _check_replicas(self) -> None:
        if not 0 <= self.min_replicas <= MAX_REPLICAS:
            refuse("min_replicas", f"is {self.min_replicas}; it is from 0 to {MAX_REPLICAS}.")
        if not max(1, self.min_replicas) <= self.max_replicas <= MAX_REPLICAS:
            least = max(1, self.min_replicas)
            refuse("max_replicas", f"is {self.max_replicas}; with 'min_replicas' it is from {least} to {MAX_REPLICAS}.")
        if not 0 < self.target_in_flight <= 1e6:
            refuse("target_in_flight", f"is {self.target_in_flight:g}; it is a number of requests above 0.")
        if not 0 < self.idle_s <= 30 * 86400:
            refuse("idle_s", f"is {self.idle_s:g}; it is seconds above 0, at most 30 days.")
        if self.max_in_flight is not None and not 1 <= self.max_in_flight <= 10**6:
            refuse("max_in_flight", f"is {self.max_in_flight}; it is a number of requests from 1, or left out.")
