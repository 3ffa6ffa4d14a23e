"""One character in one MUD: connect, log in, hear, speak, come back when the link drops.

The reading path is synchronous from the socket to the listener; only this class's own task waits for anything.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from mudbot.errors import BusyError, ConnectError, LoginError, MudError
from mudbot.events import Closed, Connected, Disconnected, Lines, LoggedIn, MudEvent, Room, SessionEvent, Speech
from mudbot.mud import dialect as dialects
from mudbot.mud.detect import Detector
from mudbot.mud.login import Character
from mudbot.mud.people import plain_name
from mudbot.mud.reconnect import MAX_REFUSALS, Reconnect
from mudbot.mud.room import RoomTracker
from mudbot.mud.spelling import in_both_scripts
from mudbot.mud.telnet import HUNG_UP, LOST, Address, Connection
from mudbot.mud.told import Tidings
from mudbot.mud.visit import Visit
from mudbot.mud.voice import Manner, Voice

if TYPE_CHECKING:
    from mudbot.clock import Clock
    from mudbot.mud.dialect import Dialect
    from mudbot.mud.outbox import Ended, Outbox
    from mudbot.mud.rules import Verb
    from mudbot.mud.skim import Finder

log = logging.getLogger(__name__)

LOGIN_TIMEOUT = 60.0
"""Seconds from the connection to the game; a MUD that asks something unforeseen would keep us waiting for ever."""
GOODBYE_TIME = 2.0
CONFIRMED = 150.0
"""Seconds in the game after which a login without a sign of success has worked, however little was shown; MUDs hang up
on those who stand at the door for one or two minutes."""
FEW_LINES = 4
"""Lines that a refusal takes at most: what is longer was the world."""
LOOK_TIMEOUT = 4.0
LOOK_QUIET = 0.5
"""Seconds without a line after which a room is seen, where no prompt ends it."""
LOOK_AGAIN = 20.0
"""Seconds between two looks for the id of somebody who whispers."""

State = Literal["new", "connecting", "logging in", "playing", "waiting", "stopped"]


class Session:
    """A character's presence in a MUD.  ``run`` keeps it there until ``stop``.

    *listener* gets every event but the echo of the character's own words, synchronously and in order, some at a time,
    many lines as ``Lines``; it must not raise and must not wait.  Without a *dialect* what the MUD shows decides, and
    until it does, the generic one serves.
    """

    def __init__(
        self,
        name: str,
        address: Address,
        dialect: Dialect | None,
        character: Character,
        *,
        clock: Clock,
        manner: Manner | None = None,
    ) -> None:
        self.name, self.address, self.character = name, address, character
        self.detector = None if dialect else Detector()
        """Set while it is not known yet what MUD it is."""
        self.dialect = dialect = dialect or dialects.load("generic")
        self.listener: Callable[[Sequence[SessionEvent]], None] = lambda _events: None
        self.tap: Callable[[Sequence[MudEvent]], None] | None = None
        """Gets everything that the link gives, the login too, before anything is made of it."""
        self.on_link: Callable[[Connection], None] | None = None
        """Gets each link before it is opened."""
        self.finder: Callable[[tuple[re.Pattern[str], ...]], Finder] | None = None
        """Makes what finds patterns in many lines at once; without it every line is read by itself."""
        self.state: State = "new"
        self.why = ""
        """Why it is in this state, for people."""
        self.room = RoomTracker(dialect)
        self.told = Tidings(character.name)
        self.reconnect = Reconnect()
        self._clock = clock
        encoding = "utf-8" if address.encoding == "auto" else address.encoding
        self.voice = Voice(name, dialect, encoding, manner or Manner(), clock)
        self.room.on_people = self.voice.people.learn
        self._visit: Visit | None = None
        self._link: Connection | None = None
        self._over: asyncio.Future[str] | None = None  # the reason, once the present link ended
        self._refusal: MudError | None = None
        self._since = 0.0
        self._looked = -LOOK_AGAIN
        self._timers: set[asyncio.Future[Any]] = set()
        self._looking: asyncio.Future[Any] | None = None
        self._stopping = asyncio.Event()
        self.own_names = frozenset(plain_name(n) for n in in_both_scripts(character.name, *character.aliases) if n)

    def __repr__(self) -> str:
        return f"<Session {self.name} {self.address} {self.state}{': ' + self.why if self.why else ''}>"

    # -- speaking --------------------------------------------------------------------------------------------------

    @property
    def outbox(self) -> Outbox:
        """What waits to be sent."""
        return self.voice.outbox

    def say(self, verb: Verb, text: str, target: str | None = None, *, beside: Speech | None = None) -> bool:
        """Queue *text* to be said with *verb*; False if nothing of it could be said (the log says why).

        *beside*: a question; what this does keeps its place among the words that answer it.
        """
        return self.voice.say(verb, text, target, beside=beside)

    def can_answer(self, speech: Speech) -> bool:
        """Whether there is a way to answer *speech*."""
        return self.voice.can_answer(speech)

    def answer(self, speech: Speech, text: str, *, typing: bool = False) -> bool:
        """Say *text* where *speech* was said; False if there is no way to.

        With *typing* it is not said before the character could have typed it since it heard *speech*.
        """
        looking = self._looking
        if looking is not None and not looking.done() and self.voice.must_look(speech):
            # Who whispered is about to be known.
            looking.add_done_callback(lambda _look: self.voice.answer(speech, text, typing=typing))
            return True
        return self.voice.answer(speech, text, typing=typing)

    async def find_out(self, speech: Speech) -> None:
        """Look who is here where it takes that to answer *speech*; wait for a look that is under way.

        At most once in 20 s, and for 5 s at most: whoever was not seen then cannot be answered yet.
        """
        if self.state == "playing" and self.voice.must_look(speech):
            self._look_for_somebody()
            if self._looking is not None and not self._looking.done():
                await asyncio.wait({self._looking})

    def command(self, text: str, *, urgent: bool = False, beside: Speech | None = None) -> None:
        """Queue a raw command of the dialect's or the owner's; *beside* is as for ``say``.

        Raises GateError if it is not one plain line.
        """
        self.voice.command(text, urgent=urgent, beside=beside)

    def sending(self, text: str, ended: Ended) -> Callable[[], None]:
        """Queue a raw command; *ended* is told when it leaves, or why it never will.  Call what is returned to undo it.

        Raises GateError if it is not one plain line.
        """
        return partial(self.outbox.withdraw, self.voice.command(text, ended=ended))

    def is_own(self, speech: Speech) -> bool:
        """Whether the character hears itself: an echo, or its own name on a channel."""
        names = {plain_name(speech.speaker or ""), plain_name(speech.id or "")}
        return speech.kind == "self" or bool(names & self.own_names)

    def is_own_name(self, name: str) -> bool:
        """Whether *name* is one of the character's."""
        return plain_name(name) in self.own_names

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

    @property
    def link(self) -> Connection | None:
        """The present link, or the last one."""
        return self._link

    async def once(self) -> None:
        """Be in the game until ``stop`` or until the link drops; no second try."""
        await self._once()

    async def run(self) -> None:
        """Be in the game until ``stop``.  Returns when stopped, or for good where the MUD refused the login twice."""
        sender = asyncio.create_task(self.outbox.run(), name=f"{self.name} outbox")
        try:
            while not self._stopping.is_set():
                wait = await self._once()
                if wait is None or self._stopping.is_set():
                    break
                soon = "at once" if wait < 1 else f"in {wait:.0f} s"
                self._become("waiting", f"{self.why}; trying again {soon}")
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
        self.outbox.close()
        for packet in self.voice.last_words(goodbye):
            link.write(packet.data)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_TIME):
                if self.dialect.goodbye and self._over is not None:
                    await asyncio.shield(self._over)
                else:
                    await link.flushed()
        link.abort("stopped")

    async def _once(self) -> float | None:
        """One link, from connecting to its end; how long to wait before the next, None for never again."""
        self._become("connecting")
        link, over, visit = self._begin()
        try:
            await self._open_or_stop(link)
            self.why = await over
        except ConnectError as exc:
            self.why = str(exc)
        self.outbox.close()
        for timer in list(self._timers):
            timer.cancel()
        return self._after(visit)

    def _after(self, visit: Visit) -> float | None:
        """How long to wait now that *visit* is over."""
        if self._refusal is not None:
            self.why = str(self._refusal)
            if isinstance(self._refusal, BusyError):
                return self.reconnect.after_busy()
            return self.reconnect.after_refusal() if isinstance(self._refusal, LoginError) else None
        in_game = self._clock.now() - self._since if visit.login.done else 0.0
        if visit.login.done:
            self.listener([Disconnected(self.why)])
        if visit.taken_lately:
            self.why = "somebody else logged in as the same character"
            return self.reconnect.after_takeover(self._clock.now())
        hung_up = self.why.startswith((HUNG_UP, LOST)) and visit.said_since <= FEW_LINES and not self._stopping.is_set()
        if visit.login.unconfirmed and in_game < CONFIRMED and hung_up:
            # On the password, in words that the dialect does not know: guessing on would lock us out.
            self.why = f"{self.why} after the password; check login.name and login.password"
            if visit.said_since:
                return self.reconnect.after_refusal()
            return self.reconnect.after_silence(reset=self.why.startswith(LOST))
        certain = not visit.login.unconfirmed or visit.said_since > FEW_LINES
        return self.reconnect.after_drop(in_game if certain else 0.0)

    def _begin(self) -> tuple[Connection, asyncio.Future[str], Visit]:
        self._refusal = None
        self._over = asyncio.get_running_loop().create_future()
        self._link = Connection(self.address, self._on_events)
        self._visit = Visit(self, self._link, self._clock)
        self.told.forget()
        if self.on_link is not None:
            self.on_link(self._link)
        self._since = self._clock.now()
        return self._link, self._over, self._visit

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
        self.logging_in()
        self.later(LOGIN_TIMEOUT, self._login_timed_out)
        assert self._visit is not None
        self._visit.opened()

    async def _sleep_or_stop(self, seconds: float) -> None:
        stopping = asyncio.ensure_future(self._stopping.wait())
        sleeping = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait({stopping, sleeping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stopping.cancel()
            sleeping.cancel()

    def _login_timed_out(self) -> None:
        if self.state == "logging in" and self._link is not None and self._visit is not None:
            self._link.abort(f"not logged in after {LOGIN_TIMEOUT:.0f} s; {self._visit.hint()}")

    @property
    def encoding_is_fixed(self) -> bool:
        """Whether the owner named the encoding, instead of having it found out."""
        return self.address.encoding != "auto"

    # -- called by the visit (synchronous) -------------------------------------------------------------------------

    def _on_events(self, events: Sequence[MudEvent]) -> None:
        visit = self._visit
        assert visit is not None
        self._follow_encoding()
        if self.tap is not None:
            self.tap(events)
        if isinstance(events, Lines):
            visit.hear_lines(events)
            return
        for event in events:
            if not self.alive:
                return
            if isinstance(event, Closed):
                assert self._over is not None
                visit.ended()
                self._over.set_result(event.reason)
            else:
                visit.hear(event)

    @property
    def alive(self) -> bool:
        """Whether there is a link that has not ended yet."""
        return self._over is not None and not self._over.done()

    def _follow_encoding(self) -> None:
        """Write in what the MUD turned out to write in."""
        if self.address.encoding == "auto" and self._link is not None and self._link.encoding != self.voice.encoding:
            self.voice.encoding = self._link.encoding

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Call *action* after *seconds*, unless the link ended before."""
        over = self._over
        assert over is not None

        async def wait() -> None:
            await self._clock.sleep(seconds)
            action()

        self._own(asyncio.ensure_future(wait()))

    def _own(self, task: asyncio.Future[Any]) -> None:
        """Keep *task* until it is done; the end of the link is its end, too."""
        self._timers.add(task)
        task.add_done_callback(self._timers.discard)

    def refuse(self, why: MudError) -> None:
        """The MUD will not have the character, or it cannot be typed into it."""
        self._refusal = why
        if self._link is not None:
            self._link.abort("login refused")

    def logging_in(self) -> None:
        """The link is there; text can come before the connection call returns."""
        if self.state == "connecting":
            self._become("logging in")
            self.listener([Connected()])

    def enter(self, *, confirmed: bool) -> None:
        """The character is in the game."""
        assert self._link is not None
        self._since = self._clock.now()
        if confirmed:
            self.reconnect.after_login()
        self._become("playing")
        self.outbox.open(self._link.write)
        self.listener([LoggedIn()])

    def adopt(self, dialect: Dialect, why: str) -> None:
        """Speak and hear *dialect* from now on."""
        log.info("%s: the dialect is %s: %s", self.name, dialect.name, why)
        self.dialect = dialect
        self.room = RoomTracker(dialect)
        self.room.on_people = self.voice.people.learn
        self.voice.adopt(dialect)

    def may_take(self) -> bool:
        """Whether to throw out another link of the character: a broken one of our own, if it is the first."""
        return self.reconnect.may_take(self._clock.now())

    def learn_who(self, speech: Speech) -> None:
        """Remember the speaker's id, or look who is here where it takes that to answer."""
        self.voice.people.hear(speech)
        if self.voice.must_look(speech):
            self._look_for_somebody()

    def _look_for_somebody(self) -> None:
        if (now := self._clock.now()) - self._looked >= LOOK_AGAIN:
            self._looked = now
            self._looking = asyncio.ensure_future(self.look())
            self._own(self._looking)

    def _become(self, state: State, why: str = "") -> None:
        if state == self.state and why == self.why:
            return
        self.state, self.why = state, why
        # That it is away an owner wants to know at any level.
        log.log(
            logging.WARNING if state == "waiting" else logging.INFO,
            *("%s: %s%s", self.name, state, f" ({why})" if why else ""),
        )
