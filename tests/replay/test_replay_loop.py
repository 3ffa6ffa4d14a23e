"""The loop of a replay: hours pass at once, and the same things happen in the same order each time."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine
from functools import partial
from typing import Any

import pytest

from mudbot.replay import loop as loops
from mudbot.replay.loop import START, LoopClock, ReplayLoop


def run(work: Coroutine[Any, Any, Any], speed: float | None = None) -> Any:
    with asyncio.Runner(loop_factory=partial(ReplayLoop, speed)) as runner:
        return runner.run(_and_leave(work))


async def _and_leave(work: Coroutine[Any, Any, Any]) -> Any:
    try:
        return await work
    finally:
        the_loop().leave()


def the_loop() -> ReplayLoop:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, ReplayLoop)
    return loop


def test_a_day_passes_at_once() -> None:
    """And timers come in their order, each at its moment."""

    async def day() -> list[tuple[float, str]]:
        clock, seen = LoopClock(the_loop(), 0.0), []

        async def after(seconds: float, name: str) -> None:
            await clock.sleep(seconds)
            seen.append((round(clock.now() - START, 6), name))

        clock.call_later(7200, lambda: seen.append((round(clock.now() - START, 6), "called")))
        await asyncio.gather(after(86_400, "day"), after(3600, "hour"), after(0.2, "quiet"))
        return seen

    assert run(day()) == [(0.2, "quiet"), (3600.0, "hour"), (7200.0, "called"), (86_400.0, "day")]


def test_no_time_passes_while_there_is_something_to_do() -> None:
    async def busy() -> float:
        for _ in range(1000):
            await asyncio.sleep(0)
        return the_loop().time()

    assert run(busy()) == START


def test_the_wall_clock_begins_when_the_recording_did() -> None:
    async def walls() -> tuple[float, float]:
        clock = LoopClock(the_loop(), 5000.0)
        before = clock.wall()
        await clock.sleep(60)
        return before, clock.wall()

    assert run(walls()) == (5000.0, 5060.0)


def test_time_stands_still_for_a_thread() -> None:
    """So what it finds comes at the moment at which it was asked for, however long it takes."""

    async def asks() -> tuple[str, float, bool]:
        timer = asyncio.ensure_future(asyncio.sleep(0.001))
        go = threading.Event()
        the_loop().call_soon(threading.Timer(0.05, go.set).start)

        def work() -> str:
            assert go.wait(10)
            return "done"

        found = await asyncio.to_thread(work)
        return found, the_loop().time(), timer.done()

    assert run(asks()) == ("done", START, False)


def test_threads_answer_in_the_order_in_which_they_were_asked() -> None:
    """Whichever is the faster; and what fails or is cancelled is told as such."""

    async def asks() -> list[str]:
        seen: list[str] = []
        second_done = threading.Event()

        async def ask(name: str, work: Any) -> None:
            try:
                seen.append(f"{name} {await asyncio.to_thread(work)}")
            except ValueError as exc:
                seen.append(f"{name} {exc}")

        def slow() -> str:
            assert second_done.wait(10)
            return "slow"

        def fails() -> str:
            second_done.set()
            raise ValueError("failed")

        left = asyncio.ensure_future(ask("left", lambda: "never"))
        await asyncio.gather(ask("first", slow), ask("second", fails), _cancel(left))
        return seen

    async def _cancel(task: asyncio.Future[None]) -> None:
        await asyncio.sleep(0)
        task.cancel()

    assert run(asks()) == ["first slow", "second failed"]


def test_a_thread_that_never_ends_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that waits for the bot, for example: time goes on, and its end is told when it comes."""
    monkeypatch.setattr(loops, "PATIENCE", 0.05)

    async def asks() -> tuple[str, bool]:
        over = threading.Event()

        def work() -> str:
            assert over.wait(10)
            return "at last"

        job = asyncio.ensure_future(asyncio.to_thread(work))
        await asyncio.sleep(30)
        waited = not job.done()
        over.set()
        the_loop().busy = lambda: True
        return await job, waited

    assert run(asks()) == ("at last", True)


def test_time_passes_as_it_does_while_somebody_outside_is_at_work() -> None:
    """A server that is asked is not overtaken by the recording."""

    async def asks() -> bool:
        loop = the_loop()
        loop.busy = lambda: True
        answered = loop.create_future()
        threading.Timer(0.05, lambda: loop.call_soon_threadsafe(answered.set_result, None)).start()
        next_piece = asyncio.ensure_future(asyncio.sleep(3600))
        await answered
        return next_piece.done()

    assert run(asks()) is False


def test_at_a_true_pace_time_is_as_much_faster() -> None:
    async def paced() -> float:
        began = the_loop().time()
        await asyncio.sleep(20)
        assert await asyncio.to_thread(lambda: "threads work") == "threads work"
        return the_loop().time() - began

    began = time.monotonic()
    passed = run(paced(), 1000)
    assert time.monotonic() - began >= 0.02
    assert passed >= 20
