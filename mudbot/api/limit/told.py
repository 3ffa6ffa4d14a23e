"""The server's own limit, learned from the ``x-ratelimit-*`` headers of its answers, so that it need not refuse first.

A header triple says: of ``limit`` there is ``remaining``, and all of it is back after ``reset``.  The limit then
refills by one each ``reset / (limit - remaining)`` seconds, whatever its window is (OpenAI sends a day's limit on some
accounts, a minute's on others).  For a server that refills all at once at the end of a window this is too hopeful: it
refuses one call, and its Retry-After then holds the rest back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mudbot.api.limit.limits import Cost
from mudbot.api.wire.retry import parse_duration

LONGEST = 60.0
"""Seconds that a header may hold calls back.  Some gateways send constants; the server's own 429 decides in the end."""


@dataclass(slots=True)
class _Left:
    limit: float
    remaining: float
    reset: float
    """Seconds from ``seen`` until all is back."""
    each: float
    """Seconds in which one comes back."""
    seen: float

    def wait(self, cost: float, now: float) -> float:
        """Seconds until *cost* is there again; 0 where the headers hold nothing back."""
        if self.remaining >= cost:
            return 0.0
        return max(0.0, self.seen + min(self.reset, (cost - self.remaining) * self.each, LONGEST) - now)


class ToldLimit:
    """What one model's answers told last about requests and tokens."""

    def __init__(self) -> None:
        self._left: dict[str, _Left] = {}

    def __repr__(self) -> str:
        return (
            "<ToldLimit "
            + ", ".join(f"{kind} {left.remaining:g}/{left.limit:g}" for kind, left in self._left.items())
            + ">"
        )

    @property
    def knows(self) -> bool:
        """Whether anything was told."""
        return bool(self._left)

    def left(self, now: float) -> list[tuple[str, float, float]]:
        """Of each kind its limit, and what is there now if it comes back as steadily as it is taken to."""
        return [
            (kind, left.limit, min(left.limit, max(0.0, left.remaining + (now - left.seen) / left.each)))
            for kind, left in self._left.items()
        ]

    def observe(self, headers: Mapping[str, str], now: float) -> None:
        """Note what an answer says; a kind that it does not mention, or mentions without sense, is forgotten."""
        for kind in ("requests", "tokens"):
            limit, remaining = (
                parse_duration(headers.get(f"x-ratelimit-{name}-{kind}", "")) for name in ("limit", "remaining")
            )
            reset = parse_duration(headers.get(f"x-ratelimit-reset-{kind}", ""))
            self._left.pop(kind, None)
            if (
                limit is not None
                and remaining is not None
                and reset is not None
                and 0 <= remaining < limit
                and reset > 0
            ):
                self._left[kind] = _Left(limit, remaining, reset, reset / (limit - remaining), now)

    def forget(self) -> None:
        """Drop it all: a refusal has shown that it was wrong."""
        self._left.clear()

    def wait(self, cost: Cost, now: float) -> tuple[float, str]:
        """Seconds until the server has room for *cost*, and which of its limits says so."""
        if not self._left:
            return 0.0, ""
        waits = [(left.wait(getattr(cost, kind), now), kind) for kind, left in self._left.items()]
        return max(waits, default=(0.0, ""))

    def take(self, cost: Cost) -> None:
        """Count a call that goes now, until the next answer tells anew."""
        for kind, left in self._left.items():
            left.remaining -= getattr(cost, kind)
