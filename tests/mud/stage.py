"""A session under a clock that tests move, and a server that says what the test says."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable

from mudbot.events import Line, MudEvent, Prompt, SessionEvent
from mudbot.mud.address import Address
from mudbot.mud.dialect import load
from mudbot.mud.login import Character
from mudbot.mud.session import Session
from mudbot.mud.voice import Manner
from mudbot.testing import FakeClock
from mudbot.testing.clock import settle

GA, WILL_ECHO, WONT_ECHO = b"\xff\xf9", b"\xff\xfb\x01", b"\xff\xfc\x01"
_TELNET = re.compile(rb"\xff\xfa.*?\xff\xf0|\xff[\xfb-\xfe].", re.DOTALL)


class Stage:
    """A session under a clock that tests move, and a server that says what the test says."""

    def __init__(self, family: str | None, *, encoding: str = "utf-8", name: str = "Chen") -> None:
        self.family, self.encoding, self.wire = family, encoding, "utf-8"
        self.character = Character(name, "s3cret", ("老陈",))
        self.clock = FakeClock()
        self.events: list[SessionEvent] = []
        self.links = 0
        self._typed = b""
        self._writer: asyncio.StreamWriter | None = None

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        address = Address("127.0.0.1", self._server.sockets[0].getsockname()[1], encoding=self.encoding)
        rules = load(self.family) if self.family else None
        manner = Manner(typing=0)
        self.session = Session("s", address, rules, self.character, clock=self.clock, manner=manner)
        self.session.listener = self.events.extend
        self.seen: list[MudEvent] = []
        self.session.tap = self.seen.extend
        self._living = asyncio.create_task(self.session.run())
        await self.until(lambda: self._writer is not None and self.session.state == "logging in")

    async def close(self) -> None:
        await self.session.stop()
        async with asyncio.timeout(5):
            await self._living
        if self._writer is not None:
            self._writer.close()
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writer, self._typed = writer, b""
        self.links += 1
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(4096):
                self._typed += data
                if self._typed.endswith(b"quit\r\n"):
                    break
        writer.close()

    async def until(self, done: Callable[[], object]) -> None:
        async with asyncio.timeout(4):
            while not done():  # noqa: ASYNC110  # looks at what a socket brings
                await asyncio.sleep(0.005)

    # -- the server's side ---------------------------------------------------------------------------------------------

    def send(self, text: str | bytes, mark: bytes = b"") -> None:
        assert self._writer is not None
        self._writer.write((text if isinstance(text, bytes) else text.encode(self.wire)) + mark)

    def lines(self, *texts: str) -> None:
        self.send("".join(f"{text}\r\n" for text in texts))

    def ask(self, text: str) -> None:
        """A question without a line end, marked as a prompt."""
        self.send(text, GA)

    def hang_up(self) -> None:
        assert self._writer is not None
        self._writer.close()

    @property
    def typed(self) -> list[str]:
        """The lines that were typed on this link."""
        return _TELNET.sub(b"", self._typed).decode(self.wire, "replace").split("\r\n")[:-1]

    async def gets(self, *lines: str) -> None:
        """Wait until exactly *lines* were typed since the link came up."""
        await self.until(lambda: len(self.typed) >= len(lines))
        assert self.typed == list(lines)

    async def heard(self, text: str) -> None:
        """Send a marker and wait until it was heard: all before it was, too."""
        self.lines(text)
        await self.until(lambda: any(isinstance(event, Line) and event.text == text for event in self.events))

    async def quiet(self, text: str) -> None:
        """Wait until *text* was taken for a prompt."""
        await self.until(lambda: Prompt(text) in self.seen)

    async def pass_by(self, seconds: float) -> None:
        """Let time pass, and what it leads to arrive."""
        await self.clock.advance(seconds)
        for _ in range(5):
            await settle()
            await asyncio.sleep(0.005)

    # -- what the session did ------------------------------------------------------------------------------------------

    def all(self, kind: type) -> list[SessionEvent]:
        return [event for event in self.events if isinstance(event, kind)]

    async def log_in(self) -> None:
        """By the questions of a ROM, or of an ES2 library."""
        if self.session.dialect.name == "rom":
            self.ask("By what name do you wish to be mourned?")
            await self.gets("Chen")
            self.ask("Password:")
            await self.gets("Chen", "s3cret")
            self.lines("Welcome to ROM 2.4.")
        else:
            self.ask("您的英文名字：")
            await self.until(lambda: self.typed)
            self.ask("请输入密码：")
            await self.until(lambda: len(self.typed) == 2)
            self.lines("目前权限：(player)")
        await self.until(lambda: self.session.state == "playing")
        self._typed = b""


@contextlib.asynccontextmanager
async def stage(family: str | None, *, wire: str = "utf-8", encoding: str = "") -> AsyncIterator[Stage]:
    it = Stage(family, encoding=encoding or wire)
    it.wire = wire
    await it.open()
    try:
        yield it
    finally:
        await it.close()
