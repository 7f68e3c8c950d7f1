"""How a request gets its answer: arms in their order, each replica once, and waiting where that is wanted.

A prediction changes nothing, so a request may be sent a second time: when its connection broke before a byte of the
answer came, another replica is asked, once. That a replica is killed is then not seen by a caller; that a request
kills each replica it reaches costs two of them and no more.
"""

from __future__ import annotations

import asyncio
import time

from redspot.errors import UnavailableError
from redspot.registry.endpoint import EndpointState, EndpointUnavailableError
from redspot.serving.answer import Answer, Request
from redspot.serving.errors import EndpointStoppedError, ReplicaFailedError, ReplicaLostError
from redspot.serving.exposition import merge_expositions
from redspot.serving.forwarding import trace_of
from redspot.serving.route import Replica, Route
from redspot.serving.shadowing import Mirrored, is_mirrored
from redspot.serving.upstream import NotConnectedError

# Who watches an endpoint must not wait for it, nor have it started, nor is what they ask a prediction.
WATCHING = ("/v2/health/live", "/v2/health/ready", "/ping", "/metrics", "/stats")
_RETRY_AFTER_S = 5


async def ask(request: Request, route: Route, path: str, caller: str) -> tuple[Answer, str]:
    """Return the answer to a request, and the deployment that gave it.

    Parameters
    ----------
    path
        Within the endpoint, without the query.
    caller
        Name of who asks.

    Raises
    ------
    EndpointUnavailableError, EndpointBusyError, EndpointStoppedError
        When no replica could be asked, nor came in the time that the endpoint allows.
    ReplicaFailedError, ReplicaTimeoutError
        When one was asked, and gave no answer.
    """
    path = path or "/"
    asking = _Asking(request, route, path, caller)
    until = 0.0
    while True:
        seen = route.changes
        found = await asking.try_all()
        if found is not None:
            break
        if route.changes != seen:
            continue
        hold_s = route.entry.hold_s
        if not hold_s or path in WATCHING:
            raise asking.lost or _unavailable(route)
        until = until or time.monotonic() + hold_s
        await route.holding.wait(until, len(request.body))
        if route.entry.state is EndpointState.STOPPED:
            raise EndpointStoppedError(f"Endpoint {route.name!r} was stopped.", endpoint=route.name)
    replica, answer = found
    if route.shadows and is_mirrored(path, answer):
        mirrored = Mirrored(request, path, caller, asking.trace, answer)
        for mirror in route.shadows.values():
            # Not now: the answer is written first.
            asyncio.get_running_loop().call_soon(mirror.offer, mirrored)
    return answer, replica.entry.deployment_id


async def ask_all(request: Request, route: Route, path: str, caller: str) -> Answer:
    """Return the metrics of all replicas that can be reached: each counts only its own requests."""
    trace = request.trace or trace_of(request.headers)
    asking = (replica.exchange(request, path, caller, trace, is_counted=False) for replica in route.replicas)
    answers = await asyncio.gather(*asking, return_exceptions=True)
    texts: dict[str, str] = {}
    content_type = "text/plain"
    for number, (replica, answer) in enumerate(zip(route.replicas, answers, strict=True)):
        if isinstance(answer, Answer) and answer.status == 200:
            texts[f"{replica.entry.deployment_id}-{number}"] = answer.body.decode()
            content_type = answer.content_type
        elif isinstance(answer, BaseException) and not isinstance(answer, UnavailableError):
            raise answer
    return Answer(200, merge_expositions(texts).encode(), content_type)


class _Asking:
    """One request on its way through the replicas.

    Attributes
    ----------
    lost
        How it failed at a replica that broke off; a second such failure is the caller's.
    """

    def __init__(self, request: Request, route: Route, path: str, caller: str) -> None:
        self._request, self._route, self._path, self._caller = request, route, path, caller
        self._target = f"{path}?{request.query}" if request.query else path
        self._is_counted = path not in WATCHING
        self.trace = request.trace or trace_of(request.headers)
        self.lost: ReplicaFailedError | None = None

    async def try_all(self) -> tuple[Replica, Answer] | None:
        """Return the first answer of a replica, and which it was; None when none could be asked."""
        tried: set[Replica] = set()
        for arm in self._route.arms(self._request, self._path, self._caller):
            was_tried = False
            while (replica := arm.pick(tried)) is not None:
                tried.add(replica)
                was_tried = True
                try:
                    answer = await replica.exchange(
                        self._request, self._target, self._caller, self.trace, is_counted=self._is_counted
                    )
                except NotConnectedError:
                    # Nothing was sent: the next one may be asked.
                    continue
                except ReplicaLostError as error:
                    failed = ReplicaFailedError(error.message)
                    if self.lost is not None:
                        raise failed from error
                    self.lost = failed
                    continue
                return replica, answer
            if was_tried and self._is_counted and arm.tally is not None:
                arm.tally.note_lost()
        return None


def _unavailable(route: Route) -> EndpointUnavailableError:
    return EndpointUnavailableError(
        f"Endpoint {route.name!r} has no replica that can answer now.",
        endpoint=route.name,
        retry_after_s=_RETRY_AFTER_S,
    )
