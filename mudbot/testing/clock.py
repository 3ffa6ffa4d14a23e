"""Time that stands still until a test moves it."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable
from functools import partial


class FakeClock:
    """A Clock for tests: nothing passes but by ``advance``."""

    def __init__(self, now: float = 1000.0) -> None:
        self._now = now
        self._count = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def __repr__(self) -> str:
        return f"<FakeClock {self._now}, {len(self._sleepers)} asleep>"

    def now(self) -> float:
        return self._now

    def wall(self) -> float:
        return 1_700_000_000 + self._now

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._count), future))
        await future

    def call_later(self, seconds: float, callback: Callable[[], None]) -> asyncio.Future[None]:
        future = asyncio.get_running_loop().create_future()
        future.add_done_callback(partial(_unless_cancelled, callback))
        heapq.heappush(self._sleepers, (self._now + max(0.0, seconds), next(self._count), future))
        return future

    async def advance(self, seconds: float) -> None:
        """Let *seconds* pass: whoever sleeps wakes in order, and gets to its next wait before the next one wakes."""
        await settle()
        end = self._now + seconds
        while self._sleepers and self._sleepers[0][0] <= end:
            at, _, future = heapq.heappop(self._sleepers)
            self._now = max(self._now, at)
            if not future.done():
                future.set_result(None)
            await settle()
        self._now = end


def _unless_cancelled(callback: Callable[[], None], timer: asyncio.Future[None]) -> None:
    if not timer.cancelled():
        callback()


async def settle(rounds: int = 10) -> None:
    """Let every task that can run get to its next wait."""
    for _ in range(rounds):
        await asyncio.sleep(0)
