"""When to try again.  Pure decisions; the session sleeps."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field

FIRST = 1.0
"""Seconds at most before the first try after a drop."""
CAP = 300.0
SETTLED = 60.0
"""Seconds in the game after which a drop counts as the first one again."""
TAKEN = 300.0
"""Seconds to stay away at least after somebody else logged in as the same character."""
TAKEN_PER_HOUR = 3
"""Times an hour to come back after that: the owner may want to play it, and must not be thrown out again and again."""
BUSY = 30.0
"""Seconds to wait at least where the character is still in the game: a link that broke takes a while to be missed."""
MAX_REFUSALS = 2
"""Wrong passwords before the session stops: MUDs lock accounts, and ban addresses, that go on guessing."""

_CHANCE = random.Random()  # noqa: S311  # for waits; one is enough, its state takes 2.5 KB


@dataclass(slots=True)
class Reconnect:
    """Full-jitter exponential backoff (any wait from 0 to the bound, so that a herd does not return in step)."""

    cap: float = CAP
    """Seconds to wait at most."""
    chance: random.Random = _CHANCE
    failures: int = 0
    refusals: int = 0
    silences: int = 0
    _took: float | None = None
    _taken: deque[float] = field(default_factory=lambda: deque(maxlen=TAKEN_PER_HOUR))

    def after_drop(self, seconds_in_game: float) -> float:
        """Seconds to wait after the link ended."""
        if seconds_in_game >= SETTLED:
            self.failures = self.refusals = self.silences = 0
        bound = min(self.cap, FIRST * 2**self.failures)
        self.failures = min(self.failures + 1, 16)
        return self.chance.uniform(0, bound)

    def after_refusal(self) -> float | None:
        """Seconds to wait after the MUD refused the login; None means give up."""
        self.refusals += 1
        return None if self.refusals >= MAX_REFUSALS else self.cap

    def after_silence(self, *, reset: bool) -> float | None:
        """Seconds to wait after the link ended on the password without a word; None means give up.

        It may have been a broken link, the likelier if it was *reset*, or the MUD's way of refusing.
        """
        bounds = (5.0, 25.0, None) if reset else (5.0, None)
        self.silences += 1
        if self.silences > len(bounds):
            self.refusals = MAX_REFUSALS
            return None
        bound = bounds[self.silences - 1]
        return self.cap if bound is None else self.chance.uniform(0, bound)

    def may_take(self, now: float) -> bool:
        """Whether to throw out another link of the same character, once an hour: it may be a broken one of ours.

        Asked for again soon, somebody else is playing it.
        """
        if self._took is not None and now - self._took < 3600:
            return False
        self._took = now
        return True

    def after_busy(self) -> float:
        """Seconds to wait after the MUD did not take the character for the moment."""
        return BUSY + self.chance.uniform(0, BUSY)

    def after_takeover(self, now: float) -> float:
        """Seconds to wait after another login of the same character threw this one out; *now* in any seconds."""
        earliest = self._taken[0] + 3600 if len(self._taken) == TAKEN_PER_HOUR else 0.0
        wait = max(TAKEN, earliest - now)
        self._taken.append(now + wait)
        return wait

    def after_login(self) -> None:
        """The character is in: earlier refusals were not about the password."""
        self.refusals = self.silences = 0
