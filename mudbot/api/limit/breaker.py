"""A circuit breaker: an endpoint that fails several times in a row is left alone for a while.

While it is open calls fail at once, so that whoever waits gets a prepared line and not a timeout, and a server that
comes back up is not met by everybody.  Then one call goes to see; its success closes the breaker.
"""

from __future__ import annotations

import math

FAILURES = 5
"""In a row, that open it."""

FIRST, LONGEST = 5.0, 30.0
"""Seconds that it stays open the first time (a restart of a server takes about that), and at most, doubling."""

PATIENCE = 5.0
"""Seconds after which another call may go to see, though the last one that went has not come back."""


class Breaker:
    """Of one endpoint at one server.  Times are the Clock's seconds."""

    def __init__(self) -> None:
        self._failures = 0
        self._openings = 0
        self._until = -math.inf
        self.tested_at = -math.inf

    def __repr__(self) -> str:
        return f"<Breaker {'open' if self.open else 'closed'}, {self._failures} failures>"

    @property
    def failures(self) -> int:
        """How many there were in a row."""
        return self._failures

    @property
    def open(self) -> bool:
        """Whether calls are kept from the endpoint, but for those that go to see."""
        return self._failures >= FAILURES

    def wait(self, now: float) -> float:
        """Seconds until a call may go; 0 for now."""
        if not self.open:
            return 0.0
        return max(0.0, self._until - now, self.tested_at + PATIENCE - now)

    def enter(self, now: float) -> None:
        """A call goes now."""
        if self.open:
            self.tested_at = now

    def trip(self, now: float) -> None:
        """Open it at once, for as long as ever."""
        self._failures = max(self._failures, FAILURES)
        self._until = now + LONGEST

    def left(self) -> None:
        """The call that was to go did not: another may go in its place."""
        self.tested_at = -math.inf

    def succeeded(self) -> None:
        """The server answered."""
        self._failures = self._openings = 0
        self.tested_at = -math.inf

    def failed(self, now: float) -> None:
        """It did not, or failed."""
        self._failures += 1
        self.tested_at = -math.inf
        if self._failures >= FAILURES and now >= self._until:
            self._until = now + min(FIRST * 2.0**self._openings, LONGEST)
            self._openings += 1
