"""Streams over real HTTP: piece by piece, and every way in which they break."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from mudbot.api import Limits
from mudbot.errors import ApiConnectionError, ApiTimeoutError, BadAnswerError, RateLimitError, ServerError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mudbot.api import Api
    from tests.api.conftest import FakeClock, Stage

    Until = Callable[[Callable[[], bool]], Awaitable[None]]

HELLO = [{"role": "user", "content": "hi"}]
DONE = b"data: [DONE]\n\n"


def piece(text: str | None = None, finish: str | None = None, index: int = 0) -> bytes:
    choice = {"index": index, "delta": {} if text is None else {"content": text}, "finish_reason": finish}
    return b"data: " + json.dumps({"id": "c", "choices": [choice]}, ensure_ascii=False).encode() + b"\n\n"


async def collect(api: Api, into: list[str] | None = None, **params: object) -> list[str]:
    texts = [] if into is None else into
    async for chunk in api.chat_stream(HELLO, model="m", **params):  # type: ignore[arg-type]
        texts.append(chunk.text)
    return texts


async def test_a_chat_comes_piece_by_piece(stage: Stage) -> None:
    stage.streams(b": hello\n\n", piece("客"), piece("官", None) + piece("x", index=1), piece(None, "stop"), DONE)
    async with stage.api() as api:
        assert await collect(api, temperature=0.5) == ["客", "官", "", ""]
    assert stage.seen[0].body == {"model": "m", "messages": HELLO, "temperature": 0.5, "stream": True}
    assert stage.seen[0].headers["accept"] == "text/event-stream"
    assert (stage.calls[0].outcome, stage.calls[0].attempts) == ("ok", 1)


async def test_characters_split_over_packets_come_whole(stage: Stage) -> None:
    wire = piece("客官好") + piece("", "stop") + DONE
    stage.streams(*(wire[i : i + 1] for i in range(len(wire))))
    async with stage.api() as api:
        assert "".join(await collect(api)) == "客官好"


async def test_a_completion_streams_too(stage: Stage) -> None:
    stage.streams(b'data: {"choices":[{"text":"once","index":0,"finish_reason":null}]}\n\n', DONE)
    async with stage.api() as api:
        assert [chunk.text async for chunk in api.complete_stream("p", model="m")] == ["once"]


async def test_the_usage_at_the_end_is_reported(stage: Stage) -> None:
    usage = b'data: {"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}\n\n'
    stage.streams(piece("a", "stop"), usage, DONE)
    async with stage.api() as api:
        assert await collect(api, stream_options={"include_usage": True}) == ["a", ""]
    assert (stage.calls[0].prompt_tokens, stage.calls[0].completion_tokens) == (5, 2)


@pytest.mark.parametrize("end", [piece(None, "stop"), DONE, piece("", "length") + DONE])
async def test_either_end_mark_is_enough(stage: Stage, end: bytes) -> None:
    stage.streams(piece("a"), end)
    async with stage.api() as api:
        assert (await collect(api))[0] == "a"


async def test_a_stream_that_stops_before_its_end_is_a_bad_answer_and_not_tried_again(stage: Stage) -> None:
    stage.streams(piece("half a"))
    texts: list[str] = []
    async with stage.api() as api:
        with pytest.raises(BadAnswerError, match=r"neither finish_reason nor \[DONE\]"):
            await collect(api, texts)
    assert texts == ["half a"]
    assert len(stage.seen) == 1


async def test_a_stream_that_is_cut_after_a_piece_is_not_tried_again(stage: Stage) -> None:
    stage.streams(piece("half a"), cut=True)
    texts: list[str] = []
    async with stage.api() as api:
        with pytest.raises(ApiConnectionError, match="hung up before its answer was complete"):
            await collect(api, texts)
    assert texts == ["half a"]
    assert len(stage.seen) == 1


async def test_a_stream_that_is_cut_before_its_first_piece_is_tried_again(stage: Stage, clock: FakeClock) -> None:
    stage.streams(cut=True)
    async with stage.api() as api:
        call = asyncio.ensure_future(collect(api))
        await stage.saw(1)
        stage.streams(piece("whole", "stop"), DONE)
        while not call.done():
            await clock.advance(0.1)
        assert await call == ["whole"]
    assert len(stage.seen) == 2


async def test_a_stream_that_is_cut_after_its_last_word_is_whole(stage: Stage) -> None:
    stage.streams(piece("a", "stop"), cut=True)
    async with stage.api() as api:
        assert await collect(api) == ["a"]


async def test_an_error_inside_a_stream_is_that_error(stage: Stage) -> None:
    stage.streams(piece("a"), b'data: {"error": {"message": "GPU fell off", "type": "server_error"}}\n\n')
    async with stage.api() as api:
        with pytest.raises(ServerError, match="GPU fell off"):
            await collect(api)
        stage.streams(b'event: error\ndata: {"error": {"message": "later", "code": "rate_limit_exceeded"}}\n\n')
        call = asyncio.ensure_future(collect(api))
        while not call.done():
            await stage.clock.advance(0.1)
        with pytest.raises(RateLimitError, match="later"):
            await call


@pytest.mark.parametrize(
    ("wire", "words"),
    [(b"data: {oops\n\n", "not JSON.*oops"), (b'data: {"x": 1}\n\n', "no ChatChunk"), (b"data: 5\n\n", "no ChatChunk")],
)
async def test_a_piece_that_is_none_is_a_bad_answer(stage: Stage, wire: bytes, words: str) -> None:
    stage.streams(piece("a"), wire, DONE)
    async with stage.api() as api:
        with pytest.raises(BadAnswerError, match=words):
            await collect(api)


async def test_a_whole_answer_instead_of_a_stream_is_told_apart(stage: Stage) -> None:
    async with stage.api() as api:
        stage.answers({"choices": []})
        with pytest.raises(BadAnswerError, match="asked for a stream of events, it says it sends application/json"):
            await collect(api)
        stage.answers(
            {"error": {"message": "overloaded", "type": "overloaded_error"}}, headers={"x-should-retry": "false"}
        )
        with pytest.raises(ServerError, match="overloaded"):
            await collect(api)


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    await response.write(piece("a"))
    await asyncio.Event().wait()
    return response


async def test_leaving_the_loop_early_frees_the_place_in_flight(stage: Stage) -> None:
    stage.play = endless
    async with stage.api(limits=Limits(concurrency=1)) as api:
        for _ in range(3):
            async with aclosing(api.chat_stream(HELLO, model="m")) as chunks:
                async for chunk in chunks:
                    assert chunk.text == "a"
                    break
            assert api.running == 0
    assert [call.outcome for call in stage.calls] == ["cancelled"] * 3


async def test_a_stream_that_falls_silent_ends_at_the_deadline(stage: Stage, clock: FakeClock, until: Until) -> None:
    stage.play = endless
    texts: list[str] = []
    async with stage.api() as api:
        call = asyncio.ensure_future(collect(api, texts, deadline=20))
        await until(lambda: bool(texts))
        await clock.advance(20)
        with pytest.raises(ApiTimeoutError, match="within 20 s: the call was still reading the answer"):
            await call
        assert api.running == 0
    assert texts == ["a"]


async def test_tokens_of_a_stream_without_usage_are_counted_by_its_text(stage: Stage, clock: FakeClock) -> None:
    stage.streams(piece("a" * 36, "stop"), DONE)
    async with stage.api(limits=Limits(tokens_per_minute=60)) as api:
        await collect(api, max_tokens=1000)
        meter = api._ways.default[0].scheduler._tokens
        assert meter is not None
        assert meter.wait(clock.now()) == pytest.approx(3 + 4 + 2 / 3.6 + 10)


async def test_a_stream_that_is_simply_dropped_frees_its_place_too(stage: Stage, until: Until) -> None:
    stage.play = endless
    async with stage.api(limits=Limits(concurrency=1)) as api:
        async for chunk in api.chat_stream(HELLO, model="m"):
            assert chunk.text == "a"
            break
        await until(lambda: api.running == 0)
    assert [call.outcome for call in stage.calls] == ["cancelled"]
