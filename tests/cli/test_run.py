"""``mudbot run`` as a service: starts without a terminal, logs to standard error, ends in time."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
from pathlib import Path

import pytest

from tests.cli.daemon_stage import Start


async def test_it_logs_in_and_ends_on_sigterm(start: Start) -> None:
    """Without a terminal and without a model file; exit status 0, the password nowhere in the log."""
    daemon = await start()
    await daemon.expect("tavern: playing")
    daemon.process.send_signal(signal.SIGTERM)
    assert await daemon.ended() == 0
    assert "canary-of-the-mud" not in daemon.log
    assert "Traceback" not in daemon.log


async def test_it_says_goodbye_if_configured(start: Start) -> None:
    """Somebody who is in the room reads it before the character goes."""
    daemon = await start("--set", "sessions.0.goodbye=The stove wants me.")
    await daemon.expect("tavern: playing")
    port = int(re.findall(r"127\.0\.0\.1:(\d+): come in", daemon.log)[0])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await reader.readuntil(b"known? ")
    writer.write(b"Bob\r\n")
    await reader.readuntil(b"Password: ")
    writer.write(b"secret\r\n")
    await reader.readuntil(b"Here: Chen.")
    daemon.process.send_signal(signal.SIGTERM)
    await asyncio.wait_for(reader.readuntil(b'Chen says, "The stove wants me."'), 5)
    assert await daemon.ended() == 0
    writer.close()


async def test_an_api_that_hangs_does_not_hold_the_end(start: Start) -> None:
    """A call in flight to a server that never answers is left behind; the whole stop is bounded by five seconds."""
    asked = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        asked.set()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    async with server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
        daemon = await start("--set", "api.models.dialogue=x", api=url, key=", api_key: sk-canary-of-the-api")
        await daemon.expect("tavern: playing")
        port = int(re.findall(r"127\.0\.0\.1:(\d+): come in", daemon.log)[0])
        _reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"Bob\r\nsecret\r\nsay Chen, hello\r\n")
        await asyncio.wait_for(asked.wait(), 20)
        daemon.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(5):
            assert await daemon.ended() == 0
        assert "canary-of-the-api" not in daemon.log
        writer.close()


STUBBORN = """\
import asyncio
from mudbot import LoggedIn, Plugin, on


class Stubborn(Plugin):
    {start}
    @on(LoggedIn)
    async def stay(self, event):
        while True:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                pass
"""


def stubborn(folder: Path, start: str = "") -> None:
    (folder / "plugins").mkdir()
    (folder / "plugins" / "stubborn.py").write_text(STUBBORN.format(start=start))


async def test_a_second_signal_ends_at_once(start: Start, tmp_path: Path) -> None:
    """Whoever is in a hurry sends it twice, and a plugin that swallows its cancellation changes nothing."""
    stubborn(tmp_path)
    daemon = await start("--set", "plugins={stubborn: null}")
    await daemon.expect("tavern: playing")
    daemon.process.send_signal(signal.SIGTERM)
    await daemon.expect("stopping")
    daemon.process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(1):
        assert await daemon.ended() == 1


async def test_a_stubborn_plugin_is_named_and_left_behind(start: Start, tmp_path: Path) -> None:
    """One signal ends it within its five seconds."""
    stubborn(tmp_path)
    daemon = await start("--set", "plugins={stubborn: null}")
    await daemon.expect("tavern: playing")
    daemon.process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(5):
        assert await daemon.ended() == 0
    assert "stubborn does not stop" in daemon.log


async def test_a_start_that_hangs_does_not_hold_the_end(start: Start, tmp_path: Path) -> None:
    """SIGTERM is heard while a plugin is still starting."""
    stubborn(tmp_path, "async def start(self): await asyncio.sleep(3600)\n")
    daemon = await start("--set", "plugins={stubborn: null}")
    await daemon.expect("tavern is open")
    daemon.process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(5):
        assert await daemon.ended() == 0


async def test_a_secret_in_a_plugins_own_error_is_masked(start: Start, tmp_path: Path) -> None:
    """What a plugin raises is printed by way of the log."""
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "leaky.py").write_text(
        "from mudbot import Plugin\n\nclass Leaky(Plugin):\n"
        "    async def start(self): raise ValueError('bad: canary-of-the-mud \\x1b[2J')\n"
    )
    daemon = await start("--set", "plugins={leaky: null}")
    assert await daemon.ended() == 1
    assert "plugin leaky does not start: ValueError: bad: ********" in daemon.log
    assert "\x1b" not in daemon.log


async def test_a_refused_login_ends_with_its_own_status(start: Start) -> None:
    """A service manager must not start it again to guess on."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"By what name? ")
        await reader.readline()
        writer.write(b"Password: ")
        await reader.readline()
        writer.close()  # without a word

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        daemon = await start(
            *("--set", "sessions.0.host=127.0.0.1", "--set", f"sessions.0.port={port}"),
            *("--set", "sessions.0.dialect=generic"),
        )
        await daemon.expect("check login.name and login.password; trying again in 300 s")
        daemon.process.send_signal(signal.SIGTERM)
        assert await daemon.ended() == 0


async def test_it_goes_on_while_the_mud_is_away(start: Start) -> None:
    """Nothing listens: the log says where and what to check, and the daemon keeps trying."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    daemon = await start("--set", "sessions.0.host=127.0.0.1", "--set", f"sessions.0.port={port}")
    await daemon.expect(rf"127\.0\.0\.1:{port}: .*are host and port right\?; trying again")
    daemon.process.send_signal(signal.SIGTERM)
    assert await daemon.ended() == 0


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("web.port=99999", "web.port"),
        ("sessions.0.dialect=evenia", "did you mean 'evennia'"),
        ("plugins.dialoge=null", "did you mean 'dialogue'"),
    ],
)
async def test_a_wrong_configuration_says_why_and_exits_with_78(start: Start, option: str, said: str) -> None:
    """One line, no traceback, the nearest right name."""
    daemon = await start("--set", option)
    assert await daemon.ended() == 78
    assert said in daemon.log
    assert "Traceback" not in daemon.log


async def test_what_a_restart_may_mend_exits_with_1(start: Start) -> None:
    """Something else listens where the pages are to be: that may pass."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        daemon = await start("--set", f"web.port={taken.getsockname()[1]}")
        assert await daemon.ended() == 1
    assert "web.port" in daemon.log


async def test_a_second_bot_with_the_same_store_exits_with_75(start: Start) -> None:
    """It says which process runs, and that one goes on undisturbed."""
    first = await start()
    await first.expect("tavern: playing")
    second = await start()
    assert await second.ended() == 75
    assert f"process {first.process.pid}" in second.log
    assert "connecting" not in second.log
    first.process.send_signal(signal.SIGTERM)
    assert await first.ended() == 0


async def test_a_bot_that_was_killed_leaves_no_lock(start: Start) -> None:
    """The next one runs at once, over the socket that lies about."""
    first = await start()
    await first.expect("tavern: playing")
    first.process.kill()
    await first.ended()
    second = await start()
    await second.expect("tavern: playing")
    assert "control.sock" not in second.log
    second.process.send_signal(signal.SIGTERM)
    assert await second.ended() == 0
