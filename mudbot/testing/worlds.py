"""The worlds of the fixtures ``tavern`` and ``evennia``."""

from __future__ import annotations

import asyncio
from typing import Self

from mudbot.local.tavern import DIALECTS, Tavern
from mudbot.testing.servers.evennia import ESCAPES, LOGIN_SCREEN, Evennia
from mudbot.testing.stage import Options

WITHIN = 20.0
"""Seconds that making an account may take."""


class Inn:
    """The embedded world, with the manners of the dialect that the test chose."""

    def __init__(self, tavern: Tavern) -> None:
        self._tavern = tavern
        self.port, self.dialect = tavern.port, tavern.dialect

    @classmethod
    async def open(cls, options: Options) -> Self:
        """Open the door."""
        family = options.dialect if options.dialect in DIALECTS and options.dialect != "generic" else "tavern"
        tavern = Tavern(dialect=family, encoding=options.encoding, language=options.language)
        await tavern.start()
        return cls(tavern)

    async def enrol(self, name: str, password: str) -> None:
        """Where strangers are let in nothing has to be done."""
        if self.dialect != "tavern":
            self._tavern.register(name, password)

    async def close(self) -> None:
        """Close the door."""
        await self._tavern.close()


class EvenniaWorld:
    """A server that runs, and stays when the test is over."""

    dialect = "evennia"

    def __init__(self, server: Evennia) -> None:
        self._server = server
        self.port = server.port

    async def enrol(self, name: str, password: str) -> None:
        """Make an account with a character of the same name, unless there is one."""
        if name in self._server.accounts:
            return
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            async with asyncio.timeout(WITHIN):
                await _until(reader, LOGIN_SCREEN)
                writer.write(f"create {name} {password}\r\n".encode())
                await _until(reader, "Is this what you intended?")
                writer.write(b"y\r\n")
                await _until(reader, "A new account '")
        finally:
            writer.close()
        self._server.accounts[name] = password


async def _until(reader: asyncio.StreamReader, text: str) -> None:
    """Read up to *text*.  Raises AssertionError with what came where the server hangs up before."""
    came = b""
    while text not in ESCAPES.sub("", came.decode(errors="replace")):
        data = await reader.read(4096)
        if not data:
            raise AssertionError(f"Evennia hung up before it said {text!r}: {came.decode(errors='replace')}")
        came += data
