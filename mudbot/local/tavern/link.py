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
import re
import socket
from collections import deque
from collections.abc import Callable

from telnetlib3.server_base import BaseServer
from telnetlib3.stream_reader import TelnetReader
from telnetlib3.telopt import ECHO, GA, GMCP, IAC, SB, SE, WILL, WONT

from mudbot.local.tavern.commands import act
from mudbot.local.tavern.door import Door
from mudbot.local.tavern.hearing import hear
from mudbot.local.tavern.limits import Limits, allowance
from mudbot.local.tavern.login import Login, Step
from mudbot.local.tavern.offers import Offers
from mudbot.local.tavern.speech import obey
from mudbot.local.tavern.wire import EVERY_ENCODING, Codec, LineCutter, TypedLine, codec_named
from mudbot.local.tavern.world import Character, World

log = logging.getLogger(__name__)

# Bytes read at once.  A chunk full of telnet commands is the slowest there is (4096 bytes of DO took 50 ms on a small
# machine); small chunks let others in between.
_CHUNK = 2048
# An unfinished subnegotiation swallows all text.  What clients send to a MUD takes a few hundred bytes.
_MAX_SUBNEGOTIATION = 16 * 1024
# Bytes that cost as much of a player's allowance as one line does.
_BYTES_PER_ACT = 256
# Above this many unread bytes a client's own commands wait (it may be slow; only `Limits.unread` drops it).
_CHOKE = 64 * 1024
# Lines that wait behind a pager; with more, the oldest are gone.
_MAX_HELD = 1000
# Seconds that a closed link has for its last words.
_LINGER = 2.0

# telnetlib3 warns of every odd byte; a hostile client would fill the log with that.
_telnet_log = logging.getLogger(f"{__name__}.telnet")
_telnet_log.setLevel(logging.ERROR)
_UNSEEN = re.compile("\x1b\\[[0-9;]*[A-Za-z]")


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
        self._manners = world.manners
        self._admit, self._gone = admit, gone
        self._login = Login(world) if self._manners.door is None else Door(world)
        self._offers = Offers(self._manners.telnet, world)
        native = self._manners.door is None
        self._cutter = LineCutter(limits.line if native else self._manners.hearing.limit.bytes)
        self._typed: deque[TypedLine] = deque()
        self._allowance = allowance(world.manners, limits, self._loop.time())
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._held: deque[str] = deque(maxlen=_MAX_HELD)
        self._over = self._choked = False
        self._speaks_telnet = self._has_gmcp = self._hides = self._acting = False

    def __repr__(self) -> str:
        who = "at the login" if self.character is None else self.character.name
        return f"<Link {who}{', over' if self._over else ''}{', choked' if self._choked else ''}>"

    # -- what the world wants (Ears) -----------------------------------------------------------------------------

    def line(self, text: str) -> None:
        """Show one line, or several; what follows the last line end in *text* has none, if it cannot be seen."""
        character = self.character
        if not self._acting and character is not None and character.pages is not None and character.pages.holds:
            self._held.append(text)
            return
        prompt = self._manners.prompt
        alone = character is None or self._acting
        self._say(text if alone else prompt.before + text, start="" if character is None else self._manners.line_start)
        if not alone and prompt.again and not self._over:
            self._ask(prompt.text)
        elif self._manners.telnet.go_ahead.after == "lines":
            self._go_ahead()

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
        self._offers.bind(self._telnet)
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
        self._codec = self._offers.settle(self._codec)
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
        self._rest()
        character = self.character
        self._acting = True
        try:
            if self._manners.door is None:
                self._take_native(typed, character)
            else:
                self._take_heard(typed, character)
        finally:
            self._acting = False

    def _take_native(self, typed: TypedLine, character: Character | None) -> None:
        """The tavern's own way."""
        text = self._codec.read(typed)
        if character is None:
            if self._hides:
                self._send(b"\r\n")  # the client did not show the line end either
            self._at_the_door(self._login.take(text))
            return
        if typed.cut:
            character.hear("line_cut")
        act(self._world, character, text)
        self._ask(character.phrases.text("prompt"))

    def _take_heard(self, typed: TypedLine, character: Character | None) -> None:
        """As the family hears it: its limits, its pager, its commands."""
        heard = hear(typed, self._codec, self._manners.hearing)
        if heard.says:
            self._say(heard.says)
        if heard.hangs_up:
            self.close()
        elif character is None:
            self._at_the_door(self._login.take(heard.text))
        elif not heard.refused:
            if not self._turn_page(character, heard.text):
                obey(self._world, character, heard.text)
            self.show_prompt()

    def _turn_page(self, character: Character, text: str) -> bool:
        """Whether a pager took the line."""
        pages = character.pages
        answer = pages.answer(text) if pages is not None and pages.open else None
        if answer is None or pages is None:
            return False
        for line in answer:
            self._say(line or " ", start=self._manners.line_start)
        if not pages.open:
            while self._held:
                self._say(self._held.popleft(), start=self._manners.line_start)
        return True

    def show_prompt(self) -> None:
        """Show the prompt, or that of a pager that waits."""
        character = self.character
        if character is not None and character.ears is self and not self._over:
            pages = character.pages
            self._ask(self._manners.prompt.text if pages is None or not pages.open else pages.prompt)

    def _rest(self) -> None:
        """Begin to wait for the next command, but not for ever."""
        for name in ("idle", "door"):
            if name in self._timers:
                self._timers.pop(name).cancel()
        idle = self._limits.idle or self._manners.idle
        if idle is not None and self.character is not None:
            self._timers["idle"] = self._loop.call_later(idle, self._idled)

    def _idled(self) -> None:
        character = self.character
        if character is None or character.ears is not self:
            return
        character.hear("idle")
        for each in self._world.others_with(character):
            each.hear("idle_room", name=character.name)
        self._world.leave(character, self)
        self.close()

    def _at_the_door(self, step: Step) -> None:
        if self._hides and not step.hides:
            self._hide(hide=False)
            if self._manners.door is not None:
                self._say("")
        if step.encoding:
            self._codec = codec_named(step.encoding, EVERY_ENCODING)
        for line in step.says:
            self._say(line)
        if step.ends:
            self.close()
        elif step.admits is not None:
            self._acting, self.character = True, step.admits
            self._world.enter(step.admits, self)
            self._acting = False
            self._rest()
            self._ask(step.admits.phrases.text("prompt") if self._manners.door is None else self._manners.prompt.text)
        else:
            self._put_question(step)

    def _put_question(self, step: Step) -> None:
        hides = step.hides and not self._hides
        if hides and self._manners.door is None:
            self._hide(hide=True)
        self._ask(step.asks, hides=hides and self._manners.door is not None)
        if step.seconds is not None and isinstance(self._login, Door):
            login = self._login
            self._timers["door"] = self._loop.call_later(step.seconds, lambda: self._at_the_door(login.go_on()))

    def _check_gmcp(self) -> None:
        agreed = self._telnet.local_option.enabled(GMCP) or self._telnet.remote_option.enabled(GMCP)
        agreed = agreed and self._manners.telnet.gmcp_rooms
        started, self._has_gmcp = agreed and not self._has_gmcp, agreed
        if started and self.character is not None and self.character.ears is self:
            self._world.send_room(self.character)

    # -- outward -------------------------------------------------------------------------------------------------

    def _welcome(self) -> None:
        if not self._admit(self):
            self._say(self._world.phrases.text("full"))
            self.close()
            return
        self._offers.make()
        self._at_the_door(self._login.begin())

    def _ask(self, prompt: str, *, hides: bool = False) -> None:
        """A prompt, the offer to hide its answer, and GA where the family sends it."""
        if prompt:
            self._send(self._codec.write(prompt.replace("\n", self._manners.line_end)))
        if hides and not self._over:
            self._hide(hide=True)
        if prompt:
            self._go_ahead()

    def _go_ahead(self) -> None:
        when = self._manners.telnet.go_ahead.when
        if self._over or when == "never":
            return
        if when == "unless_sga":
            if self._speaks_telnet:
                self._telnet.send_ga()  # which looks at SGA itself
        elif when == "always" or self._offers.sga_refused:
            self._telnet.send_iac(IAC + GA)

    def _say(self, text: str, *, start: str = "") -> None:
        """Lines, each ended as the family does; a last one that shows nothing (a colour's end) is not."""
        *lines, last = text.split("\n")
        end = self._manners.line_end
        shown = end.join([*lines, last]) + ("" if lines and not _UNSEEN.sub("", last) else end)
        self._send(self._codec.write(start + shown))

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
