"""Trouble made by llmock (PyPI): our adapter ends each call in the right answer or the right error.

llmock also judges the client by what it saw: whether it waited as long as it was told, tried again what may help and
nothing else, noticed streams that were cut.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import aiohttp
import pytest

from mudbot.api import Limits
from mudbot.errors import (
    ApiConnectionError,
    ApiError,
    ApiTimeoutError,
    AuthenticationError,
    BadAnswerError,
    BadRequestError,
    ServerError,
)
from tests.others.programs import HttpProgram, llmock
from tests.others.trouble import HELLO, MANY, adapter_of, asked, too_early

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


async def test_a_storm_of_calls_under_429_ends_well_in_55_requests(mock: HttpProgram, judge: Judge) -> None:
    await judge.plan({"type": "fail", "status": 429, "retry_after": 1, "times": 4})
    async with adapter_of(mock) as adapter:
        answers = await asyncio.gather(*(asked(adapter, number) for number in range(MANY)))
    assert all(isinstance(answer, str) and answer for answer in answers), answers
    requests = await judge.requests()
    assert len(requests) <= MANY + 5
    refused = [request["ended_at"] for request in requests if request["status"] == 429]
    assert len(refused) == 4
    assert not too_early([request["started_at"] for request in requests], refused, retry_after=1)
    await judge.passes()


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
async def test_what_may_pass_is_tried_again(mock: HttpProgram, judge: Judge, status: int) -> None:
    await judge.plan({"type": "fail", "status": status, "times": 2})
    async with adapter_of(mock) as adapter:
        assert (await adapter.chat(HELLO, model="gpt-4o")).text
    assert len(await judge.requests()) == 3
    await judge.passes()


@pytest.mark.parametrize(("status", "kind"), [(400, BadRequestError), (401, AuthenticationError), (500, ServerError)])
async def test_what_cannot_pass_is_told(mock: HttpProgram, judge: Judge, status: int, kind: type[ApiError]) -> None:
    await judge.plan({"type": "fail", "status": status, "times": 5})
    async with adapter_of(mock) as adapter:
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
    async with adapter_of(mock) as adapter:
        with pytest.raises(kind):
            async for _ in adapter.chat_stream(HELLO, model="gpt-4o"):
                pass
        # Pieces were handed over, so the adapter does not ask again; whoever called does, and llmock sees that.
        again = [chunk.text async for chunk in adapter.chat_stream(HELLO, model="gpt-4o")]
    assert "".join(again)
    await judge.passes()


async def test_a_stream_that_stalls_ends_at_the_deadline(mock: HttpProgram, judge: Judge) -> None:
    await judge.plan({"type": "stream_fault", "kind": "stall", "after_chunks": 1, "stall_seconds": 20})
    async with adapter_of(mock) as adapter:
        with pytest.raises(ApiTimeoutError):
            async for _ in adapter.chat_stream(HELLO, model="gpt-4o", deadline=1.0):
                pass
    await judge.passes()


async def test_its_headers_keep_us_within_its_limit(had: Had) -> None:
    """60 a minute, told in headers: seventy calls are all answered, at most five of them refused on the way."""
    with had(lambda: llmock("--rpm", "60", "--tpm", "90000")) as program:
        async with aiohttp.ClientSession() as session, adapter_of(program, limits=Limits(concurrency=4)) as adapter:
            answers = await asyncio.gather(*(asked(adapter, number) for number in range(66)))
            assert all(isinstance(answer, str) for answer in answers), answers
            judge = Judge(program, session)
            requests = await judge.requests()
            assert sum(request["status"] == 429 for request in requests) <= 5
            await judge.passes()
