"""Trouble made by aimock (npm): our adapter ends each call in the right answer or the right error."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from mudbot.api import Limits, Upload
from mudbot.errors import ApiConnectionError, ApiError, ApiTimeoutError, BadAnswerError, NotFoundError, ServerError
from tests.others.programs import HttpProgram, aimock
from tests.others.trouble import MANY, adapter_of, asked, too_early

Had = Callable[[Callable[[], HttpProgram]], HttpProgram]

SHORT, LONG = "Wine, friend.", "Wine, friend, or would you rather have an ale from the hills behind the abbey?"
PACED = {"response": {"content": LONG}, "chunkSize": 10, "latency": 50}
FIXTURES = [
    {"match": {"userMessage": "call"}, "response": {"content": SHORT}},
    {"match": {"userMessage": "whole"}} | PACED,
    {"match": {"userMessage": "cut"}, "truncateAfterChunks": 3} | PACED,
    {"match": {"userMessage": "gone"}, "disconnectAfterMs": 175} | PACED,
    {"match": {"userMessage": "stall"}} | PACED | {"latency": 20_000},
]


@pytest.fixture(scope="module")
def program(had: Had, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpProgram]:
    folder: Path = tmp_path_factory.mktemp("aimock")
    with had(lambda: aimock(json.dumps({"fixtures": FIXTURES}), folder)) as program:
        yield program


class Control:
    """aimock's own: what shall go wrong from now on, and what was asked."""

    def __init__(self, program: HttpProgram, session: aiohttp.ClientSession) -> None:
        self._url, self._session = f"{program.url}/__aimock", session

    async def calm(self) -> None:
        async with self._session.delete(f"{self._url}/chaos") as answer:
            assert answer.status < 300, await answer.text()

    async def stir(self, **chances: float) -> None:
        """How likely each kind of trouble is."""
        async with self._session.post(f"{self._url}/chaos", json=chances) as answer:
            assert answer.status < 300, await answer.text()

    async def seen(self) -> list[dict[str, Any]]:
        async with self._session.get(f"{self._url}/journal") as answer:
            found: list[dict[str, Any]] = await answer.json()
        return found


@pytest.fixture
async def control(program: HttpProgram) -> AsyncIterator[Control]:
    async with aiohttp.ClientSession() as session:
        control = Control(program, session)
        await control.calm()
        async with session.post(f"{program.url}/__aimock/reset/journal") as answer:
            assert answer.status < 300
        yield control
        await control.calm()


async def streamed(program: HttpProgram, word: str, **params: Any) -> list[str]:
    """The text of a streamed chat.  Raises ApiError."""
    async with adapter_of(program) as api:
        chunks = api.chat_stream([{"role": "user", "content": word}], model="gpt-4o", **params)
        return [chunk.text async for chunk in chunks]


async def test_it_answers_when_nothing_is_wrong(program: HttpProgram, control: Control) -> None:
    """The control of all that follows: whole, and in pieces."""
    async with adapter_of(program) as api:
        assert await asked(api, 1) == SHORT
    pieces = await streamed(program, "whole")
    assert "".join(pieces) == LONG
    assert len(pieces) > 5


@pytest.mark.parametrize(
    ("chances", "kind", "attempts"),
    [
        ({"dropRate": 1.0}, ServerError, 3),
        ({"malformedRate": 1.0}, BadAnswerError, 1),
        ({"disconnectRate": 1.0}, ApiConnectionError, 3),
    ],
    ids=["errors", "malformed", "disconnects"],
)
async def test_trouble_ends_in_the_right_error(
    program: HttpProgram, control: Control, chances: dict[str, float], kind: type[ApiError], attempts: int
) -> None:
    """What may pass is tried twice more, what cannot is told at once."""
    await control.stir(**chances)
    async with adapter_of(program) as api:
        outcome = await asked(api, 1)
    assert isinstance(outcome, kind), repr(outcome)
    assert len(await control.seen()) == attempts


async def test_a_slow_server_is_given_up_at_the_deadline(program: HttpProgram, control: Control) -> None:
    await control.stir(latencyMs=20_000)
    async with adapter_of(program, limits=Limits(deadline=0.5)) as api:
        assert isinstance(await asked(api, 1), ApiTimeoutError)


@pytest.mark.parametrize("word", ["cut", "gone"])
async def test_a_stream_that_breaks_off_is_no_answer(program: HttpProgram, control: Control, word: str) -> None:
    with pytest.raises(ApiConnectionError, match="hung up before its answer was complete"):
        await streamed(program, word)


async def test_a_stream_that_stalls_ends_at_the_deadline(program: HttpProgram, control: Control) -> None:
    with pytest.raises(ApiTimeoutError):
        await streamed(program, "stall", deadline=0.5)


async def test_a_storm_of_429_is_waited_out_in_55_requests(program: HttpProgram, control: Control) -> None:
    """Fifty calls, all refused until the second round: all are answered, and none asks before it may."""
    await control.stir(rateLimitRate=1.0)
    async with adapter_of(program, limits=Limits(concurrency=MANY, deadline=30)) as api:
        calls = [asyncio.ensure_future(asked(api, number)) for number in range(MANY)]
        while len(await control.seen()) < 5:  # noqa: ASYNC110 - what is waited for is in another process
            await asyncio.sleep(0.05)
        await control.calm()
        answers = await asyncio.gather(*calls)
    assert answers == [SHORT] * MANY
    seen = await control.seen()
    assert len(seen) <= MANY + 5
    refused = [entry["timestamp"] / 1000 for entry in seen if entry["response"]["status"] == 429]
    assert not too_early([entry["timestamp"] / 1000 for entry in seen], refused, retry_after=1)


async def test_files_and_jobs_of_a_server_that_is_not_ours(
    program: HttpProgram, control: Control, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file comes back byte for byte, a job is followed to its end, and what is deleted is gone."""
    monkeypatch.setattr("mudbot.api.endpoints.tuning.PAUSE", 0.01)  # its jobs go on with every look at them
    lines = [
        {"messages": [{"role": "user", "content": f"{n}"}, {"role": "assistant", "content": "酒"}]} for n in range(10)
    ]
    data = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines).encode()
    async with adapter_of(program) as api:
        file = await api.upload_file(Upload("对话.jsonl", data), "fine-tune")
        assert (file.bytes, file.filename) == (len(data), "对话.jsonl")
        assert (await api.file_content(file.id, tmp_path / "back.jsonl")).read_bytes() == data
        job = await api.create_fine_tune(file.id, model="gpt-4o-mini-2024-07-18")
        said = [event.message or "" async for event in api.follow_fine_tune(job.id)]
        assert "created" in said[0]
        assert "complete" in said[-1]
        assert (await api.fine_tune(job.id)).status == "succeeded"
        assert (await api.delete_file(file.id)).deleted
        with pytest.raises(NotFoundError):
            await api.file(file.id)
