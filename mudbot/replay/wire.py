"""A link that leads nowhere: a replay types into one end what the MUD sent, and sees what leaves at it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Wire(asyncio.Transport):
    """The transport of *protocol*; *sent* is told of all that is written."""

    max_size = 0
    """What a socket's transport has: bytes of a read."""

    def __init__(self, protocol: asyncio.Protocol, sent: Callable[[bytes], None]) -> None:
        super().__init__({"peername": ("replay", 0)})
        self._protocol, self._sent = protocol, sent
        self._reading = asyncio.Event()
        self._reading.set()
        self._closed = False

    def __repr__(self) -> str:
        return f"<Wire {'closed' if self._closed else 'open' if self._reading.is_set() else 'paused'}>"

    # -- the MUD's end ---------------------------------------------------------------------------------------------

    def begin(self) -> None:
        """The link is up."""
        self._protocol.connection_made(self)

    async def feed(self, data: bytes) -> None:
        """The MUD sends *data*; waits while the bot does not read."""
        await self._reading.wait()
        if not self._closed:
            self._protocol.data_received(data)

    def hang_up(self) -> None:
        """The MUD closes the link."""
        if not self._closed:
            self._protocol.eof_received()

    # -- the bot's end ---------------------------------------------------------------------------------------------

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._closed:
            self._sent(bytes(data))

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        self._reading.clear()

    def resume_reading(self) -> None:
        self._reading.set()

    def is_reading(self) -> bool:
        return self._reading.is_set()

    def is_closing(self) -> bool:
        return self._closed

    def close(self) -> None:
        self.abort()

    def abort(self) -> None:
        if not self._closed:
            self._closed = True
            self._reading.set()  # whoever waits to feed it goes on, and sees
            asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None)
