"""The plain client for servers that ask, or even speak, without ending the line."""

from __future__ import annotations

import asyncio
import contextlib
import re

from tests.real.servers.player import ESCAPES, Player


class Wire(Player):
    """A Player that reads text as it stands, line ends or not."""

    _read_up_to = 0

    @property
    def text(self) -> str:
        """All that came, without telnet commands and colours."""
        return "\n".join([*self.lines, ESCAPES.sub("", self._rest.decode(errors="replace"))])

    async def send(self, line: str | bytes) -> None:
        """As a Player does; the line end that was typed ends the question's line, as it does on a screen."""
        if self._rest:
            self.lines.append(ESCAPES.sub("", self._rest.decode(errors="replace")))
            self._rest = b""
        await super().send(line)

    async def until(self, pattern: str, seconds: float = 10) -> str:
        """The text up to the next place that *pattern* is found at; what is behind it is left for the next call.

        Raises AssertionError with what came instead.
        """
        wanted = re.compile(pattern, re.MULTILINE)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    self._news.clear()
                    if found := wanted.search(self.text, self._read_up_to):
                        text, self._read_up_to = self.text[self._read_up_to : found.end()], found.end()
                        return text
                    if self.gone:
                        break
                    await self._news.wait()
        why = "the link ended" if self.gone else f"{seconds} s passed"
        raise AssertionError(
            f"{self.name} waited for {pattern!r}, but {why}; received: {self.text[self._read_up_to :]!r}"
        )

    async def answer(self, pattern: str, line: str) -> str:
        """Wait for a question and answer it; the text up to it."""
        text = await self.until(pattern)
        await self.send(line)
        return text

    async def send_raw(self, data: bytes) -> None:
        """Send exactly *data*: no line end is added, nothing is doubled."""
        self._writer.write(data)
        await self._writer.drain()
