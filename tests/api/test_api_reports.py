"""What the Api tells its owner of each call: everything that a table of spending needs, and never the key."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import json
import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from aiohttp import web

from mudbot.api import Api, ApiCall, Budgets, Caller, Limits, Price, Server
from mudbot.api.calls import Priority
from mudbot.api.totals import Totals
from mudbot.errors import ApiError
from tests.api.conftest import settle, until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.api.conftest import FakeClock, Play, Stage

HELLO = [{"role": "user", "content": "the prompt is secret"}]
USAGE = {
    "prompt_tokens": 50,
    "completion_tokens": 7,
    "total_tokens": 57,
    "prompt_tokens_details": {"cached_tokens": 40},
}
CHAT = {"choices": [{"message": {"content": "the answer is secret"}}], "usage": USAGE}
KEY = "sk-canary-0123456789abcdefXYZ"


def piece(text: str, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    return b"data: " + json.dumps({"choices": [choice]}).encode() + b"\n\n"


async def ended(clock: FakeClock, *tasks: asyncio.Future[Any]) -> list[Any]:
    while not all(task.done() for task in tasks):
        await settle(50)
        await clock.advance(0.1)
    return await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_call_is_told_with_all_that_is_known_of_it(stage: Stage) -> None:
    stage.answers(CHAT)
    caller = Caller("Bob", "gossip", "one", "dialogue", Priority.REPLY)
    price = {"m": Price(input=1.0, output=10.0, cached_input=0.5)}
    async with stage.api(organization="org-1", prices=price, budgets=Budgets(day=10.0)) as api:
        await api.chat(HELLO, model="m", caller=caller, max_tokens=10)
    (call,) = stage.calls
    assert (call.endpoint, call.model, call.outcome, call.status) == ("POST /chat/completions", "m", "ok", 200)
    assert (call.prompt_tokens, call.completion_tokens, call.cached_tokens) == (50, 7, 40)
    assert call.money == pytest.approx((10 * 1.0 + 40 * 0.5 + 7 * 10.0) / 1e6)
    assert (call.attempts, call.retries, call.shared) == (1, 0, False)
    assert (call.server, call.organization, call.caller) == (f"{stage.url}/v1", "org-1", caller)


async def test_waiting_latency_and_retries_are_told_apart(stage: Stage, clock: FakeClock) -> None:
    release = asyncio.Event()

    async def slow(_request: web.Request) -> web.StreamResponse:
        await release.wait()
        return web.json_response(CHAT)

    async def down(_request: web.Request) -> web.StreamResponse:
        return web.json_response({}, status=503, headers={"Retry-After": "2"})

    stage.plays(slow, down, slow)
    async with stage.api(limits=Limits(concurrency=1)) as api:
        first = asyncio.ensure_future(api.chat(HELLO, model="m", caller=Caller("first")))
        await stage.saw(1)
        second = asyncio.ensure_future(api.chat(HELLO, model="m", caller=Caller("second")))
        await clock.advance(3)  # in flight, and in the queue
        release.set()
        await until(first.done)
        release.clear()
        await stage.saw(2)
        await until(lambda: not api.running)
        await clock.advance(2)  # the pause that the server asks for
        await stage.saw(3)
        await clock.advance(4)  # in flight
        release.set()
        await until(second.done)
    one, two = stage.calls
    assert (one.waited, one.latency, one.retries) == (0, 3, 0)
    assert two.waited == pytest.approx(5)
    assert two.latency == pytest.approx(9)
    assert (two.attempts, two.retries, two.status, two.outcome) == (2, 1, 200, "ok")


async def test_the_time_to_the_first_piece_is_told(stage: Stage, clock: FakeClock) -> None:
    go = asyncio.Event()

    async def play(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await go.wait()
        await response.write(piece("a"))
        go.clear()
        await go.wait()
        await response.write(piece("b", "stop"))
        return response

    stage.play = play
    async with stage.api() as api:
        stream = api.chat_stream(HELLO, model="m")
        first = asyncio.ensure_future(anext(stream))
        await stage.saw(1)
        await clock.advance(2)
        go.set()
        await first
        rest = asyncio.ensure_future(anext(stream))
        await clock.advance(5)
        go.set()
        await rest
        async for _ in stream:
            pass
    (call,) = stage.calls
    assert (call.first, call.latency, call.outcome) == (2, 7, "ok")


async def test_a_call_that_nothing_came_of_has_no_first_piece(stage: Stage) -> None:
    stage.answers({"error": {"message": "no"}}, 400)
    async with stage.api() as api:
        with pytest.raises(ApiError):
            await api.chat(HELLO, model="m")
    (call,) = stage.calls
    assert (call.first, call.status, call.prompt_tokens, call.outcome) == (None, 400, None, "BadRequestError")


async def test_the_server_that_answered_is_told_and_its_name_holds_no_secret(stage: Stage) -> None:
    stage.answers(CHAT)
    async with stage.api(base_url=f"{stage.url}/v1?key={KEY}", api_key=KEY) as api:
        await api.chat(HELLO, model="m")
    assert stage.calls[0].server == f"{stage.url}/v1"


async def test_prompts_and_answers_are_not_told(stage: Stage) -> None:
    stage.answers(CHAT)
    async with stage.api() as api:
        await api.chat(HELLO, model="m")
    assert "secret" not in repr(dataclasses.asdict(stage.calls[0]))


async def test_each_of_a_hundred_calls_is_told_once_however_it_ends(stage: Stage, clock: FakeClock) -> None:
    async def play(request: web.Request) -> web.StreamResponse:
        number = int((await request.json())["messages"][0]["content"])
        if number % 4 == 3:
            await asyncio.Event().wait()
        body = CHAT if number % 4 == 0 else {"error": {"message": "no"}}
        return web.json_response(body, status=200 if number % 4 == 0 else 400 + number % 4)

    stage.play = play
    totals = Totals()

    def told(call: ApiCall) -> None:
        stage.calls.append(call)
        totals.add(call)

    async with stage.api(on_call=told, limits=Limits(concurrency=20, queue=70)) as api:
        tasks = [
            asyncio.ensure_future(api.chat([{"role": "user", "content": str(n)}], model="m", caller=Caller(str(n))))
            for n in range(100)
        ]
        await ended(clock, *tasks)
    assert sorted(int(call.caller.player) for call in stage.calls) == list(range(100))
    by_class = {name: count for name, count in totals.outcomes().items() if count}
    assert sum(by_class.values()) == 100
    assert {"ok", "QueueFullError", "ApiTimeoutError"} <= set(by_class)
    assert sum(row.requests for row in totals.rows.values()) == sum(call.attempts for call in stage.calls)


# -- the key -------------------------------------------------------------------------------------------------------


def dressed(key: str) -> list[str]:
    """Forms in which a key may come back from a server."""
    raw = key.encode()
    return [
        key,
        key.upper(),
        key[:12],
        key[6:],
        key[::-1],
        f"Bearer {key}",
        quote(key, safe=""),
        "".join(f"%{byte:02x}" for byte in raw),
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
        raw.hex(),
        "".join(f"\\u{byte:04x}" for byte in raw),
        "&#" + ";&#".join(str(byte) for byte in raw) + ";",
    ]


def plain(key: str) -> list[str]:
    """What must be found nowhere: the key, and its parts long enough to help."""
    return [key, key[::-1], key[8:], base64.b64encode(key.encode()).decode(), key.encode().hex(), key.upper()]


def _json(status: int, body: object, headers: dict[str, str]) -> Play:
    async def play(_request: web.Request) -> web.StreamResponse:
        return web.json_response(body, status=status, headers=headers)

    return play


@pytest.mark.parametrize("form", range(13))
@pytest.mark.parametrize("status", [200, 401, 429, 503])
async def test_the_key_is_in_no_report_no_error_and_no_log_whatever_a_server_echoes(
    stage: Stage, clock: FakeClock, caplog: pytest.LogCaptureFixture, tmp_path: Path, form: int, status: int
) -> None:
    caplog.set_level(logging.DEBUG)
    echo = dressed(KEY)[form]
    body = {"error": {"message": f"key {echo} is bad", "code": echo, "type": echo}, "echo": echo}
    stage.play = _json(status, body, {"x-request-id": echo, "Retry-After": "1"})
    servers = [Server(f"{stage.url}/a", KEY), Server(f"{stage.url}/b", KEY[::-1])]
    failures: list[object] = []
    async with stage.api(base_url=None, servers=servers, limits=Limits(deadline=5)) as api:
        failures += await ended(
            clock,
            asyncio.ensure_future(api.chat(HELLO, model="m")),
            asyncio.ensure_future(api.models()),
            asyncio.ensure_future(api.file_content("file-1", tmp_path / "out")) if status != 200 else _nothing(),
        )
        shown = [repr(api), repr(api._ways), repr(api._flights), *map(repr, stage.calls)]
    shown += [f"{failure} {failure!r} {vars(failure)}" for failure in failures if isinstance(failure, ApiError)]
    shown += [record.getMessage() for record in caplog.records if record.name.startswith("mudbot")]
    assert len(stage.calls) >= 2
    found = [word for word in plain(KEY) if any(word in text for text in shown)]
    assert found == []


def _nothing() -> asyncio.Future[None]:
    return asyncio.ensure_future(asyncio.sleep(0))


async def test_an_api_and_its_parts_do_not_show_the_key_in_their_repr() -> None:
    server = Server("http://127.0.0.1:1/v1", KEY, "org")
    api = Api(servers=[server])
    shown = [repr(server), repr(api), repr(api._ways), *(repr(way) + repr(way.target) for way in api._ways.default)]
    assert not any(KEY in text for text in shown)
    await api.close()
