"""One link to a MUD: bytes of a socket become events, in order and at once."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Protocol

from telnetlib3 import telopt

from mudbot.events import Closed, MudEvent, Prompt, PromptKind
from mudbot.mud import dial
from mudbot.mud.address import Address
from mudbot.mud.charset import Guess
from mudbot.mud.options import Offer
from mudbot.mud.stream import HUNG_UP, LOST, MudStream
from mudbot.mud.text import TextStream, decoder_name

__all__ = ["HUNG_UP", "LOST", "MAX_UNSENT", "QUIET", "Address", "Connection", "Listener", "Offer", "Tap"]

QUIET = 0.2
"""Seconds without text after which what stands at the end is taken for a prompt; most MUDs send neither GA nor EOR."""
MAX_UNSENT = 256 * 1024
"""Bytes the MUD may leave unread before the link counts as dead: replies to its telnet commands are never drained."""

log = logging.getLogger(__name__)

Listener = Callable[[Sequence[MudEvent]], None]
Dial = Callable[[Address, Callable[[], MudStream]], Awaitable[object]]
"""Makes a stream the protocol of a link to an address.  Raises ConnectError."""


class Tap(Protocol):
    """Sees the bytes of one link as they pass, in order.  No method may raise or wait."""

    def opened(self) -> None:
        """The link is up."""

    def heard(self, data: bytes) -> None:
        """What the MUD sent, telnet commands included but inflated, just before anything is made of it."""

    def compressed(self, size: int) -> None:
        """The last *size* bytes that were heard were compressed: they come again as what they mean."""

    def sent(self, data: bytes, *, hidden: bool) -> None:
        """What goes to the MUD; *hidden* where it was typed while the MUD hides what is typed."""

    def ended(self, reason: str) -> None:
        """Nothing more will come."""


class Connection:
    """One link to a MUD.  Events go to *listener*, synchronously and in order; the last one is always Closed.

    *listener* must not raise and must not wait.
    """

    def __init__(self, address: Address, listener: Listener) -> None:
        self.address = address
        self.tap: Tap | None = None
        """Told of all bytes; to be set before ``open``."""
        self.dial: Dial = dial.connect
        """The way there; to be set before ``open``."""
        self._listener = listener
        self._text = TextStream(address.encoding)
        self._read_as = self._text.encoding
        self._stream: MudStream | None = None
        self._transport: asyncio.Transport | None = None
        self._quiet: asyncio.TimerHandle | None = None
        self._quiet_at = 0.0
        self._paused = self._ended = False

    def __repr__(self) -> str:
        state = "closed" if self._ended else "open" if self._transport else "new"
        return f"<Connection {self.address} {state}{', paused' if self._paused else ''}>"

    async def open(self) -> None:
        """Connect, within 20 seconds.  Raises ConnectError naming the address; text may arrive before this returns."""
        tap = self.tap
        await self.dial(self.address, lambda: MudStream(self) if tap is None else _TappedStream(self, tap))

    def write(self, data: bytes) -> None:
        """Send bytes that passed the gate (IAC already doubled)."""
        if self._transport is None or self._ended:
            return
        self._transport.write(data)
        self.handled()

    async def flushed(self) -> None:
        """Return once what was written is on its way.  The caller bounds it: a MUD may not read."""
        while not self._ended and self._transport is not None:
            if not self._transport.get_write_buffer_size():
                return
            await asyncio.sleep(0.02)  # asyncio has no event for it

    def abort(self, reason: str) -> None:
        """End the link at once, without waiting for the other side; what was read and not given is dropped."""
        self.closed(reason)

    # -- flow ----------------------------------------------------------------------------------------------------------

    @property
    def paused(self) -> bool:
        """Whether the listener asked for no more."""
        return self._paused

    def pause(self) -> None:
        """Read no more until ``resume``; the MUD is held back by TCP.  Nothing is lost.

        Up to 4 KB of text still arrive, if this is called from the listener: the piece in hand is brought to its end.
        No quiet prompt is given meanwhile, and the end of the link is not told, unless by ``abort``.
        """
        self._set_paused(paused=True)

    def resume(self) -> None:
        """Go on, in a later turn of the event loop."""
        self._set_paused(paused=False)

    def _set_paused(self, *, paused: bool) -> None:
        if paused == self._paused or self._ended:
            return
        self._paused = paused
        if self._stream is not None:
            self._stream.pause(paused=paused)
        self._watch_quiet()

    # -- what the MUD's telnet said ------------------------------------------------------------------------------------

    @property
    def hides(self) -> bool:
        """Whether the MUD echoes what is typed, which it does to hide a password: it must not be shown or logged."""
        return self._stream is not None and not self._ended and self._stream.options.remote_option.enabled(telopt.ECHO)

    @property
    def round_trip(self) -> float | None:
        """Seconds that a packet takes to the other end (a proxy, where there is one) and back, as the kernel measures
        it all the time; None where the link is closed or the system does not tell (all but Linux)."""
        if self._transport is None or self._ended or not hasattr(socket, "TCP_INFO"):
            return None
        try:
            told = self._transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 72)
        except (OSError, AttributeError):  # a link that is no socket, or is no more
            return None
        # struct tcp_info of Linux' include/uapi/linux/tcp.h: tcpi_rtt, in microseconds.
        return int.from_bytes(told[68:72], sys.byteorder) / 1_000_000 if len(told) == 72 else None

    @property
    def negotiated(self) -> tuple[Offer, ...]:
        """The telnet options that the MUD brought up, in order, and which of them are in force.  Also after the end."""
        return self._stream.options.offers if self._stream is not None else ()

    @property
    def encoding(self) -> str:
        """What the MUD's text is read in by now: the address's, or what ``auto`` came to, in a name to encode with."""
        return self._text.encoding

    @property
    def guess(self) -> Guess | None:
        """How ``auto`` came to its encoding; None where the encoding was given."""
        return self._text.guess

    # -- called by the stream ------------------------------------------------------------------------------------------

    def opened(self, stream: MudStream, transport: asyncio.Transport) -> None:
        self._stream, self._transport = stream, transport
        if self._ended:
            stream.stop()
        elif self._paused:
            stream.pause(paused=True)

    def text_in(self, data: bytes) -> None:
        if self._ended:
            return
        lines = self._text.feed(data)
        if self._text.encoding != self._read_as:
            self._tell_encoding()
        if lines:
            self._listener(lines)
        self._watch_quiet()

    def marked(self, kind: bytes) -> None:
        self._prompt("ga" if kind == telopt.GA else "eor")

    def emit(self, event: MudEvent) -> None:
        if not self._ended:
            self._listener([event])

    def codec(self) -> str:
        return decoder_name(self._text.encoding)

    def handled(self) -> None:
        if self._transport is not None and self._transport.get_write_buffer_size() > MAX_UNSENT:
            self.abort("the MUD does not read what is sent to it")

    def closed(self, reason: str) -> None:
        if self._ended:
            return
        self._prompt("eof")
        self._finish(reason)

    def _finish(self, reason: str) -> None:
        if self._ended:  # the listener ended it on that prompt
            return
        self._ended = True
        if self._quiet is not None:
            self._quiet.cancel()
            self._quiet = None
        if self._stream is not None:
            self._stream.stop()
        self._listener([Closed(reason)])
        if self.tap is not None:
            self.tap.ended(reason)

    # -- prompts -------------------------------------------------------------------------------------------------------

    def _prompt(self, kind: PromptKind) -> None:
        found = self._text.flush(kind)
        if self._text.encoding != self._read_as:
            self._tell_encoding()
        if found is None and kind in ("ga", "eor"):
            found = Prompt("", kind)  # the mark alone: some MUDs end every message with it
        if found is not None:
            self.emit(found)

    def _watch_quiet(self) -> None:
        """Begin the quiet anew; the timer is moved when it fires, not at every read."""
        if self._ended or self._paused or not self._text.pending:
            return
        loop = asyncio.get_running_loop()
        self._quiet_at = loop.time() + QUIET
        if self._quiet is None:
            self._quiet = loop.call_at(self._quiet_at, self._on_quiet)

    def _on_quiet(self) -> None:
        self._quiet = None
        if self._ended or self._paused or not self._text.pending:
            return
        loop = asyncio.get_running_loop()
        if self._stream is not None and self._stream.waiting:  # more is here, its turn has not come
            self._watch_quiet()
        elif loop.time() < self._quiet_at:
            self._quiet = loop.call_at(self._quiet_at, self._on_quiet)
        else:
            self._prompt("quiet")
            self._watch_quiet()  # what ends inside a character is given only after a second quiet

    def _tell_encoding(self) -> None:
        self._read_as = self._text.encoding
        guess = self._text.guess
        log.info("%s: text is read as %s by now (%s)", self.address, self._read_as, guess.reason if guess else "")


class _TappedStream(MudStream):
    """A stream that tells a tap of every byte.  One of its own, so that a link without a tap has no more to do."""

    def __init__(self, link: Connection, tap: Tap) -> None:
        super().__init__(link)
        self._link: Connection = link
        self._tap = tap

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Whatever writes has the transport: telnetlib3 answers there, the link types there.
        tapped: Any = transport
        write = tapped.write

        def told(data: bytes) -> None:
            negotiates = data[:1] == telopt.IAC and data[1:2] != telopt.IAC
            self._tap.sent(bytes(data), hidden=self._link.hides and not negotiates)
            write(data)

        tapped.write = told
        self._tap.opened()
        super().connection_made(transport)

    def _handle(self, piece: bytes) -> None:
        self._tap.heard(piece)
        inflater, waiting = self._inflater, len(self._inbox)
        super()._handle(piece)
        if self._inflater is not inflater and self._inflater is not None:
            self._tap.compressed(max(len(self._inbox) - waiting, 0))  # what stood behind the beginning of compression
