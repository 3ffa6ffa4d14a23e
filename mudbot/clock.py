"""Time, as something that tests can move.

Everything that waits or measures asks a Clock; wall-clock jumps therefore change nothing (``now`` is monotonic).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """Something that will happen."""

    def cancel(self) -> object:
        """It shall not happen.  Afterwards, and twice, this does nothing."""


class Clock(Protocol):
    """A source of time in seconds."""

    def now(self) -> float:
        """Seconds since some fixed point; never goes back."""

    def wall(self) -> float:
        """Seconds since 1970 (UTC), for what is stored or shown; may jump."""

    async def sleep(self, seconds: float) -> None:
        """Return after *seconds*."""

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        """Call *callback* after *seconds*, from the event loop."""


class SystemClock:
    """The machine's own time."""

    now = staticmethod(time.monotonic)
    wall = staticmethod(time.time)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        return asyncio.get_running_loop().call_later(seconds, callback)
