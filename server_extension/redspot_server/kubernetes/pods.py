"""What a pod's status means: how far it is, and in one sentence why it will not get further.

Pods are dicts in the API's own shape (``v1.Pod`` as JSON).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any

from redspot.compute.unit import ExitReason

Pod = Mapping[str, Any]

# A cluster that grows needs a while for another node; without one, this is how long nobody knows why.
UNSCHEDULABLE_GRACE_S = 60.0
_INSUFFICIENT = re.compile(r"(\d+) Insufficient ([\w./-]*\w)")
_NODES = re.compile(r"\d+/(\d+) nodes are available")
_ROOT_CAUSE = re.compile(r"(?:ErrImagePull|ImagePullBackOff): (.*)", re.DOTALL)
_MOST_CHARS = 300


class Progress(IntEnum):
    """How far a pod is; smaller is better."""

    READY = 0
    STARTING = 1
    FAILING = 2


@dataclass(frozen=True, slots=True)
class PodFailure:
    """Why a pod does not get ready.

    Attributes
    ----------
    exit_code
        Of its process, where one ended by itself.
    message
        One sentence.
    """

    reason: ExitReason
    message: str
    exit_code: int | None = None


def is_active(pod: Pod) -> bool:
    """Return whether its Deployment counts on it: it neither goes nor has ended for ever."""
    ended = pod.get("status", {}).get("phase") in ("Failed", "Succeeded")
    return not ended and "deletionTimestamp" not in pod["metadata"]


def is_ready(pod: Pod) -> bool:
    """Return whether its probe says so, and so whether its Service sends requests to it."""
    return any(
        condition["type"] == "Ready" and condition["status"] == "True"
        for condition in pod.get("status", {}).get("conditions", ())
    )


def progress(pod: Pod, now: datetime) -> Progress:
    """Return how far it is."""
    if is_ready(pod):
        return Progress.READY
    return Progress.STARTING if failure(pod, now) is None else Progress.FAILING


def ranked(pods: Sequence[Pod], now: datetime) -> list[Pod]:
    """Return the pods that count, those that are ready first, older ones before younger ones."""
    active = [pod for pod in pods if is_active(pod)]
    return sorted(
        active, key=lambda pod: (progress(pod, now), pod["metadata"]["creationTimestamp"], pod["metadata"]["name"])
    )


def failure(pod: Pod, now: datetime) -> PodFailure | None:
    """Return why it does not get ready, or None while it still may."""
    for status in _containers(pod):
        found = _container_failure(pod, status)
        if found is not None:
            return found
    return _unscheduled(pod, now)


def has_restarted(pod: Pod) -> bool:
    """Return whether a container of it ran before, so that the log of its end is that of the one before."""
    return any(status.get("restartCount", 0) > 0 for status in _containers(pod))


def started_at(pod: Pod) -> datetime | None:
    """Return when it was given to a node (UTC), or None before."""
    moment = pod.get("status", {}).get("startTime")
    return datetime.fromisoformat(moment) if moment else None


def _container_failure(pod: Pod, status: Mapping[str, Any]) -> PodFailure | None:
    state = status.get("state", {})
    waiting = state.get("waiting", {})
    ended = state.get("terminated") or status.get("lastState", {}).get("terminated") or {}
    reason, said = waiting.get("reason", ""), str(waiting.get("message", ""))
    image = status.get("image", "")
    if ended.get("reason") == "OOMKilled":
        limit = _memory_limit(pod, status["name"])
        return PodFailure(
            ExitReason.OUT_OF_MEMORY, f"It used more memory than its limit of {limit}.", ended.get("exitCode")
        )
    if reason == "ImagePullBackOff":
        return _not_started(f"Image {image!r} cannot be fetched: {_cause(said)}.")
    if reason == "ErrImageNeverPull":
        node = pod["spec"].get("nodeName", "?")
        return _not_started(f"Image {image!r} is not on node {node!r}, and the pull policy 'Never' fetches none.")
    if reason == "InvalidImageName":
        return _not_started(f"{image!r} is not the name of an image.")
    if reason in ("CreateContainerConfigError", "CreateContainerError", "RunContainerError"):
        return _not_started(f"Its container cannot be started: {_short(said) or reason}.")
    if reason == "CrashLoopBackOff":
        code = ended.get("exitCode")
        return PodFailure(
            ExitReason.EXITED, f"It ended {status['restartCount']} times, last with exit status {code}.", code
        )
    return None


def _unscheduled(pod: Pod, now: datetime) -> PodFailure | None:
    for condition in pod.get("status", {}).get("conditions", ()):
        if (condition["type"], condition["status"], condition.get("reason")) != (
            "PodScheduled",
            "False",
            "Unschedulable",
        ):
            continue
        since = datetime.fromisoformat(condition.get("lastTransitionTime") or pod["metadata"]["creationTimestamp"])
        if (now - since).total_seconds() < UNSCHEDULABLE_GRACE_S:
            return None
        return _not_started(unschedulable_sentence(str(condition.get("message", ""))))
    return None


def unschedulable_sentence(said: str) -> str:
    """Return why the scheduler finds no node, from its own words.

    Examples
    --------
    >>> unschedulable_sentence("0/3 nodes are available: 1 Insufficient memory, 3 Insufficient nvidia.com/gpu.")
    'No node has room for it: of 3 nodes, 1 has too little memory left, 3 have too little gpu left.'
    """
    lacking = _INSUFFICIENT.findall(said)
    nodes = _NODES.search(said)
    if not lacking or nodes is None:
        return f"No node takes it: {_short(said.split(' preemption:')[0]) or 'the scheduler gives no reason'}."
    parts = [
        f"{count} {'has' if count == '1' else 'have'} too little {kind.rpartition('/')[2]} left"
        for count, kind in lacking
    ]
    of_all = "of 1 node" if nodes[1] == "1" else f"of {nodes[1]} nodes"
    return f"No node has room for it: {of_all}, {', '.join(dict.fromkeys(parts))}."


def _containers(pod: Pod) -> Iterator[Mapping[str, Any]]:
    status = pod.get("status", {})
    yield from status.get("initContainerStatuses", ())
    yield from status.get("containerStatuses", ())


def _memory_limit(pod: Pod, name: str) -> str:
    for container in (*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"]):
        if container["name"] == name:
            return str(container.get("resources", {}).get("limits", {}).get("memory", "its node"))
    return "its node"


def _not_started(message: str) -> PodFailure:
    return PodFailure(ExitReason.NOT_STARTED, message)


def _cause(said: str) -> str:
    found = _ROOT_CAUSE.search(said)
    return _short(found[1] if found else said) or "the node gives no reason"


def _short(said: str) -> str:
    return " ".join(said.split())[:_MOST_CHARS].rstrip(". ")
