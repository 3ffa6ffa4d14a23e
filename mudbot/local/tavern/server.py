"""The tavern as a whole: its port, its guests, its end."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from mudbot.errors import LocalError
from mudbot.local.tavern.link import Limits, Link
from mudbot.local.tavern.wire import codec_named
from mudbot.local.tavern.world import World

# Seconds that closing may wait for peers: first politely, then once more after their links were cut.
_PATIENCE = 1.0


class Tavern:
    """A small telnet MUD: several people log in, walk, talk and leave.

    *port* 0 takes any free one; ``port`` then says which.  *encoding* is ``utf-8`` or ``gbk``, *language* (of the login
    and of new characters) ``en`` or ``zh``.  What people create lives as long as this object.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        encoding: str = "utf-8",
        language: str = "en",
        limits: Limits | None = None,
    ) -> None:
        self._host, self._port = host, port
        self._codec = codec_named(encoding)
        self._world = World(language)
        self._limits = limits or Limits()
        self._links: dict[Link, None] = {}  # a dict for its order: the first is the oldest
        self._server: asyncio.Server | None = None

    def __repr__(self) -> str:
        where = f"{self._host}:{self._port}" if self._server else "closed"
        return f"<Tavern {where} {self._codec.name}, {len(self.people)} people, {len(self._links)} links>"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def port(self) -> int:
        """The TCP port; 0 until the tavern was started, where any was asked for."""
        return self._port

    @property
    def people(self) -> tuple[str, ...]:
        """The names of those who are in the world, the first comer first."""
        return tuple(each.name for each in self._world.everyone())

    async def start(self) -> None:
        """Open the door.  LocalError when the port is taken or the host is none of this machine's."""
        if self._server is not None:
            raise LocalError("The tavern is open already: close it before it starts again.")
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(self._link, self._host, self._port)
        except OSError as exc:
            where = f"{self._host}:{self._port}"
            raise LocalError(f"The tavern cannot listen on {where} ({exc}): choose another host or port.") from exc
        self._port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Close the door and every link; never takes longer than a few seconds, whatever the peers do."""
        server, self._server = self._server, None
        if server is None:
            return
        server.close()
        for link in list(self._links):
            link.close()
        await self._wait_for_links()
        for link in list(self._links):
            link.drop("the tavern closes")
        await self._wait_for_links()
        try:
            await asyncio.wait_for(server.wait_closed(), _PATIENCE)
        except TimeoutError:  # Python 3.12 and later wait for every peer; all of ours have been cut
            return

    async def drop(self, name: str) -> None:
        """Cut a player's connection, as a broken network would.  LocalError when nobody of that name is here."""
        character = self._world.present(name)
        link = next((each for each in self._links if character is not None and each is character.ears), None)
        if link is None:
            here = ", ".join(self.people) or "nobody"
            raise LocalError(f"No player called {name!r} is in the tavern (here: {here}).")
        link.drop("asked for")
        await asyncio.wait([link.lost], timeout=_PATIENCE)

    # -- links ---------------------------------------------------------------------------------------------------

    def _link(self) -> Link:
        return Link(self._world, self._codec, self._limits, self._admit, self._gone)

    def _admit(self, link: Link) -> bool:
        """Note a new link.  Where all places are taken, the oldest that never logged in gives up its own."""
        if len(self._links) >= self._limits.links:
            idler = next((each for each in self._links if each.character is None), None)
            if idler is None:
                return False
            del self._links[idler]
            idler.drop("a newcomer needs its place")
        self._links[link] = None
        return True

    def _gone(self, link: Link) -> None:
        self._links.pop(link, None)

    async def _wait_for_links(self) -> None:
        if self._links:
            await asyncio.wait([link.lost for link in self._links], timeout=_PATIENCE)
