"""A plain telnet client for tests: the second character, who talks to the bot.

It is written without the product's code on purpose: a mistake there must not hide here.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from types import TracebackType
from typing import Self

IAC, DONT, DO, WONT, WILL, SB, SE = 255, 254, 253, 252, 251, 250, 240
"""Telnet commands (RFC 854)."""

ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
"""ANSI control sequences (ECMA-48)."""


class Telnet:
    """Takes telnet apart, byte by byte, and refuses every option."""

    def __init__(self) -> None:
        self._state = "text"
        self._verb = 0

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """Return the text in *data* and what must be answered."""
        text, answer = bytearray(), bytearray()
        for byte in data:
            if self._state == "text":
                if byte == IAC:
                    self._state = "iac"
                else:
                    text.append(byte)
            elif self._state == "iac":
                self._command(byte, text)
            elif self._state == "option":
                self._state = "text"
                if self._verb in (DO, WILL):
                    answer += bytes((IAC, WONT if self._verb == DO else DONT, byte))
            elif self._state == "sub":
                self._state = "sub-iac" if byte == IAC else "sub"
            else:
                self._state = "text" if byte == SE else "sub"
        return bytes(text), bytes(answer)

    def _command(self, byte: int, text: bytearray) -> None:
        self._state = "text"
        if byte == IAC:
            text.append(byte)
        elif byte in (DO, DONT, WILL, WONT):
            self._verb, self._state = byte, "option"
        elif byte == SB:
            self._state = "sub"


class Player:
    """A link to a MUD; what comes in is kept as lines without colours."""

    def __init__(self, name: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.name = name
        self.lines: list[str] = []
        """Every line received since the link was opened."""
        self.raw = bytearray()
        """Every byte received, telnet commands and colours included."""
        self._reader, self._writer = reader, writer
        self._telnet = Telnet()
        self._rest = b""
        self._seen = 0
        self._news = asyncio.Event()
        self._ended = asyncio.Event()
        self._task = asyncio.create_task(self._read(), name=f"player {name}")

    def __repr__(self) -> str:
        return f"<Player {self.name} {'gone' if self.gone else 'linked'}, {len(self.lines)} lines>"

    @classmethod
    async def open(cls, host: str, port: int, name: str) -> Self:
        """Connect; *name* is only for messages."""
        return cls(name, *await asyncio.open_connection(host, port))

    @property
    def gone(self) -> bool:
        """Whether the server, or something on the way, ended the link."""
        return self._ended.is_set()

    async def send(self, line: str | bytes) -> None:
        """Send one line (text goes as UTF-8; bytes go as they are) and its line end."""
        data = line.encode() if isinstance(line, str) else line
        self._writer.write(data.replace(b"\xff", b"\xff\xff") + b"\r\n")
        await self._writer.drain()

    async def expect(self, pattern: str, timeout: float = 10) -> str:  # noqa: ASYNC109 - tests read better so
        """Return the next line that *pattern* is found in; lines before it are passed over.

        Raises AssertionError with the lines that came instead, after *timeout* seconds or when the link ends.
        """
        start = self._seen
        wanted = re.compile(pattern)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                while True:
                    self._news.clear()
                    while self._seen < len(self.lines):
                        self._seen += 1
                        if wanted.search(self.lines[self._seen - 1]):
                            return self.lines[self._seen - 1]
                    if self.gone:
                        break
                    await self._news.wait()
        came = "\n".join(f"    {line}" for line in self.lines[start:]) or "    (nothing)"
        why = "the link ended" if self.gone else f"{timeout} s passed"
        raise AssertionError(f"{self.name} waited for {pattern!r}, but {why}; received:\n{came}")

    def mark(self) -> None:
        """Pass over everything received so far, so that the next ``expect`` looks at what is still to come."""
        self._seen = len(self.lines)

    async def wait_gone(self, timeout: float = 10) -> None:  # noqa: ASYNC109 - as above
        """Return when the link has ended; raise TimeoutError if it has not after *timeout* seconds."""
        async with asyncio.timeout(timeout):
            await self._ended.wait()

    async def close(self) -> None:
        """Hang up."""
        self._task.cancel()
        self._writer.close()
        with contextlib.suppress(OSError, TimeoutError, asyncio.CancelledError):
            async with asyncio.timeout(2):
                await self._writer.wait_closed()
        await asyncio.gather(self._task, return_exceptions=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _read(self) -> None:
        try:
            while data := await self._reader.read(4096):
                self._take(data)
        except OSError:
            pass  # a reset is an end like any other
        finally:
            self._ended.set()
            self._news.set()

    def _take(self, data: bytes) -> None:
        self.raw += data
        text, answer = self._telnet.feed(data)
        if answer:
            self._writer.write(answer)
        *lines, self._rest = (self._rest + text).split(b"\n")
        self.lines += [ESCAPES.sub("", line.rstrip(b"\r").decode(errors="replace")) for line in lines]
        self._news.set()
