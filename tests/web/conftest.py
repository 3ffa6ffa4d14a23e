"""A site over a bot of fakes, on loopback, and those who look at it.

``bot`` is what the pages see: real sessions that lead nowhere, a real store in a temporary folder.  ``serve(bot)``
listens and gives a client with cookies; ``guest`` and ``owner`` are two at the site of ``bot``, the second logged in.

``chromium`` is one browser for all tests, so those that look through it, and all that they look at, share one loop:
``pytest.mark.asyncio(loop_scope="session")``, ``opened`` in place of ``serve``.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
import pytest_asyncio

from mudbot.store.store import Store
from mudbot.web.server import WebServer
from mudbot.web.site import build
from tests.web.web_fakes import Client, FakeBot, Serve, config_of, make_bot

if TYPE_CHECKING:
    from playwright.async_api import Browser


@asynccontextmanager
async def serving() -> AsyncIterator[Serve]:
    """Starts sites over bots; they end with the block."""
    opened: list[Any] = []
    stores: set[Store] = set()

    async def start(bot: FakeBot) -> Client:
        server = WebServer(lambda: build(bot), host="127.0.0.1", port=0)
        await server.start()
        http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
        opened.extend([http.close, server.close])
        stores.add(bot.store)
        return Client(server.url, http)

    yield start
    for close in (*opened, *(store.close for store in stores)):
        await close()


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts a site over a bot: ``client = await serve(bot)``."""
    async with serving() as start:
        yield start


@pytest_asyncio.fixture(loop_scope="session")
async def opened() -> AsyncIterator[Serve]:
    """The same on the loop of the browser."""
    async with serving() as start:
        yield start


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """Debian's Chromium, without a screen."""
    from playwright.async_api import async_playwright

    path = shutil.which("chromium")
    if path is None:
        pytest.skip("no Chromium on this machine")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
def bot(tmp_path: Path) -> FakeBot:
    """A bot with a session and a token for its owner."""
    return make_bot(config_of(tmp_path))


@pytest.fixture
async def guest(bot: FakeBot, serve: Serve) -> Client:
    """Somebody at the site of ``bot``."""
    return await serve(bot)


@pytest.fixture
async def owner(guest: Client) -> Client:
    """The owner, logged in."""
    await guest.log_in()
    return guest
