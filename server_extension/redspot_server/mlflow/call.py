"""One request of MLflow's API, as its operations see it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from redspot.stores.recording import Recording
from redspot_server.identity import Caller
from redspot_server.mlflow.fields import Fields
from redspot_server.services import Services


@dataclass(frozen=True, slots=True)
class Call:
    """What was asked, and by whom.

    Attributes
    ----------
    parts
        What stood in the path.
    """

    services: Services
    caller: Caller
    fields: Fields
    parts: Mapping[str, str]

    @property
    def recording(self) -> Recording:
        """The stores of what programs record."""
        return self.services.recording

    @property
    def by(self) -> str:
        """Who asks."""
        return self.caller.name


@dataclass(frozen=True, slots=True)
class Pending:
    """An answer that is made of a write, once that is committed."""

    future: Future[Any]
    shape: Callable[[Any], Any] = lambda _: {}
