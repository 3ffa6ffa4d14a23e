"""Bytes off a socket, through telnet and decompression, a bounded piece at a time.

telnetlib3's own pipeline is not used: it inflates without bound, works through half a megabyte at one go and calls
its end up to three times.  Here no turn of the event loop takes more than one piece, reading stops while there is
too much waiting or the listener asked for a pause, and the end is told once, after all that came before it.

``_reader_factory``, ``_writer_factory``, the function that parses a chunk and the flags of MCCP2 are not public in
telnetlib3; the version is pinned and ``tests/mud/test_telnet_contract.py`` keeps watch.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Protocol

import telnetlib3
from telnetlib3 import telopt
from telnetlib3._base import _process_data_chunk as parse_chunk

from mudbot.errors import MudError
from mudbot.events import MudEvent
from mudbot.mud.address import Address
from mudbot.mud.inflate import Inflater
from mudbot.mud.options import OptionWriter

HUNG_UP, LOST = "the MUD closed the connection", "connection lost"
"""Why a link ended that was ended there, in peace or by a reset."""
log = logging.getLogger(__name__)
# A flood of telnet commands would log a warning each.
logging.getLogger("telnetlib3").setLevel(logging.ERROR)

PIECE = 16 * 1024
"""Bytes handled a turn, and bytes of a socket read: it bounds how long a flood holds the loop."""
LINES_PIECE = 4096
"""The same where lines are short: what a line costs, it costs however little stands on it."""
TLS_READ_SIZE = 16 * 1024
COMMANDS_PIECE = 1024
"""The same where telnet commands are many: one takes as long as a hundred bytes of text."""
MAX_WAITING = 64 * 1024
"""Bytes read and not handled, above which no more is read."""
MAX_SUBNEGOTIATION = 64 * 1024
"""Bytes of one; a big GMCP message has ten thousand."""
SUBNEGOTIATION_TIME = 10.0
"""Seconds from its beginning to its end.  Text is held back meanwhile."""


class Link(Protocol):
    """Who listens."""

    address: Address

    def opened(self, stream: MudStream, transport: asyncio.Transport) -> None: ...
    def text_in(self, data: bytes) -> None: ...
    def marked(self, kind: bytes) -> None: ...
    def emit(self, event: MudEvent) -> None: ...
    def codec(self) -> str: ...
    def handled(self) -> None: ...
    def abort(self, reason: str) -> None: ...
    def closed(self, reason: str) -> None: ...


class _PushReader(telnetlib3.TelnetReader):
    """Hands on what it is fed at once, instead of buffering it for somebody to read."""

    link: Link

    def feed_data(self, data: bytes) -> None:
        self.link.text_in(data)

    # The end is told by MudStream.

    def feed_eof(self) -> None: ...

    def set_exception(self, exc: Exception) -> None: ...


class MudStream(telnetlib3.TelnetClient):
    """The protocol of one connection."""

    _reader_factory = _PushReader
    _writer_factory = OptionWriter

    def __init__(self, link: Link) -> None:
        super().__init__(encoding=False)  # bytes: text is decoded by TextStream
        self._link = link
        self._inbox = bytearray()
        self._inflater: Inflater | None = None
        self._turn: asyncio.Handle | None = None
        self._held = self._full = self._over = False
        self._piece = PIECE  # how much to inflate next
        self._end: str | None = None
        self._sub_timer: asyncio.TimerHandle | None = None
        self._sub_seen = (0, 0)

    # -- set up --------------------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        if hasattr(transport, "max_size"):  # not on TLS transports
            transport.max_size = PIECE
        else:
            _trim(transport)
        super().connection_made(transport)
        assert isinstance(self.reader, _PushReader)
        self.reader.link = self._link
        self.options.begin(self._link.address, self._link.emit, self._link.codec)
        self.options.set_iac_callback(telopt.GA, self._link.marked)
        self.options.set_iac_callback(telopt.CMD_EOR, self._link.marked)
        self._link.opened(self, transport)

    @property
    def options(self) -> OptionWriter:
        """The telnet side, once connected."""
        assert isinstance(self.writer, OptionWriter)
        return self.writer

    def begin_negotiation(self) -> None:
        """Nothing: the MUD begins, and nobody waits for it to be done."""

    def setup_gmcp(self) -> None:
        """Nothing: see OptionWriter."""

    def setup_zmp(self) -> None:
        """Nothing: it is refused."""

    # -- flow ----------------------------------------------------------------------------------------------------------

    @property
    def waiting(self) -> bool:
        """Whether there is something read that was not handled yet."""
        return bool(self._inbox) or (self._inflater is not None and self._inflater.waiting)

    def pause(self, *, paused: bool) -> None:
        """Handle nothing and read nothing while *paused*; the piece in hand is brought to its end."""
        self._held = paused
        self._set_reading()
        self._watch_subnegotiation()
        self._go_on()

    def stop(self) -> None:
        """Let go of everything: nothing more is handled or told."""
        self._over = True
        self._inbox.clear()
        for handle in (self._turn, self._sub_timer):
            if handle is not None:
                handle.cancel()
        if self._transport is not None:
            self._transport.abort()
        if self.options.malformed:
            log.info("%s: %d telnet subnegotiations could not be read", self._link.address, self.options.malformed)
        # Not now: this may be called from inside of the parser.
        asyncio.get_running_loop().call_soon(self.options.close)

    def _set_reading(self) -> None:
        if self._transport is None or self._over or self._end is not None:
            return
        self._full = len(self._inbox) > MAX_WAITING or (self._full and self.waiting)
        if self._held or self._full:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _go_on(self) -> None:
        """Have another turn, if there is anything to do in it."""
        if self._turn is None and not self._over and not self._held and (self.waiting or self._end is not None):
            self._turn = asyncio.get_running_loop().call_soon(self._take_turn)

    # -- bytes ---------------------------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        if self._over:
            return
        if self._inbox or self._inflater or self._turn or self._held or len(data) > _bound(data):
            self._inbox += data
            if self._turn is None and not self._held:
                self._take_turn()
        else:  # the common case: nothing to put in between
            self._handle(data)
            self._go_on()
        if self._held or self._full or len(self._inbox) > MAX_WAITING:
            self._set_reading()

    def eof_received(self) -> None:
        self._ended(HUNG_UP)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._over:  # told already; let telnetlib3 put its own things away
            super().connection_lost(exc)
        else:
            self._ended(f"{LOST}: {exc}" if exc else HUNG_UP)

    def _ended(self, reason: str) -> None:
        if self._end is None:
            self._end = reason
            self._go_on()

    def _take_turn(self) -> None:
        self._turn = None
        if self._over or self._held:
            return
        try:
            piece = self._next_piece()
        except MudError as exc:
            self._link.abort(str(exc))
            return
        if piece:
            self._handle(piece)
        if self._inflater is not None and self._inflater.ended:
            self._inflater = None
            self.options.mccp2_active = False
        if self._end is not None and not self.waiting and not self._over and not self._held:
            self._link.closed(self._end)
            return
        if self._full:
            self._set_reading()
        self._go_on()

    def _next_piece(self) -> bytes:
        if self._inflater is not None:
            piece = self._inflater.take(self._inbox, self._piece)
            self._piece = _bound(piece)
            return piece
        piece = bytes(self._inbox[:PIECE])
        piece = piece[: _bound(piece)]
        del self._inbox[: len(piece)]
        return piece

    def _handle(self, piece: bytes) -> None:
        options = self.options
        parse_chunk(piece, options, self.reader, None, log.debug)
        if (rest := options._compressed_remainder) is not None:  # noqa: SLF001
            options._compressed_remainder = None  # noqa: SLF001
            self._inbox[:0] = rest
            self._inflater = Inflater()
        if not self._over:
            self._link.handled()
            self._watch_subnegotiation()

    def _watch_subnegotiation(self) -> None:
        """An unfinished one swallows all text that follows: give it a time and a size."""
        size = self.options.in_subnegotiation if not self._over and not self._held else None
        if size is not None and size > MAX_SUBNEGOTIATION:
            self._link.abort("endless telnet subnegotiation")
            return
        seen = (self.options.completed, size or 0)
        same = seen[0] == self._sub_seen[0] and seen[1] >= self._sub_seen[1]
        if self._sub_timer is not None and not (size is not None and same):
            self._sub_timer.cancel()
            self._sub_timer = None
        if size is not None and self._sub_timer is None:
            end = SUBNEGOTIATION_TIME
            self._sub_timer = asyncio.get_running_loop().call_later(
                end, self._link.abort, f"endless telnet subnegotiation: not ended after {end:.0f} s"
            )
        self._sub_seen = seen


def _trim(transport: asyncio.Transport) -> None:
    """Of the quarter of a megabyte that asyncio reads TLS into, leave what a record takes (RFC 8446: 16 KB)."""
    tls: Any = getattr(transport, "_ssl_protocol", None)
    if hasattr(tls, "max_size") and hasattr(tls, "_ssl_buffer") and hasattr(tls, "_ssl_buffer_view"):
        tls.max_size = TLS_READ_SIZE
        tls._ssl_buffer = bytearray(TLS_READ_SIZE)  # noqa: SLF001
        tls._ssl_buffer_view = memoryview(tls._ssl_buffer)  # noqa: SLF001


def _bound(data: bytes) -> int:
    """How many bytes like these are handled in one turn."""
    if data.count(255) * 16 > len(data):
        return COMMANDS_PIECE
    return LINES_PIECE if data.count(b"\n") * 24 > len(data) else PIECE
