"""Where the site listens (aiohttp)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Awaitable, Callable

from aiohttp import web

from mudbot.errors import MudbotError

log = logging.getLogger(__name__)

ENDS_WITHIN = 0.5
"""Seconds that open connections get at the end: pages that are watched live never end by themselves."""
BACKLOG = 128
"""Visitors that the system keeps waiting while the pages are made; asyncio's own is 100, aiohttp's 128."""


class WebError(MudbotError):
    """The web server cannot start."""


class WebServer:
    """Serves what *site* makes; ``start`` before ``url``.

    Making it imports half a second of libraries, which no character should wait for.  With *after* it is made in a
    thread when that is done, or when somebody comes; whoever comes meanwhile is let in, and waits.  Without *after*
    the site is there when ``start`` returns.
    """

    def __init__(
        self,
        site: Callable[[], web.Application],
        *,
        host: str,
        port: int,
        after: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        self._site, self._host, self._port, self._after = site, host, port, after
        self._sockets: list[socket.socket] = []
        self._runner: web.AppRunner | None = None
        self._opening: asyncio.Task[None] | None = None
        self.url = ""

    def __repr__(self) -> str:
        return f"<WebServer {self.url or 'not started'}>"

    async def start(self) -> None:
        """Listen.  Raises WebError naming the setting to change."""
        try:
            self._sockets = await _listen(self._host, self._port)
        except OSError as exc:
            why = exc.strerror or exc
            raise WebError(
                f"web: cannot listen on {self._host}:{self._port}: {why}; choose another web.port (0 = any free one)"
            ) from exc
        address = self._sockets[0].getsockname()
        host = f"[{address[0]}]" if ":" in address[0] else address[0]
        self.url = f"http://{host}:{address[1]}"
        if self._after is None:
            await self._serve(self._site())
        else:
            self._opening = asyncio.create_task(self._open(self._after), name="web")

    async def close(self) -> None:
        """Stop listening; connections that are open get half a second."""
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait({self._opening})
        if self._runner is not None:
            await self._runner.cleanup()
        for each in self._sockets:
            each.close()

    async def _open(self, after: Callable[[], Awaitable[object]]) -> None:
        try:
            await self._wanted(after())
            await self._serve(await asyncio.to_thread(self._site))
        except Exception:
            log.exception("there are no web pages, by a fault of the bot's own")
            for each in self._sockets:
                each.close()  # else whoever comes would wait for ever

    async def _wanted(self, after: Awaitable[object]) -> None:
        """Until *after* is done, or somebody waits at the door."""
        knocked, loop = asyncio.Event(), asyncio.get_running_loop()
        waits = [asyncio.ensure_future(after), asyncio.ensure_future(knocked.wait())]
        for each in self._sockets:
            loop.add_reader(each, knocked.set)
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in self._sockets:
                loop.remove_reader(each)
            for wait in waits:
                wait.cancel()

    async def _serve(self, site: web.Application) -> None:
        self._runner = runner = web.AppRunner(site, access_log=None, shutdown_timeout=ENDS_WITHIN)
        await runner.setup()
        for each in self._sockets:
            await web.SockSite(runner, each, backlog=BACKLOG).start()


async def _listen(host: str, port: int) -> list[socket.socket]:
    """Sockets that listen at all addresses of *host*.  Raises OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    with contextlib.ExitStack() as opened:
        sockets = []
        for family, kind, protocol, _, address in dict.fromkeys(found):
            each = opened.enter_context(socket.socket(family, kind, protocol))
            if os.name == "posix":  # elsewhere it would share the port with whoever has it
                each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                each.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            each.bind(address)
            each.listen(BACKLOG)
            each.setblocking(False)
            sockets.append(each)
        opened.pop_all()
    return sockets
