"""The tavern as a whole: its port, its guests, its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

from mudbot.errors import LocalError
from mudbot.local.tavern.flood import Offence
from mudbot.local.tavern.limits import Limits
from mudbot.local.tavern.link import Link
from mudbot.local.tavern.manners import load_manners
from mudbot.local.tavern.speech import clock_time
from mudbot.local.tavern.wire import codec_named
from mudbot.local.tavern.world import Character, World

# Seconds that closing may wait for peers: first politely, then once more after their links were cut.
_PATIENCE = 1.0


class Tavern:
    """A small telnet MUD: several people log in, walk, talk and leave.

    *port* 0 takes any free one; ``port`` then says which.  *dialect* is the family of MUDs whose manners it has
    (``manners.DIALECTS``), *encoding* one that is found with it, *language* (of the login and of new characters)
    ``en`` or ``zh``, by default the family's.  What people create lives as long as this object.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        encoding: str | None = None,
        language: str | None = None,
        limits: Limits | None = None,
        dialect: str = "tavern",
    ) -> None:
        manners = load_manners(dialect)
        self._host, self._port = host, port
        self._codec = codec_named(encoding or manners.encodings[0], manners.encodings)
        self._world = World(language or manners.language, manners)
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

    @property
    def dialect(self) -> str:
        """The family whose manners it has."""
        return self._world.manners.name

    @property
    def encoding(self) -> str:
        """Of all text, GMCP excepted."""
        return self._codec.name

    @property
    def language(self) -> str:
        """Of the login and of new characters."""
        return self._world.phrases.language

    @property
    def offences(self) -> list[Offence]:
        """Which flood rules were broken, by whom and when, the oldest first; the last 10,000."""
        return list(self._world.offences)

    @property
    def deeds(self) -> list[tuple[str, str, str]]:
        """Each command that a family's player gave: login name, word, what followed it; the last 10,000."""
        return list(self._world.deeds)

    @property
    def open_house(self) -> bool:
        """Whether a stranger is let in with any password; else he must be registered, or make a character."""
        return self._world.open_house

    @open_house.setter
    def open_house(self, value: bool) -> None:
        self._world.open_house = value

    def set_terminal_trap(self, *, on: bool) -> None:
        """Let certain terminal types switch a link's encoding, where the family does that."""
        self._world.terminal_trap = on

    def set_one_link_each(self, *, on: bool) -> None:
        """Refuse a second login of a character, as some servers do, instead of what the family does."""
        self._world.one_link_each = on

    def set_clock(self, clock: Callable[[], float]) -> None:
        """Let flood rules and the wait before coming back go by *clock*, which tells seconds."""
        self._world.clock = clock

    def register(self, login: str, password: str, *, name: str = "", alias: str = "", no_prefix: bool = False) -> None:
        """Make a character beforehand.

        *name* is what others see where the family has ids; *alias* is a MUSH's short name; *no_prefix* leaves out the
        mark before an ES2 player's emotes, which can then look like speech.
        """
        character = self._world.create(login, password, shown=name)
        character.alias = alias
        if no_prefix:
            character.options.add("no_prefix")

    def announce(self, kind: str, text: str) -> None:
        """Send a line of the system to all.  LocalError where the family has no such kind of line."""
        kinds = self._world.manners.announcements
        if kind not in kinds:
            known = ", ".join(kinds) or "none"
            raise LocalError(f"{self.dialect} has no announcement {kind!r}: there are {known}.")
        for each in self._world.everyone():
            each.tell(kinds[kind].format(text=text, time=clock_time()))

    def show(self, name: str, text: str) -> None:
        """Show a player a text of any length, through the family's pager.

        LocalError when nobody of that name is here.
        """
        character, link = self._find(name)
        character.page(text.split("\n"))
        link.show_prompt()

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
        _, link = self._find(name)
        link.drop("asked for")
        await asyncio.wait([link.lost], timeout=_PATIENCE)

    def _find(self, name: str) -> tuple[Character, Link]:
        character = self._world.present(name)
        link = next((each for each in self._links if character is not None and each is character.ears), None)
        if character is None or link is None:
            here = ", ".join(self.people) or "nobody"
            raise LocalError(f"No player called {name!r} is in the tavern (here: {here}).")
        return character, link

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
