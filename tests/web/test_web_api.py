"""The page of the API: what runs and waits, what limits leave, who is left alone, what failed."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web

from mudbot.api import Api, Limits
from mudbot.testing import FakeClock
from tests.web.web_fakes import Client, FakeBot
from tests.web.web_html import speaking

EVIL = "<script>alert(1)</script>"


@pytest.fixture
async def server() -> Any:
    """A server that answers with what it is told to, once it is let."""
    state: dict[str, Any] = {"go": asyncio.Event()}
    state["go"].set()

    async def answer(_request: web.Request) -> web.Response:
        await state["go"].wait()
        message = {"role": "assistant", "content": "hello"}
        body = {"id": "x", "object": "chat.completion", "created": 1, "model": "m"}
        usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
        choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
        told = {"x-ratelimit-limit-requests": "100", "x-ratelimit-remaining-requests": "40"}
        return web.json_response(
            body | {"usage": usage, "choices": choices}, headers=told | {"x-ratelimit-reset-requests": "60s"}
        )

    app = web.Application()
    app.router.add_post("/v1/chat/completions", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    state["url"] = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    yield state
    state["go"].set()
    await runner.cleanup()


def ask(api: Api, model: str = "m") -> asyncio.Task[Any]:
    return asyncio.ensure_future(api.chat([{"role": "user", "content": "hi"}], model=model))


async def test_limits_calls_and_breakers_are_told(bot: FakeBot, owner: Client, server: Any) -> None:
    limits, clock = Limits(requests_per_minute=60, concurrency=1, queue=7), FakeClock()
    async with Api(server["url"], limits=limits, clock=clock, on_call=bot.totals.add) as bot.api:
        await ask(bot.api)
        text = await owner.get("/dashboard/api")
        assert server["url"] in text
        assert "0 of 1" in text
        assert "59 of 60 left" in text
        assert "of 100 left" in text  # what the server says of itself
        assert "All endpoints are asked" in text
        server["go"].clear()
        await clock.advance(60)
        calls = [ask(bot.api, EVIL) for _ in range(3)]
        await clock.advance(0)
        assert (bot.api.running, bot.api.waiting) == (1, 2)
        text = await owner.get("/dashboard/api")
        assert "1 of 1" in text
        assert "2 of 7" in text
        assert EVIL not in text
        state = bot.api.state()[0]
        assert [(lane.running, lane.waiting) for lane in state.lanes] == [(0, 0), (1, 2)]
        server["go"].set()
    await asyncio.gather(*calls, return_exceptions=True)


async def test_an_endpoint_that_fails_is_shown_as_left_alone(bot: FakeBot, owner: Client, server: Any) -> None:
    async with Api(server["url"], clock=bot.clock) as bot.api:
        bot.api._ways.default[0].trip("POST /chat/completions m", bot.clock.now())
        (broken,) = bot.api.state()[0].broken
        text = await owner.get("/dashboard/api")
    assert broken.open
    assert broken.wait > 20
    assert "left alone" in text
    assert "failures in a row" in text


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_failed_calls_are_listed(bot: FakeBot, owner: Client, language: str) -> None:
    row = {"endpoint": "POST /chat/completions", "model": EVIL, "waited": 0.0, "latency": 1.5, "status": 429}
    row |= {"prompt_tokens": 0, "completion_tokens": 0, "plugin": EVIL, "outcome": "RateLimitError"}
    await bot.store.write("calls", **row)
    async with Api("http://127.0.0.1:9/v1") as bot.api:
        text = await owner.get("/dashboard/api", **speaking(language))
    assert "RateLimitError" in text
    assert "429" in text
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text


async def test_nothing_asked_is_no_error(bot: FakeBot, owner: Client) -> None:
    """And no key is on the page."""
    async with Api("http://127.0.0.1:9/v1", api_key="sk-very-secret") as bot.api:
        text = await owner.get("/dashboard/api")
    assert "Nothing was asked yet." in text
    assert "sk-very-secret" not in text
