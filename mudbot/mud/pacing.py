"""When a line may leave: what a MUD allows, and what it said since.  Pure: the time comes as an argument."""

from __future__ import annotations

from collections import deque

from mudbot.mud.dialect import Pace, Verb
from mudbot.mud.gate import Packet
from mudbot.mud.rules import Bucket

EPSILON = 1e-6
"""Seconds and tokens: less is rounding, for which nobody waits once more."""


class Rules:
    """When a packet may leave, by what left before and by what the MUD said of it.  No waiting, no queue."""

    def __init__(self, pace: Pace, now: float) -> None:
        self._pace = pace
        self._time = Stretched(now)
        self._commands = Tokens(pace, self._time, now)
        self._says = Tokens(pace.says, self._time, now) if pace.says else None
        self._on_channel: dict[str, float] = {}  # when the last line left, in stretched time
        self._said: dict[tuple[Verb, str, str], deque[float]] = {}
        self._held: dict[Verb | None, float] = {}
        self.banned: set[tuple[Verb, str | None]] = set()

    def adopt(self, pace: Pace, now: float) -> None:
        """Another pace from now on, with all that was counted and told."""
        self._pace = pace
        self._commands.adopt(pace, now)
        if pace.says is None:
            self._says = None
        elif self._says is None:
            self._says = Tokens(pace.says, self._time, now)
        else:
            self._says.adopt(pace.says, now)

    def earliest(self, packet: Packet, now: float) -> float:
        """When *packet* may leave, if nothing leaves before it: *now* or later."""
        at = max(now, self._commands.ready(now))
        if packet.verb is None:
            return at
        if self._says is not None:
            at = max(at, self._says.ready(now))
        if packet.verb == "channel" and (last := self._on_channel.get((packet.target or "").casefold())) is not None:
            at = max(at, self._time.real(last + self._pace.channel_gap))
        return max(at, self._held.get(None, now), self._held.get(packet.verb, now))

    def count(self, packet: Packet, now: float) -> None:
        """*packet* leaves now."""
        self._commands.take(now)
        if packet.verb is None:
            return
        if self._says is not None:
            self._says.take(now)
        if packet.verb == "channel" and self._pace.channel_gap:
            self._on_channel[(packet.target or "").casefold()] = self._time.at(now)
        if self._pace.repeat is not None:
            self._said.setdefault(_words(packet), deque()).append(now)

    def repeats(self, packet: Packet, now: float) -> bool:
        """Whether *packet* is once too often what was said there lately."""
        if self._pace.repeat is None or packet.verb is None:
            return False
        for words, times in list(self._said.items()):
            while times and now - times[0] > self._pace.repeat.window:
                times.popleft()
            if not times:
                del self._said[words]
        return len(self._said.get(_words(packet), ())) >= self._pace.repeat.times

    def bans(self, packet: Packet) -> bool:
        if packet.verb is None or not self.banned:
            return False
        return not self.banned.isdisjoint({(packet.verb, None), (packet.verb, (packet.target or "").casefold())})

    def hold(self, until: float, verbs: frozenset[Verb] | None) -> None:
        for verb in (None,) if verbs is None else verbs:
            self._held[verb] = max(until, self._held.get(verb, until))

    def held(self, now: float) -> str:
        """``, held for 40 s (tell)``, for ``repr``: the longest hold of each kind that is not over."""
        held = sorted((until - now, verb or "all speech") for verb, until in self._held.items() if until > now)
        return "".join(f", held for {seconds:.0f} s ({what})" for seconds, what in held)

    def slow(self, now: float, factor: float, seconds: float) -> None:
        self._commands.settle(now)
        if self._says is not None:
            self._says.settle(now)
        self._time.slow(now, factor, seconds)


class Stretched:
    """A time that runs slower than the clock for a while, so that all that is paced by it is stretched alike."""

    def __init__(self, now: float) -> None:
        self._from, self._passed = now, 0.0
        self._factor, self._until = 1.0, now

    def slow(self, now: float, factor: float, seconds: float) -> None:
        if factor < 1:
            raise ValueError(f"slow: a factor of {factor} would hasten; give 1 or more")
        if now < self._until:
            factor, seconds = max(factor, self._factor), max(seconds, self._until - now)
        self._from, self._passed = now, self.at(now)
        self._factor, self._until = factor, now + max(seconds, 0.0)

    def factor(self, now: float) -> float:
        return self._factor if now < self._until else 1.0

    def at(self, now: float) -> float:
        """The stretched time at *now*."""
        slow = min(now, self._until) - self._from
        return self._passed + slow / self._factor + max(now - self._until, 0.0)

    def real(self, at: float) -> float:
        """When the stretched time is *at*, if it is not slowed again."""
        ahead = at - self._passed
        slow = (self._until - self._from) / self._factor
        return self._from + ahead * self._factor if ahead <= slow else self._until + ahead - slow


class Tokens:
    """A token bucket in stretched time.  While that is slow the bucket holds less, too: no burst after a warning."""

    def __init__(self, bucket: Bucket, time: Stretched, now: float) -> None:
        self._bucket, self._time = bucket, time
        self._tokens, self._counted = bucket.burst, time.at(now)

    def adopt(self, bucket: Bucket, now: float) -> None:
        """Another bucket, from which what was taken lately is taken too, as far as there was so much in it."""
        self.settle(now)
        taken = self._bucket.burst - self._tokens
        self._bucket, self._tokens = bucket, max(bucket.burst - taken, 0.0)

    def settle(self, now: float) -> None:
        """Count what came in since."""
        most = max(self._bucket.burst / self._time.factor(now), 1.0)
        at = self._time.at(now)
        self._tokens = min(most, self._tokens + (at - self._counted) * self._bucket.per_second)
        self._counted = at

    def ready(self, now: float) -> float:
        """When there is a token to take: *now* or later."""
        self.settle(now)
        if self._tokens >= 1 - EPSILON:
            return now
        return self._time.real(self._counted + (1 - self._tokens) / self._bucket.per_second)

    def take(self, now: float) -> None:
        self.settle(now)
        self._tokens -= 1


def _words(packet: Packet) -> tuple[Verb, str, str]:
    """What is the same to a MUD that counts repetitions."""
    assert packet.verb is not None
    return packet.verb, (packet.target or "").casefold(), " ".join(packet.text.split()).casefold()
