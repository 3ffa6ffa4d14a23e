"""When to try again.  Pure decisions; the session sleeps."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

FIRST = 1.0
"""Seconds at most before the first try after a drop."""
CAP = 300.0
SETTLED = 60.0
"""Seconds in the game after which a drop counts as the first one again."""
MAX_REFUSALS = 2
"""Wrong passwords before the session stops: MUDs lock accounts, and ban addresses, that go on guessing."""


@dataclass(slots=True)
class Reconnect:
    """Full-jitter exponential backoff (any wait from 0 to the bound, so that a herd does not return in step)."""

    cap: float = CAP
    """Seconds to wait at most."""
    chance: random.Random = field(default_factory=random.Random)
    failures: int = 0
    refusals: int = 0

    def after_drop(self, seconds_in_game: float) -> float:
        """Seconds to wait after the link ended."""
        if seconds_in_game >= SETTLED:
            self.failures = self.refusals = 0
        bound = min(self.cap, FIRST * 2**self.failures)
        self.failures = min(self.failures + 1, 16)
        return self.chance.uniform(0, bound)

    def after_refusal(self) -> float | None:
        """Seconds to wait after the MUD refused the login; None means give up."""
        self.refusals += 1
        return None if self.refusals >= MAX_REFUSALS else self.cap

    def after_login(self) -> None:
        """The character is in: earlier refusals were not about the password."""
        self.refusals = 0
