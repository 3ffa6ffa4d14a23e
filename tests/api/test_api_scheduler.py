"""The one queue: order, rates, bounds, holds, and no trace of what was cancelled.  Fake clock, no network."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

import pytest

from mudbot.api.limit.limits import Cost, Limits
from mudbot.api.limit.scheduler import Scheduler
from mudbot.api.limit.turn import Turn
from mudbot.errors import ApiConnectionError, QueueFullError, RateLimitError

if TYPE_CHECKING:
    from tests.api.conftest import FakeClock

CHAT = Cost(tokens=100)
FOREVER = 1e9


class Crowd:
    """Tasks that ask a scheduler for leases, and the leases in the order in which they came."""

    def __init__(self, clock: FakeClock, limits: Limits | None = None) -> None:
        self.clock, self.scheduler = clock, Scheduler(limits or Limits(), clock)
        self.went: list[tuple[str, float]] = []
        self.leases: dict[str, Turn] = {}

    def ask(self, name: str, cost: Cost = CHAT, lane: str = "chat", until: float = FOREVER) -> asyncio.Task[None]:
        return asyncio.get_running_loop().create_task(self._ask(name, cost, lane, until))

    async def _ask(self, name: str, cost: Cost, lane: str, until: float) -> None:
        turn = self.scheduler.turn(lane, cost, until)
        await self.scheduler.acquire(turn)
        self.leases[name] = turn
        self.went.append((name, self.clock.now() - 1000.0))

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.went]


async def test_calls_are_served_in_the_order_in_which_they_came(clock: FakeClock) -> None:
    crowd = Crowd(clock, Limits(concurrency=1))
    tasks = [crowd.ask(name) for name in "abcd"]
    await clock.advance(0)
    for name in "abc":
        crowd.leases[name].release()
        await clock.advance(0)
    assert crowd.names == ["a", "b", "c", "d"]
    await asyncio.gather(*tasks)


async def test_no_more_are_in_flight_than_allowed(clock: FakeClock) -> None:
    crowd = Crowd(clock, Limits(concurrency=3))
    tasks = [crowd.ask(str(i)) for i in range(5)]
    await clock.advance(100)
    assert (crowd.scheduler.running, crowd.scheduler.waiting) == (3, 2)
    crowd.leases["0"].release()
    crowd.leases["0"].release()
    await clock.advance(0)
    assert (crowd.scheduler.running, crowd.scheduler.waiting) == (3, 1)
    crowd.leases["1"].release()
    await asyncio.gather(*tasks)


async def test_fifty_a_second_go_out_as_fifty_a_second(clock: FakeClock) -> None:
    crowd = Crowd(clock, Limits(requests_per_minute=3000, queue=2000, concurrency=2000))
    tasks = [crowd.ask(str(i)) for i in range(1000)]
    await clock.advance(25)
    times = [at for _, at in crowd.went]
    assert len(times) == 1000
    assert 999 / (times[-1] - times[0]) == pytest.approx(50.0, rel=0.001)
    assert max(sum(start <= at < start + 1 for at in times) for start in times) <= 55
    await asyncio.gather(*tasks)


async def test_tokens_are_a_limit_of_their_own_and_corrected_afterwards(clock: FakeClock) -> None:
    crowd = Crowd(clock, Limits(tokens_per_minute=6000))
    tasks = [crowd.ask("a", Cost(tokens=1000)), crowd.ask("b"), crowd.ask("c")]
    await clock.advance(1)
    assert crowd.names == ["a"]
    crowd.leases["a"].settle(Cost(tokens=200))
    await clock.advance(1)
    assert crowd.names == ["a", "b"]
    assert crowd.went[1][1] == pytest.approx(2.0)
    await clock.advance(5)
    await asyncio.gather(*tasks)


async def test_a_reply_passes_a_picture_that_waits_for_the_pictures_limit(clock: FakeClock) -> None:
    crowd = Crowd(clock, Limits(requests_per_minute=6000, images_per_minute=3))
    tasks = [crowd.ask(name, Cost(images=1), "paint") for name in ("picture 1", "picture 2")] + [crowd.ask("reply")]
    await clock.advance(1)
    assert crowd.names == ["picture 1", "reply"]
    await clock.advance(20)
    assert crowd.names[2] == "picture 2"
    assert crowd.went[2][1] == pytest.approx(20.0)
    await asyncio.gather(*tasks)


async def test_small_calls_do_not_starve_a_big_one(clock: FakeClock) -> None:
    crowd = Crowd(clock, Limits(tokens_per_minute=60_000, concurrency=200, queue=200))
    small = [crowd.ask(f"s{i}", Cost(tokens=20)) for i in range(60)]
    big = crowd.ask("big", Cost(tokens=500))
    more = [crowd.ask(f"t{i}", Cost(tokens=20)) for i in range(60)]
    await clock.advance(60)
    assert crowd.names.index("big") == 60
    assert dict(crowd.went)["big"] <= 1.7
    await asyncio.gather(*small, big, *more)


async def test_one_more_than_the_queue_holds_is_refused_at_once(clock: FakeClock) -> None:
    crowd = Crowd(clock, Limits(concurrency=1, queue=2))
    tasks = [crowd.ask(name) for name in "abc"]
    await clock.advance(0)
    with pytest.raises(QueueFullError, match=r"2 calls wait.*api\.limits\.queue"):
        await crowd.ask("d")
    crowd.leases["a"].release()
    await clock.advance(0)
    crowd.leases["b"].release()
    await asyncio.gather(*tasks)


async def test_a_call_that_was_sent_before_returns_to_its_place_however_full_the_queue_is(clock: FakeClock) -> None:
    scheduler = Scheduler(Limits(concurrency=1, queue=1), clock)
    first, second, third = (scheduler.turn("chat", CHAT, FOREVER) for _ in range(3))
    await scheduler.acquire(first)
    waiting = asyncio.ensure_future(scheduler.acquire(second))
    await clock.advance(0)
    first.release()
    await waiting
    again = asyncio.ensure_future(scheduler.acquire(first))
    last = asyncio.ensure_future(scheduler.acquire(third))
    await clock.advance(0)
    with pytest.raises(QueueFullError):
        await last
    second.release()
    await again


async def test_one_refusal_holds_back_everything_that_shares_the_limit_and_nothing_else(clock: FakeClock) -> None:
    crowd = Crowd(clock, Limits(concurrency=2))
    tasks = [crowd.ask("a"), crowd.ask("b"), crowd.ask("c"), crowd.ask("filter", lane="moderation")]
    await clock.advance(0)
    crowd.leases["a"].refused(5.0)
    crowd.leases["a"].release()
    await clock.advance(4.9)
    assert crowd.names == ["a", "b", "filter"]
    crowd.leases["filter"].release()
    await clock.advance(0.1)
    assert crowd.names[3] == "c"
    assert crowd.went[3][1] == pytest.approx(5.0)
    await asyncio.gather(*tasks)


async def test_after_a_hold_one_call_goes_first_and_then_more(clock: FakeClock) -> None:
    crowd = Crowd(clock, Limits(concurrency=8, queue=100))
    tasks = [crowd.ask(str(i)) for i in range(20)]
    await clock.advance(0)
    assert len(crowd.went) == 4  # cold
    for i in range(4):
        crowd.leases[str(i)].refused(2.0)
        crowd.leases[str(i)].release()
    await clock.advance(2.5)
    assert len(crowd.went) == 5
    crowd.leases["4"].accepted({})
    crowd.leases["4"].release()
    await clock.advance(0)
    assert len(crowd.went) == 7  # accepted: two at once
    await clock.advance(1)
    assert len(crowd.went) == 9  # silence is no refusal: four at once
    for task in tasks:
        task.cancel()


async def test_calls_that_waited_through_three_refusals_in_a_row_fail_together(clock: FakeClock) -> None:
    crowd = Crowd(clock, Limits(concurrency=2))
    tasks = [crowd.ask(str(i)) for i in range(20)]
    await clock.advance(0)
    for wave in range(3):
        for name in crowd.names[-2 if wave == 0 else -1 :]:
            crowd.leases[name].refused(1.0)
            crowd.leases[name].release()
        await clock.advance(1.0)
    assert len(crowd.went) == 4
    with pytest.raises(RateLimitError, match="3 calls in a row"):
        await tasks[-1]
    await asyncio.gather(*tasks, return_exceptions=True)
    assert (crowd.scheduler.running, crowd.scheduler.waiting) == (0, 0)
    late = crowd.ask("late")
    await clock.advance(1.0)
    await late


async def test_a_hold_longer_than_the_call_may_take_is_told_at_once(clock: FakeClock) -> None:
    crowd = Crowd(clock, Limits(concurrency=1))
    tasks = [crowd.ask("a"), crowd.ask("b", until=clock.now() + 60)]
    await clock.advance(0)
    crowd.leases["a"].refused(300.0)
    with pytest.raises(RateLimitError, match="another 300 s"):
        await tasks[1]
    with pytest.raises(RateLimitError, match="another 300 s"):
        await crowd.ask("c", until=clock.now() + 60)
    crowd.leases["a"].release()


async def test_an_answer_to_a_request_from_before_the_refusal_opens_nothing(clock: FakeClock) -> None:
    crowd = Crowd(clock, Limits(concurrency=4))
    tasks = [crowd.ask(str(i)) for i in range(8)]
    await clock.advance(0)
    crowd.leases["0"].refused(1.0)
    crowd.leases["0"].release()
    for name in "123":
        crowd.leases[name].accepted({})
        crowd.leases[name].release()
    await clock.advance(1.5)
    assert len(crowd.went) == 5
    for task in tasks:
        task.cancel()


async def test_what_the_server_tells_of_its_limit_is_kept(clock: FakeClock) -> None:
    crowd = Crowd(clock)
    first = crowd.ask("a")
    await clock.advance(0)
    told = {
        "x-ratelimit-limit-requests": "60",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "1m0s",
    }
    crowd.leases["a"].accepted(told)
    crowd.leases["a"].release()
    second = crowd.ask("b")
    await clock.advance(0.5)
    assert crowd.names == ["a"]
    await clock.advance(0.5)
    assert crowd.names == ["a", "b"]
    await asyncio.gather(first, second)


async def test_cancelling_a_waiting_call_leaves_no_trace(clock: FakeClock) -> None:
    crowd = Crowd(clock, Limits(concurrency=1))
    tasks = [crowd.ask(name) for name in "abc"]
    await clock.advance(0)
    tasks[1].cancel()
    await clock.advance(0)
    assert (crowd.scheduler.running, crowd.scheduler.waiting) == (1, 1)
    crowd.leases["a"].release()
    await clock.advance(0)
    assert crowd.names == ["a", "c"]


async def test_cancelling_in_the_turn_of_the_grant_gives_everything_back(clock: FakeClock) -> None:
    crowd = Crowd(clock, Limits(concurrency=1, tokens_per_minute=6000))
    tasks = [crowd.ask("a", Cost(tokens=0)), crowd.ask("b", Cost(tokens=6000)), crowd.ask("c")]
    await clock.advance(0)
    crowd.leases["a"].release()  # grants b, whose task has not woken yet
    tasks[1].cancel()
    await clock.advance(0)
    assert crowd.names == ["a", "c"]
    assert crowd.scheduler.running == 1


async def test_a_release_between_cancel_and_its_arrival_grants_the_next(clock: FakeClock) -> None:
    crowd = Crowd(clock, Limits(concurrency=1))
    tasks = [crowd.ask(name) for name in "abc"]
    await clock.advance(0)
    tasks[1].cancel()
    crowd.leases["a"].release()
    await clock.advance(0)
    assert crowd.names == ["a", "c"]
    assert repr(crowd.scheduler) == "<Scheduler 1/1 in flight, 0/100 waiting>"


async def test_a_thousand_random_asks_cancels_refusals_and_releases_leave_it_empty(clock: FakeClock) -> None:
    dice = random.Random(11)
    crowd = Crowd(clock, Limits(concurrency=3, requests_per_minute=600, tokens_per_minute=60_000, queue=50))
    tasks: list[asyncio.Task[None]] = []
    for step in range(1000):
        tasks.append(crowd.ask(str(step), Cost(tokens=dice.randrange(900)), dice.choice("xy"), clock.now() + 30))
        dice.choice(tasks).cancel()
        if dice.random() < 0.6 and crowd.leases:
            lease = crowd.leases.pop(dice.choice(list(crowd.leases)))
            if dice.random() < 0.5:
                lease.refused(0.3)
            else:
                lease.accepted({})
            lease.settle(Cost(tokens=dice.randrange(900)))
            lease.release()
        await clock.advance(dice.choice([0, 0, 0.05, 0.4]))
        assert crowd.scheduler.running <= 3
    for task in tasks:
        task.cancel()
    await clock.advance(0)
    for lease in crowd.leases.values():
        lease.release()
    assert (crowd.scheduler.running, crowd.scheduler.waiting) == (0, 0)
    await asyncio.gather(*tasks, return_exceptions=True)
    last = crowd.ask("last")
    await clock.advance(120)
    assert last.done()


async def test_the_wait_is_explained(clock: FakeClock) -> None:
    scheduler = Scheduler(Limits(requests_per_minute=6), clock)
    first, turn = (scheduler.turn("chat", CHAT, FOREVER) for _ in range(2))
    await scheduler.acquire(first)
    first.release()
    waiting = asyncio.ensure_future(scheduler.acquire(turn))
    await clock.advance(1)
    waiting.cancel()
    await clock.advance(0)
    assert turn.waits_for == "api.limits.requests_per_minute (6)"


async def test_closing_fails_what_waits_and_leaves_no_task(clock: FakeClock) -> None:
    before = asyncio.all_tasks()
    crowd = Crowd(clock, Limits(requests_per_minute=1))
    tasks = [crowd.ask(name) for name in "abc"]
    await clock.advance(1)
    await crowd.scheduler.close()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [type(result) for result in results] == [type(None), ApiConnectionError, ApiConnectionError]
    with pytest.raises(ApiConnectionError, match="closed"):
        await crowd.ask("d")
    assert asyncio.all_tasks() == before
