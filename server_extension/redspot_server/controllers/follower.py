"""Endpoints that follow an alias: when it moves, what they are defined as is applied anew."""

from __future__ import annotations

import logging
import time

from redspot.errors import RedspotError
from redspot.registry.endpoint import EndpointState
from redspot.registry.standing import Standing
from redspot_server.definitions import check_parity, resolve
from redspot_server.services import Services

_log = logging.getLogger(__name__)
_EVERY_S = 1.0


class Follower:
    """Compares what followed versions are now with what they were when they were applied."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._looked_at = 0.0
        self._refused: dict[str, str] = {}

    def step(self, standings: tuple[Standing, ...]) -> bool:
        """Look at all endpoints that follow something, not more often than every second; return whether one moved."""
        now = time.monotonic()
        if now - self._looked_at < _EVERY_S:
            return False
        self._looked_at = now
        moved = False
        for standing in standings:
            if standing.applied.definition.follow and standing.state is EndpointState.LIVE:
                try:
                    moved |= self._follow(standing)
                except RedspotError as error:
                    self._note(standing.name, error.message)
        return moved

    def _follow(self, standing: Standing) -> bool:
        applied = standing.applied
        pins = resolve(self._services, applied.definition)
        moved = [text for text, version in pins.items() if applied.pins.get(text) != version]
        if not moved:
            return False
        check_parity(self._services, applied.definition, pins, is_confirmed=False)
        why = "; ".join(f"{text} moved from {applied.pins.get(text)} to {pins[text]}" for text in moved)
        self._services.endpoints.apply(applied.definition, pins, by="redspot", why=why, expected=applied.generation)
        return True

    def _note(self, name: str, sentence: str) -> None:
        if self._refused.get(name) != sentence:
            self._refused[name] = sentence
            _log.warning("endpoint %s does not follow: %s", name, sentence, extra={"endpoint": name})
