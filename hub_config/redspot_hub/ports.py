"""The ports of a hub: four in a row, from the one that browsers use."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Self

from redspot.compute.port import PortTakenError
from redspot.config import Config


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the parts of a hub listen, all on 127.0.0.1."""

    public: int
    proxy_api: int
    hub_api: int
    service: int

    @classmethod
    def of(cls, config: Config) -> Self:
        """Return the ports that follow the configured one."""
        return cls(*(config.hub_port + offset for offset in range(4)))

    def check_free(self) -> None:
        """Raise PortTakenError, naming the port and the remedy, when something listens on one of them."""
        for port in (self.public, self.proxy_api, self.hub_api, self.service):
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    raise PortTakenError(
                        f"Port {port} on 127.0.0.1 is taken by another program: stop it, or set REDSPOT_HUB_PORT to a"
                        " port with three free ones after it.",
                        port=port,
                    ) from None
