"""What the router has counted since it started: of each endpoint, each of its arms, and of what was mirrored."""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

# Renard's series R10 (ISO 3), ten bounds a decade from 0.1 ms to more than a minute: a quantile read from the
# counts is right within an eighth. The usual 1, 2.5 and 5 are among them.
_R10 = (1.0, 1.25, 1.6, 2.0, 2.5, 3.15, 4.0, 5.0, 6.3, 8.0)
LE_MS = tuple(round(base * 10**power, 4) for power in range(-1, 5) for base in _R10 if base * 10**power <= 80_000)

_SERVER_ERROR, _CLIENT_ERROR = 500, 400
# Arms that are no longer in the table, kept so that their last counts can still be read.
_MAX_GONE = 32


class ShadowTally:
    """Of requests that were mirrored to an arm.

    Attributes
    ----------
    mirrored
        Sent to it.
    compared, equal
        Answered by both, and with the same labels and numbers within the tolerance.
    errors
        Not answered with 200 by the shadow, which had been done by the live arm.
    dropped
        Chosen, and not sent because too much waited already or the body was too large.
    max_abs_diff
        Largest difference of two numbers at the same place.
    sum_abs_diff
        Over the compared answers, the sum of the largest difference in each.
    """

    __slots__ = ("compared", "dropped", "equal", "errors", "max_abs_diff", "mirrored", "sum_abs_diff")

    def __init__(self) -> None:
        self.mirrored = self.compared = self.equal = self.errors = self.dropped = 0
        self.max_abs_diff = self.sum_abs_diff = 0.0

    def note(self, is_equal: bool, difference: float) -> None:
        """Count a comparison."""
        self.compared += 1
        self.equal += is_equal
        self.sum_abs_diff += difference
        self.max_abs_diff = max(self.max_abs_diff, difference)

    def told(self) -> dict[str, Any]:
        """Return the counts as JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


class ArmTally:
    """Of requests that were sent to one deployment.

    One that was sent to two replicas counts twice, so that a replica's failure is seen though the caller saw none.

    Attributes
    ----------
    errors
        Answered with 5xx, broken off, not in time, or not sent because no replica of the arm could be reached.
    client_errors
        Answered with 4xx.
    buckets
        By latency: up to each of `LE_MS`, and above the last.
    """

    __slots__ = (
        "buckets",
        "client_errors",
        "deployment_id",
        "errors",
        "in_flight",
        "latency_sum_ms",
        "model",
        "requests",
        "shadow",
        "version",
    )

    def __init__(self, deployment_id: str) -> None:
        self.deployment_id = deployment_id
        self.model = self.version = ""
        self.requests = self.errors = self.client_errors = self.in_flight = 0
        self.buckets = [0] * (len(LE_MS) + 1)
        self.latency_sum_ms = 0.0
        self.shadow: ShadowTally | None = None

    def note_status(self, status: int, seconds: float) -> None:
        """Count an answer."""
        milliseconds = seconds * 1e3
        self.requests += 1
        self.buckets[bisect_left(LE_MS, milliseconds)] += 1
        self.latency_sum_ms += milliseconds
        if status >= _SERVER_ERROR:
            self.errors += 1
        elif status >= _CLIENT_ERROR:
            self.client_errors += 1

    def note_lost(self) -> None:
        """Count a request that got no answer."""
        self.requests += 1
        self.errors += 1

    def told(self) -> dict[str, Any]:
        """Return the counts as JSON."""
        told: dict[str, Any] = {
            "requests": self.requests,
            "errors": self.errors,
            "client_errors": self.client_errors,
            "in_flight": self.in_flight,
            "latency_buckets": {"le_ms": LE_MS, "counts": list(self.buckets)},
            "latency_sum_ms": self.latency_sum_ms,
        }
        if self.shadow is not None:
            told["shadow"] = self.shadow.told()
        return told


class EndpointTally:
    """Of requests that callers sent to one endpoint.

    Attributes
    ----------
    in_flight
        Under way, those that are held included.
    requests
        Of those who may call; looks at health and metrics are none.
    held
        Waiting for a replica.
    refused
        Not answered by any replica: too many, or none could be reached.
    limited
        Those of them that were refused because their caller sent too many.
    statuses
        Answers by deployment, empty where there was none, and status.
    """

    __slots__ = ("arms", "held", "in_flight", "limited", "refused", "requests", "statuses")

    def __init__(self) -> None:
        self.in_flight = self.held = self.requests = self.refused = self.limited = 0
        self.statuses: dict[tuple[str, int], int] = {}
        self.arms: dict[str, ArmTally] = {}

    def note(self, deployment_id: str, status: int) -> None:
        """Count what a caller was answered."""
        key = deployment_id, status
        self.statuses[key] = self.statuses.get(key, 0) + 1

    def arm(self, deployment_id: str) -> ArmTally:
        """Return the counts of an arm, from its first request on."""
        found = self.arms.get(deployment_id)
        if found is None:
            found = self.arms[deployment_id] = ArmTally(deployment_id)
        return found

    def keep(self, used: set[str]) -> None:
        """Forget the oldest of the arms that are not used any longer."""
        gone = [deployment_id for deployment_id in self.arms if deployment_id not in used]
        for deployment_id in gone[:-_MAX_GONE]:
            del self.arms[deployment_id]
            self.statuses = {key: count for key, count in self.statuses.items() if key[0] != deployment_id}

    def told(self) -> dict[str, Any]:
        """Return the counts as JSON."""
        return {
            "in_flight": self.in_flight,
            "held": self.held,
            "requests": self.requests,
            "refused": self.refused,
            "arms": {name: arm.told() for name, arm in self.arms.items()},
        }
