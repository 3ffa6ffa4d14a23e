"""Stop: SIGTERM ends it within five seconds, whatever hangs; the second one at once."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from tests.cli.daemon_stage import Daemon, daemons
from tests.cli.test_run import stubborn
from tests.reliability.figures import figure

BLACK_HOLE = """\
import socket, time
_true = socket.getaddrinfo
def getaddrinfo(host, *rest, **more):
    if str(host).endswith(".invalid") and not more.get("flags", 0) & socket.AI_NUMERICHOST:
        open({asked!r}, "a").close()
        time.sleep(600)
    return _true(host, *rest, **more)
socket.getaddrinfo = getaddrinfo
"""
"""A resolver that never answers: the thread that asks it hangs, as in libc."""


@asynccontextmanager
async def deaf() -> AsyncIterator[int]:
    """A MUD that takes links, sends a greeting, and reads nothing: what is written to it piles up."""

    writers: list[asyncio.StreamWriter] = []

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        with suppress(ConnectionError):
            while True:
                writer.write(b"\xff\xfd\x18\xff\xfa\x18\x01\xff\xf0By what name? ")
                await writer.drain()
                await asyncio.sleep(0.01)

    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    listening.bind(("127.0.0.1", 0))
    server = await asyncio.start_server(serve, sock=listening)
    try:
        yield listening.getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0.05)  # they see it


@asynccontextmanager
async def silent_api(asked: asyncio.Event) -> AsyncIterator[str]:
    """An API that takes every request and says nothing."""

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        asked.set()
        with suppress(ConnectionError):
            await reader.read()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


@asynccontextmanager
async def in_trouble(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Daemon]:
    """A daemon with all four troubles at once, each of which has been seen to hold something."""
    asked = folder / "dns-was-asked"
    (folder / "hooks").mkdir()
    (folder / "hooks" / "sitecustomize.py").write_text(BLACK_HOLE.format(asked=str(asked)))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(folder / "hooks"), os.environ.get("PYTHONPATH", ""))))
    stubborn(folder)
    called = asyncio.Event()
    async with deaf() as port, silent_api(called) as url, daemons(folder) as start:
        sessions = (
            "[{host: tavern, login: {name: Chen, password: x}},"
            " {name: lost, host: mud.invalid, port: 4000, login: {name: Ann, password: x}},"
            f" {{name: deaf, host: 127.0.0.1, port: {port}, login: {{name: Bob, password: x}}}}]"
        )
        daemon = await start(
            *("--set", f"sessions={sessions}", "--set", "plugins={stubborn: null, dialogue: null}"),
            *("--set", "api.models.dialogue=x"),
            api=url,
        )
        await daemon.expect("tavern: playing")
        tavern = int(re.findall(r"127\.0\.0\.1:(\d+): come in", daemon.log)[0])
        _, writer = await asyncio.open_connection("127.0.0.1", tavern)
        writer.write(b"Dan\r\nsecret\r\nsay Chen, hello\r\n")
        await asyncio.wait_for(called.wait(), 20)
        assert asked.exists()
        yield daemon
        writer.close()


async def test_one_signal_ends_it_within_five_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With DNS black-holed, the API hung, a plugin that swallows its cancellation and a MUD that does not read."""
    async with in_trouble(tmp_path, monkeypatch) as daemon:
        began = time.monotonic()
        daemon.process.send_signal(signal.SIGTERM)
        assert await daemon.ended() == 0
        took = time.monotonic() - began
        figure("stop", "SIGTERM to exit ≤ 5 s, with DNS, API, a plugin and the MUD hanging", f"{took:.2f} s")
        assert took <= 5
        assert "stubborn does not stop" in daemon.log


async def test_a_second_signal_ends_it_within_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Amid the same troubles, as soon as the first was heard."""
    async with in_trouble(tmp_path, monkeypatch) as daemon:
        daemon.process.send_signal(signal.SIGTERM)
        await daemon.expect("stopping")
        began = time.monotonic()
        daemon.process.send_signal(signal.SIGTERM)
        assert await daemon.ended() == 1
        took = time.monotonic() - began
        figure("stop", "the second signal ≤ 1 s", f"{took:.2f} s")
        assert took <= 1
