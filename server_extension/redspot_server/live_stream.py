"""What an endpoint does now, each second, as server-sent events (WHATWG HTML, section 9.2)."""

from __future__ import annotations

import asyncio
from urllib.parse import unquote

from tornado.iostream import StreamClosedError

from redspot_server.endpoints.watching import read_now
from redspot_server.handlers import RedspotHandler, encode
from redspot_server.identity import Right

_EVERY_S = 1.0


class LiveStreamHandler(RedspotHandler):
    """Sends one `redspot.contracts.replies.EndpointNow` each second until the reader leaves."""

    name = "endpoints/{name}/live/stream"
    right = Right.READ

    async def get(self, name: str) -> None:
        """Send."""
        caller = await self.host.identity.identify(self)
        caller.require(self.right)
        loop = asyncio.get_running_loop()
        self._is_open = True
        while self._is_open:
            # What cannot be read (no such endpoint, or no longer) ends the stream before or between two messages.
            now = await loop.run_in_executor(self.host.threads, read_now, self.host.services, caller, unquote(name))
            self.set_header("Content-Type", "text/event-stream")
            self.write(b"data: " + encode(now) + b"\n\n")
            try:
                await self.flush()
            except StreamClosedError:
                return
            await asyncio.sleep(_EVERY_S)

    def on_connection_close(self) -> None:
        """Stop sending."""
        self._is_open = False
