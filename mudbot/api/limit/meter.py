"""One limit of so much a minute, kept smooth: the generic cell rate algorithm (GCRA), in process.

Theory.  A meter remembers one moment, ``paid``: when everything taken so far is worked off at the configured rate.
A call may go when ``paid`` is not later than now; it then moves ``paid`` on by cost / rate.  Who may go therefore does
not depend on how much is wanted: a big call goes as soon as a small one would, and all after it wait the longer.  So
big calls never starve, and a call that is bigger than the limit itself goes too, instead of waiting for ever.

An estimate that was too high is given back: ``paid`` moves to where it would stand, had the right cost been taken at
once.  If the meter has stood idle since, nothing is given back, because time had worked off the excess already.
"""

from __future__ import annotations

SLACK = 0.03
"""Seconds by which a call may catch up.  A timer that rings late by less loses no rate: "50 a second" measures 50.0.
At most 50 * 0.03 calls catch up at once, so any one second sees at most 53 of them; the bar is 55."""

LONGEST_DEBT = 60.0
"""Seconds.  Providers count a minute; a ``usage`` that claims more (a bug, a hostile server) blocks no longer."""


Taken = tuple[float, int]
"""What a call took of a meter, and in which busy period."""


class Meter:
    """*name* is the option that set it (shown in messages), *per_minute* the rate; times are the Clock's seconds."""

    def __init__(self, name: str, per_minute: float) -> None:
        self.name, self.per_minute = name, per_minute
        self.each = 60.0 / per_minute
        """Seconds that one of them takes."""
        self.paid = float("-inf")
        """When everything taken so far is worked off."""
        self.period = 0
        """How often it began to be busy."""

    def __repr__(self) -> str:
        return f"<Meter {self.name} ({self.per_minute:g})>"

    def wait(self, now: float) -> float:
        """Seconds until a call may go; 0 for now."""
        return max(0.0, self.paid - SLACK - now)

    def left(self, now: float) -> float:
        """What of a minute's worth could be taken at once without a debt that is longer than a minute."""
        return self.per_minute * min(1.0, max(0.0, 1.0 - (self.paid - SLACK - now) / 60.0))

    def take(self, cost: float, now: float) -> Taken:
        """Count a call that goes now."""
        if self.paid <= now:  # it stood idle: a new busy period begins, with nothing to catch up yet
            self.paid = now + SLACK
            self.period += 1
        self.paid += cost * self.each
        return cost, self.period

    def settle(self, taken: Taken, cost: float) -> None:
        """Correct what was taken to the true *cost*, 0 to give all of it back."""
        before, period = taken
        change = (max(0.0, cost) - before) * self.each
        if change > 0:
            self.paid += min(change, LONGEST_DEBT)
        elif period == self.period:
            self.paid += change
