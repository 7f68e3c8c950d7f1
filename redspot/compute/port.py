"""Ports that processes listen on."""

from __future__ import annotations

from redspot.errors import ConflictError


class PortTakenError(ConflictError):
    """Another program listens on a port that is needed."""

    code = "port-taken"
