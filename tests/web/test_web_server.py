"""Where the site listens, over real HTTP on loopback, byte by byte."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiohttp import web

from mudbot.web.safety import HEADERS
from mudbot.web.server import WebError, WebServer
from mudbot.web.site import build
from tests.app_plugins_stage import until
from tests.web.web_fakes import FakeBot


@dataclass
class Site:
    """A server that listens, and one who asks it."""

    server: WebServer

    async def get(self, path: str, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
        """Ask for *path* exactly as it is written."""
        reader, writer = await self.connect()
        host = self.server.url.removeprefix("http://")
        writer.write(f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        writer.close()
        await writer.wait_closed()
        status, *fields = head.decode().split("\r\n")
        return int(status.split()[1]), dict(field.split(": ", 1) for field in fields), body

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = self.server.url.removeprefix("http://").rsplit(":", 1)
        return await asyncio.open_connection(host, int(port))


@pytest.fixture
async def site(bot: FakeBot) -> AsyncIterator[Site]:
    await bot.store.open()
    (bot.store.folder / "secret.txt").write_text("secret")
    server = WebServer(lambda: build(bot), host="127.0.0.1", port=0)
    await server.start()
    yield Site(server)
    await server.close()
    await bot.store.close()


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/i/",
        "/i",
        "/i/../secret.txt",
        "/i/%2e%2e/secret.txt",
        "/i/%2e%2e%2fsecret.txt",
        "/i/..%5csecret.txt",
        "/i/abcdefg/..%2f..%2fsecret.txt",
        "/i/abcdefg/",
        "/i/abcdefg%00.png",
        "//i/abcdefg/../../etc/passwd",
        "/../../../../etc/passwd",
        "/i/" + "a" * 4000,
        "/i/%ff%fe",
        "/i/<script>alert(1)<%2fscript>",
        "/static/../server.py",
        "/static/%2e%2e%2fserver.py",
        "/static/..%2f..%2fapp.py",
        "/static/",
        "/static/%00",
        "/static/style.css/",
    ],
)
async def test_tricks_with_paths_find_nothing(site: Site, path: str) -> None:
    """No answer holds a file's content, or the path that was asked for."""
    status, headers, body = await site.get(path)
    assert status in (400, 404)
    assert b"secret" not in body
    assert b"root:" not in body
    assert b"import" not in body
    assert b"<script>" not in body
    if status == 404:
        assert headers.items() >= HEADERS.items()
        assert headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])
@pytest.mark.parametrize("path", ["/static/style.css", "/", "/lang/en", "/dashboard/session"])
async def test_nothing_is_changed_by_another_method(site: Site, method: str, path: str) -> None:
    """What is only read knows no method to write."""
    status, headers, _ = await site.get(path, method)
    assert status == 405
    assert "GET" in headers["Allow"]
    assert headers.items() >= HEADERS.items()


async def test_an_endless_line_is_refused(site: Site) -> None:
    status, _, _ = await site.get("/i/" + "a" * 100_000)
    assert status == 400


async def test_a_taken_port_names_the_setting(site: Site) -> None:
    """And the other server goes on."""
    port = int(site.server.url.rsplit(":", 1)[1])
    second = WebServer(web.Application, host="127.0.0.1", port=port)
    with pytest.raises(WebError, match=rf"cannot listen on 127\.0\.0\.1:{port}.*choose another web\.port"):
        await second.start()
    await second.close()
    assert repr(second) == "<WebServer not started>"
    assert (await site.get("/login"))[0] == 200


async def test_the_address_is_known_once_it_listens(site: Site) -> None:
    """Any free port; IPv6 in its brackets."""
    assert site.server.url.startswith("http://127.0.0.1:")
    assert repr(site.server) == f"<WebServer {site.server.url}>"
    if socket.has_ipv6:
        server = WebServer(web.Application, host="::1", port=0)
        try:
            await server.start()
        except WebError:
            pytest.skip("no IPv6 on this machine")
        assert server.url.startswith("http://[::1]:")
        await server.close()


async def test_after_close_nobody_listens(site: Site) -> None:
    await site.server.close()
    with pytest.raises(OSError, match="onnect"):
        await site.connect()


class Door:
    """A site that is made late: ``after`` ends when a test says so, and ``made`` counts how often it was made."""

    def __init__(self, bot: FakeBot) -> None:
        self.bot, self.made = bot, 0
        self.logged_in = asyncio.Event()
        self.fails = False

    def make(self) -> web.Application:
        self.made += 1
        if self.fails:
            raise RuntimeError("a library is broken")
        return build(self.bot)

    def server(self) -> WebServer:
        return WebServer(self.make, host="127.0.0.1", port=0, after=self.logged_in.wait)


@pytest.fixture
async def door(bot: FakeBot) -> AsyncIterator[Door]:
    await bot.store.open()
    yield Door(bot)
    await bot.store.close()


async def test_pages_are_made_once_the_logins_are_done(door: Door) -> None:
    """Not before; the address is known meanwhile."""
    server = door.server()
    await server.start()
    assert server.url.startswith("http://127.0.0.1:")
    await asyncio.sleep(0)
    assert door.made == 0
    door.logged_in.set()
    await until(lambda: door.made)
    assert (await Site(server).get("/healthz"))[0] == 200
    await server.close()


async def test_who_comes_before_that_is_waited_on_at_once(door: Door) -> None:
    """And so are all who come with the first."""
    server = door.server()
    await server.start()
    answers = await asyncio.gather(*(Site(server).get("/healthz") for _ in range(20)))
    assert [status for status, _, _ in answers] == [200] * 20
    assert door.made == 1
    assert not door.logged_in.is_set()
    await server.close()


async def test_a_site_that_cannot_be_made_lets_nobody_wait(door: Door, caplog: pytest.LogCaptureFixture) -> None:
    """The bot goes on without pages, and its log says why."""
    door.fails = True
    server = door.server()
    await server.start()
    door.logged_in.set()
    await until(lambda: "there are no web pages" in caplog.text)
    assert "a library is broken" in caplog.text
    with pytest.raises(OSError, match="onnect"):
        await Site(server).connect()
    await server.close()


async def test_a_server_can_be_closed_before_its_pages_are_made(door: Door) -> None:
    server = door.server()
    await server.start()
    await server.close()
    assert door.made == 0
    with pytest.raises(OSError, match="onnect"):
        await Site(server).connect()
