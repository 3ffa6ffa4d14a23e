"""The web server, over real HTTP on loopback: pictures behind their ids, and nothing else."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from mudbot.store.pictures import Picture
from mudbot.store.store import StoreError
from mudbot.web.server import WebError, WebServer

SAFE = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class Shelf:
    """Pictures by id, or a store that is down."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.broken = False
        self.asked: list[str] = []

    async def find(self, picture_id: str) -> Picture | None:
        self.asked.append(picture_id)
        if self.broken:
            raise StoreError("disk /secret/place is full")
        if picture_id != "abcdefg":
            return None
        return Picture(picture_id, self.folder / "hash.png", "image/png", "A crane", "link")


@dataclass
class Site:
    """A server that listens, and one who asks it."""

    server: WebServer
    shelf: Shelf
    healthy: bool = True

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
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    shelf = Shelf(tmp_path)
    (tmp_path / "hash.png").write_bytes(b"PNG bytes")
    (tmp_path / "secret.txt").write_text("secret")
    server = WebServer(shelf, host="127.0.0.1", port=0, healthy=lambda: here.healthy)  # type: ignore[arg-type]
    here = Site(server, shelf)
    await server.start()
    yield here
    await server.close()


async def test_a_picture_is_served_as_what_it_is(site: Site) -> None:
    """With its own type, which no browser may guess, and for ever: an id never gets another picture."""
    status, headers, body = await site.get("/i/abcdefg")
    assert (status, body) == (200, b"PNG bytes")
    assert headers["Content-Type"] == "image/png"
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert headers.items() >= SAFE.items()


async def test_a_client_that_knows_the_picture_need_not_load_it_again(site: Site) -> None:
    """An ordinary HTTP client gets the bytes, then 304."""
    async with aiohttp.ClientSession() as client:
        async with client.get(f"{site.server.url}/i/abcdefg") as first:
            assert await first.read() == b"PNG bytes"
        known = {"If-None-Match": first.headers["ETag"]}
        async with client.get(f"{site.server.url}/i/abcdefg", headers=known) as second:
            assert second.status == 304


async def test_an_unknown_picture_is_not_found(site: Site) -> None:
    status, headers, body = await site.get("/i/aaaaaaa")
    assert (status, body) == (404, b"There is no such picture.\n")
    assert headers["Content-Type"].startswith("text/plain")
    assert "Cache-Control" not in headers
    assert headers.items() >= SAFE.items()


async def test_a_picture_whose_file_is_gone_is_not_found(site: Site) -> None:
    """The row may outlive the file; nothing of the path is told."""
    (site.shelf.folder / "hash.png").unlink()
    status, headers, body = await site.get("/i/abcdefg")
    assert (status, body) == (404, b"There is no such picture.\n")
    assert headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize(
    "path",
    [
        "/",
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
    ],
)
async def test_tricks_with_paths_find_nothing(site: Site, path: str) -> None:
    """No answer holds a file's content, or the path that was asked for."""
    status, headers, body = await site.get(path)
    assert status in (400, 404)
    assert b"secret" not in body
    assert b"root:" not in body
    assert b"<script>" not in body
    if status == 404:
        assert headers.items() >= SAFE.items()
        assert headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
async def test_nothing_can_be_changed(site: Site, method: str) -> None:
    status, headers, _ = await site.get("/i/abcdefg", method)
    assert status == 405
    assert headers.items() >= SAFE.items()


async def test_an_endless_line_is_refused(site: Site) -> None:
    status, _, _ = await site.get("/i/" + "a" * 100_000)
    assert status == 400


async def test_a_store_that_is_down_is_said_without_details(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    """The owner reads why in the log, the visitor does not."""
    site.shelf.broken = True
    status, headers, body = await site.get("/i/abcdefg")
    assert (status, body) == (503, b"The pictures cannot be read just now.\n")
    assert headers.items() >= SAFE.items()
    assert "disk /secret/place is full" in caplog.text
    assert "Traceback" not in caplog.text


async def test_health_follows_the_bot(site: Site) -> None:
    """200 while a session is in its game, 503 otherwise: what a supervisor asks."""
    status, headers, body = await site.get("/healthz")
    assert (status, body) == (200, b"ok\n")
    assert headers.items() >= SAFE.items()
    site.healthy = False
    status, headers, body = await site.get("/healthz")
    assert (status, body) == (503, b"no session is in its game\n")
    assert headers.items() >= SAFE.items()


async def test_a_taken_port_names_the_setting(site: Site) -> None:
    """And the other server goes on."""
    port = int(site.server.url.rsplit(":", 1)[1])
    second = WebServer(site.shelf, host="127.0.0.1", port=port, healthy=lambda: True)  # type: ignore[arg-type]
    with pytest.raises(WebError, match=rf"cannot listen on 127\.0\.0\.1:{port}.*choose another web\.port"):
        await second.start()
    await second.close()
    assert repr(second) == "<WebServer not started>"
    assert (await site.get("/healthz"))[0] == 200


async def test_the_address_is_known_once_it_listens(site: Site) -> None:
    """Any free port; IPv6 in its brackets."""
    assert site.server.url.startswith("http://127.0.0.1:")
    assert repr(site.server) == f"<WebServer {site.server.url}>"
    if socket.has_ipv6:
        server = WebServer(site.shelf, host="::1", port=0, healthy=lambda: True)  # type: ignore[arg-type]
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
