"""Time, as something that tests can move.

Everything that waits or measures asks a Clock; wall-clock jumps therefore change nothing (``now`` is monotonic).
"""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """A source of time in seconds."""

    def now(self) -> float:
        """Seconds since some fixed point; never goes back."""

    def wall(self) -> float:
        """Seconds since 1970 (UTC), for what is stored or shown; may jump."""

    async def sleep(self, seconds: float) -> None:
        """Return after *seconds*."""


class SystemClock:
    """The machine's own time."""

    def now(self) -> float:
        return time.monotonic()

    def wall(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
