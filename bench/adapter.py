"""What the adapter costs between a call and the wire: against bare aiohttp and openai-python, on a loopback server.

The server is a process of its own and answers at once, so the client is the bottleneck.  All take turns, by rounds,
and a ratio is the median of the rounds' ratios: whatever else the machine does then slows all of them alike.
``python -m bench.adapter --quick`` measures the ratio to bare aiohttp alone, in some seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Protocol

import aiohttp

from bench.rivals.child import Child, packages
from mudbot.api import Api, Limits
from mudbot.api.calls import Caller
from tests.real.servers.environment import UnavailableError

CONCURRENCY = 64
WAITING = 10_000
"""Calls that wait, for what one of them holds of the memory."""
MESSAGES = [{"role": "user", "content": "Good evening! What do you have to drink?"}]
ASKED: dict[str, Any] = {"temperature": 0.7, "max_tokens": 16}
"""The temperature is such that no two calls may share an answer."""
OPEN = Limits(requests_per_minute=1e9, tokens_per_minute=1e12, concurrency=CONCURRENCY, queue=WAITING, deadline=600)
"""Limits that are kept and never reached."""
PLENTY = 1e6
"""Dollars that nobody spends here, of every budget."""
CALLERS = [Caller(player=f"player {number}") for number in range(CONCURRENCY)]
OPENAI = "openai"
_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Round:
    """What one contestant did in one round."""

    rate: float
    """Calls a second."""
    middle: float
    """Seconds that half of its calls took at most."""
    processor: float
    """Seconds of the client's processor time a call: what other programs do meanwhile hardly changes it."""


Results = dict[str, list[Round]]


class Contestant(Protocol):
    """Somebody who calls the server."""

    async def round(self, concurrency: int, seconds: float) -> Round:
        """Call for *seconds*, with *concurrency* calls in flight."""


class Here:
    """A client in this process; *call* is one call of worker number so and so."""

    def __init__(self, call: Callable[[int], Awaitable[object]]) -> None:
        self.call = call

    async def round(self, concurrency: int, seconds: float) -> Round:
        """Call for *seconds*, with *concurrency* calls in flight."""
        took: list[float] = []
        gc.collect()
        used, began = time.process_time(), time.perf_counter()
        until = began + seconds

        async def loop(number: int) -> None:
            while (before := time.perf_counter()) < until:
                await self.call(number)
                took.append(time.perf_counter() - before)

        await asyncio.gather(*(loop(number) for number in range(concurrency)))
        lasted, used = time.perf_counter() - began, time.process_time() - used
        return Round(len(took) / lasted, median(took), used / len(took))


class Elsewhere:
    """A client in a process of its own; this one sleeps meanwhile."""

    def __init__(self, child: Child) -> None:
        self._child = child

    async def round(self, concurrency: int, seconds: float) -> Round:
        """Call for *seconds*, with *concurrency* calls in flight."""
        told = self._child.ask(f"{concurrency} {seconds}")
        return Round(told["calls"] / told["seconds"], told["median"], told["processor"])


@contextlib.contextmanager
def loopback() -> Iterator[str]:
    """The server, as long as the block lasts; its address."""
    command = [sys.executable, str(_HERE / "rivals" / "loopback.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.stdin.close()


@contextlib.asynccontextmanager
async def bare(url: str, limit: int = 0) -> AsyncIterator[Here]:
    """aiohttp as it comes: the shortest program that could do it."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=limit)) as session:

        async def call(_number: int) -> Any:
            body = {"model": "bench", "messages": MESSAGES, **ASKED}
            async with session.post(url + "/chat/completions", json=body) as answer:
                return await answer.json()

        yield Here(call)


@contextlib.asynccontextmanager
async def ours(url: str) -> AsyncIterator[Here]:
    """The adapter, with limits of every kind."""
    async with Api(url, limits=OPEN) as api:
        yield Here(_calls(api))


@contextlib.asynccontextmanager
async def paying(url: str) -> AsyncIterator[Here]:
    """The adapter with every budget there is, each call reserved and settled in a ledger on disk."""
    from mudbot.api.money.budgets import Budgets
    from mudbot.api.money.prices import Price

    budgets = Budgets(player=PLENTY, channel=PLENTY, day=PLENTY, month=PLENTY)
    prices = {"bench": Price(input=0.5, output=1.5)}
    with tempfile.TemporaryDirectory() as folder:
        ledger = Path(folder) / "ledger.db"
        async with Api(url, limits=OPEN, budgets=budgets, ledger=ledger, prices=prices) as api:
            yield Here(_calls(api))


def _calls(api: Api) -> Callable[[int], Awaitable[object]]:
    def call(number: int) -> Awaitable[object]:
        return api.chat(MESSAGES, model="bench", caller=CALLERS[number % CONCURRENCY], **ASKED)

    return call


async def contest(contestants: dict[str, Contestant], rounds: int, concurrency: int, seconds: float) -> Results:
    """Let all take turns; the first round only warms them up."""
    found: Results = {name: [] for name in contestants}
    for number in range(rounds + 1):
        for name, contestant in contestants.items():
            one = await contestant.round(concurrency, seconds if number else seconds / 2)
            if number:
                found[name].append(one)
    return found


def times(found: Results, one: str, other: str) -> float:
    """How many times as many calls a second *one* made as *other*."""
    return median(mine.rate / theirs.rate for mine, theirs in zip(found[one], found[other], strict=True))


def work(found: Results, one: str, other: str) -> float:
    """How many times as much processor time a call of *one* took as one of *other*."""
    return median(mine.processor / theirs.processor for mine, theirs in zip(found[one], found[other], strict=True))


def added(found: Results, one: str, other: str) -> float:
    """Seconds that the middle call of *one* took longer than that of *other*."""
    return median(mine.middle - theirs.middle for mine, theirs in zip(found[one], found[other], strict=True))


def line(what: str, ours: str, rival: str, theirs: str, ratio: str, bar: tuple[str, bool] | None = None) -> None:
    """One line of the table; *bar* is what is wanted, and whether it is met on this machine."""
    tail = "" if bar is None else f"   bar {bar[0]}{'' if bar[1] else '  MISSED'}"
    print(f"{what:44} {ours:>11}   {rival:34} {theirs:>11}   {ratio:>9}{tail}", flush=True)


# -- memory --------------------------------------------------------------------------------------------------------


def _resident() -> float:
    """KB of this process."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1024


async def waiting(name: str, url: str) -> float:
    """KB that one of 10,000 calls holds that wait for one of 64 places, its task included; in a fresh process."""
    async with ours(url) if name == "ours" else bare(url, CONCURRENCY) as client:
        await client.round(CONCURRENCY, 0.3)  # what is loaded and kept is no caller's
        hold = url.replace("/v1", "/hold/v1")
        async with ours(hold) if name == "ours" else bare(hold, CONCURRENCY) as held:
            tasks = [asyncio.create_task(_one(held, number)) for number in range(CONCURRENCY)]
            await asyncio.sleep(0.5)
            before = _resident()
            tasks += [asyncio.create_task(_one(held, number)) for number in range(WAITING)]
            await asyncio.sleep(1.0)
            assert not any(task.done() for task in tasks), "calls that should wait have ended"
            found = (_resident() - before) / WAITING
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    return found


async def _one(client: Here, number: int) -> None:
    await client.call(number)


def memory(name: str, url: str) -> float:
    """The same, of a fresh process."""
    command = [sys.executable, "-m", "bench.adapter", "--waiting", name, url]
    return float(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)


# -- the programs --------------------------------------------------------------------------------------------------


async def quick() -> None:
    """The ratio to bare aiohttp, and the latency added to a call that is alone: for whoever makes it faster."""
    with loopback() as server:
        url = server + "/v1"
        async with bare(url) as theirs, ours(url) as mine:
            both: dict[str, Contestant] = {"bare": theirs, "ours": mine}
            many = await contest(both, 7, CONCURRENCY, 0.6)
            alone = await contest(both, 3, 1, 0.3)
    for name, rounds in many.items():
        rate, used = median(one.rate for one in rounds), median(one.processor for one in rounds)
        print(f"{name}: {rate:7.0f} calls a second, {used * 1e6:6.1f} us of processor a call")
    print(
        f"ours/bare: {times(many, 'ours', 'bare'):.3f}  (by processor time {work(many, 'bare', 'ours'):.3f}; bar 0.75)"
    )
    print(f"added to a call that is alone: {added(alone, 'ours', 'bare') * 1e6:.0f} us (bar 1000)")


async def main() -> None:
    """Print the figures."""
    with loopback() as server:
        url = server + "/v1"
        async with AsyncExitStack() as stack:
            all_of_them: dict[str, Contestant] = {
                "bare": await stack.enter_async_context(bare(url)),
                "ours": await stack.enter_async_context(ours(url)),
                "paying": await stack.enter_async_context(paying(url)),
            }
            try:
                child = stack.enter_context(Child("openai_today", url, folder=packages("bench-openai", OPENAI)))
                all_of_them[OPENAI] = Elsewhere(child)
            except UnavailableError as error:
                print(f"openai-python cannot be installed, so it is not measured: {error}")
            many = await contest(all_of_them, 7, CONCURRENCY, 0.8)
            _show_rates(many)
            _show_processor(many)
            _show_latency(await contest(all_of_them, 5, 1, 0.3))
        kept, bare_kept = memory("ours", url), memory("bare", url)
    what, bar = "memory of a waiting call, 10,000 waiting", ("<= 8 KB", kept <= 8)
    line(what, f"{kept:.1f} KB", "bare aiohttp", f"{bare_kept:.1f} KB", f"{kept / bare_kept:.2f} x", bar)


def _show_rates(found: Results) -> None:
    rows = [
        ("limits", "ours", "bare", 0.75),
        ("limits", "ours", OPENAI, 10),
        ("limits and budgets", "paying", "bare", 0.3),
    ]
    for what, one, other, bar in rows:
        if other not in found:
            continue
        ratio = times(found, one, other)
        rates = [f"{median(one.rate for one in found[name]):,.0f}/s" for name in (one, other)]
        rival = _rival(other)
        line(f"calls, 64 at once, {what}", rates[0], rival, rates[1], f"{ratio:.2f} x", (f">= {bar} x", ratio >= bar))


def _show_processor(found: Results) -> None:
    """No bar of its own: it tells a slow adapter from a busy machine where a rate is missed."""
    for what, one, other in (("limits", "ours", "bare"), ("limits", "ours", OPENAI), ("budgets", "paying", "bare")):
        if other not in found:
            continue
        used = [f"{median(one.processor for one in found[name]) * 1e6:,.0f} us" for name in (one, other)]
        line(
            f"processor time of such a call, {what}",
            used[0],
            _rival(other),
            used[1],
            f"{work(found, one, other):.2f} x",
        )


def _show_latency(found: Results) -> None:
    for what, one, other in (
        ("limits", "ours", "bare"),
        ("limits", "ours", OPENAI),
        ("limits and budgets", "paying", "bare"),
    ):
        if other not in found:
            continue
        more = added(found, one, other) * 1000
        took = [f"{median(one.middle for one in found[name]) * 1000:.2f} ms" for name in (one, other)]
        bar = ("<= +1 ms", more <= 1) if (one, other) == ("ours", "bare") else None
        line(f"a call alone, {what}", took[0], _rival(other), took[1], f"{more:+.2f} ms", bar)


def _rival(name: str) -> str:
    return {"bare": "bare aiohttp", OPENAI: "openai-python"}[name]


if __name__ == "__main__":
    if sys.argv[1:2] == ["--waiting"]:
        print(asyncio.run(waiting(*sys.argv[2:4])))
    else:
        asyncio.run(quick() if "--quick" in sys.argv[1:] else main())
