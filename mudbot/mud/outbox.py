"""Pace and send, at most once.

A packet leaves the queue before it is written, so whatever happens next it is never sent twice; one that has waited too
long is dropped instead of being said late.  What may leave when is decided here without waiting (``_next``); only
``run`` waits, for the next moment at which something can leave or for a change.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mudbot.mud.dialect import Pace, Verb
from mudbot.mud.gate import Packet
from mudbot.mud.pacing import EPSILON, Rules

if TYPE_CHECKING:
    from mudbot.clock import Clock

log = logging.getLogger(__name__)

TTL = 30.0
"""Seconds after which a line is not said any more: an answer that late confuses more than silence does."""
MAX_WAITING = 200
LEAST_SLEEP = 0.001
"""Seconds: rounding must not make a busy loop of a wait that is as good as over."""

Place = tuple[Verb, str | None]
"""Where something is said: the verb, and to whom."""
Ended = Callable[[str | None], None]
"""Told once how it went with a packet: None as it was written to the link, else why it never will be."""


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    packet: Packet
    urgent: bool
    since: float
    due: float
    ended: Ended | None = None
    beside: Place | None = None

    def end(self, why: str | None) -> None:
        """It left, or it never will because of *why*."""
        if self.ended is not None:
            self.ended(why)

    @property
    def lane(self) -> tuple[bool, Verb | None, str]:
        """Whose order is kept among themselves."""
        verb, target = self.beside or (self.packet.verb, self.packet.target)
        return self.urgent, verb, (target or "").casefold()


class Outbox:
    """Lines on their way to the MUD.  ``run`` sends while it is open; it is owned by the session."""

    def __init__(self, pace: Pace, clock: Clock, name: str = "") -> None:
        self._clock, self._rules = clock, Rules(pace, clock.now())
        self._whose = f"{name}: " if name else ""  # for the log
        self._waiting: list[_Waiting] = []  # in the order of ``put``
        self._changed = asyncio.Event()
        self._write: Callable[[bytes], None] | None = None
        self.sent = 0
        self.sent_at = clock.now()
        """When the last line left, in seconds of the clock."""
        self.dropped = 0

    def __repr__(self) -> str:
        held = self._rules.held(self._clock.now())
        return f"<Outbox {self.waiting} waiting, {self.sent} sent, {self.dropped} dropped{held}>"

    @property
    def waiting(self) -> int:
        """How many lines wait to be sent."""
        return len(self._waiting)

    # -- what the session tells ------------------------------------------------------------------------------------

    def adopt(self, pace: Pace) -> None:
        """Keep to *pace* from now on, as the MUD turned out to be another than was thought.

        What was sent already counts, and what the MUD said of it holds.
        """
        self._rules.adopt(pace, self._clock.now())
        self._changed.set()

    def open(self, write: Callable[[bytes], None]) -> None:
        """Begin to send: the character is in the game.  What was banned may be tried again."""
        self._write = write
        self._rules.banned.clear()
        self._changed.set()

    def close(self) -> None:
        """Stop sending; what waits may still go out after a reconnect, if that comes before its time is over.

        But for urgent lines that were put while it was open: they answer a question that went with the link.
        """
        if self._write is not None:
            for entry in [entry for entry in self._waiting if entry.urgent]:
                self._drop(entry, "the link that it was for is gone")
        self._write = None
        self._changed.set()

    def put(
        self,
        packet: Packet,
        *,
        urgent: bool = False,
        typing: float = 0.0,
        ended: Ended | None = None,
        beside: Place | None = None,
    ) -> None:
        """Queue *packet*, to leave in *typing* seconds at the earliest; the oldest is dropped where too many wait.

        Lines to the same target with the same verb leave in the order in which they were put; others may pass them.
        *urgent* is for the login, the owner and the answers to the MUD's own questions: these leave before all that
        is not urgent, though at the pace of commands.  *ended* is called at the moment of the writing, before anything
        that the MUD answers can be read; it must not raise.  *beside* the words of an answer that also does something
        neither passes the other: it is where those words are said.

        The same words to the same place are dropped where the MUD would take them for spam (``Pace.repeat``), those of
        one answer too: a MUD counts lines and knows of no answers, and to wait would hold up what stands behind them.
        """
        now = self._clock.now()
        self._waiting.append(_Waiting(packet, urgent, now, now + max(typing, 0.0), ended, beside))
        if len(self._waiting) > MAX_WAITING:
            self._drop(min(self._waiting, key=lambda e: (e.urgent, e.packet.verb is None)), "too many lines wait")
        self._changed.set()

    def withdraw(self, packet: Packet) -> None:
        """Do not send *packet* any more, this very one; nothing happens if it left already."""
        self._waiting = [entry for entry in self._waiting if entry.packet is not packet]
        self._changed.set()

    def hold(self, seconds: float, verbs: frozenset[Verb] | None = None) -> None:
        """Say nothing with *verbs* (None: with any) for *seconds*: the MUD muted us.  Raw commands go on.

        A hold is never shortened by another.  What gets too old meanwhile is dropped.
        """
        self._rules.hold(self._clock.now() + seconds, verbs)
        self._changed.set()

    def slow(self, factor: float = 2.0, seconds: float = 300.0) -> None:
        """Stretch the pace by *factor* for *seconds*: the MUD said that we are too fast.

        Told again meanwhile, the greater factor and the later end count; factors are never multiplied.
        Raises ValueError for a factor below 1.
        """
        self._rules.slow(self._clock.now(), factor, seconds)
        self._changed.set()

    def ban(self, verb: Verb, target: str | None = None) -> None:
        """Drop all that is said with *verb*, to *target* if given, until ``open`` is called next."""
        self._rules.banned.add((verb, None if target is None else target.casefold()))
        self._changed.set()

    # -- sending ---------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Send what is put in, at the dialect's pace, until cancelled."""
        while True:
            self._changed.clear()
            found = self._next(self._clock.now()) if self._write else None
            if isinstance(found, _Waiting):
                self._send(found)
            else:
                await self._rest(found)

    def _next(self, now: float) -> _Waiting | float | None:
        """The line that leaves now, else when to ask again; None for nothing to do.  Drops what must not leave."""
        for entry in list(self._waiting):
            if now - entry.since > TTL:
                self._drop(entry, f"{now - entry.since:.0f} s old by now")
            elif self._rules.bans(entry.packet):
                self._drop(entry, "closed to us until the next login")
        soonest, lanes = None, set()
        for entry in sorted(self._waiting, key=lambda e: not e.urgent):  # stable: in the order of ``put``
            if entry.lane in lanes:
                continue
            at = max(entry.due, self._rules.earliest(entry.packet, now))
            ready = at <= now + EPSILON
            if ready and self._rules.repeats(entry.packet, now):
                self._drop(entry, "said too often")
                continue
            if ready:
                return entry
            lanes.add(entry.lane)
            at = min(at, entry.since + TTL + LEAST_SLEEP)  # when it is too late: it may hold others back
            soonest = at if soonest is None else min(soonest, at)
        return soonest

    def _send(self, entry: _Waiting) -> None:
        assert self._write is not None
        self._waiting.remove(entry)
        self._rules.count(entry.packet, self._clock.now())
        try:
            self._write(entry.packet.data)
        except Exception:
            # The link is going down, or the next write will tell; this line may have gone out: it is not tried again.
            self.dropped += 1
            log.exception("%snot said, the link failed: %s", self._whose, _shown(entry.packet))
            entry.end("the link failed")
        else:
            self.sent += 1
            self.sent_at = self._clock.now()
            entry.end(None)

    def _drop(self, entry: _Waiting, why: str) -> None:
        self._waiting.remove(entry)
        self.dropped += 1
        log.warning("%snot said, %s: %s", self._whose, why, _shown(entry.packet))
        entry.end(why)

    async def _rest(self, until: float | None) -> None:
        """Until the clock shows *until*, or something changed."""
        if until is None:
            await self._changed.wait()
            return
        sleeping = asyncio.ensure_future(self._clock.sleep(max(until - self._clock.now(), LEAST_SLEEP)))
        changed = asyncio.ensure_future(self._changed.wait())
        try:
            await asyncio.wait({sleeping, changed}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            changed.cancel()


def _shown(packet: Packet) -> str:
    """*packet* for the log, which is not to tell what was for one pair of ears."""
    if packet.verb in ("tell", "whisper"):
        return f"a {packet.verb} to {packet.target}, {len(packet.text)} characters"
    return packet.text
