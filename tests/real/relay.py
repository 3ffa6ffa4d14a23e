"""A TCP relay that can fail on purpose: it stands between a client and a server."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from types import TracebackType
from typing import Self

Link = tuple[asyncio.StreamWriter, ...]


class Relay:
    """Passes bytes both ways between its own loopback ``port`` and a target, until told otherwise.

    Use it in ``async with``; it lives in the event loop of its test.
    """

    def __init__(self, target_host: str, target_port: int) -> None:
        self.host = "127.0.0.1"
        self.port = 0
        """Where to connect, once the relay is open; it stays the same over ``cut`` and ``refuse``."""
        self.accepted = 0
        """How many connections were taken so far."""
        self._target = (target_host, target_port)
        self._server: asyncio.Server | None = None
        self._links: dict[asyncio.Task[None], Link] = {}
        self._flowing = asyncio.Event()
        self._flowing.set()

    def __repr__(self) -> str:
        state = "open" if self._server else "closed"
        return f"<Relay {state} :{self.port} -> {self._target[0]}:{self._target[1]}, {self.links} links>"

    @property
    def links(self) -> int:
        """How many connections go through at this moment."""
        return len(self._links)

    async def __aenter__(self) -> Self:
        await self.accept()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.refuse()
        tasks = list(self._links)
        self.cut()
        await asyncio.gather(*tasks, return_exceptions=True)

    def cut(self, *, reset: bool = False) -> int:
        """End every connection on both sides, with FIN or with RST; return how many there were.

        New connections are taken as before: to keep the client out, ``refuse`` first.
        """
        links, self._links = self._links, {}
        for task, writers in links.items():
            for writer in writers:
                end(writer, reset=reset)
            task.cancel()
        return len(links)

    def stall(self) -> None:
        """Keep the connections open but pass nothing on, as a network does that went quiet (half-open TCP)."""
        self._flowing.clear()

    def resume(self) -> None:
        """Pass on again, first of all what was held back."""
        self._flowing.set()

    def refuse(self) -> None:
        """Take no new connections: the port is closed, as if the server were down.  Those that exist go on."""
        if self._server is not None:
            self._server.close()
            self._server = None

    async def accept(self) -> None:
        """Take connections (again), on the same port."""
        if self._server is None:
            self._server = await asyncio.start_server(self._accepted, self.host, self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Not a coroutine: Python 3.11 logs an error when the task that it makes for one is cancelled.
        self.accepted += 1
        task = asyncio.create_task(self._serve(reader, writer), name=f"relay link {self.accepted}")
        self._links[task] = (writer,)
        task.add_done_callback(lambda done: self._links.pop(done, None))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection(*self._target)
        except OSError:
            writer.close()
            return
        task = asyncio.current_task()
        if task in self._links:
            self._links[task] = (writer, far_writer)
        try:
            await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer))
        finally:
            writer.close()
            far_writer.close()

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(65536):
                await self._flowing.wait()
                sink.write(data)
                await sink.drain()
        sink.close()


def end(writer: asyncio.StreamWriter, *, reset: bool) -> None:
    """Close one side: in peace, what was written still goes out; with *reset* nothing does."""
    if not reset:
        writer.close()
        return
    with contextlib.suppress(OSError):  # already closed by its other end
        linger = struct.pack("ii", 1, 0)  # on, zero seconds: close() sends RST (socket(7), SO_LINGER)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()
