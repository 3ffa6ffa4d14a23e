"""The fixtures ``tavern`` and ``evennia``: a plugin in a real MUD over a real socket, and a player to speak to it.

>>> async def test_who_says_hello_is_answered(tavern: Live) -> None:
...     await tavern.load("hello")
...     await tavern.type("say hello")
...     await tavern.reads("Hello, Ann!")

Time passes as it does outside.
"""

from __future__ import annotations

import asyncio
import builtins
import re
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self

from mudbot import resolve
from mudbot.clock import SystemClock
from mudbot.events import Line, Prompt, SessionEvent
from mudbot.host.plugin import Plugin
from mudbot.mud import dialect as dialects
from mudbot.mud.login import Character
from mudbot.mud.session import Session
from mudbot.mud.telnet import Address
from mudbot.testing.notice import Notice, raise_first, show_authors_own, sources_of
from mudbot.testing.script import Script
from mudbot.testing.stage import LiveStage, Options, configured, plugin_config
from mudbot.testing.web import Web

WITHIN = 20.0
"""Seconds that a login, or what a player waits for, may take."""
PASSWORD = "Straw-sandals-2"  # noqa: S105 - of characters that live as long as a test


class World(Protocol):
    """A MUD that runs."""

    port: int
    dialect: str

    async def enrol(self, name: str, password: str) -> None:
        """Make a character, where that must be done before it logs in."""


class Visitor:
    """A player in the world, at a link of its own."""

    def __init__(self, name: str, port: int, dialect: str, encoding: str) -> None:
        self.name = name
        self.lines: list[str] = []
        """Every line that the player read, colours left out."""
        self._encoding = encoding
        self._read = 0
        self._news = asyncio.Event()
        address = Address("127.0.0.1", port, encoding=encoding)
        who = Character(name, PASSWORD)
        self._session = Session(f"player {name}", address, dialects.load(dialect), who, clock=SystemClock())
        self._session.listener = self._hear
        self._living: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"<Visitor {self.name} {self._session.state}, {len(self.lines)} lines>"

    async def enter(self) -> None:
        """Log in.  Raises AssertionError where that is not done in 20 seconds."""
        self._living = asyncio.create_task(self._session.run())
        await self.until(lambda: self._session.state == "playing", "to be in the game")

    async def leave(self) -> None:
        """Leave the game."""
        if self._living is not None:
            await self._session.stop()
            await asyncio.wait({self._living})

    async def type(self, command: str) -> None:
        """Type a command line."""
        link = self._session.link
        assert link is not None
        link.write(command.encode(self._encoding, "replace").replace(b"\xff", b"\xff\xff") + b"\r\n")
        await link.flushed()

    async def reads(self, pattern: str, within: float = WITHIN) -> str:
        """The next line in which *pattern* is found.  Raises AssertionError with what came instead."""
        __tracebackhide__ = True
        wanted, start, found = re.compile(pattern), self._read, list[str]()

        def came() -> bool:
            while self._read < len(self.lines) and not found:
                self._read += 1
                if wanted.search(self.lines[self._read - 1]):
                    found.append(self.lines[self._read - 1])
            return bool(found)

        await self.until(came, f"to read {pattern!r}", within, start)
        return found[0]

    async def until(self, done: Callable[[], bool], what: str, within: float = WITHIN, start: int = 0) -> None:
        """Return when *done* says so; it is asked after everything that comes."""
        __tracebackhide__ = True
        try:
            async with asyncio.timeout(within):
                while not done():
                    self._news.clear()
                    if not done():
                        await self._news.wait()
        except TimeoutError:
            came = "\n".join(f"    {line}" for line in self.lines[start:]) or "    (nothing)"
            raise AssertionError(f"{self.name} waited {within:g} s {what}; what came:\n{came}") from None

    def _hear(self, events: Sequence[SessionEvent]) -> None:
        self.lines += [event.text for event in events if isinstance(event, Line | Prompt) and event.text]
        self._news.set()


class Live:
    """A bot with one session in a real MUD, and a player there."""

    hopeless = False

    def __init__(
        self, fixture: str, options: Options, world: Callable[[], Awaitable[World]], *, folder: Path | None = None
    ) -> None:
        """*world* opens it; what it gives is asked to ``close`` in the end, if it can."""
        self.mudbot_cast = fixture
        self.ai, self.web = Script(), Web()
        self.failures: list[BaseException] = []
        self.strict = True
        self.people: dict[str, Visitor] = {}
        """The players, by name."""
        self._options, self._open, self._folder = options, world, folder or Path()
        self._notice = Notice(self._on_failure)
        self._told = 0
        self._kinds: dict[str, type[Plugin]] = {}
        self.ai.on_failure = self.web.on_failure = self._on_failure

    def __repr__(self) -> str:
        return f"<Live {self.mudbot_cast}, {', '.join(self._kinds) or 'without plugins'}, {len(self.people)} players>"

    # -- for tests -------------------------------------------------------------------------------------------------

    async def load(
        self,
        plugin: str | Path | type[Plugin],
        /,
        *,
        permissions: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Plugin:
        """Start a plugin, as ``bot.load`` does."""
        __tracebackhide__ = True
        folders = resolve.plugin_folders(self._app.config)
        try:
            name = await self._app.enrol(plugin, plugin_config(permissions, {**(settings or {}), **more}))
        except Exception as exc:
            show_authors_own(exc, [*folders, *sources_of([plugin] if isinstance(plugin, type) else [])])
            raise
        made = self._app.hosts[0].running[name].plugin
        self._kinds[name] = type(made)
        return made

    async def enter(self, who: str = "Ann") -> Visitor:
        """Have the bot in the game, and then the player *who*."""
        __tracebackhide__ = True
        if who in self.people:
            return self.people[who]
        await self._bot_in_game()
        await self._world.enrol(who, PASSWORD)
        visitor = Visitor(who, self._world.port, self._world.dialect, self._options.encoding)
        self.people[who] = visitor
        await visitor.enter()
        return visitor

    async def type(self, command: str, who: str = "Ann") -> None:
        """The player *who*, who enters if need be, types a command: ``say hello``."""
        __tracebackhide__ = True
        await (await self.enter(who)).type(command)

    async def reads(self, pattern: str, who: str = "Ann", within: float = WITHIN) -> str:
        """The next line that *who* reads in which the regular expression *pattern* is found.

        Raises AssertionError with what came instead, after *within* seconds.
        """
        __tracebackhide__ = True
        visitor = await self.enter(who)
        try:
            return await visitor.reads(pattern, within)
        finally:
            self._raise()

    @property
    def name(self) -> str:
        """What the bot's character is called."""
        return self.session.character.name

    @property
    def session(self) -> Session:
        """The bot's session."""
        return self._app.sessions[0]

    @property
    def cost(self) -> float:
        """What the calls of the model would have cost, in USD."""
        return self.ai.cost

    @property
    def log(self) -> list[Any]:
        """What mudbot and its plugins logged, from the level info on."""
        return self._notice.records

    # -- its life --------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        self._notice.begin()
        self._place = tempfile.TemporaryDirectory(prefix="mudbot-test-", ignore_cleanup_errors=True)
        try:
            self._world = await self._open()
            config = configured([self._options], self._folder, Path(self._place.name))
            where = {"host": "127.0.0.1", "port": self._world.port, "dialect": self._world.dialect}
            config = config.model_copy(update={"sessions": (config.sessions[0].model_copy(update=where),)})
            self._app = LiveStage(config, SystemClock(), self.ai, self.web, password=PASSWORD)
            await self._app.start()
            await self._world.enrol(self.name, PASSWORD)
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, kind: builtins.type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        try:
            await asyncio.gather(*(visitor.leave() for visitor in self.people.values()))
            if hasattr(self, "_app"):
                await self._app.stop()
            close = getattr(getattr(self, "_world", None), "close", None)
            if close is not None:
                await close()
        finally:
            self._place.cleanup()
            self._notice.end()
        if kind is None and self.strict:
            self._raise()

    async def _bot_in_game(self) -> None:
        self._app.may_link.set()
        try:
            async with asyncio.timeout(WITHIN):
                while self.session.state != "playing":  # noqa: ASYNC110 - a session announces itself to its host
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise AssertionError(f"the bot did not come into the game: {self.session!r}") from None

    def _on_failure(self, failure: BaseException) -> None:
        if failure not in self.failures:
            self.failures.append(failure)

    def _raise(self) -> None:
        __tracebackhide__ = True
        news, self._told = self.failures[self._told :], len(self.failures)
        if self.strict:
            raise_first(news, self._kinds.values())
