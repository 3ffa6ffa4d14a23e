"""How many pictures go before somebody's: what a player who waits is told."""

from __future__ import annotations

import asyncio

from mudbot.api.limit.limits import Cost, Limits
from mudbot.api.limit.scheduler import Scheduler
from mudbot.api.limit.turn import Turn
from mudbot.testing import FakeClock
from mudbot.testing.clock import settle

ANN, BOB, CID = ("s", "ann"), ("s", "bob"), ("s", "cid")


class Queue:
    """A scheduler with one place, which is taken."""

    def __init__(self) -> None:
        self.scheduler = Scheduler(Limits(concurrency=1), FakeClock())
        self.first = self._turn(("s", "somebody"))
        assert self.scheduler.try_acquire(self.first)
        self.waiting: list[asyncio.Task[None]] = []

    def _turn(self, flow: tuple[str, str], *, images: int = 1, priority: int = 1) -> Turn:
        return self.scheduler.turn("pictures" if images else "chat", Cost(1, 0, images), flow=flow, priority=priority)

    async def wait(self, flow: tuple[str, str], *, images: int = 1, priority: int = 1) -> None:
        turn = self._turn(flow, images=images, priority=priority)
        self.waiting.append(asyncio.create_task(self.scheduler.acquire(turn)))
        await settle()

    def before(self, *flows: tuple[str, str]) -> list[int | None]:
        return [self.scheduler.pictures_before(flow) for flow in flows]

    async def end(self) -> None:
        for task in self.waiting:
            task.cancel()
        await asyncio.gather(*self.waiting, return_exceptions=True)


async def test_who_waits_has_a_place_and_nobody_else_has_one() -> None:
    queue = Queue()
    assert queue.before(ANN, ("s", "somebody")) == [None, None]
    await queue.wait(ANN)
    await queue.wait(BOB)
    assert queue.before(ANN, BOB, CID) == [0, 1, None]
    await queue.end()
    assert queue.before(ANN, BOB) == [None, None]


async def test_a_player_with_many_pictures_is_passed_by_one_with_few() -> None:
    """As it is served: a round for each; whoever's second waits stands behind everybody's first."""
    queue = Queue()
    for _ in range(3):
        await queue.wait(ANN)
    await queue.wait(BOB)
    assert queue.before(ANN, BOB) == [0, 1]
    await queue.wait(CID, priority=0)
    assert queue.before(CID, ANN, BOB) == [0, 1, 2]
    queue.first.release()
    await settle()
    assert queue.before(CID, ANN, BOB) == [None, 0, 1]
    await queue.end()


async def test_only_pictures_are_counted() -> None:
    queue = Queue()
    await queue.wait(BOB, images=0)
    await queue.wait(ANN)
    assert queue.before(ANN, BOB) == [0, None]
    await queue.end()
