"""One endpoint as the router uses it: its arms, their replicas, and which of them a request goes to."""

from __future__ import annotations

import time
from collections.abc import Collection
from functools import partial

from redspot.registry.endpoint import ArmRole, EndpointState, EndpointUnavailableError
from redspot.serving.answer import Answer, Request
from redspot.serving.events.request_id import REQUEST_ID_HEADER
from redspot.serving.forwarding import DEPLOYMENT_HEADER, SHADOW_HEADER, VERSION_HEADER, render_request
from redspot.serving.holding import Holding
from redspot.serving.shadowing import Mirror, Mirrored, path_for
from redspot.serving.signature import CALLER_HEADER, SECRET_HEADER, sign_caller
from redspot.serving.snapshot import ArmEntry, EndpointEntry, ReplicaEntry
from redspot.serving.splitting import STEP, Split, point_of
from redspot.serving.sticking import sticky_key
from redspot.serving.tally import ArmTally, EndpointTally
from redspot.serving.upstream import NotConnectedError, Upstream

# How long a replica that refused a connection comes after all others.
AWAY_S = 1.0


class Replica:
    """One replica; its answers say which version gave them."""

    def __init__(self, entry: ReplicaEntry, tally: ArmTally, timeout_s: float) -> None:
        self.entry = entry
        self.tally = tally
        tally.model, tally.version = entry.model, entry.version
        told = ((VERSION_HEADER, f"{entry.model}@{entry.version}"), (DEPLOYMENT_HEADER, entry.deployment_id))
        self.upstream = Upstream(entry.socket, timeout_s=timeout_s, told=told)
        self.in_flight = 0
        self.away_until = 0.0
        self._signed: dict[str, str] = {}

    async def exchange(
        self,
        request: Request,
        target: str,
        caller: str,
        trace: str,
        *more: tuple[str, str],
        is_counted: bool = True,
    ) -> Answer:
        """Send a request and return the answer.

        Parameters
        ----------
        target
            Path and query.
        more
            Further headers of the router's own.
        is_counted
            Whether it counts as a request to the arm.

        Raises
        ------
        NotConnectedError
            When nothing could be sent; the replica is set aside for a moment.
        ReplicaFailedError, ReplicaTimeoutError
            As `Upstream.exchange`.
        """
        ours = ((SECRET_HEADER, self.entry.secret), (CALLER_HEADER, self._sign(caller)), ("Traceparent", trace), *more)
        message = render_request(request.method, target, request.headers, request.body, ours)
        tally, begun = self.tally, time.perf_counter()
        self.in_flight += 1
        tally.in_flight += is_counted
        try:
            answer = await self.upstream.exchange(message, is_head=request.method == "HEAD")
        except NotConnectedError:
            self.away_until = time.monotonic() + AWAY_S
            raise
        except Exception:
            if is_counted:
                tally.note_lost()
            raise
        finally:
            self.in_flight -= 1
            tally.in_flight -= is_counted
        if is_counted:
            tally.note_status(answer.status, time.perf_counter() - begun)
        return answer

    def _sign(self, caller: str) -> str:
        """Return the caller's name, signed with the secret of this replica."""
        signed = self._signed.get(caller)
        if signed is None:
            signed = self._signed[caller] = sign_caller(caller, self.entry.secret)
        return signed


class Arm:
    """Replicas among which a request may be sent to any."""

    def __init__(self, replicas: tuple[Replica, ...], tally: ArmTally | None, turn: int = 0) -> None:
        self.replicas = replicas
        self.tally = tally
        self._turn = turn

    def pick(self, tried: Collection[Replica]) -> Replica | None:
        """Return the replica with the fewest requests under way, in turn where several have; None when all were tried.

        One that refused a connection a moment ago comes last.
        """
        replicas = self.replicas
        if len(replicas) == 1:
            return None if replicas[0] in tried else replicas[0]
        now = time.monotonic()
        self._turn += 1
        found: Replica | None = None
        least = (False, 0)
        for number in range(len(replicas)):
            replica = replicas[(self._turn + number) % len(replicas)]
            if replica in tried:
                continue
            load = (replica.away_until > now, replica.in_flight)
            if found is None or load < least:
                found, least = replica, load
        return found

    def of_version(self, version: str) -> Arm | None:
        """Return the part of it that serves a version, or None."""
        serving = tuple(replica for replica in self.replicas if replica.entry.version == version)
        return Arm(serving, self.tally, self._turn) if serving else None


class Route:
    """One endpoint; the same object as long as the endpoint is in the table, so that what waits sees what comes.

    Attributes
    ----------
    entry
        What the table says of it.
    changes
        How often that was replaced.
    shadows
        The mirrors of its shadow arms by deployment.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.tally = EndpointTally()
        self.holding = Holding(name, self.tally)
        self.entry = EndpointEntry(EndpointState.STOPPED)
        self.replicas: tuple[Replica, ...] = ()
        self.changes = 0
        self.shadows: dict[str, Mirror] = {}
        self._arms: tuple[Arm, ...] = ()
        self._split = Split([1.0])
        self._by_share: tuple[int, ...] = ()
        self._point = 0.0
        self._shadow_arms: dict[str, Arm] = {}

    def use(self, entry: EndpointEntry, replicas: tuple[Replica, ...]) -> None:
        """Answer with these from now on, and let those requests look again that wait."""
        self.entry, self.replicas = entry, replicas
        live = [arm for arm in entry.arms if arm.role is ArmRole.LIVE]
        if live:
            self._arms = tuple(self._arm(arm) for arm in live)
            self._split = Split([arm.share for arm in live])
            in_use = (number for number, arm in enumerate(live) if arm.share > 0)
            self._by_share = tuple(sorted(in_use, key=lambda number: -live[number].share))
        else:
            self._arms, self._split, self._by_share = (Arm(replicas, None),), Split([1.0]), (0,)
        self._use_shadows([arm for arm in entry.arms if arm.role is ArmRole.SHADOW])
        used = {replica.entry.deployment_id for replica in replicas} | {arm.deployment_id for arm in entry.arms}
        self.tally.keep(used)
        self.changes += 1
        self.holding.wake()

    def close(self) -> None:
        """Say that the endpoint is no longer there."""
        self.use(EndpointEntry(EndpointState.STOPPED), ())

    def arms(self, request: Request, path: str, caller: str) -> list[Arm]:
        """Return the arms in the order in which a request may try them: its own, then the others by their shares.

        An arm without a share gets nothing.
        """
        version = _version_of(path)
        ordered = [self._arms[number] for number in self._order(request, caller)]
        if version is not None:
            # Only who serves a version can answer for it; when nobody does, any replica says so.
            serving = [found for arm in ordered if (found := arm.of_version(version)) is not None]
            ordered = serving or ordered
        return ordered

    def _order(self, request: Request, caller: str) -> tuple[int, ...]:
        if len(self._arms) == 1:
            return (0,)
        if self.entry.sticky is None:
            point = self._point = (self._point + STEP) % 1.0
        else:
            point = point_of(self.name, sticky_key(self.entry.sticky, request, caller))
        chosen = self._split.at(point)
        return (chosen, *(number for number in self._by_share if number != chosen))

    def _arm(self, entry: ArmEntry) -> Arm:
        replicas = tuple(each for each in self.replicas if each.entry.deployment_id == entry.deployment_id)
        return Arm(replicas, self.tally.arm(entry.deployment_id))

    def _use_shadows(self, entries: list[ArmEntry]) -> None:
        self._shadow_arms = {entry.deployment_id: self._arm(entry) for entry in entries}
        for deployment_id in [known for known in self.shadows if known not in self._shadow_arms]:
            self.shadows.pop(deployment_id).close()
        for entry in entries:
            mirror = self.shadows.get(entry.deployment_id)
            if mirror is None:
                sending = partial(self._send_shadow, entry.deployment_id)
                mirror = self.shadows[entry.deployment_id] = Mirror(self.tally.arm(entry.deployment_id), sending)
            mirror.share = entry.share

    async def _send_shadow(self, deployment_id: str, mirrored: Mirrored) -> Answer:
        """Ask a shadow arm, as the table has it now, what a live arm has answered."""
        arm = self._shadow_arms.get(deployment_id)
        request, more = mirrored.request, [(SHADOW_HEADER, "1")]
        if REQUEST_ID_HEADER not in request.headers:
            # So that a label that comes for the request is one for both predictions.
            more += [each for each in mirrored.answer.headers if each[0] == REQUEST_ID_HEADER]
        tried: set[Replica] = set()
        while arm is not None and (replica := arm.pick(tried)) is not None:
            tried.add(replica)
            path = path_for(mirrored.path, replica.entry.model, replica.entry.version)
            target = f"{path}?{request.query}" if request.query else path
            try:
                return await replica.exchange(request, target, mirrored.caller, mirrored.trace, *more)
            except NotConnectedError:
                continue
        raise EndpointUnavailableError(f"Shadow {deployment_id!r} has no replica that can answer now.")


def _version_of(path: str) -> str | None:
    """Return the version that a path of the inference protocol names."""
    match path.split("/", 6):
        case ["", "v2", "models", _, "versions", version, *_]:
            return version
    return None
