"""Both ends of a telnet link for tests: a server that says what it is told, a connection that keeps its events."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable, Sequence

from mudbot.events import Closed, Line, MudEvent
from mudbot.mud.telnet import Address, Connection

IAC, WILL, WONT, DO, DONT, SB, SE, GA, EOR, NOP = (
    bytes([n]) for n in (255, 251, 252, 253, 254, 250, 240, 249, 239, 241)
)


def sub(option: bytes, payload: bytes = b"") -> bytes:
    """A subnegotiation as it stands on the wire."""
    return IAC + SB + option + payload.replace(IAC, IAC + IAC) + IAC + SE


class Server:
    """Sends what it is told, and keeps what it is sent.  Takes one connection."""

    def __init__(self) -> None:
        self.received = b""
        self.connected, self.news, self.ended = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def start(self, context: ssl.SSLContext | None = None) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=context)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.connected.set()
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(4096):
                self.received += data
                self.news.set()
        writer.close()
        self.ended.set()
        self.news.set()

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def expect(self, data: bytes) -> None:
        async with asyncio.timeout(10):
            while data not in self.received:
                assert not self.ended.is_set(), f"the link ended before {data!r} came"
                self.news.clear()
                await self.news.wait()

    async def close(self) -> None:
        async with asyncio.timeout(10):
            await self.ended.wait()
        self._server.close()
        await self._server.wait_closed()


class Link:
    """A connection and its events.  ``on_events`` is called with each batch, after it was kept."""

    def __init__(self, address: Address) -> None:
        self.events: list[MudEvent] = []
        self.news = asyncio.Event()
        self.on_events: Callable[[Sequence[MudEvent]], None] = lambda _events: None
        self.connection = Connection(address, self._hear)

    def _hear(self, events: Sequence[MudEvent]) -> None:
        self.events += events
        self.news.set()
        self.on_events(events)

    async def until(self, event: MudEvent) -> None:
        await self.when(lambda: event in self.events)

    async def when(self, done: Callable[[], object], seconds: float = 20) -> None:
        """Wait until *done*, which is asked again after every batch of events."""
        async with asyncio.timeout(seconds):
            while not done():
                self.news.clear()
                await self.news.wait()

    @property
    def reason(self) -> str:
        """Why the link ended; empty while it stands."""
        return next((event.reason for event in self.events if isinstance(event, Closed)), "")

    @property
    def lines(self) -> list[str]:
        return [event.text for event in self.events if isinstance(event, Line)]


@contextlib.asynccontextmanager
async def linked(encoding: str = "utf-8", *, compress: bool = False) -> AsyncIterator[tuple[Server, Link]]:
    """A server and a connection to it; both are put away at the end."""
    server = Server()
    link = Link(Address("127.0.0.1", await server.start(), encoding=encoding, compress=compress))
    await link.connection.open()
    await server.connected.wait()
    try:
        yield server, link
    finally:
        link.connection.abort("done")
        await server.close()
