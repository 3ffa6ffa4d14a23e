"""The circuit breaker: an endpoint that fails is left alone, tried now and then, and used again soon."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from mudbot.api import Api, Budgets, Caller, Limits, Price
from mudbot.api.limit.breaker import FAILURES, FIRST, LONGEST, PATIENCE, Breaker
from mudbot.errors import ApiError, ApiTimeoutError, BudgetError, CircuitOpenError, ServerError
from tests.api.conftest import settle

if TYPE_CHECKING:
    from tests.api.conftest import FakeClock, Stage

HELLO = [{"role": "user", "content": "hi"}]
GOOD = {"choices": [{"message": {"content": "ok"}}], "usage": {"prompt_tokens": 3, "completion_tokens": 1}}
DOWN = {"error": {"message": "down"}}


async def chat(api: Api, clock: FakeClock, model: str = "m", **how: Any) -> object:
    """One chat with as much time as it wants; what came of it."""
    return await ended(clock, asyncio.ensure_future(api.chat(HELLO, model=model, **how)))


async def ended(clock: FakeClock, task: asyncio.Future[Any]) -> object:
    while not task.done():
        await settle(30)
        if not task.done():
            await clock.advance(0.1)
    return (await asyncio.gather(task, return_exceptions=True))[0]


async def open_it(api: Api, stage: Stage, clock: FakeClock) -> None:
    stage.answers(DOWN, 500)
    while len(stage.seen) < FAILURES:
        await chat(api, clock)


async def hang(_request: web.Request) -> web.StreamResponse:
    await asyncio.Event().wait()
    raise AssertionError


# -- the rule by itself --------------------------------------------------------------------------------------------


def test_four_failures_in_a_row_open_nothing_and_five_do() -> None:
    breaker = Breaker()
    for _ in range(FAILURES - 1):
        breaker.failed(0.0)
    assert (breaker.open, breaker.wait(0.0)) == (False, 0.0)
    breaker.failed(0.0)
    assert (breaker.open, breaker.wait(0.0)) == (True, FIRST)
    assert repr(breaker) == "<Breaker open, 5 failures>"


def test_a_success_between_them_begins_the_count_anew() -> None:
    breaker = Breaker()
    for _ in range(20):
        for _ in range(FAILURES - 1):
            breaker.failed(0.0)
        breaker.succeeded()
    assert not breaker.open


def test_each_failed_look_doubles_the_pause_up_to_the_longest() -> None:
    breaker, now, pauses = Breaker(), 0.0, []
    for _ in range(FAILURES):
        breaker.failed(now)
    for _ in range(6):
        pauses.append(breaker.wait(now))
        now += breaker.wait(now)
        breaker.enter(now)
        breaker.failed(now)
    assert pauses == [5, 10, 20, 30, 30, 30]
    assert LONGEST <= 30


def test_failures_of_calls_that_were_under_way_prolong_nothing() -> None:
    breaker = Breaker()
    for _ in range(50):
        breaker.failed(1.0)
    assert breaker.wait(1.0) == FIRST


def test_after_a_success_the_next_outage_is_short_again() -> None:
    breaker = Breaker()
    for now in (0.0, 10.0, 30.0, 60.0):
        for _ in range(FAILURES):
            breaker.failed(now)
    breaker.succeeded()
    for _ in range(FAILURES):
        breaker.failed(100.0)
    assert breaker.wait(100.0) == FIRST


# -- in the Api ----------------------------------------------------------------------------------------------------


async def test_five_failures_open_it_and_then_calls_fail_at_once_without_a_request(
    stage: Stage, clock: FakeClock
) -> None:
    async with stage.api() as api:
        await open_it(api, stage, clock)
        now = clock.now()
        for _ in range(20):
            with pytest.raises(CircuitOpenError, match=r"left alone for . s more -- look at the log"):
                await api.chat(HELLO, model="m")
        assert (clock.now(), len(stage.seen)) == (now, FAILURES)
        assert (api.running, api.waiting) == (0, 0)
    last = stage.calls[-1]
    assert (last.outcome, last.attempts) == ("CircuitOpenError", 0)
    assert last.latency < 1e-6


async def test_a_call_that_was_about_to_be_tried_again_fails_when_it_opens(stage: Stage, clock: FakeClock) -> None:
    stage.answers(DOWN, 500)
    async with stage.api(limits=Limits(concurrency=10)) as api:
        tasks = [asyncio.ensure_future(api.chat(HELLO, model="m")) for _ in range(10)]
        results = [await ended(clock, task) for task in tasks]
    assert {type(result) for result in results} <= {CircuitOpenError, ServerError}
    assert len(stage.seen) <= 10


async def test_calls_that_wait_in_the_queue_fail_when_it_opens(stage: Stage, clock: FakeClock) -> None:
    stage.answers(DOWN, 500)
    async with stage.api(limits=Limits(concurrency=1)) as api:
        tasks = [asyncio.ensure_future(api.chat(HELLO, model="m")) for _ in range(50)]
        results = [await ended(clock, task) for task in tasks]
        assert (api.running, api.waiting) == (0, 0)
    assert {type(result) for result in results} <= {CircuitOpenError, ServerError}
    assert len(stage.seen) == FAILURES
    assert clock.now() - 1000 < 10


async def test_while_it_is_open_one_call_in_five_seconds_goes_to_see(stage: Stage, clock: FakeClock) -> None:
    async with stage.api(limits=Limits(concurrency=10)) as api:
        await open_it(api, stage, clock)
        stage.play = hang
        tasks = []
        await clock.advance(FIRST)
        for _ in range(190):  # 19 seconds, ten calls a second
            tasks.append(asyncio.ensure_future(api.chat(HELLO, model="m")))
            await settle(30)
            await clock.advance(0.1)
        probes = [seen.at for seen in stage.seen[FAILURES:]]
        assert len(probes) == 4
        assert all(later - sooner >= PATIENCE - 0.01 for sooner, later in itertools.pairwise(probes))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_one_success_closes_it_for_all(stage: Stage, clock: FakeClock) -> None:
    async with stage.api() as api:
        await open_it(api, stage, clock)
        stage.answers(GOOD)
        await clock.advance(FIRST)
        for _ in range(5):
            assert (await api.chat(HELLO, model="m")).text == "ok"


@pytest.mark.parametrize("outage", [1.0, 7.0, 33.0, 100.0, 1000.0])
@pytest.mark.parametrize("fault", ["500", "hang"])
async def test_it_recovers_within_35_seconds_after_the_server_is_back(
    stage: Stage, clock: FakeClock, outage: float, fault: str
) -> None:
    async def answer(_request: web.Request) -> web.StreamResponse:
        if clock.now() >= back:
            return web.json_response(GOOD)
        return await hang(_request) if fault == "hang" else web.json_response(DOWN, status=500)

    back = clock.now() + outage
    stage.play = answer
    async with stage.api(limits=Limits(concurrency=100)) as api:
        tasks: list[asyncio.Future[Any]] = []
        recovered = None
        while recovered is None:
            tasks.append(asyncio.ensure_future(api.chat(HELLO, model="m", deadline=12)))
            await settle(30)
            await clock.advance(1.0)
            done = [task for task in tasks if task.done()]
            tasks = [task for task in tasks if not task.done()]
            if any(not isinstance(result, ApiError) for result in await asyncio.gather(*done, return_exceptions=True)):
                recovered = clock.now()
        assert recovered - back <= 35
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_each_endpoint_and_model_has_its_own(stage: Stage, clock: FakeClock) -> None:
    async def play(request: web.Request) -> web.StreamResponse:
        body = await request.json() if request.can_read_body else {}
        return web.json_response(DOWN, status=500) if body.get("model") == "m" else web.json_response(GOOD)

    async with stage.api() as api:
        await open_it(api, stage, clock)
        stage.play = play
        assert (await api.chat(HELLO, model="other")).text == "ok"
        with pytest.raises(CircuitOpenError):
            await api.chat(HELLO, model="m")
        stage.answers({"data": []})
        assert (await api.models()).ids == []


async def test_ids_in_a_path_are_one_endpoint(stage: Stage, clock: FakeClock) -> None:
    stage.answers(DOWN, 500)
    async with stage.api() as api:
        for number in range(FAILURES):
            await ended(clock, asyncio.ensure_future(api.file(f"file-{number}")))
        with pytest.raises(CircuitOpenError):
            await api.file("file-never-asked")


@pytest.mark.parametrize("status", [400, 401, 404, 422, 429])
async def test_a_server_that_refuses_is_not_down(stage: Stage, clock: FakeClock, status: int) -> None:
    stage.answers({"error": {"message": "no"}}, status, {"Retry-After": "0.01"})
    async with stage.api() as api:
        for _ in range(3 * FAILURES):
            assert not isinstance(await chat(api, clock), CircuitOpenError)
            await clock.advance(1)


async def test_a_server_that_answers_something_is_up(stage: Stage, clock: FakeClock) -> None:
    async with stage.api() as api:
        await open_it(api, stage, clock)
        await clock.advance(FIRST)
        stage.answers({"error": {"message": "too long"}}, 400)
        for _ in range(2):
            assert not isinstance(await chat(api, clock), CircuitOpenError)
        stage.answers(GOOD)
        assert (await api.chat(HELLO, model="m")).text == "ok"


# -- hung servers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("deadline", [2, 30])
async def test_calls_that_pass_their_deadline_without_any_answer_count(
    stage: Stage, clock: FakeClock, deadline: float
) -> None:
    stage.play = hang
    async with stage.api() as api:
        for number in range(FAILURES):
            task = asyncio.ensure_future(api.chat(HELLO, model="m", deadline=deadline))
            await stage.saw(number + 1)
            await clock.advance(deadline)
            with pytest.raises(ApiTimeoutError):
                await task
        with pytest.raises(CircuitOpenError):
            await api.chat(HELLO, model="m")


@pytest.mark.parametrize("deadline", [2, 30])
async def test_shared_calls_that_pass_their_deadline_count_as_well(
    stage: Stage, clock: FakeClock, deadline: float
) -> None:
    stage.play = hang
    async with stage.api() as api:
        for number in range(FAILURES):
            task = asyncio.ensure_future(api.embed("moon", model="e", deadline=deadline))
            await stage.saw(number + 1)
            await clock.advance(deadline)
            with pytest.raises(ApiTimeoutError, match=r"waited for the server's answer \(attempt 1\)"):
                await task
        with pytest.raises(CircuitOpenError):
            await api.embed("moon", model="e")
    assert [call.outcome for call in stage.calls] == ["ApiTimeoutError"] * FAILURES + ["CircuitOpenError"]


async def _leave(api: Api, stage: Stage, clock: FakeClock, after: float, *, stream: bool) -> None:
    async def ask() -> None:
        if stream:
            async for _ in api.chat_stream(HELLO, model="m"):
                pass
        else:
            await api.chat(HELLO, model="m")

    seen = len(stage.seen)
    task = asyncio.ensure_future(ask())
    await stage.saw(seen + 1)
    await clock.advance(after)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("stream", [False, True])
async def test_callers_who_leave_after_ten_silent_seconds_count(
    stage: Stage, clock: FakeClock, *, stream: bool
) -> None:
    stage.play = hang
    async with stage.api() as api:
        for _ in range(FAILURES):
            await _leave(api, stage, clock, 10.0, stream=stream)
        with pytest.raises(CircuitOpenError):
            await api.chat(HELLO, model="m")


async def test_callers_who_leave_sooner_say_nothing_about_the_server(stage: Stage, clock: FakeClock) -> None:
    stage.play = hang
    async with stage.api() as api:
        for _ in range(3 * FAILURES):
            await _leave(api, stage, clock, 9.9, stream=False)
        stage.answers(GOOD)
        assert (await api.chat(HELLO, model="m")).text == "ok"


async def test_callers_who_leave_a_stream_that_has_begun_say_nothing_about_the_server(
    stage: Stage, clock: FakeClock
) -> None:
    async def play(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b'data: {"choices": [{"delta": {"content": "a"}}]}\n\n')
        return await hang(request)

    stage.play = play
    async with stage.api() as api:
        for _ in range(3 * FAILURES):
            stream = api.chat_stream(HELLO, model="m")
            await anext(stream)
            waiting = asyncio.ensure_future(anext(stream))
            await clock.advance(30)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        stage.answers(GOOD)
        assert (await api.chat(HELLO, model="m")).text == "ok"


async def test_callers_who_leave_in_the_queue_say_nothing_about_the_server(stage: Stage, clock: FakeClock) -> None:
    stage.play = hang
    async with stage.api(limits=Limits(concurrency=1, deadline=500)) as api:
        first = asyncio.ensure_future(api.chat(HELLO, model="m"))
        await stage.saw(1)
        for _ in range(3 * FAILURES):
            task = asyncio.ensure_future(api.chat(HELLO, model="m"))
            await clock.advance(11)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        stage.answers(GOOD)
        assert (await api.chat(HELLO, model="m")).text == "ok"


async def test_a_call_that_a_budget_stops_does_not_use_up_the_look_at_the_server(
    stage: Stage, clock: FakeClock
) -> None:
    budgets, price = Budgets(player=0.5), {"m": Price(request=0.5)}
    poor, rich = Caller(player="poor"), Caller(player="rich")
    async with stage.api(budgets=budgets, prices=price) as api:
        stage.answers(GOOD)
        await api.chat(HELLO, model="m", caller=poor)
        seen = len(stage.seen)
        stage.answers(DOWN, 500)
        while len(stage.seen) < seen + FAILURES:
            await chat(api, clock)
        stage.answers(GOOD)
        await clock.advance(FIRST)
        with pytest.raises(BudgetError):
            await api.chat(HELLO, model="m", caller=poor)
        assert (await api.chat(HELLO, model="m", caller=rich)).text == "ok"
