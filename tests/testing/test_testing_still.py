"""Time that a test holds: nothing passes by itself, and everything happens in its order."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from mudbot.testing.still import ALONE, Still


@pytest.fixture
async def still() -> AsyncIterator[Still]:
    held = Still(asyncio.get_running_loop(), lambda: None)
    held.hold()
    yield held
    held.release()


async def test_nothing_passes_while_nobody_lets_it(still: Still) -> None:
    woken: list[str] = []
    asyncio.get_running_loop().call_later(0.001, woken.append, "too early")
    await still.until(still.now)
    assert (woken, still.now) == ([], 1000.0)


async def test_what_waits_wakes_in_order_at_its_own_time(still: Still) -> None:
    """However it waits: a sleep, a timer, a deadline."""
    loop, woken = asyncio.get_running_loop(), list[tuple[str, float]]()

    async def sleeper(name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        woken.append((name, loop.time()))
        if name == "a":
            await asyncio.sleep(1.5)
            woken.append(("a again", loop.time()))

    async def deadline() -> None:
        try:
            async with asyncio.timeout(2):
                await asyncio.Event().wait()
        except TimeoutError:
            woken.append(("deadline", loop.time()))

    tasks = [asyncio.create_task(each) for each in (sleeper("b", 60), sleeper("a", 1), deadline())]
    await still.until(still.now + 60)
    assert woken == [("a", 1001.0), ("deadline", 1002.0), ("a again", 1002.5), ("b", 1060.0)]
    assert still.now == 1060.0
    await asyncio.gather(*tasks)


async def test_sums_of_pauses_come_out_even(still: Still) -> None:
    """A cooldown of 60 s is over after six hundred times a tenth."""
    for _ in range(600):
        await still.until(still.now + 0.1)
    assert still.now == 1060.0


async def test_threads_are_waited_for_and_take_no_time(still: Still) -> None:
    gate, found = threading.Event(), list[str]()

    async def work() -> None:
        found.append(await asyncio.to_thread(lambda: "slow" if gate.wait(5) else "never"))

    task = asyncio.create_task(work())
    threading.Timer(0.05, gate.set).start()
    await still.until(still.now)
    assert (found, still.now) == (["slow"], 1000.0)
    await task


async def test_a_test_that_sleeps_itself_lets_time_pass(still: Still) -> None:
    async with asyncio.timeout(30):
        await asyncio.sleep(10)
    assert still.now == 1010.0


async def test_who_waits_for_ever_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """With timers that go on and on, too: after an hour of them there is no hope."""
    monkeypatch.setattr("mudbot.testing.still.PATIENCE", 0.0)
    loop, gave_up = asyncio.get_running_loop(), asyncio.Event()
    held = Still(loop, gave_up.set)
    held.hold()

    async def tick() -> None:
        while True:  # noqa: ASYNC110 - a timer that goes on and on
            await asyncio.sleep(60)

    ticking = asyncio.create_task(tick())
    try:
        await gave_up.wait()
        assert held.now == pytest.approx(1000 + ALONE)
    finally:
        ticking.cancel()
        held.release()


async def test_afterwards_the_loop_is_as_it_was(still: Still) -> None:
    loop = asyncio.get_running_loop()
    still.release()
    before = loop.time()
    assert before != 1000.0
    assert await asyncio.to_thread(lambda: 1) == 1
    still.release()  # twice does no harm


async def test_a_loop_that_keeps_its_own_time_is_refused() -> None:
    with pytest.raises(RuntimeError, match="keeps its own time"):
        Still(object(), lambda: None).hold()  # type: ignore[arg-type]
