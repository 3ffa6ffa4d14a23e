"""The queue before a limit that other processes use as well: who must wait there comes back to his place."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mudbot.api.limit.limits import Cost, Limits
from mudbot.api.limit.scheduler import Scheduler
from mudbot.api.limit.shared import Ask
from mudbot.api.limit.turn import Turn

if TYPE_CHECKING:
    from tests.api.conftest import FakeClock


class Shared:
    """Grants as many as it was given; *told* is what became of the rest."""

    alone = False

    def __init__(self, room: int, wait: float = 1.0) -> None:
        self.room, self.wait = room, wait
        self.asked: list[Ask] = []
        self.settled: list[Mapping[str, float]] = []
        self.holds: list[tuple[str, float]] = []
        self.gate: asyncio.Event | None = None
        self.closed = False

    async def take(self, asks: Sequence[Ask]) -> list[float]:
        self.asked += asks
        if self.gate is not None:
            await self.gate.wait()
        waits = []
        for _ in asks:
            waits.append(0.0 if self.room > 0 else self.wait)
            self.room -= self.room > 0
        return waits

    def settle(self, changes: Mapping[str, float], ask: Ask | None = None) -> None:
        assert ask is not None
        self.settled.append(changes)

    def hold(self, lane: str, seconds: float) -> None:
        self.holds.append((lane, seconds))

    async def close(self) -> None:
        self.closed = True


class Crowd:
    def __init__(self, clock: FakeClock, shared: Shared, limits: Limits | None = None) -> None:
        self.scheduler = Scheduler(limits or Limits(requests_per_minute=60), clock, shared)
        self.turns: dict[str, Turn] = {}

    def ask(self, name: str, tokens: float = 10, lane: str = "chat") -> asyncio.Task[None]:
        return asyncio.get_running_loop().create_task(self._ask(name, tokens, lane))

    async def _ask(self, name: str, tokens: float, lane: str) -> None:
        turn = self.scheduler.turn(lane, Cost(tokens=tokens))
        await self.scheduler.acquire(turn)
        self.turns[name] = turn


async def test_who_must_wait_there_comes_back_to_his_place(clock: FakeClock) -> None:
    shared = Shared(room=1)
    crowd = Crowd(clock, shared)
    tasks = [crowd.ask(name) for name in "abc"]
    await clock.advance(0.5)
    assert list(crowd.turns) == ["a"]
    assert (crowd.scheduler.running, crowd.scheduler.waiting) == (1, 2)
    shared.room = 5
    tasks.append(crowd.ask("d"))
    await clock.advance(0.5)
    assert list(crowd.turns) == ["a", "b", "c", "d"]
    await asyncio.gather(*tasks)


async def test_the_local_rates_are_not_counted_a_second_time(clock: FakeClock) -> None:
    crowd = Crowd(clock, Shared(room=10), Limits(requests_per_minute=1, tokens_per_minute=1, concurrency=10))
    tasks = [crowd.ask(str(number)) for number in range(10)]
    await clock.advance(0)
    assert len(crowd.turns) == 10
    await asyncio.gather(*tasks)


async def test_what_was_not_used_is_given_back_once(clock: FakeClock) -> None:
    shared = Shared(room=1)
    crowd = Crowd(clock, shared)
    await crowd.ask("a", tokens=100)
    crowd.turns["a"].settle(Cost(tokens=30))
    crowd.turns["a"].settle(Cost(tokens=0))
    crowd.turns["a"].release()
    assert shared.settled == [{"tokens": -70}]


async def test_a_refusal_is_told_to_the_others(clock: FakeClock) -> None:
    shared = Shared(room=1)
    crowd = Crowd(clock, shared)
    await crowd.ask("a")
    crowd.turns["a"].refused(7.0)
    assert shared.holds == [("chat", 7.0)]


async def test_who_leaves_while_it_is_asked_gives_back_what_comes_too_late(clock: FakeClock) -> None:
    shared = Shared(room=1)
    shared.gate = asyncio.Event()
    crowd = Crowd(clock, shared)
    task = crowd.ask("a", tokens=100)
    await clock.advance(0)
    assert len(shared.asked) == 1
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert (crowd.scheduler.running, crowd.scheduler.waiting) == (0, 0)
    shared.gate.set()
    await clock.advance(0)
    assert shared.settled == [{"requests": -1.0, "tokens": -100}]


async def test_another_lane_passes_one_that_waits_there(clock: FakeClock) -> None:
    shared = Shared(room=0, wait=60.0)
    crowd = Crowd(clock, shared)
    first = crowd.ask("a")
    await clock.advance(0)
    shared.room = 1
    other = crowd.ask("b", lane="moderation")
    await clock.advance(0)
    assert list(crowd.turns) == ["b"]
    first.cancel()
    await asyncio.gather(first, other, return_exceptions=True)


async def test_closing_hangs_up(clock: FakeClock) -> None:
    shared = Shared(room=0)
    crowd = Crowd(clock, shared)
    await crowd.scheduler.close()
    assert shared.closed
