"""One player's telnet connection: telnetlib3's server side below, the door and the world above.

Everything happens in the callback that brings the bytes; there is no task to own or to cancel.  Three bounds keep one
client from harming the process or the others: what it types is paced (its reading pauses), what it has not read yet
holds its own commands back, and when that grows or lasts too long, it is dropped.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import socket
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from telnetlib3.server_base import BaseServer
from telnetlib3.stream_reader import TelnetReader
from telnetlib3.telopt import BINARY, ECHO, GMCP, IAC, SB, SE, SGA, TM, WILL, WONT

from mudbot.local.tavern.commands import act
from mudbot.local.tavern.login import Login, Step
from mudbot.local.tavern.wire import Allowance, Codec, LineCutter, TypedLine
from mudbot.local.tavern.world import Character, World

log = logging.getLogger(__name__)

_EVERY_OPTION = frozenset(bytes([number]) for number in range(256))
# What the tavern may agree to.  ECHO joins only while a password is asked for: a client that is told WILL ECHO
# stops showing what is typed.  LOGOUT (RFC 727), compression, LINEMODE and the rest are refused.
_OURS = frozenset({SGA, GMCP, BINARY, TM})
_THEIRS = frozenset({SGA, GMCP, BINARY})

# Bytes read at once.  A chunk full of telnet commands is the slowest there is (4096 bytes of DO took 50 ms on a small
# machine); small chunks let others in between.
_CHUNK = 2048
# An unfinished subnegotiation swallows all text.  What clients send to a MUD takes a few hundred bytes.
_MAX_SUBNEGOTIATION = 16 * 1024
# Bytes that cost as much of a player's allowance as one line does.
_BYTES_PER_ACT = 256
# Above this many unread bytes a client's own commands wait (it may be slow; only `Limits.unread` drops it).
_CHOKE = 64 * 1024
# Seconds that a closed link has for its last words.
_LINGER = 2.0

# telnetlib3 warns of every odd byte; a hostile client would fill the log with that.
_telnet_log = logging.getLogger(f"{__name__}.telnet")
_telnet_log.setLevel(logging.ERROR)


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of the house one client may take."""

    links: int = 256
    """Connections at once; when all are taken, whoever has been at the login longest makes room."""
    line: int = 4096
    """Bytes of a typed line; the rest of it is dropped."""
    unread: int = 256 * 1024
    """Bytes that wait for a client that does not read; with more, it is dropped."""
    stall: float = 30.0
    """Seconds for which a client may leave what waits for it unread."""
    burst: float = 200.0
    """Commands at once."""
    rate: float = 100.0
    """Commands a second, when the burst is spent: more are held back, none is lost."""


class _PushReader(TelnetReader):
    """Hands text on as it comes, in order with telnet's own commands, instead of keeping it."""

    take: Callable[[bytes], None]

    def feed_data(self, data: bytes) -> None:
        self.take(data)


class Link(BaseServer):
    """A connection, from its first byte to its last.

    *admit* is asked whether there is room, *gone* is told once when the connection has ended.
    """

    def __init__(
        self,
        world: World,
        codec: Codec,
        limits: Limits,
        admit: Callable[[Link], bool],
        gone: Callable[[Link], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        agreed = self._loop.create_future()
        agreed.set_result(None)  # there is nothing to wait for: the login begins at once, whatever is negotiated
        super().__init__(encoding=False, reader_factory=_PushReader, _waiter_connected=agreed)
        self.lost: asyncio.Future[None] = self._loop.create_future()
        """Done when the connection has ended."""
        self.character: Character | None = None
        self._world, self._codec, self._limits = world, codec, limits
        self._admit, self._gone = admit, gone
        self._login = Login(world)
        self._cutter = LineCutter(limits.line)
        self._typed: deque[TypedLine] = deque()
        self._allowance = Allowance(limits.burst, limits.rate, self._loop.time())
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._over = self._choked = False
        self._speaks_telnet = self._has_gmcp = self._hides = False

    def __repr__(self) -> str:
        who = "at the login" if self.character is None else self.character.name
        return f"<Link {who}{', over' if self._over else ''}{', choked' if self._choked else ''}>"

    # -- what the world wants (Ears) -----------------------------------------------------------------------------

    def line(self, text: str) -> None:
        """Show one line."""
        self._send(self._codec.write(text) + b"\r\n")

    def gmcp(self, package: str, data: object) -> None:
        """Send a GMCP message as UTF-8 JSON, if the client agreed to GMCP."""
        if self._has_gmcp and not self._over:
            payload = f"{package} {json.dumps(data, ensure_ascii=False)}".encode()
            self._telnet.send_iac(IAC + SB + GMCP + payload.replace(IAC, IAC + IAC) + IAC + SE)
            self._check_unread()

    def close(self) -> None:
        """Hang up when what was sent has left, or shortly after."""
        if not self._over:
            self._finish()
            self._wire.close()
            self._timers["linger"] = self._loop.call_later(_LINGER, self._wire.abort)

    def drop(self, reason: str) -> None:
        """Hang up at once."""
        log.info("%r dropped: %s", self, reason)
        self._finish()
        self._wire.abort()

    # -- what asyncio and telnetlib3 call ------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._wire = transport
        if hasattr(transport, "max_size"):  # asyncio's own loops; others read what they like
            transport.max_size = _CHUNK
        transport.set_write_buffer_limits(high=_CHOKE)
        sock = transport.get_extra_info("socket")
        with contextlib.suppress(OSError):  # some systems refuse where the peer has hung up already
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _CHOKE)  # else the kernel keeps megabytes for each
        super().connection_made(transport)
        assert isinstance(self.reader, _PushReader)
        assert self.writer is not None
        self.reader.take = self._take_bytes
        self._telnet = self.writer
        self._telnet.log = _telnet_log
        self._telnet.slc_simulated = False
        self._telnet.always_wont = set(_EVERY_OPTION - _OURS)
        self._telnet.always_dont = set(_EVERY_OPTION - _THEIRS)
        self._welcome()

    def begin_negotiation(self) -> None:
        """Nothing: the offers went out with the first question (telnetlib3 would wait for the answers)."""

    def data_received(self, data: bytes) -> None:
        if self._over:
            return
        self._speaks_telnet = self._speaks_telnet or IAC in data
        self._allowance.spend(len(data) / _BYTES_PER_ACT, self._loop.time())
        super().data_received(data)
        # telnetlib3's own bound is 1 MiB for each connection, and nothing public tells how much it holds.
        if len(self._telnet._sb_buffer) > _MAX_SUBNEGOTIATION:  # noqa: SLF001
            self.drop("an endless telnet subnegotiation")
            return
        self._check_gmcp()
        self._pump()

    def eof_received(self) -> None:
        """Let asyncio close: what was sent before is still flushed."""

    def connection_lost(self, exc: Exception | None) -> None:
        self._finish()
        for timer in self._timers.values():
            timer.cancel()
        super().connection_lost(exc)
        if self.character is not None:
            self._world.leave(self.character, self)
        if not self.lost.done():
            self.lost.set_result(None)
            self._gone(self)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._choked = True
        reason = "it does not read what it is sent"
        self._timers["stall"] = self._loop.call_later(self._limits.stall, self.drop, reason)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._choked = False
        self._timers.pop("stall").cancel()
        self._pump()

    # -- inward --------------------------------------------------------------------------------------------------

    def _take_bytes(self, data: bytes) -> None:
        self._typed.extend(self._cutter.feed(data))

    def _pump(self) -> None:
        """Take typed lines, as far as the client may go on; read more only when all are taken."""
        while not self._over and not self._choked:
            wait = self._allowance.wait(self._loop.time())
            if wait > 0:
                if "pace" not in self._timers:
                    self._timers["pace"] = self._loop.call_later(wait, self._go_on)
                break
            if not self._typed:
                self._wire.resume_reading()
                return
            self._allowance.spend(1, self._loop.time())
            self._take(self._typed.popleft())
        self._wire.pause_reading()

    def _go_on(self) -> None:
        del self._timers["pace"]
        self._pump()

    def _take(self, typed: TypedLine) -> None:
        text = self._codec.read(typed)
        character = self.character
        if character is None:
            if self._hides:
                self._send(b"\r\n")  # the client did not show the line end either
            self._at_the_door(self._login.take(text))
            return
        if typed.cut:
            character.hear("line_cut")
        act(self._world, character, text)
        self._ask(character.phrases.text("prompt"))

    def _at_the_door(self, step: Step) -> None:
        if self._hides and not step.hides:
            self._hide(hide=False)
        for line in step.says:
            self.line(line)
        if step.ends:
            self.close()
        elif step.admits is not None:
            self.character = step.admits
            self._world.enter(step.admits, self)
            self._ask(step.admits.phrases.text("prompt"))
        else:
            if step.hides and not self._hides:
                self._hide(hide=True)
            self._ask(step.asks)

    def _check_gmcp(self) -> None:
        agreed = self._telnet.local_option.enabled(GMCP) or self._telnet.remote_option.enabled(GMCP)
        started, self._has_gmcp = agreed and not self._has_gmcp, agreed
        if started and self.character is not None and self.character.ears is self:
            self._world.send_room(self.character)

    # -- outward -------------------------------------------------------------------------------------------------

    def _welcome(self) -> None:
        if not self._admit(self):
            self.line(self._world.phrases.text("full"))
            self.close()
            return
        self._telnet.iac(WILL, GMCP)
        self._telnet.iac(WILL, SGA)
        self._at_the_door(self._login.begin())

    def _ask(self, prompt: str) -> None:
        """A prompt.  As FluffOS: GA after it for a client that speaks telnet and did not agree to SGA."""
        self._send(self._codec.write(prompt))
        if self._speaks_telnet and not self._over:
            self._telnet.send_ga()

    def _hide(self, *, hide: bool) -> None:
        """Offer to echo what is typed, and then do not: that hides a password.  Done once a link, so no offer races."""
        self._hides = hide
        (self._telnet.always_wont.discard if hide else self._telnet.always_wont.add)(ECHO)
        self._telnet.iac(WILL if hide else WONT, ECHO)

    def _send(self, data: bytes) -> None:
        if not self._over:
            self._telnet.write(data)
            self._check_unread()

    def _check_unread(self) -> None:
        if self._wire.get_write_buffer_size() > self._limits.unread:
            self.drop("too much waits for it unread")

    def _finish(self) -> None:
        """Take and send nothing more."""
        self._over = True
        self._typed.clear()
        for timer in self._timers.values():
            timer.cancel()
