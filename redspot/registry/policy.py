"""How a new version takes over: the steps, and the rules that it must keep."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from redspot.errors import InvalidError


class DefinitionError(InvalidError):
    """An endpoint's definition cannot be used; the message names the field."""

    code = "endpoint-definition"


class Strategy(StrEnum):
    """``blue-green``: all requests at once; ``canary``: by steps; ``shadow-canary``: compared first, then by steps."""

    BLUE_GREEN = "blue-green"
    CANARY = "canary"
    SHADOW_CANARY = "shadow-canary"


class Parity(StrEnum):
    """What happens to a version that has no recorded rows to check; rows that there are, are always checked.

    ``require``: it is refused; ``ask``: somebody has to confirm it; ``skip``: it is deployed.
    """

    REQUIRE = "require"
    ASK = "ask"
    SKIP = "skip"


def refuse(field: str, sentence: str) -> None:
    """Raise DefinitionError about a field."""
    raise DefinitionError(f"Field {field!r} {sentence}", field=field)


@dataclass(frozen=True, slots=True)
class RolloutPolicy:
    """How a new version takes over from those before it.

    Attributes
    ----------
    steps
        Shares of requests that go to what is new, growing; the last is 1.
    step_s
        How long each step lasts at least, in seconds.
    shadow_s
        How long requests are mirrored before the first step, in seconds.
    min_requests
        How many requests what is new must have answered in a step before the rules judge it. A step without so many
        lasts up to ten times `step_s`.
    max_error_rate
        Share of its requests that may end with a status of 500 or above, or with none.
    max_latency_ratio
        Its 95th percentile over that of the versions before it.
    max_score_psi
        Population stability index between its predictions and theirs.
    max_mismatch
        Share of mirrored requests whose answers may differ. A better model answers otherwise, so 1 only reports it.
    """

    strategy: Strategy = Strategy.BLUE_GREEN
    steps: tuple[float, ...] = (0.05, 0.25, 1.0)
    step_s: float = 60.0
    shadow_s: float = 60.0
    min_requests: int = 50
    max_error_rate: float = 0.01
    max_latency_ratio: float = 2.0
    max_score_psi: float = 0.25
    max_mismatch: float = 1.0
    parity: Parity = Parity.ASK

    def __post_init__(self) -> None:
        """Refuse what no roll-out can follow (DefinitionError)."""
        steps = self.steps
        if not steps or steps[-1] != 1.0 or any(a >= b for a, b in zip((0.0, *steps), steps, strict=False)):
            refuse("rollout.steps", f"is {list(steps)}; it is growing shares above 0, such as [0.05, 0.25, 1.0].")
        if len(steps) > 20:
            refuse("rollout.steps", f"has {len(steps)} steps; 20 are the most.")
        for name in ("step_s", "shadow_s"):
            if not 0 <= getattr(self, name) <= 7 * 86400:
                refuse(f"rollout.{name}", f"is {getattr(self, name):g}; it is seconds, from 0 to a week.")
        if not 0 <= self.min_requests <= 10**9:
            refuse("rollout.min_requests", f"is {self.min_requests}; it is a number of requests, 0 or more.")
        for name in ("max_error_rate", "max_mismatch"):
            if not 0 <= getattr(self, name) <= 1:
                refuse(f"rollout.{name}", f"is {getattr(self, name):g}; it is a share from 0 to 1.")
        for name in ("max_latency_ratio", "max_score_psi"):
            if not getattr(self, name) > 0:
                refuse(f"rollout.{name}", f"is {getattr(self, name):g}; it is more than 0.")

    @property
    def stages(self) -> tuple[float, ...]:
        """The shares that are gone through; blue-green knows one."""
        return (1.0,) if self.strategy is Strategy.BLUE_GREEN else self.steps
