"""Load and trouble over real HTTP: storms of 429, deadlines, cancellation.  Time is fake, the network is real."""

from __future__ import annotations

import asyncio
from email.utils import formatdate
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from mudbot.api import Limits
from mudbot.errors import ApiConnectionError, ApiTimeoutError, QueueFullError, RateLimitError

if TYPE_CHECKING:
    from mudbot.api import Api, Chat
    from tests.api.conftest import FakeClock, Stage

HELLO = [{"role": "user", "content": "hi"}]
CHAT = {"choices": [{"message": {"content": "ok"}}], "usage": {"prompt_tokens": 3, "completion_tokens": 1}}


def storm(api: Api, count: int = 50, **params: float) -> list[asyncio.Task[Chat]]:
    loop = asyncio.get_running_loop()
    return [loop.create_task(api.chat(HELLO, model="m", deadline=params.get("deadline"))) for _ in range(count)]


async def finish(clock: FakeClock, tasks: list[asyncio.Task[Chat]], step: float = 0.1) -> list[Chat | BaseException]:
    """Let time and network run until every call has ended."""
    while not all(task.done() for task in tasks):
        for _ in range(20):
            await asyncio.sleep(0)
        await clock.advance(step)
    return await asyncio.gather(*tasks, return_exceptions=True)


def refusing_until(stage: Stage, until: float, headers: dict[str, str]) -> None:
    async def play(_request: web.Request) -> web.StreamResponse:
        if stage.clock.now() < until:
            return web.json_response({"error": {"message": "slow"}}, status=429, headers=headers)
        return web.json_response(CHAT)

    stage.play = play


@pytest.mark.parametrize("concurrency", [1, 4, 50])
async def test_a_storm_of_fifty_makes_at_most_55_requests_and_none_before_retry_after(
    stage: Stage, clock: FakeClock, concurrency: int
) -> None:
    begin = clock.now()
    refusing_until(stage, begin + 5, {"Retry-After": "5"})
    async with stage.api(limits=Limits(concurrency=concurrency)) as api:
        tasks = storm(api)
        await stage.saw(min(concurrency, 4))
        await clock.advance(4.99)
        assert len(stage.seen) <= 4
        results = await finish(clock, tasks)
    assert all(not isinstance(result, BaseException) for result in results)
    assert len(stage.seen) <= 55
    assert not [seen.at for seen in stage.seen if begin < seen.at < begin + 5]


async def test_a_storm_against_a_server_that_never_yields_ends_soon_and_cheaply(stage: Stage, clock: FakeClock) -> None:
    refusing_until(stage, float("inf"), {"Retry-After": "1"})
    async with stage.api() as api:
        tasks = storm(api)
        await stage.saw(4)
        results = await finish(clock, tasks)
    assert {type(result) for result in results} == {RateLimitError}
    assert len(stage.seen) <= 10
    assert clock.now() - 1000 < 10


async def test_a_server_with_a_real_limit_and_no_headers_is_not_stormed(stage: Stage, clock: FakeClock) -> None:
    tokens, last = 10.0, clock.now()

    async def play(_request: web.Request) -> web.StreamResponse:
        nonlocal tokens, last
        tokens, last = min(10.0, tokens + (clock.now() - last)), clock.now()
        if tokens < 1:
            return web.json_response({}, status=429, headers={"Retry-After": "1"})
        tokens -= 1
        return web.json_response(CHAT)

    stage.play = play
    async with stage.api() as api:
        results = await finish(clock, storm(api))
    assert all(not isinstance(result, BaseException) for result in results)
    assert len(stage.seen) <= 60


async def test_a_server_that_tells_its_limit_is_never_made_to_refuse(stage: Stage, clock: FakeClock) -> None:
    left, last, refused = 10.0, clock.now(), 0

    async def play(_request: web.Request) -> web.StreamResponse:
        nonlocal left, last, refused
        left, last = min(10.0, left + (clock.now() - last)), clock.now()
        if left < 1:
            refused += 1
            return web.json_response({}, status=429, headers={"Retry-After": "1"})
        left -= 1
        told = {"limit": "10", "remaining": str(int(left)), "reset": f"{10 - left:.3f}s"}
        return web.json_response(CHAT, headers={f"x-ratelimit-{name}-requests": value for name, value in told.items()})

    stage.play = play
    async with stage.api() as api:
        results = await finish(clock, storm(api))
    assert all(not isinstance(result, BaseException) for result in results)
    assert refused <= 5
    assert len(stage.seen) <= 55


async def test_retry_after_may_be_a_date(stage: Stage, clock: FakeClock) -> None:
    begin = clock.now()
    date = formatdate(clock.wall(), usegmt=True)
    refusing_until(stage, begin + 7, {"Retry-After": formatdate(clock.wall() + 7, usegmt=True), "Date": date})
    async with stage.api() as api:
        tasks = storm(api, 1)
        await stage.saw(1)
        await clock.advance(6.9)
        assert len(stage.seen) == 1
        await clock.advance(0.2)
        await finish(clock, tasks)
    assert len(stage.seen) == 2
    assert stage.calls[0].waited == pytest.approx(7, abs=0.2)
    assert stage.calls[0].outcome == "ok"


async def test_a_spent_quota_is_told_at_once_and_holds_nothing_back(stage: Stage) -> None:
    stage.answers({"error": {"message": "no money", "code": "insufficient_quota"}}, 429, {"Retry-After": "30"})
    async with stage.api() as api:
        with pytest.raises(Exception, match="billing"):
            await api.chat(HELLO, model="m")
        stage.answers(CHAT)
        assert (await api.chat(HELLO, model="m")).text == "ok"


async def test_a_retry_that_would_come_after_the_deadline_is_not_waited_for(stage: Stage, clock: FakeClock) -> None:
    stage.answers({}, 429, {"Retry-After": "120"})
    async with stage.api() as api:
        with pytest.raises(RateLimitError):
            await api.chat(HELLO, model="m")
        with pytest.raises(RateLimitError, match="another 120 s"):
            await api.chat(HELLO, model="m")
    assert len(stage.seen) == 1
    assert clock.now() == 1000


async def hang(_request: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


async def test_a_hung_server_is_given_up_at_the_deadline(stage: Stage, clock: FakeClock) -> None:
    stage.play = hang
    async with stage.api() as api:
        tasks = storm(api, 1, deadline=20)
        await stage.saw(1)
        await clock.advance(19.9)
        assert not tasks[0].done()
        await clock.advance(0.1)
        with pytest.raises(
            ApiTimeoutError, match=r"within 20 s: the call waited for the server's answer \(attempt 1\)"
        ):
            await tasks[0]
        assert (api.running, api.waiting) == (0, 0)
    assert (stage.calls[0].outcome, stage.calls[0].latency) == ("ApiTimeoutError", 20.0)


async def test_a_call_that_ends_in_the_queue_says_what_it_waited_for(stage: Stage, clock: FakeClock) -> None:
    stage.play = hang
    async with stage.api(limits=Limits(concurrency=1)) as api:
        tasks = storm(api, 1) + storm(api, 1, deadline=30)
        await stage.saw(1)
        await clock.advance(30)
        with pytest.raises(ApiTimeoutError, match=r"waited in the queue for one of the 1 calls in flight.*concurrency"):
            await tasks[1]
        await clock.advance(30)
        with pytest.raises(ApiTimeoutError):
            await tasks[0]
    assert sorted(call.attempts for call in stage.calls) == [0, 1]


async def test_a_rate_is_named_when_it_was_what_the_call_waited_for(stage: Stage, clock: FakeClock) -> None:
    stage.answers(CHAT)
    async with stage.api(limits=Limits(requests_per_minute=1, deadline=30)) as api:
        await api.chat(HELLO, model="m")
        tasks = storm(api, 1)
        await clock.advance(30)
        with pytest.raises(ApiTimeoutError, match=r"api\.limits\.requests_per_minute \(1\)"):
            await tasks[0]
    assert stage.calls[-1].waited == 30.0


async def test_the_queue_is_bounded(stage: Stage) -> None:
    stage.play = hang
    async with stage.api(limits=Limits(concurrency=1, queue=2)) as api:
        tasks = storm(api, 4)
        await stage.saw(1)
        with pytest.raises(QueueFullError):
            await tasks[3]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_cancelled_calls_leave_no_trace(stage: Stage) -> None:
    stage.play = hang
    before = asyncio.all_tasks()
    async with stage.api(limits=Limits(concurrency=2)) as api:
        tasks = storm(api, 5)
        await stage.saw(2)
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert {type(result) for result in results} == {asyncio.CancelledError}
        assert (api.running, api.waiting) == (0, 0)
        stage.answers(CHAT)
        assert (await api.chat(HELLO, model="m")).text == "ok"
    for _ in range(50):
        await asyncio.sleep(0)
    leaked = {task for task in asyncio.all_tasks() - before if "mudbot" in repr(task.get_coro())}
    assert not leaked
    assert [call.outcome for call in stage.calls] == ["cancelled"] * 5 + ["ok"]


async def test_closing_ends_calls_in_flight_and_in_the_queue(stage: Stage, clock: FakeClock) -> None:
    stage.play = hang
    api = stage.api(limits=Limits(concurrency=1))
    tasks = storm(api, 2)
    await stage.saw(1)
    await api.close()
    results = await finish(clock, tasks)
    assert [type(result) for result in results] == [ApiConnectionError, ApiConnectionError]


async def test_pictures_have_their_own_rate(stage: Stage, clock: FakeClock) -> None:
    stage.answers({"data": [{"url": "http://x"}]})
    async with stage.api(limits=Limits(images_per_minute=3)) as api:
        await api.image("one")
        second = asyncio.ensure_future(api.image("two"))
        await clock.advance(19)
        assert len(stage.seen) == 1
        await clock.advance(1)
        await second


async def test_tokens_are_settled_from_usage(stage: Stage, clock: FakeClock) -> None:
    stage.answers(CHAT)
    async with stage.api(limits=Limits(tokens_per_minute=60)) as api:
        await api.chat(HELLO, model="m", max_tokens=1000)
        meter = api._ways.default[0].scheduler._tokens
        assert meter is not None
        assert meter.wait(clock.now()) == pytest.approx(4.0)
