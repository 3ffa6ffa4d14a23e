"""Identical calls in flight share one request, and what does not change is kept for a while, bounded."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from mudbot.api import Api, Caller
from mudbot.api.sharing import KEPT, MOST, MOST_BYTES, Kept
from mudbot.errors import (
    ApiConnectionError,
    ApiTimeoutError,
    AuthenticationError,
    BadAnswerError,
    BadRequestError,
    NotFoundError,
    ServerError,
)
from tests.api.conftest import settle, until

if TYPE_CHECKING:
    from tests.api.conftest import FakeClock, Stage

HELLO = [{"role": "user", "content": "hi"}]
CHAT = {"choices": [{"message": {"content": "ok"}}], "usage": {"prompt_tokens": 3, "completion_tokens": 1}}
VECTOR = {"data": [{"index": 0, "embedding": [1.0, 2.0]}], "usage": {"prompt_tokens": 3}}
CLEAN = {"id": "m", "results": [{"flagged": False, "categories": {}}]}


class Gate:
    """Answers when it is told to, and knows how many wait."""

    def __init__(self, stage: Stage, answer: object, status: int = 200) -> None:
        self.open = asyncio.Event()
        self.left = 0

        async def play(_request: web.Request) -> web.StreamResponse:
            try:
                await self.open.wait()
            except asyncio.CancelledError:
                self.left += 1
                raise
            return web.json_response(answer, status=status)

        stage.play = play


def several(ask: Callable[[], Awaitable[Any]], count: int) -> list[asyncio.Future[Any]]:
    return [asyncio.ensure_future(ask()) for _ in range(count)]


SHARED: dict[str, tuple[Callable[[Api], Awaitable[Any]], object]] = {
    "embed": (lambda api: api.embed("moon", model="e"), VECTOR),
    "moderate": (lambda api: api.moderate("moon"), CLEAN),
    "models": (lambda api: api.models(), {"data": [{"id": "a"}]}),
    "chat without chance": (lambda api: api.chat(HELLO, model="m", temperature=0), CHAT),
}


@pytest.mark.parametrize("name", SHARED)
async def test_fifty_identical_calls_make_one_request_and_all_have_the_answer(stage: Stage, name: str) -> None:
    ask, answer = SHARED[name]
    gate = Gate(stage, answer)
    async with stage.api() as api:
        tasks = several(lambda: ask(api), 50)
        await stage.saw(1)
        gate.open.set()
        found = await asyncio.gather(*tasks)
        assert len(api._flights) == 0
    assert len(stage.seen) == 1
    assert len({result.model_dump_json() for result in found}) == 1
    assert len({id(result) for result in found}) == 50
    assert sorted(call.shared for call in stage.calls) == [False] + [True] * 49


@pytest.mark.parametrize("params", [{}, {"temperature": 0.5}, {"temperature": 0, "n": 2}, {"temperature": 1}])
async def test_an_answer_that_depends_on_chance_is_never_shared(stage: Stage, params: dict[str, Any]) -> None:
    stage.answers(CHAT)
    async with stage.api() as api:
        await asyncio.gather(*(api.chat(HELLO, model="m", **params) for _ in range(5)))
        assert len(stage.seen) == 5
        await asyncio.gather(*(api.complete("x", model="m", **params) for _ in range(5)), return_exceptions=True)
    assert len(stage.seen) == 10
    assert not any(call.shared for call in stage.calls)


async def test_calls_that_differ_in_anything_are_not_shared(stage: Stage) -> None:
    stage.answers(VECTOR)
    async with stage.api() as api:
        await asyncio.gather(
            api.embed("moon", model="e"),
            api.embed("moon", model="f"),
            api.embed("Moon", model="e"),
            api.embed(["moon"], model="e"),
            api.embed("moon", model="e", dimensions=2),
            api.embed("moon", model="e", organization="org-2"),
            api.embed("moon", model="e"),
            api.embed("moon", model="e", dimensions=None),
        )
    assert len(stage.seen) == 6


async def test_nobodys_change_of_an_answer_reaches_another(stage: Stage) -> None:
    gate = Gate(stage, VECTOR)
    async with stage.api() as api:
        tasks = several(lambda: api.embed("moon", model="e"), 3)
        await stage.saw(1)
        gate.open.set()
        first, *others = await asyncio.gather(*tasks)
        kept = await api.embed("moon", model="e")
        others.append(await api.embed("moon", model="e"))
        for changed in (first, kept):
            changed.data[0].embedding = "changed"
            changed.data.append(changed.data[0])
        others.append(await api.embed("moon", model="e"))
    assert [other.vectors for other in others] == [[[1.0, 2.0]]] * 4
    assert len(stage.seen) == 1


# -- who leaves ----------------------------------------------------------------------------------------------------


async def test_whoever_began_may_leave_and_the_others_have_their_answer(stage: Stage) -> None:
    gate = Gate(stage, VECTOR)
    async with stage.api() as api:
        tasks = several(lambda: api.embed("moon", model="e"), 3)
        await stage.saw(1)
        tasks[0].cancel()
        await settle()
        assert tasks[0].cancelled()
        gate.open.set()
        found = await asyncio.gather(*tasks[1:])
    assert [answer.vectors for answer in found] == [[[1.0, 2.0]]] * 2
    assert (len(stage.seen), gate.left) == (1, 0)


async def test_when_the_last_one_leaves_the_request_ends(stage: Stage) -> None:
    gate = Gate(stage, VECTOR)
    async with stage.api() as api:
        tasks = several(lambda: api.embed("moon", model="e"), 3)
        await stage.saw(1)
        for task in tasks:
            assert gate.left == 0
            task.cancel()
            await settle()
        await until(lambda: gate.left == 1)
        assert (api.running, api.waiting, len(api._flights)) == (0, 0, 0)
        later = asyncio.ensure_future(api.embed("moon", model="e"))
        await stage.saw(2)
        gate.open.set()
        assert (await later).vectors == [[1.0, 2.0]]


async def test_each_has_his_own_deadline(stage: Stage, clock: FakeClock) -> None:
    gate = Gate(stage, VECTOR)
    async with stage.api() as api:
        long = asyncio.ensure_future(api.embed("moon", model="e", deadline=50))
        await stage.saw(1)
        short = asyncio.ensure_future(api.embed("moon", model="e", deadline=5))
        await clock.advance(4.9)
        assert not short.done()
        await clock.advance(0.1)
        with pytest.raises(ApiTimeoutError, match="within 5 s"):
            await short
        assert not long.done()
        gate.open.set()
        assert (await long).vectors == [[1.0, 2.0]]
    assert (len(stage.seen), gate.left) == (1, 0)


async def test_whoever_joins_with_more_time_is_not_bound_by_the_deadline_of_whoever_began(
    stage: Stage, clock: FakeClock
) -> None:
    gate = Gate(stage, VECTOR)
    async with stage.api() as api:
        short = asyncio.ensure_future(api.embed("moon", model="e", deadline=5))
        await stage.saw(1)
        patient = several(lambda: api.embed("moon", model="e", deadline=50), 3)
        await clock.advance(5)
        with pytest.raises(ApiTimeoutError, match="waited for the server's answer"):
            await short
        await stage.saw(2)  # one of those who wait has asked anew, for all of them
        gate.open.set()
        assert [answer.vectors for answer in await asyncio.gather(*patient)] == [[[1.0, 2.0]]] * 3
    assert len(stage.seen) == 2
    told = sorted((call.outcome, call.shared) for call in stage.calls)
    assert told == [("ApiTimeoutError", False), ("ok", False), ("ok", True), ("ok", True)]


# -- failures ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("status", "kind"), [(400, BadRequestError), (401, AuthenticationError), (404, NotFoundError)])
async def test_a_failure_is_shared_and_not_kept(stage: Stage, status: int, kind: type[Exception]) -> None:
    gate = Gate(stage, {"error": {"message": "no"}}, status)
    async with stage.api() as api:
        tasks = several(lambda: api.embed("moon", model="e"), 5)
        await stage.saw(1)
        gate.open.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(isinstance(result, kind) for result in results)
        assert len(stage.seen) == 1
        stage.answers(VECTOR)
        assert (await api.embed("moon", model="e")).vectors == [[1.0, 2.0]]


async def test_retries_are_shared_as_well(stage: Stage, clock: FakeClock) -> None:
    stage.answers({"error": {"message": "down"}}, 500)
    async with stage.api() as api:
        tasks = several(lambda: api.moderate("moon"), 20)
        while not all(task.done() for task in tasks):
            await settle(20)
            await clock.advance(0.1)
        results = await asyncio.gather(*tasks, return_exceptions=True)
    assert {type(result) for result in results} == {ServerError}
    assert len(stage.seen) == 3


async def test_every_call_is_told_of_once_however_it_ended(stage: Stage, clock: FakeClock) -> None:
    gate = Gate(stage, {"error": {"message": "no"}}, 400)
    async with stage.api() as api:
        callers = [Caller(player=str(number)) for number in range(4)]
        tasks = [asyncio.ensure_future(api.embed("moon", model="e", caller=caller)) for caller in callers]
        hasty = asyncio.ensure_future(api.embed("moon", model="e", deadline=1, caller=Caller(player="hasty")))
        await stage.saw(1)
        tasks[3].cancel()
        await clock.advance(1)
        gate.open.set()
        await asyncio.gather(*tasks, hasty, return_exceptions=True)
    told = {call.caller.player: (call.outcome, call.shared, call.attempts) for call in stage.calls}
    assert len(stage.calls) == 5
    assert told == {
        "0": ("BadRequestError", False, 1),
        "1": ("BadRequestError", True, 0),
        "2": ("BadRequestError", True, 0),
        "3": ("cancelled", True, 0),
        "hasty": ("ApiTimeoutError", True, 0),
    }


async def test_closing_fails_shared_calls_with_an_error_and_cancels_nobody(stage: Stage) -> None:
    Gate(stage, VECTOR)
    api = stage.api()
    tasks = several(lambda: api.embed("moon", model="e"), 3)
    await stage.saw(1)
    await api.close()
    await asyncio.wait(tasks)
    assert [type(task.exception()) for task in tasks if not task.cancelled()] == [ApiConnectionError] * 3


# -- what is kept --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["embed", "moderate"])
async def test_what_was_asked_is_not_asked_again_for_an_hour(stage: Stage, clock: FakeClock, name: str) -> None:
    ask, answer = SHARED[name]
    stage.answers(answer)
    async with stage.api() as api:
        first = await ask(api)
        await clock.advance(KEPT)
        again = await ask(api)
        assert len(stage.seen) == 1
        assert again.model_dump() == first.model_dump()
        await clock.advance(1)
        await ask(api)
        assert len(stage.seen) == 2
    assert [(call.shared, call.attempts, call.money) for call in stage.calls[1:2]] == [(True, 0, 0.0)]


@pytest.mark.parametrize("name", ["models", "chat without chance"])
async def test_what_may_change_is_not_kept(stage: Stage, name: str) -> None:
    ask, answer = SHARED[name]
    stage.answers(answer)
    async with stage.api() as api:
        await ask(api)
        await ask(api)
    assert len(stage.seen) == 2


async def test_an_answer_that_lacks_something_is_not_kept(stage: Stage) -> None:
    async with stage.api() as api:
        stage.answers(CLEAN)
        with pytest.raises(BadAnswerError, match="1 results for 2 texts"):
            await api.moderate(["a", "b"])
        stage.answers(CLEAN | {"results": CLEAN["results"] * 2})  # type: ignore[operator]
        assert not (await api.moderate(["a", "b"])).flagged
        stage.answers(VECTOR)
        await api.embed(["a", "b"], model="e")
        await api.embed(["a", "b"], model="e")
    assert len(stage.seen) == 4


async def test_an_organisation_has_its_own_answers(stage: Stage) -> None:
    stage.answers(VECTOR)
    async with stage.api() as api:
        await api.embed("moon", model="e", organization="a")
        await api.embed("moon", model="e", organization="b")
        await api.embed("moon", model="e", organization="a")
    assert [seen.headers["openai-organization"] for seen in stage.seen] == ["a", "b"]


def test_so_many_answers_are_kept_and_the_least_used_go(clock: FakeClock) -> None:
    kept = Kept(clock)
    for number in range(MOST):
        kept.put(number, b"x")
    assert kept.get(0) == b"x"
    kept.put("one more", b"x")
    assert kept.get(0) == b"x"
    assert kept.get(1) is None
    assert repr(kept) == f"<Kept {MOST} answers, {MOST} bytes>"


def test_so_many_bytes_are_kept(clock: FakeClock) -> None:
    kept = Kept(clock)
    for number in range(40):
        kept.put(number, bytes(MOST_BYTES // 16))
    assert [number for number in range(40) if kept.get(number) is not None] == list(range(24, 40))
    kept.put("large", bytes(MOST_BYTES // 16 + 1))
    assert kept.get("large") is None
    assert kept.get(24) is not None


def test_what_is_put_twice_counts_once_and_what_is_old_is_forgotten(clock: FakeClock) -> None:
    kept = Kept(clock)
    for _ in range(5):
        kept.put("a", b"12345")
    assert repr(kept) == "<Kept 1 answers, 5 bytes>"
    clock._now += KEPT + 1
    assert kept.get("a") is None
    assert repr(kept) == "<Kept 0 answers, 0 bytes>"


async def test_a_long_question_takes_no_room_beside_its_answer(stage: Stage) -> None:
    stage.answers(VECTOR)
    async with stage.api() as api:
        await api.embed("moon" * 100_000, model="e")
        (key,) = api._kept._found
        assert isinstance(key, tuple)
        assert all(len(part) < 1000 for part in key if isinstance(part, str | bytes))
        assert repr(api._kept) == f"<Kept 1 answers, {api._kept._bytes} bytes>"
