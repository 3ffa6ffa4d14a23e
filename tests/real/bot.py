"""A Session in a test: what it heard can be waited for."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from typing import Self

from mudbot.clock import SystemClock
from mudbot.events import Disconnected, Line, LoggedIn, Prompt, SessionEvent, Speech
from mudbot.mud.session import Session
from mudbot.mud.telnet import Address
from tests.real.places import Person, Place


class Bot:
    """A character played by mudbot's session.  In ``async with`` it is in the game, and leaves it at the end."""

    def __init__(self, place: Place, person: Person, port: int | None = None) -> None:
        address = Address(place.host, port or place.port, encoding=place.encoding)
        self.name = person.shown
        self.session = Session(self.name, address, place.dialect, person.character, clock=SystemClock())
        self.session.listener = self._take
        self.speeches: list[Speech] = []
        self.texts: list[str] = []
        """All other lines and prompts."""
        self.logins = 0
        self.drops: list[str] = []
        """Why each link ended."""
        self._read = 0
        self._news = asyncio.Event()

    def __repr__(self) -> str:
        return f"<Bot {self.session!r}, {self.logins} logins, drops {self.drops}, heard {self.speeches}>"

    async def __aenter__(self) -> Self:
        self._running = asyncio.create_task(self.session.run())
        try:
            await self.until_in(1)
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.session.stop()
        await self._running

    async def until_in(self, logins: int, seconds: float = 30) -> None:
        """Wait until it is in the game, after at least so many logins."""
        await self._until(lambda: self.logins >= logins and self.session.state == "playing", seconds)

    async def until_dropped(self, drops: int) -> None:
        await self._until(lambda: len(self.drops) >= drops, 20)

    async def reads(self, pattern: str) -> None:
        """Wait for a line or prompt, whenever it came, that is no speech and that *pattern* is found in."""
        await self._until(lambda: any(re.search(pattern, text) for text in self.texts), 10)

    async def hears(self, words: str | None = None) -> Speech:
        """The next speech, or the next that has *words* in it."""
        found: list[Speech] = []

        def came() -> bool:
            while self._read < len(self.speeches) and not found:
                self._read += 1
                if words is None or words in (self.speeches[self._read - 1].text or ""):
                    found.append(self.speeches[self._read - 1])
            return bool(found)

        await self._until(came, 10)
        return found[0]

    async def _until(self, done: Callable[[], bool], seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                while not done():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"nothing came of it in {seconds} s: {self!r}") from None

    def _take(self, events: Sequence[SessionEvent]) -> None:
        for event in events:
            if isinstance(event, Speech):
                self.speeches.append(event)
            elif isinstance(event, Line | Prompt):
                self.texts.append(event.text)
            elif isinstance(event, LoggedIn):
                self.logins += 1
            elif isinstance(event, Disconnected):
                self.drops.append(event.reason)
        self._news.set()
