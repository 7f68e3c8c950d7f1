"""What the cluster has of our replicas, as one look at it: Deployments, the numbers they stand for, and pods.

A ledger's deployment is a Deployment whose annotation lists the numbers of the replicas that are wanted, and
whose `spec.replicas` is how many these are. Pods have no numbers: the k-th smallest number is the k-th best pod.
So a pod that the cluster replaces by itself needs nobody to write anything down.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from redspot_server.kubernetes.pods import Pod, ranked
from redspot_server.kubernetes.refusals import controller_sentence

NUMBERS = "org.redspot/replicas"
DEPLOYMENT_ID = "org.redspot/deployment-id"
_INSTANCE = "app.kubernetes.io/instance"


@dataclass(frozen=True, slots=True)
class ArmStanding:
    """One Deployment as it is.

    Attributes
    ----------
    numbers
        Of the replicas that are wanted, in order.
    scale
        How many pods the cluster is asked for; less than `numbers` where a start was cut off.
    pods
        Those that count, the best first.
    failure
        Why the cluster makes no pods, in one sentence; empty when it does.
    """

    name: str
    deployment_id: str
    numbers: tuple[int, ...]
    scale: int
    pods: tuple[Pod, ...]
    failure: str

    def pod_of(self, number: int) -> Pod | None:
        """Return the pod that stands for a number, or None while there are fewer."""
        place = self.numbers.index(number)
        return self.pods[place] if place < len(self.pods) else None


def arms_of(deployments: Sequence[Mapping[str, Any]], pods: Sequence[Pod], now: datetime) -> dict[str, ArmStanding]:
    """Return what stands, by the ledger's id; what is not ours to say is left out."""
    arms = {}
    for each in deployments:
        metadata = each["metadata"]
        deployment_id = metadata.get("annotations", {}).get(DEPLOYMENT_ID)
        if deployment_id is None or "deletionTimestamp" in metadata:
            continue
        own = [pod for pod in pods if pod["metadata"]["labels"].get(_INSTANCE) == metadata["name"]]
        arms[deployment_id] = ArmStanding(
            metadata["name"],
            deployment_id,
            numbers_of(each),
            each["spec"].get("replicas", 1),
            tuple(ranked(own, now)),
            controller_sentence(each),
        )
    return arms


def numbers_of(deployment: Mapping[str, Any]) -> tuple[int, ...]:
    """Return the numbers of replicas that a Deployment stands for.

    Examples
    --------
    >>> numbers_of({"metadata": {"annotations": {"org.redspot/replicas": "3,1,12"}}})
    (1, 3, 12)
    """
    text = deployment["metadata"].get("annotations", {}).get(NUMBERS, "")
    return tuple(sorted({int(part) for part in text.split(",") if part.isascii() and part.isdigit()}))


def written(numbers: Sequence[int]) -> str:
    """Return numbers as `numbers_of` reads them."""
    return ",".join(str(number) for number in sorted(set(numbers)))
