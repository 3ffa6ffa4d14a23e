"""How much may be asked of an API: the configured limits, and what one call costs of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from mudbot.errors import ConfigError, Problem


@dataclass(frozen=True, slots=True)
class Limits:
    """What the owner allows; None means no limit of that kind.

    A limit belongs to the organisation at the provider, so one ``Api`` with one ``Limits`` is shared by everything
    that uses that organisation.  Raises ConfigError, naming every value that cannot be.
    """

    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    images_per_minute: float | None = None
    concurrency: int = 4
    """Calls in flight at once."""
    queue: int = 100
    """Calls that may wait; one more raises QueueFullError at once."""
    deadline: float = 60.0
    """Seconds for a whole call, waiting and retries included, where the call names no other."""
    shared: str | None = field(default=None, repr=False)
    """``redis://…``: other processes of the same organisation use the rates above as well, and are counted there."""
    alone: float = 0.5
    """The part of the rates that this process keeps to while that Redis cannot be reached."""

    def __post_init__(self) -> None:
        rates = ("requests_per_minute", "tokens_per_minute", "images_per_minute")
        problems = [
            Problem(f"api.limits.{name}", f"{value} is no rate: give a number above 0, or leave it out for no limit")
            for name in rates
            if (value := getattr(self, name)) is not None and not (value > 0 and math.isfinite(value))
        ]
        if self.concurrency < 1:
            problems.append(Problem("api.limits.concurrency", f"{self.concurrency} lets no call through: at least 1"))
        if self.queue < 0:
            problems.append(Problem("api.limits.queue", f"{self.queue} is below 0"))
        if not self.deadline > 0:
            problems.append(Problem("api.limits.deadline", f"{self.deadline} leaves no time: seconds above 0"))
        if not 0 < self.alone <= 1:
            problems.append(Problem("api.limits.alone", f"{self.alone} is no part of a limit: above 0, at most 1"))
        if problems:
            raise ConfigError(*problems)


@dataclass(slots=True, unsafe_hash=True)  # frozen, it would take three times as long to make; every call makes one
class Cost:
    """What one call takes of the limits: estimated before it is sent, corrected when its answer is known."""

    requests: float = 1.0
    tokens: float = 0.0
    """Prompt and the longest reply together."""
    images: float = 0.0
    prompt: float = 0.0
    """The part of ``tokens`` that is the prompt."""
