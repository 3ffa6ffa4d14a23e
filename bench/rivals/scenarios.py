"""The same tasks for every limiter, in real time; each lasts some seconds and gives plain numbers.

Only the standard library is needed here: the rivals run in environments that have little else.
"""

from __future__ import annotations

import asyncio
import time
from bisect import bisect_left
from collections.abc import Awaitable, Callable
from typing import Protocol

SECONDS = 5.0
RATE = 50
"""Calls a second in ``accuracy``."""
PLAYERS, SHARED = 200, 70
"""Players in ``fairness``, and the calls a second that they share: 350 in all, so the best index is 0.94."""
TOKENS, SMALL, LOOPS, BIG = 1000, 20, 60, 500
"""In ``big``: tokens a second; what a small call costs, how many players ask for one after the other; the big call.
In the order of their coming, 60 small ones go before it and it takes its own half second: 1.2 + 0.5 = 1.7 s."""
HEAD_START = 1.5
"""Seconds for which the small ones loop before the big one comes: not when a window of whole seconds moves."""

Acquire = Callable[[str, int], Awaitable[None]]
"""Wait for the leave to make one call: whose it is, and what it costs."""


class Limiter(Protocol):
    """A way to wait for one's turn."""

    def paced(self, rate: int) -> Acquire:
        """Calls that together cost *rate* a second."""

    async def many(self, count: int) -> None:
        """*count* acquisitions, one after the other, of a limit far away."""


async def speed(limiter: Limiter) -> dict[str, float]:
    """Acquisitions a second when nobody else wants any."""
    count, lasted = 1000, 0.0
    await limiter.many(count)
    while lasted < 0.2:
        count *= 2
        began = time.perf_counter()
        await limiter.many(count)
        lasted = time.perf_counter() - began
    return {"rate": count / lasted}


async def accuracy(limiter: Limiter) -> dict[str, float]:
    """The rate that comes of "50 a second" with 20 players looping, and the most in any one second."""
    acquire, granted = limiter.paced(RATE), list[float]()
    began = await _loop(acquire, {f"player {number}": 1 for number in range(20)}, lambda _: granted.append(_now()))
    granted = [at - began for at in granted if at - began <= SECONDS]
    most = max(bisect_left(granted, at + 1.0) - number for number, at in enumerate(granted))
    return {"rate": len(granted) / SECONDS, "most": most}


async def fairness(limiter: Limiter) -> dict[str, float]:
    """Jain's index over what 200 players got who each ask again at once."""
    return {"jain": await _jain(limiter, dict.fromkeys(_players(), 1))}


async def greed(limiter: Limiter) -> dict[str, float]:
    """The same where every tenth player asks for ten calls at once."""
    return {"jain": await _jain(limiter, {name: 1 if number % 10 else 10 for number, name in enumerate(_players())})}


async def big(limiter: Limiter) -> dict[str, float]:
    """Seconds that one call of 500 waits among players who loop with calls of 20; SECONDS where it never came."""
    acquire, waited = limiter.paced(TOKENS), SECONDS
    small = [asyncio.create_task(_again(acquire, f"player {n}", SMALL, lambda _: None)) for n in range(LOOPS)]
    await asyncio.sleep(HEAD_START)
    before = _now()
    try:
        async with asyncio.timeout(SECONDS):
            await acquire("big", BIG)
        waited = _now() - before
    except TimeoutError:
        pass
    await _stop(small)
    return {"waited": waited}


SCENARIOS = {function.__name__: function for function in (speed, accuracy, fairness, greed, big)}


def _players() -> list[str]:
    return [f"player {number}" for number in range(PLAYERS)]


async def _jain(limiter: Limiter, tasks: dict[str, int]) -> float:
    """1 where all got the same, 1/n where one of n got everything."""
    got = dict.fromkeys(tasks, 0)

    def count(player: str) -> None:
        got[player] += 1

    await _loop(limiter.paced(SHARED), tasks, count)
    counts = got.values()
    return float(sum(counts) ** 2 / (len(counts) * max(1, sum(one * one for one in counts))))


async def _loop(acquire: Acquire, tasks: dict[str, int], note: Callable[[str], None]) -> float:
    """Let each player call again and again in so many tasks, for SECONDS; when it began."""
    began = _now()
    all_of_them = [
        asyncio.create_task(_again(acquire, player, 1, note)) for player, many in tasks.items() for _ in range(many)
    ]
    await asyncio.sleep(SECONDS)
    await _stop(all_of_them)
    return began


async def _again(acquire: Acquire, player: str, cost: int, note: Callable[[str], None]) -> None:
    while True:
        await acquire(player, cost)
        note(player)
        await asyncio.sleep(0)  # the call itself: nobody gets his next turn before others have been looked at


async def _stop(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


def _now() -> float:
    return time.perf_counter()
