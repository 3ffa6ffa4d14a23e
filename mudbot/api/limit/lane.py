"""What is known of one limit at the server: one endpoint and model, which it counts by themselves.

A 429 holds back everything that shares the limit, not each call by itself.  After the hold one call goes first; only
when the server has not refused it do more follow, twice as many each second.  So a storm of calls costs the server a
handful of refusals, whatever its size.  Where the owner has set no rate, a new lane begins with a few calls too.

A server that refuses again soon has a rate that it does not tell.  What it took between two refusals shows it: calls
then keep that pace, until a minute has passed without a refusal.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from mudbot.api.limit.limits import Cost
from mudbot.api.limit.told import ToldLimit
from mudbot.clock import Clock

COLD = 4
"""Calls that may be in flight before the first answer: refused all, they leave a storm of 50 at 54 requests."""

STEP = 1.0
"""Seconds in which a window doubles by itself.  A refusal comes at once, a good answer may take a minute to write."""

MEMORY = 60.0
"""Seconds for which a refusal says something about the pace: providers count by the minute."""

MARGIN = 1.05
"""A pace is kept this much slower than it was measured, so that keeping it is not refused by a hair."""


class Lane:
    """State of one limit.

    *name* says whose it is (``POST /chat/completions gpt-x``), *full* is the concurrency, *rounds* those of all lanes
    of the account, *cold* whether the server must be tried with few calls first because nobody has said what it
    allows.
    """

    def __init__(self, name: str, full: int, *, cold: bool) -> None:
        self.name = name
        self.wave = 0
        """Refusals so far, where those of calls that were in flight together count once."""
        self.row = 0
        """Waves since the last good answer."""
        self.held_until = -math.inf
        self._off_until = -math.inf
        self.running = 0
        """Requests in flight."""
        self.quiet = not (cold and full > COLD)
        """Whether nothing holds any call: no window, no hold, no pace, nothing told."""
        self._full = full
        self._window: int | None = COLD if cold and full > COLD else None
        self._since: float | None = None
        self._fresh = 0
        self._told = ToldLimit()
        self._refused_at = -math.inf
        self._taken = 0  # calls that the server took since then
        self._pace: float | None = None
        self._next = -math.inf

    def __repr__(self) -> str:
        window = "open" if self._window is None else f"window {self._window}"
        return f"<Lane {self.name}: {window}, wave {self.wave}, held until {self.held_until:.3f}>"

    def idle(self, now: float) -> bool:
        """Whether nothing would be lost if it were forgotten."""
        return not self.running and now - max(self.held_until, self._refused_at) > MEMORY

    def told(self, now: float) -> list[tuple[str, float, float]]:
        """What the server says of its own limits: kind, limit, what is left."""
        return self._told.left(now)

    def hold_off(self, until: float) -> None:
        """Nothing goes before *until*: the limit that other processes share has no room."""
        self._off_until = max(self._off_until, until)
        self.quiet = False

    def wait(self, cost: Cost, now: float) -> float:
        """Seconds until a call may go; 0 for now."""
        if now < self.held_until or now < self._off_until:
            return max(self.held_until, self._off_until) - now
        if self._told.knows and (told := self._told.wait(cost, now)[0]) > 0:
            return told
        if self._pace is not None:
            if now - self._refused_at > MEMORY:
                self._pace = None
            elif now < self._next:
                return self._next - now
        return self._warming(now)

    def _warming(self, now: float) -> float:
        """Seconds until the window of a server that is tried with few calls lets another one go."""
        if self._window is None:
            self.quiet = self._pace is None and not self._told.knows
        if self._window is None or self._since is None:
            return 0.0
        doublings = max(0, int((now - self._since) / STEP))
        if self._window << min(doublings, 20) >= self._full:
            self._window = None
        elif self._fresh >= self._window << doublings:
            return self._since + (doublings + 1) * STEP - now
        return 0.0

    def why(self, cost: Cost, now: float) -> str:
        """What holds a call that has to wait, in words."""
        if now < self.held_until:
            return f"{self.name}: the server refused a call (429) and asks to wait"
        if now < self._off_until:
            return "the limit that other processes use as well (api.limits.shared)"
        told, kind = self._told.wait(cost, now)
        if told > 0:
            return f"{self.name}: the server's own limit of {kind} (x-ratelimit-remaining-{kind})"
        if self._pace is not None and now < self._next:
            return f"{self.name}: the pace that the server was seen to keep (one in {self._pace:.2g} s)"
        return f"{self.name}: the server is tried with few calls first"

    def enter(self, cost: Cost, now: float) -> int:
        """A call goes now; returns the wave it belongs to."""
        if self._since is None:
            self._since = now
        if self._pace is not None:
            self._next = now + self._pace
        self._fresh += 1
        self.running += 1
        if self._told.knows:
            self._told.take(cost)
        return self.wave

    def leave(self, wave: int) -> None:
        """A call that entered in *wave* is over."""
        self.running -= 1
        if wave == self.wave:
            self._fresh -= 1

    def accept(self, wave: int, headers: Mapping[str, str], clock: Clock) -> None:
        """The server took a call.  One that went before the last refusal proves nothing about now."""
        if self._told.knows or "x-ratelimit-limit-requests" in headers or "x-ratelimit-limit-tokens" in headers:
            self._told.observe(headers, clock.now())
            self.quiet = False
        self._taken += 1
        if wave == self.wave:
            self.row = 0
            if self._window is not None:
                self._window += 1

    def refuse(self, wave: int, wait: float, now: float) -> None:
        """The server refused a call (429): nothing goes for *wait* seconds."""
        self.held_until = max(self.held_until, now + wait)
        self.quiet = False
        self._told.forget()
        if wave != self.wave:
            return
        self.wave += 1
        self.row += 1
        self._window, self._since, self._fresh = 1 if self._full > 1 else None, None, 0
        since = now - self._refused_at
        if self._taken and 0 < since <= MEMORY:
            self._pace = since / self._taken * MARGIN
        self._refused_at, self._taken = now, 0
