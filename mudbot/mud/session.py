"""One character in one MUD: connect, log in, hear, speak, come back when the link drops.

The reading path is synchronous from the socket to the listener; only this class's own task waits for anything.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mudbot.errors import ConnectError, GateError, LoginError, MudError
from mudbot.events import Closed, Disconnected, Gmcp, Line, LoggedIn, MudEvent, Prompt, Room, Speech
from mudbot.mud.dialect import Dialect, Verb
from mudbot.mud.gate import Gate, Packet
from mudbot.mud.login import Login
from mudbot.mud.outbox import Outbox
from mudbot.mud.reconnect import MAX_REFUSALS, Reconnect
from mudbot.mud.room import RoomTracker
from mudbot.mud.telnet import Address, Connection

if TYPE_CHECKING:
    from mudbot.clock import Clock

log = logging.getLogger(__name__)

LOGIN_TIMEOUT = 60.0
"""Seconds from the connection to the game; a MUD that asks something unforeseen would keep us waiting for ever."""
GOODBYE_TIME = 2.0
CONFIRMED = 10.0
"""Seconds in the game after which a login without a sign of success has worked."""
LOOK_TIMEOUT = 4.0
LOOK_QUIET = 0.5
"""Seconds without a line after which a room is seen, where no prompt ends it."""

State = Literal["new", "connecting", "logging in", "playing", "waiting", "stopped"]
SessionEvent = Line | Prompt | Gmcp | Speech | LoggedIn | Disconnected


@dataclass(frozen=True, slots=True)
class Character:
    """Who logs in, and what else the MUD may call it (so that it knows its own words)."""

    name: str
    password: str
    aliases: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Character({self.name!r})"


class Session:
    """A character's presence in a MUD.  ``run`` keeps it there until ``stop``.

    *listener* gets every event but the echo of the character's own words, synchronously and in order; it must not
    raise and must not wait.
    """

    def __init__(self, name: str, address: Address, dialect: Dialect, character: Character, *, clock: Clock) -> None:
        self.name, self.address, self.dialect, self.character = name, address, dialect, character
        self.listener: Callable[[SessionEvent], None] = lambda _event: None
        self.state: State = "new"
        self.why = ""
        """Why it is in this state, for people."""
        self.room = RoomTracker(dialect)
        self.outbox = Outbox(dialect.pace, clock)
        self.reconnect = Reconnect()
        self._clock = clock
        self._gate = Gate(dialect, address.encoding)
        self._login = Login(dialect)
        self._link: Connection | None = None
        self._over: asyncio.Future[str] | None = None  # the reason, once the present link ended
        self._refusal: MudError | None = None
        self._since = 0.0
        self._amid_line = False
        self._stopping = asyncio.Event()
        self.own_names = frozenset(n.casefold() for n in (character.name, *character.aliases) if n)

    def __repr__(self) -> str:
        return f"<Session {self.name} {self.address} {self.state}{': ' + self.why if self.why else ''}>"

    # -- speaking --------------------------------------------------------------------------------------------------

    def say(self, verb: Verb, text: str, target: str | None = None) -> bool:
        """Queue *text* to be said with *verb*; False if nothing of it could be said (the log says why)."""
        try:
            packets = self._gate.speak(verb, text, target)
        except GateError as exc:
            log.warning("%s: not said: %s", self.name, exc)
            return False
        for packet in packets:
            self.outbox.put(packet)
        return bool(packets)

    def can_answer(self, speech: Speech) -> bool:
        """Whether there is a way to answer *speech*."""
        return self.dialect.answer_to(speech) is not None

    def answer(self, speech: Speech, text: str) -> bool:
        """Say *text* where *speech* was said; False if there is no way to."""
        route = self.dialect.answer_to(speech)
        return self.say(route[0], text, route[1]) if route else False

    def command(self, text: str) -> None:
        """Queue a raw command of the dialect's or the owner's.  Raises GateError if it is not one plain line."""
        self.outbox.put(self._gate.command(text))

    def is_own(self, speech: Speech) -> bool:
        """Whether the character hears itself: an echo, or its own name on a channel."""
        names = {(speech.speaker or "").casefold(), (speech.id or "").casefold()}
        return speech.kind == "self" or bool(names & self.own_names)

    async def look(self) -> Room:
        """The room as the MUD shows it now; what is known already where it does not answer within 4 seconds."""
        if self.state == "playing":
            looked = self.room.expect()
            self.command(self.dialect.room.look)
            before = 0
            for _ in range(round(LOOK_TIMEOUT / LOOK_QUIET)):
                await asyncio.wait({looked}, timeout=LOOK_QUIET)
                if looked.done():
                    break
                if before and before == self.room.seen:
                    self.room.finish()
                before = self.room.seen
        return self.room.current

    # -- living ----------------------------------------------------------------------------------------------------

    @property
    def refused(self) -> bool:
        """Whether the MUD refused the login for good: nothing but the owner can mend that."""
        return self.reconnect.refusals >= MAX_REFUSALS

    async def run(self) -> None:
        """Be in the game until ``stop``.  Returns when stopped, or for good where the MUD refused the login twice."""
        sender = asyncio.create_task(self.outbox.run(), name=f"{self.name} outbox")
        try:
            while not self._stopping.is_set():
                wait = await self._once()
                if wait is None or self._stopping.is_set():
                    break
                self._become("waiting", f"{self.why}; trying again in {wait:.0f} s")
                with contextlib.suppress(TimeoutError):
                    await self._sleep_or_stop(wait)
        finally:
            sender.cancel()
            self._become("stopped", "" if self._stopping.is_set() else self.why)

    async def stop(self, goodbye: str | None = None) -> None:
        """Leave the game: say *goodbye* if given, quit where the dialect has a word for it, and hang up."""
        self._stopping.set()
        link = self._link
        if link is None or self.state != "playing":
            if link is not None:
                link.abort("stopped")
            return
        self._leave(link, goodbye)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_TIME):
                if self.dialect.goodbye and self._over is not None:
                    await asyncio.shield(self._over)
                else:
                    await link.flushed()
        link.abort("stopped")

    def _leave(self, link: Connection, goodbye: str | None) -> None:
        """Write the last words past whatever waits and whatever the pace is: there is no later."""
        self.outbox.close()
        try:
            packets = self._gate.speak("say", goodbye) if goodbye else []
        except GateError as exc:
            log.warning("%s: goodbye not said: %s", self.name, exc)
            packets = []
        if self.dialect.goodbye:
            packets.append(self._gate.command(self.dialect.goodbye))
        for packet in packets:
            link.write(packet.data)

    async def _once(self) -> float | None:
        """One link, from connecting to its end; how long to wait before the next, None for never again."""
        self._become("connecting")
        link, over = self._begin()
        try:
            await self._open_or_stop(link)
            self.why = await over
        except ConnectError as exc:
            self.why = str(exc)
        self.outbox.close()
        if self._refusal is not None:
            self.why = str(self._refusal)
            return self.reconnect.after_refusal() if isinstance(self._refusal, LoginError) else None
        in_game = self._clock.now() - self._since if self._login.done else 0.0
        if self._login.done:
            self.listener(Disconnected(self.why))
        if self._login.unconfirmed and in_game < CONFIRMED and not self._stopping.is_set():
            # The MUD hung up on the password, in words that the dialect does not know: guessing on would lock us out.
            self.why = f"{self.why} after the password; check login.name and login.password"
            return self.reconnect.after_refusal()
        return self.reconnect.after_drop(in_game)

    def _begin(self) -> tuple[Connection, asyncio.Future[str]]:
        self._login, self._refusal = Login(self.dialect), None
        self._over = asyncio.get_running_loop().create_future()
        self._link = Connection(self.address, self._on_events)
        self._since = self._clock.now()
        self._amid_line = False
        return self._link, self._over

    async def _open_or_stop(self, link: Connection) -> None:
        """Connect, but let ``stop`` end the waiting: a black-holed address would hold it for many seconds."""
        opening = asyncio.ensure_future(link.open())
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.wait({opening, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not opening.done():
                opening.cancel()
                raise ConnectError("stopped while connecting")
            opening.result()
        finally:
            stopping.cancel()
        if self._stopping.is_set():
            link.abort("stopped")
            return
        if self.state == "connecting":
            self._become("logging in")
        self._schedule(LOGIN_TIMEOUT, self._login_timed_out)
        if not self.dialect.login.steps and self._login.settling is not None:
            self._schedule(self._login.settling, lambda _link: self._settled(0))

    async def _sleep_or_stop(self, seconds: float) -> None:
        stopping = asyncio.ensure_future(self._stopping.wait())
        sleeping = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait({stopping, sleeping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            sleeping.cancel()

    def _schedule(self, seconds: float, action: Callable[[Connection], None]) -> None:
        """Call *action* after *seconds*, unless the link ended before."""
        link, over = self._link, self._over
        assert link is not None
        assert over is not None

        async def later() -> None:
            await self._clock.sleep(seconds)
            action(link)

        task = asyncio.ensure_future(later())
        over.add_done_callback(lambda _over: task.cancel())

    # -- hearing (synchronous) -------------------------------------------------------------------------------------

    def _on_events(self, events: Sequence[MudEvent]) -> None:
        for event in events:
            if self._over is None or self._over.done():
                return
            if isinstance(event, Closed):
                self._over.set_result(event.reason)
            elif self.state == "playing":
                self._heard(event)
            else:
                self._answer_login(event)

    def _answer_login(self, event: Line | Prompt | Gmcp) -> None:
        if isinstance(event, Gmcp):
            self.room.hear_gmcp(event)
            return
        if self.state == "connecting":  # text can come before the connection call returns
            self._become("logging in")
        assert self._link is not None
        try:
            answer = self._login.hear(event.text)
            packet = self._typed(answer.template) if answer else None
        except (LoginError, GateError) as exc:
            self._refusal = exc
            self._link.abort("login refused")
            return
        if packet is not None:
            log.info("%s: login: %s", self.name, packet.text)
            self._link.write(packet.data)
            if self._login.settling is not None:
                answered = self._login.answered
                self._schedule(self._login.settling, lambda _link: self._settled(answered))
        elif self._login.done:
            self._enter()
            self._heard(event)

    def _typed(self, template: str) -> Packet:
        """An answer of the login.  Raises GateError where name or password cannot be typed into this MUD."""
        return self._gate.secret(template, name=self.character.name, password=self.character.password)

    def _settled(self, answered: int) -> None:
        """No question since the last answer: without a sign of success that must do."""
        if self.state == "logging in" and self._login.answered == answered:
            self._enter()

    def _login_timed_out(self, link: Connection) -> None:
        if self.state == "logging in":
            link.abort(f"not logged in after {LOGIN_TIMEOUT:.0f} s; the dialect's login steps may not fit this MUD")

    def _enter(self) -> None:
        assert self._link is not None
        self._login.done = True
        self._since = self._clock.now()
        if not self._login.unconfirmed:
            self.reconnect.after_login()
        self._become("playing")
        self.outbox.open(self._link.write)
        self.listener(LoggedIn())

    def _heard(self, event: Line | Prompt | Gmcp) -> None:
        if isinstance(event, Gmcp):
            self.room.hear_gmcp(event)
            self.listener(event)
            return
        speech = self.dialect.hear_line(event) if isinstance(event, Line) and not self._amid_line else None
        # The rest of a line that was too long begins where its sender chose: nothing in it is speech.
        self._amid_line = isinstance(event, Line) and event.cut
        if speech is None:
            self.room.hear(event)
        elif self.is_own(speech):
            return  # nothing that the character said itself goes any further
        self.listener(event)
        if speech is not None:
            self.listener(speech)

    def _become(self, state: State, why: str = "") -> None:
        if state == self.state and why == self.why:
            return
        self.state, self.why = state, why
        log.info("%s: %s%s", self.name, state, f" ({why})" if why else "")
