"""Our scheduler and its rivals, each behind the two methods that the scenarios need.  A program of its own.

``python -m bench.rivals.limiters NAME``: each line on standard input is the name of a scenario, the answer is one
line of JSON.  The rivals are not packages of this project's environment, so they are imported by name.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
import time
from collections import deque
from typing import TYPE_CHECKING, Any

from bench.rivals.scenarios import SCENARIOS, Acquire, Limiter

if TYPE_CHECKING:
    from mudbot.api.limit.limits import Cost
    from mudbot.api.limit.scheduler import Scheduler

FAR = 1_000_000_000
"""A rate that nobody reaches."""


class Mudbot:
    """Our scheduler with as many limits as a rival has: one."""

    def paced(self, rate: int) -> Acquire:
        """A limit of tokens; to a meter, calls and tokens are the same."""
        scheduler = self._scheduler(tokens_per_minute=rate * 60.0)

        async def acquire(player: str, cost: int) -> None:
            turn = scheduler.turn("bench", _cost(cost), flow=("", player))
            await scheduler.acquire(turn)
            turn.release()

        return acquire

    async def many(self, count: int) -> None:
        """As the adapter does it: without a coroutine where nothing is in the way."""
        scheduler, cost = self._scheduler(requests_per_minute=FAR * 60.0), _cost(100)
        for _ in range(count):
            turn = scheduler.turn("bench", cost)
            if not scheduler.try_acquire(turn):
                await scheduler.acquire(turn)
            turn.release()

    @staticmethod
    def _scheduler(**rates: Any) -> Scheduler:
        from mudbot.api.limit.limits import Limits
        from mudbot.api.limit.scheduler import Scheduler
        from mudbot.clock import SystemClock

        return Scheduler(Limits(concurrency=64, queue=10_000, **rates), SystemClock())


class MudbotWhole(Mudbot):
    """The same with limits of requests and tokens together, and the tokens corrected afterwards: a call as it is."""

    async def many(self, count: int) -> None:
        """With both limits."""
        scheduler = self._scheduler(requests_per_minute=FAR * 60.0, tokens_per_minute=FAR * 60.0)
        guess, true = _cost(100), _cost(60)
        for _ in range(count):
            turn = scheduler.turn("bench", guess)
            if not scheduler.try_acquire(turn):
                await scheduler.acquire(turn)
            turn.settle(true)
            turn.release()


def _cost(tokens: int) -> Cost:
    from mudbot.api.limit.limits import Cost

    return Cost(tokens=tokens)


class Fifo:
    """The least that can be called a queue: so many at once, first come, first served, no rate at all."""

    def __init__(self) -> None:
        self._free = 64
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def acquire(self) -> None:
        """Wait for a place."""
        if self._free > 0 and not self._waiting:
            self._free -= 1
            return
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        await place

    def release(self) -> None:
        """Give the place to the first who waits."""
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                return
        self._free += 1

    def paced(self, rate: int) -> Acquire:
        """It knows no rate."""
        raise NotImplementedError

    async def many(self, count: int) -> None:
        """Take and give back."""
        for _ in range(count):
            await self.acquire()
            self.release()


class Aiolimiter:
    """A leaky bucket."""

    def __init__(self) -> None:
        self._package = importlib.import_module("aiolimiter")

    def paced(self, rate: int) -> Acquire:
        """Its bucket holds a second's worth."""
        bucket = self._package.AsyncLimiter(rate, 1)

        async def acquire(_player: str, cost: int) -> None:
            await bucket.acquire(cost)

        return acquire

    async def many(self, count: int) -> None:
        """As its README shows it."""
        bucket = self._package.AsyncLimiter(FAR, 1)
        for _ in range(count):
            async with bucket:
                pass


class AiolimiterAlone(Aiolimiter):
    """The same without a block: its ``acquire`` alone, for there is nothing to give back."""

    async def many(self, count: int) -> None:
        """The least that one can ask of it."""
        bucket = self._package.AsyncLimiter(FAR, 1)
        for _ in range(count):
            await bucket.acquire()


class LimitsWindow:
    """The moving window of ``limits``.  It says yes or no; who waits must ask again when its window has moved."""

    def __init__(self) -> None:
        self._package = importlib.import_module("limits")
        self._strategies = importlib.import_module("limits.aio.strategies")
        self._storage = importlib.import_module("limits.aio.storage")

    def _window(self) -> Any:
        return self._strategies.MovingWindowRateLimiter(self._storage.MemoryStorage())

    def paced(self, rate: int) -> Acquire:
        """Waits until the time that it names as the reset, and a millisecond at least."""
        window, item = self._window(), self._package.RateLimitItemPerSecond(rate)

        async def acquire(_player: str, cost: int) -> None:
            while not await window.hit(item, "bench", cost=cost):
                stats = await window.get_window_stats(item, "bench")
                await asyncio.sleep(max(0.001, stats.reset_time - time.time()))

        return acquire

    async def many(self, count: int) -> None:
        """Its own ``hit``, nothing around it."""
        window, item = self._window(), self._package.RateLimitItemPerSecond(FAR)
        for _ in range(count):
            await window.hit(item, "bench")


class Throttled:
    """throttled-py with GCRA, the nearest to ours; *timeout* makes it wait."""

    def __init__(self) -> None:
        self._package = importlib.import_module("throttled.asyncio")

    def _limit(self, rate: int) -> Any:
        package = self._package
        quota = package.rate_limiter.per_sec(rate)
        return package.Throttled(using="gcra", quota=quota, store=package.MemoryStore(), timeout=3600)

    def paced(self, rate: int) -> Acquire:
        """Its burst is a second's worth, as it is by default."""
        throttled = self._limit(rate)

        async def acquire(_player: str, cost: int) -> None:
            await throttled.limit("bench", cost)

        return acquire

    async def many(self, count: int) -> None:
        """Its own ``limit``, nothing around it."""
        throttled = self._limit(FAR)
        for _ in range(count):
            await throttled.limit("bench")


LIMITERS: dict[str, type[Limiter]] = {
    "mudbot": Mudbot,
    "mudbot-whole": MudbotWhole,
    "fifo": Fifo,
    "aiolimiter": Aiolimiter,
    "aiolimiter-alone": AiolimiterAlone,
    "limits": LimitsWindow,
    "throttled-py": Throttled,
}


def main(name: str) -> None:
    """Do the scenarios that are asked for."""
    limiter = LIMITERS[name]()
    for line in sys.stdin:
        print(json.dumps(asyncio.run(SCENARIOS[line.strip()](limiter))), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
