"""A clock that tests move, and a real HTTP server on loopback that plays the API."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web

from mudbot.api import Api, ApiCall
from mudbot.testing import FakeClock
from mudbot.testing.clock import settle

__all__ = ["FakeClock", "settle"]


async def until(done: Callable[[], bool]) -> None:
    """Let network and tasks run, but no time pass, until *done*; the test's own timeout bounds it."""
    while not done():  # noqa: ASYNC110 - a poll costs no real time here, and needs no event in the code under test
        await asyncio.sleep(0)


@dataclass(frozen=True)
class Seen:
    """A request that arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    at: float


Play = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Stage:
    """A server that answers as ``play`` says and remembers what it saw."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock = clock
        self.seen: list[Seen] = []
        self.play: Play = refuse_all
        self.url = ""
        self.calls: list[ApiCall] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        parsed = json.loads(body) if body else None
        self.seen.append(Seen(request.method, request.path_qs, headers, parsed, self.clock.now()))
        return await self.play(request)

    def answers(self, body: object, status: int = 200, headers: dict[str, str] | None = None) -> None:
        """Answer every request with this JSON."""

        async def play(_request: web.Request) -> web.StreamResponse:
            return web.json_response(body, status=status, headers=headers)

        self.play = play

    def sends(self, body: bytes, content_type: str, status: int = 200, headers: dict[str, str] | None = None) -> None:
        """Answer every request with these bytes."""

        async def play(_request: web.Request) -> web.StreamResponse:
            return web.Response(body=body, status=status, headers={"Content-Type": content_type} | (headers or {}))

        self.play = play

    def plays(self, *acts: Play) -> None:
        """Answer one request after the other; the last act answers all that follow."""
        left = list(acts)

        async def play(request: web.Request) -> web.StreamResponse:
            return await (left.pop(0) if len(left) > 1 else left[0])(request)

        self.play = play

    def streams(self, *pieces: bytes, cut: bool = False) -> None:
        """Answer every request with these pieces of an event stream, and hang up in the middle if *cut*."""

        async def play(request: web.Request) -> web.StreamResponse:
            response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
            await response.prepare(request)
            for piece in pieces:
                await response.write(piece)
            if cut and request.transport is not None:
                request.transport.abort()
            return response

        self.play = play

    async def saw(self, count: int) -> None:
        """Wait until *count* requests have arrived."""
        await until(lambda: len(self.seen) >= count)
        await settle()

    def api(self, **settings: Any) -> Api:
        """An Api for this server, on this clock."""
        defaults: dict[str, Any] = {"base_url": f"{self.url}/v1", "clock": self.clock, "on_call": self.calls.append}
        return Api(**(defaults | settings))


async def refuse_all(_request: web.Request) -> web.StreamResponse:
    """The test has not said what to play."""
    return web.json_response({"error": {"message": "no play"}}, status=400)


@pytest.fixture(name="until")
def until_fixture() -> Callable[[Callable[[], bool]], Awaitable[None]]:
    return until


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def stage(clock: FakeClock) -> AsyncIterator[Stage]:
    stage = Stage(clock)
    app = web.Application(client_max_size=2**26)
    app.router.add_route("*", "/{path:.*}", stage.handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.01)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    stage.url = f"http://{host}:{port}"
    yield stage
    await runner.cleanup()
