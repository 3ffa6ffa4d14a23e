"""``mudbot run`` as a service manager sees it; its log's file; two bots with one character."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import yaml

from tests.cli.daemon_stage import Daemon, Start, daemons


class Told(asyncio.DatagramProtocol):
    """What a service manager is told, as it comes."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._news = asyncio.Event()

    def datagram_received(self, data: bytes, _address: object) -> None:
        self.lines += data.decode().split("\n")
        self._news.set()

    async def expect(self, line: str) -> None:
        """Wait for a line that begins so."""
        async with asyncio.timeout(30):
            while not any(each.startswith(line) for each in self.lines):
                self._news.clear()
                await self._news.wait()


@asynccontextmanager
async def manager(name: str) -> AsyncIterator[Told]:
    """A service manager at *name*."""
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    bound.bind(f"\0{name[1:]}" if name.startswith("@") else name)
    transport, told = await asyncio.get_running_loop().create_datagram_endpoint(Told, sock=bound)
    try:
        yield told
    finally:
        transport.close()


async def test_a_service_is_ready_reloads_and_stops(start: Start, tmp_path: Path) -> None:
    """READY after the login, signs of life, RELOADING to READY on SIGHUP, STOPPING on SIGTERM."""
    address = str(tmp_path / "notify")
    async with manager(address) as told:
        daemon = await start(environ={"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "600000"})
        await told.expect("READY=1")
        assert "tavern: playing" in daemon.log
        await told.expect("STATUS=1 of 1 characters in the game")
        told.lines.clear()
        await told.expect("WATCHDOG=1")
        daemon.process.send_signal(signal.SIGHUP)
        await told.expect("RELOADING=1")
        await told.expect("READY=1")
        assert told.lines.index("RELOADING=1") < told.lines.index("READY=1")
        daemon.process.send_signal(signal.SIGTERM)
        await told.expect("STOPPING=1")
        assert await daemon.ended() == 0


async def test_while_its_mud_is_away_a_service_is_not_ready(start: Start, tmp_path: Path) -> None:
    """It asks for patience instead, and says what it waits for."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    address = f"@mudbot-test-{tmp_path.name}"
    async with manager(address) as told:
        daemon = await start(
            *("--set", "sessions.0.host=127.0.0.1", "--set", f"sessions.0.port={port}"),
            environ={"NOTIFY_SOCKET": address},
        )
        await told.expect("STATUS=0 of 1 characters in the game; 127.0.0.1: waiting")
        await told.expect("EXTEND_TIMEOUT_USEC=")
        assert "READY=1" not in told.lines
        daemon.process.send_signal(signal.SIGTERM)
        assert await daemon.ended() == 0


async def test_a_log_file_has_what_standard_error_has(start: Start, tmp_path: Path) -> None:
    """As JSON where that is wanted, with the session apart; nobody else reads it, and the password is not in it."""
    daemon = await start("--set", "log.file=logs/mudbot.log", "--set", "log.format=json", "--set", "log.level=debug")
    await daemon.expect("tavern: playing")
    daemon.process.send_signal(signal.SIGTERM)
    assert await daemon.ended() == 0
    path = tmp_path / "logs" / "mudbot.log"
    assert path.read_text() == daemon.log
    entries = [json.loads(line) for line in daemon.log.splitlines()]
    (playing,) = [entry for entry in entries if entry["message"] == "tavern: playing"]
    assert playing["session"] == "tavern"
    assert "canary-of-the-mud" not in daemon.log
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def _deaf() -> asyncio.Server:
    """A MUD that says nothing."""

    async def hold(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()  # to the end
        writer.close()

    return await asyncio.start_server(hold, "127.0.0.1", 0)


async def test_a_second_bot_with_the_same_character_exits_with_75(tmp_path: Path) -> None:
    """Though its store is another one, and before it connects; another character of the same MUD is another matter."""
    server = await _deaf()
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    port = server.sockets[0].getsockname()[1]
    where = ("--set", "sessions.0.host=127.0.0.1", "--set", f"sessions.0.port={port}")
    environ = {"XDG_STATE_HOME": str(tmp_path / "state")}
    async with server, daemons(one) as start_one, daemons(two) as start_two:
        first = await start_one(*where, environ=environ)
        await first.expect("connecting")
        second = await start_two(*where, "--set", "sessions.0.login.name=CHEN", environ=environ)
        assert await second.ended() == 75
        assert f"a bot plays CHEN at 127.0.0.1 already (process {first.process.pid})" in second.log
        assert "connecting" not in second.log
        third: Daemon = await start_two(*where, "--set", "sessions.0.login.name=Ann", environ=environ)
        await third.expect("connecting")
        for daemon in (first, third):
            daemon.process.send_signal(signal.SIGTERM)
            assert await daemon.ended() == 0


async def test_without_a_place_for_locks_a_bot_runs_all_the_same(tmp_path: Path) -> None:
    """A container that can write nowhere but in its store: that is locked anyway."""
    server = await _deaf()
    port = server.sockets[0].getsockname()[1]
    (tmp_path / "state").write_text("no folder")
    async with server, daemons(tmp_path) as start:
        daemon = await start("--set", "sessions.0.host=127.0.0.1", "--set", f"sessions.0.port={port}")
        await daemon.expect("connecting")
        daemon.process.send_signal(signal.SIGTERM)
        assert await daemon.ended() == 0


async def test_a_password_from_a_file_logs_in_and_stays_secret(tmp_path: Path) -> None:
    """The MUD gets it; no log does, at any level."""
    got: list[bytes] = []

    async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"By what name? ")
        got.append(await reader.readline())
        writer.write(b"Password: ")
        got.append(await reader.readline())
        writer.close()

    (tmp_path / "password").write_text("canary-in-a-file\n")
    server = await asyncio.start_server(ask, "127.0.0.1", 0)
    async with server, daemons(tmp_path) as start:
        login = yaml.safe_dump({"name": "Chen", "password_file": "password"}, default_flow_style=True).strip()
        daemon = await start(
            *("--set", "sessions.0.host=127.0.0.1", "--set", f"sessions.0.port={server.sockets[0].getsockname()[1]}"),
            *("--set", f"sessions.0.login={login}", "--set", "log.level=debug", "--set", "sessions.0.dialect=generic"),
        )
        await daemon.expect("trying again")
        daemon.process.send_signal(signal.SIGTERM)
        assert await daemon.ended() == 0
    assert got[1].strip() == b"canary-in-a-file"
    assert "canary-in-a-file" not in daemon.log
