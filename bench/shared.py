"""One limit over Redis for four processes: grants a second, against ``limits`` and ``throttled-py`` in the same run.

Each process has so many tasks that ask again as soon as they are answered; the limit is far away, so that nobody has
to wait.  All use the same redis-server, in turn, and the same Redis client.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from statistics import median

from bench.queue import PACKAGES
from bench.rivals.child import packages
from tests.real.servers.redis import Redis

PROCESSES, SECONDS, ROUNDS = 4, 1.5, 3
FAR = 10**7
"""Grants a second that the limit allows: none of the three gets there."""
LIMITS_MOVING, THROTTLED_GCRA = "limits' moving window", "throttled-py's GCRA"
BARS = {1: 0.5, 64: 4.0}
"""Tasks a process, and how many times the better rival's grants ours should be: one alone can only be as fast as the
round trip is; many at once share it."""
_ROOT = Path(__file__).parent.parent

Take = Callable[[], Awaitable[bool]]


async def ours(url: str) -> Take:
    """Requests and tokens, all or none."""
    from mudbot.api.limit.limits import Limits
    from mudbot.api.limit.shared import Ask, RedisLimit
    from mudbot.clock import SystemClock

    limit = RedisLimit(
        url, "bench", Limits(requests_per_minute=FAR * 60, tokens_per_minute=FAR * 60_000), SystemClock()
    )

    async def take() -> bool:
        return await limit.take([Ask("lane", 1, 100)]) == [0.0] and not limit.alone

    return take


async def limits_moving(url: str) -> Take:
    """A request; its other strategies are windows that let twice the limit pass at their seam."""
    from limits import RateLimitItemPerSecond
    from limits.aio.storage import RedisStorage
    from limits.aio.strategies import MovingWindowRateLimiter

    limiter = MovingWindowRateLimiter(RedisStorage(f"async+{url}", implementation="redispy"))
    item = RateLimitItemPerSecond(FAR)
    return lambda: limiter.hit(item, "bench")


async def throttled_gcra(url: str) -> Take:
    """A request."""
    from throttled.asyncio import RateLimiterType, RedisStore, Throttled, per_sec

    throttle = Throttled(
        "bench", using=RateLimiterType.GCRA.value, quota=per_sec(FAR, FAR), store=RedisStore(server=url)
    )

    async def take() -> bool:
        return not (await throttle.limit()).limited

    return take


WHO: dict[str, Callable[[str], Awaitable[Take]]] = {
    "mudbot": ours,
    LIMITS_MOVING: limits_moving,
    THROTTLED_GCRA: throttled_gcra,
}


async def work(who: str, url: str, tasks: int) -> None:
    """One process: connect, wait to be told to start, count."""
    take = await WHO[who](url)
    assert await take()
    print("ready", flush=True)
    sys.stdin.readline()
    loop = asyncio.get_running_loop()
    end = loop.time() + SECONDS

    async def loops() -> int:
        count = 0
        while loop.time() < end:
            assert await take()
            count += 1
        return count

    print(sum(await asyncio.gather(*(loops() for _ in range(tasks)))), flush=True)


def measure(who: str, url: str, tasks: int) -> float:
    """Grants a second of all processes together."""
    command = [sys.executable, "-m", "bench.shared", who, url, str(tasks)]
    environ = os.environ | {"PYTHONPATH": str(packages("bench-rivals", *PACKAGES))}
    processes = [
        subprocess.Popen(command, cwd=_ROOT, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n", f"{who} did not start"
        return sum(int(out) for out in _started(processes)) / SECONDS
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def _started(processes: list[subprocess.Popen[str]]) -> list[str]:
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return [process.communicate()[0] for process in processes]


def main() -> None:
    """Print the table."""
    with Redis() as server:
        for tasks, bar in BARS.items():
            found: dict[str, list[float]] = {who: [] for who in WHO}
            for _ in range(ROUNDS):
                for who in WHO:
                    server.ask("FLUSHALL")
                    found[who].append(measure(who, server.url, tasks))
            what = f"one limit, {PROCESSES} processes, {tasks} at once each"
            mine = median(found["mudbot"])
            best = max(median(found[who]) for who in WHO if who != "mudbot")
            for who in (LIMITS_MOVING, THROTTLED_GCRA):
                other = median(found[who])
                verdict = "  MISSED" if other == best and mine < bar * best else ""
                print(
                    f"{what:44} {mine:8,.0f} /s   {who:34} {other:8,.0f} /s   {mine / other:6.2f} x   "
                    f"bar {bar:g} x{verdict}"
                )


if __name__ == "__main__":
    if len(sys.argv) == 4:
        asyncio.run(work(sys.argv[1], sys.argv[2], int(sys.argv[3])))
    else:
        main()
