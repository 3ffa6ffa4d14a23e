"""Trouble made by other people's servers: our adapter ends each call in the right answer or the right error.

llmock (PyPI) also judges the client by what it saw: whether it waited as long as it was told, tried again what may
help and nothing else, noticed streams that were cut.  aimock (npm) adds malformed bodies, disconnects and storms.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from mudbot.api import Api, Limits
from mudbot.errors import (
    ApiConnectionError,
    ApiError,
    ApiTimeoutError,
    AuthenticationError,
    BadAnswerError,
    BadRequestError,
    ServerError,
)
from tests.others.programs import HttpProgram, aimock, llmock

HELLO = [{"role": "user", "content": "hello"}]
MANY = 50
Had = Callable[[Callable[[], HttpProgram]], HttpProgram]


@pytest.fixture(scope="module")
def mock(had: Had) -> Iterator[HttpProgram]:
    with had(lambda: llmock("--rpm", "6000", "--tpm", "9000000")) as program:
        yield program


class Judge:
    """llmock's control: what shall go wrong, and what it saw."""

    def __init__(self, program: HttpProgram, session: aiohttp.ClientSession) -> None:
        self._url, self._session = f"{program.url}/_llmock", session

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        async with self._session.request(method, self._url + path, json=body) as answer:
            return await answer.json()

    async def plan(self, *behaviors: dict[str, Any]) -> None:
        await self.ask("POST", "/scenario", {"behaviors": list(behaviors)})

    async def requests(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await self.ask("GET", "/requests"))["requests"]
        return found

    async def passes(self) -> None:
        """Nothing that it saw was an error of the client's."""
        verdict = await self.ask("GET", "/verdict")
        faults = [finding for finding in verdict["findings"] if finding["severity"] == "error"]
        assert not faults, faults


@pytest.fixture
async def judge(mock: HttpProgram) -> AsyncIterator[Judge]:
    async with aiohttp.ClientSession() as session:
        judge = Judge(mock, session)
        await judge.ask("POST", "/reset")
        yield judge


def api(program: HttpProgram, **settings: Any) -> Api:
    return Api(program.base_url, api_key="sk-test", **({"limits": Limits(concurrency=MANY)} | settings))


async def asked(api: Api, number: int) -> object:
    """The text of one of many calls, no two alike, or its error."""
    try:
        return (await api.chat([{"role": "user", "content": f"call {number}"}], model="gpt-4o")).text
    except ApiError as error:
        return error


async def test_a_storm_of_calls_under_429_ends_well_in_55_requests(mock: HttpProgram, judge: Judge) -> None:
    await judge.plan({"type": "fail", "status": 429, "retry_after": 1, "times": 4})
    began = time.monotonic()
    async with api(mock) as adapter:
        answers = await asyncio.gather(*(asked(adapter, number) for number in range(MANY)))
    assert all(isinstance(answer, str) and answer for answer in answers), answers
    assert time.monotonic() - began >= 1  # not before it was told
    assert len(await judge.requests()) <= MANY + 5
    await judge.passes()


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
async def test_what_may_pass_is_tried_again(mock: HttpProgram, judge: Judge, status: int) -> None:
    await judge.plan({"type": "fail", "status": status, "times": 2})
    async with api(mock) as adapter:
        assert (await adapter.chat(HELLO, model="gpt-4o")).text
    assert len(await judge.requests()) == 3
    await judge.passes()


@pytest.mark.parametrize(("status", "kind"), [(400, BadRequestError), (401, AuthenticationError), (500, ServerError)])
async def test_what_cannot_pass_is_told(mock: HttpProgram, judge: Judge, status: int, kind: type[ApiError]) -> None:
    await judge.plan({"type": "fail", "status": status, "times": 5})
    async with api(mock) as adapter:
        with pytest.raises(kind):
            await adapter.chat(HELLO, model="gpt-4o")
    assert len(await judge.requests()) == (3 if status == 500 else 1)
    await judge.passes()


@pytest.mark.parametrize(
    ("fault", "kind"),
    [("disconnect", ApiConnectionError), ("truncate", BadAnswerError), ("malformed", BadAnswerError)],
)
async def test_a_broken_stream_is_no_answer(mock: HttpProgram, judge: Judge, fault: str, kind: type[ApiError]) -> None:
    await judge.plan({"type": "stream_fault", "kind": fault, "after_chunks": 2})
    async with api(mock) as adapter:
        with pytest.raises(kind):
            async for _ in adapter.chat_stream(HELLO, model="gpt-4o"):
                pass
        # Pieces were handed over, so the adapter does not ask again; whoever called does, and llmock sees that.
        again = [chunk.text async for chunk in adapter.chat_stream(HELLO, model="gpt-4o")]
    assert "".join(again)
    await judge.passes()


async def test_a_stream_that_stalls_ends_at_the_deadline(mock: HttpProgram, judge: Judge) -> None:
    await judge.plan({"type": "stream_fault", "kind": "stall", "after_chunks": 1, "stall_seconds": 20})
    async with api(mock) as adapter:
        with pytest.raises(ApiTimeoutError):
            async for _ in adapter.chat_stream(HELLO, model="gpt-4o", deadline=1.0):
                pass
    await judge.passes()


async def test_its_headers_keep_us_within_its_limit(had: Had) -> None:
    """60 a minute, told in headers: seventy calls are all answered, at most five of them refused on the way."""
    with had(lambda: llmock("--rpm", "60", "--tpm", "90000")) as program:
        async with aiohttp.ClientSession() as session, api(program, limits=Limits(concurrency=4)) as adapter:
            answers = await asyncio.gather(*(asked(adapter, number) for number in range(66)))
            assert all(isinstance(answer, str) for answer in answers), answers
            judge = Judge(program, session)
            requests = await judge.requests()
            assert sum(request["status"] == 429 for request in requests) <= 5
            await judge.passes()


FIXTURES = json.dumps({"fixtures": [{"match": {"userMessage": "call"}, "response": {"content": "Wine, friend."}}]})


@pytest.fixture(scope="module")
def chaos(had: Had, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpProgram]:
    folder: Path = tmp_path_factory.mktemp("aimock")
    with had(lambda: aimock(FIXTURES, folder)) as program:
        yield program


async def rates(program: HttpProgram, **chances: float) -> None:
    """How likely each kind of trouble is from now on."""
    async with aiohttp.ClientSession() as session:
        await session.delete(f"{program.url}/__aimock/chaos")
        if chances:
            async with session.post(f"{program.url}/__aimock/chaos", json=chances) as answer:
                assert answer.status < 300, await answer.text()


async def test_aimock_is_answered_when_nothing_is_wrong(chaos: HttpProgram) -> None:
    await rates(chaos)
    async with api(chaos) as adapter:
        assert await asked(adapter, 1) == "Wine, friend."


@pytest.mark.parametrize(
    ("chances", "kinds"),
    [
        ({"dropRate": 1.0}, (ServerError,)),
        ({"malformedRate": 1.0}, (BadAnswerError,)),
        ({"disconnectRate": 1.0}, (ApiConnectionError,)),
    ],
    ids=["errors", "malformed", "disconnects"],
)
async def test_aimocks_trouble_ends_in_the_right_error(
    chaos: HttpProgram, chances: dict[str, float], kinds: tuple[type[ApiError], ...]
) -> None:
    await rates(chaos, **chances)
    async with api(chaos, limits=Limits(concurrency=4)) as adapter:
        outcome = await asked(adapter, 1)
    await rates(chaos)
    assert isinstance(outcome, kinds), repr(outcome)


async def test_aimocks_storm_is_answered_once_it_is_over(chaos: HttpProgram) -> None:
    """429 to everything for a second, then nothing wrong: all fifty are answered."""
    await rates(chaos, rateLimitRate=1.0)
    async with api(chaos, limits=Limits(concurrency=MANY, deadline=30)) as adapter:
        calls = [asyncio.ensure_future(asked(adapter, number)) for number in range(MANY)]
        await asyncio.sleep(0.3)
        await rates(chaos)
        answers = await asyncio.gather(*calls)
    assert answers.count("Wine, friend.") == MANY, answers
