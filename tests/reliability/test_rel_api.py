"""API: hung, down or refusing, it costs a reply its place in the character's words, and the server no storm."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from mudbot.app import App
from mudbot.config import load
from mudbot.mind.character import Answer
from mudbot.testing import FakeClock
from tests.api import test_api_breaker, test_api_storms
from tests.api.conftest import Stage
from tests.loopback import Loopback
from tests.reliability.figures import figure, times

FAILURES = 5


class Troubled(Loopback):
    """An API that hangs, or is down."""

    def __init__(self, *, hangs: bool) -> None:
        self.hangs, self.asked = hangs, 0
        self.over = asyncio.Event()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        if self.hangs:
            await self.over.wait()
        return web.json_response({"error": {"message": "down"}}, status=500)


class Guest:
    """Somebody in the tavern who asks the character, and waits for its words."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def ask(self, words: str) -> float:
        """Seconds until the character said something."""
        began = time.monotonic()
        self._writer.write(f"say Chen, {words}\r\n".encode())
        async with asyncio.timeout(40):
            await self._reader.readuntil(b"Chen says, ")
        return time.monotonic() - began


@asynccontextmanager
async def tavern(folder: Path, api: Troubled) -> AsyncIterator[tuple[Guest, list[Answer]]]:
    """A bot that asks *api*, and a guest."""
    url = await api.start()
    overrides = [
        f"api={{base_url: '{url}', models: {{dialogue: m}}}}",
        "sessions=[{host: tavern, login: {name: Chen, password: aaaa}}]",
        "sessions.0.speech.typing=0",  # that it writes no faster than people do is not what is measured
        *("plugins={dialogue: {thinking: false, answers: 100}}", f"store={folder / 'data'}", "web.port=0"),
    ]
    bot, answers = App(load(None, overrides=overrides, environ={})), list[Answer]()
    await bot.start()
    bot.on_answer = answers.append
    try:
        async with asyncio.timeout(30):
            while bot.sessions[0].state != "playing":  # noqa: ASYNC110 - polls a state
                await asyncio.sleep(0.02)
        assert bot.tavern is not None
        reader, writer = await asyncio.open_connection("127.0.0.1", bot.tavern.port)
        writer.write(b"Bob\r\nsecret\r\n")
        await reader.readuntil(b"Here: Chen.")
        yield Guest(reader, writer), answers
        writer.close()
    finally:
        await bot.stop()
        api.over.set()
        await api.close()


async def test_a_hung_api_is_covered_within_twenty_seconds(tmp_path: Path) -> None:
    """From the question to words of the character's own, in real time, through the whole bot."""
    async with tavern(tmp_path, Troubled(hangs=True)) as (guest, answers):
        took = await guest.ask("what is there to drink?")
    figure("API", "hung: reply or fallback ≤ 20 s in all", f"{answers[-1].source} after {took:.1f} s")
    assert answers[-1].source == "fallback"
    assert took <= 20


async def test_after_five_failures_the_fallback_comes_at_once(tmp_path: Path) -> None:
    """The breaker is open: nobody asks, and the character speaks."""
    api = Troubled(hangs=False)
    async with tavern(tmp_path, api) as (guest, answers):
        while api.asked < FAILURES:
            await guest.ask(f"question {api.asked}?")
        asked = api.asked
        took = await guest.ask("and now?")
    figure("API", "five failures open the breaker, fallback line ≤ 2 s",
           f"{asked} requests failed, then none, {answers[-1].source} after {took:.2f} s (no typing)")  # fmt: skip
    assert (api.asked, answers[-1].source) == (FAILURES, "fallback")
    assert took <= 2


@pytest.mark.parametrize("fault", ["500", "hang"])
async def test_it_recovers_within_35_seconds(fault: str, clock: FakeClock) -> None:
    """By the adapter's own test, after outages of a second to a quarter of an hour, as far as they take no time."""
    del clock
    took: list[float] = []
    for outage in (1.0, 7.0, 33.0, 100.0, 1000.0)[: times(5, quick=3)]:
        async with staged() as stage:
            begin = stage.clock.now()
            await test_api_breaker.test_it_recovers_within_35_seconds_after_the_server_is_back(
                stage, stage.clock, outage, fault
            )
            took.append(stage.clock.now() - begin - outage)
    figure("API", "recovery ≤ 35 s", f"{fault}: {max(took):.0f} s at most, after outages of 1 s to {outage:g} s")
    assert max(took) <= 35


@pytest.mark.parametrize("concurrency", [1, 4, 50])
async def test_a_storm_of_refusals_makes_55_requests_at_most(stage: Stage, clock: FakeClock, concurrency: int) -> None:
    """By the adapter's own test, which also sees that none comes before Retry-After."""
    await test_api_storms.test_a_storm_of_fifty_makes_at_most_55_requests_and_none_before_retry_after(
        stage, clock, concurrency
    )
    figure("API", "a 429 storm of 50 calls: ≤ 55 requests, none before Retry-After",
           f"{len(stage.seen)} requests with {concurrency} at once, 0 too early")  # fmt: skip
    assert len(stage.seen) <= 55


@asynccontextmanager
async def staged() -> AsyncIterator[Stage]:
    """A stage of its own for each outage."""
    stage = Stage(FakeClock())
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", stage.handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.01)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    stage.url = "http://{}:{}".format(*runner.addresses[0][:2])
    try:
        yield stage
    finally:
        await runner.cleanup()
