"""telnetlib3 at the edge: a socket becomes events, bytes become packets.

Its negotiation engine is used, its reader is not: the engine hands text to a reader of ours as it parses, in order
with the telnet commands between it, so nothing is searched twice.  ``_reader_factory`` is not public in telnetlib3;
the version is pinned and ``tests/mud/test_telnet_contract.py`` keeps watch.
"""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import logging
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import telnetlib3
from telnetlib3 import telopt

from mudbot import __version__
from mudbot.errors import ConnectError
from mudbot.events import Closed, Gmcp, MudEvent, Prompt, PromptKind
from mudbot.mud.text import TextStream

log = logging.getLogger(__name__)
# A flood of telnet commands would log a warning each.
logging.getLogger("telnetlib3").setLevel(logging.ERROR)

QUIET = 0.2
"""Seconds without text after which what stands at the end is taken for a prompt; most MUDs send neither GA nor EOR."""
CONNECT_TIMEOUT = 20.0
READ_SIZE = 4096
"""Bytes a socket read: telnet commands are handled a read at a time, so this bounds how long a flood holds the loop."""
MAX_UNSENT = 256 * 1024
"""Bytes the MUD may leave unread before the link counts as dead: replies to its telnet commands are never drained."""
GMCP_MODULES = ["Core 1", "Char 1", "Room 1", "Comm.Channel 1"]

Listener = Callable[[Sequence[MudEvent]], None]


@dataclass(frozen=True, slots=True)
class Address:
    """Where a MUD is and how it speaks."""

    host: str
    port: int
    tls: bool = False
    encoding: str = "utf-8"

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


class _PushReader(telnetlib3.TelnetReader):
    """Hands on what it is fed at once, instead of buffering it for somebody to read."""

    link: Connection

    def feed_data(self, data: bytes) -> None:
        self.link.text_in(data)

    def feed_eof(self) -> None:
        super().feed_eof()
        self.link.closed("the MUD closed the connection")

    def set_exception(self, exc: Exception) -> None:
        super().set_exception(exc)
        self.link.closed(f"connection lost: {exc}")


class _Client(telnetlib3.TelnetClient):
    """The option policy of a MUD client."""

    _reader_factory = _PushReader

    def __init__(self, link: Connection, **options: Any) -> None:
        super().__init__(gmcp_modules=GMCP_MODULES, **options)
        self._link = link
        self._ttype_asked = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if hasattr(transport, "max_size"):  # not on TLS transports
            transport.max_size = READ_SIZE
        super().connection_made(transport)
        reader, writer = self.reader, self.writer
        assert isinstance(reader, _PushReader)
        assert writer is not None
        reader.link = self._link
        writer.slc_simulated = False
        self._keep_gmcp_in_utf8()  # by its specification, whatever the text is in
        # MCCP3 corrupts the stream, ZMP and MXP are not ours, and without SGA a server marks its prompts with GA.
        writer.always_dont |= {telopt.MCCP3_COMPRESS, telopt.ZMP, telopt.MXP, telopt.SGA}
        writer.always_wont |= {telopt.LINEMODE, telopt.TSPEED, telopt.XDISPLOC, telopt.STATUS, telopt.LFLOW}
        writer.set_iac_callback(telopt.GA, lambda _command: self._link.prompt("ga"))
        writer.set_iac_callback(telopt.CMD_EOR, lambda _command: self._link.prompt("eor"))
        self._link.opened(transport)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._link.check_unsent()  # answers to telnet commands are never drained, and such a flood brings no text

    def connection_lost(self, exc: Exception | None) -> None:
        # Called up to three times by telnetlib3; what it still holds must be read before it forgets it.
        while self._rx_queue and not self._closing:
            self._process_chunk(self._rx_queue.popleft())
        super().connection_lost(exc)

    def send_ttype(self) -> str:
        """The MTTS cycle (tintin.mudhalla.net/protocols/mtts): client name, terminal, capabilities.

        ANSI 1 + UTF-8 4 + 256 colours 8.
        """
        self._ttype_asked += 1
        utf8 = 4 if self._link.address.encoding == "utf-8" else 0
        return ("MUDBOT", "XTERM-256COLOR", f"MTTS {1 + utf8 + 8}")[min(self._ttype_asked, 3) - 1]

    def send_charset(self, offered: list[str]) -> str:
        """Accept the configured encoding, else decline: it is the owner who knows (a GBK port may offer UTF-8)."""
        ours = codecs.lookup(self._link.address.encoding).name
        for name in offered:
            with contextlib.suppress(LookupError):
                if codecs.lookup(name.strip()).name == ours:
                    # telnetlib3 is about to take it for GMCP as well, which stays in UTF-8.
                    asyncio.get_running_loop().call_soon(self._keep_gmcp_in_utf8)
                    return name
        return None  # type: ignore[return-value]  # telnetlib3 rejects on None; "" would send a malformed answer

    def _keep_gmcp_in_utf8(self) -> None:
        if self.writer is not None:
            self.writer.environ_encoding = "utf-8"

    def send_gmcp_hello(self) -> None:
        if not self._gmcp_hello_sent:
            self._gmcp_hello_sent = True
            assert self.writer is not None
            self.writer.send_gmcp("Core.Hello", {"client": "mudbot", "version": __version__})
            self.writer.send_gmcp("Core.Supports.Set", GMCP_MODULES)

    def on_gmcp(self, package: str, data: Any) -> None:
        self._link.emit(Gmcp(package, data))


class Connection:
    """One link to a MUD.  Events go to *listener*, synchronously and in order; the last one is always Closed.

    *listener* must not raise and must not wait.
    """

    def __init__(self, address: Address, listener: Listener) -> None:
        self.address = address
        self._listener = listener
        self._text = TextStream(address.encoding)
        self._transport: asyncio.Transport | None = None
        self._quiet: asyncio.TimerHandle | None = None
        self._ended = False

    def __repr__(self) -> str:
        state = "closed" if self._ended else "open" if self._transport else "new"
        return f"<Connection {self.address} {state}>"

    async def open(self) -> None:
        """Connect.  Raises ConnectError naming the address; text may arrive before this returns."""
        try:
            await telnetlib3.open_connection(
                self.address.host,
                self.address.port,
                encoding=False,  # bytes: text is decoded by TextStream
                client_factory=lambda **options: _Client(self, **options),
                connect_timeout=CONNECT_TIMEOUT,
                connect_maxwait=0.01,  # negotiation goes on in the background; nothing waits for it
                compression=False,
                cols=200,
                rows=60,
                ssl=ssl.create_default_context() if self.address.tls else None,
            )
        except (OSError, EOFError, UnicodeError) as exc:
            why = str(exc) or type(exc).__name__
            raise ConnectError(f"{self.address}: {why}; is the MUD up, and are host and port right?") from exc

    def write(self, data: bytes) -> None:
        """Send bytes that passed the gate (IAC already doubled)."""
        if self._transport is None or self._ended:
            return
        self._transport.write(data)
        self.check_unsent()

    def abort(self, reason: str) -> None:
        """End the link at once, without waiting for the other side."""
        if self._transport is not None:
            self._transport.abort()
        self.closed(reason)

    # -- called by the protocol ------------------------------------------------------------------------------------

    def opened(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        sock = transport.get_extra_info("socket")
        if sock is not None:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    async def flushed(self) -> None:
        """Return once what was written is on its way.  The caller bounds it: a MUD may not read."""
        while self._transport is not None and self._transport.get_write_buffer_size():  # noqa: ASYNC110  # no event
            await asyncio.sleep(0.02)

    def text_in(self, data: bytes) -> None:
        if self._ended:
            return
        if lines := self._text.feed(data):
            self._listener(lines)
        if self._quiet is not None:
            self._quiet.cancel()
            self._quiet = None
        if self._text.pending:
            self._quiet = asyncio.get_running_loop().call_later(QUIET, self._on_quiet)

    def prompt(self, kind: PromptKind) -> None:
        found = self._text.flush(kind)
        if found is None and kind in ("ga", "eor"):
            found = Prompt("", kind)  # the mark alone: some MUDs end every message with it
        if found is not None:
            self.emit(found)

    def check_unsent(self) -> None:
        if self._transport is not None and self._transport.get_write_buffer_size() > MAX_UNSENT:
            self.abort("the MUD does not read what is sent to it")

    def emit(self, event: MudEvent) -> None:
        if not self._ended:
            self._listener([event])

    def closed(self, reason: str) -> None:
        if self._ended:
            return
        if self._quiet is not None:
            self._quiet.cancel()
        self.prompt("eof")
        self._ended = True
        self._listener([Closed(reason)])

    def _on_quiet(self) -> None:
        self._quiet = None
        self.prompt("quiet")
