"""What a service manager is told of a bot: ready in its game, alive while its loop goes round, how it is meanwhile."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mudbot import logs
from mudbot.notify import Notifier
from mudbot.service import LONGEST, Service
from mudbot.testing import FakeClock


class Manager:
    """Listens in systemd's place."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.setblocking(False)

    def told(self) -> list[str]:
        """Since the last look."""
        found = []
        while True:
            try:
                found.append(self._socket.recv(4096).decode())
            except BlockingIOError:
                return found

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    with closing(Manager(tmp_path / "notify")) as listening:
        yield listening


class Bot:
    """As much of a bot as is looked at."""

    def __init__(self, *names: str) -> None:
        self.clock = FakeClock()
        self.sessions: list[Any] = [SimpleNamespace(name=name, state="new", why="") for name in names]
        self.config: Any = SimpleNamespace(sessions=names)

    def become(self, number: int, state: str, why: str = "") -> None:
        self.sessions[number].state, self.sessions[number].why = state, why


@asynccontextmanager
async def serving(bot: Bot, manager: Manager, watchdog: float | None = None) -> AsyncIterator[Service]:
    with closing(Notifier(str(manager.path), watchdog=watchdog)) as notifier:
        service = Service(bot, notifier)
        task = asyncio.create_task(service.run())
        await bot.clock.advance(0)
        yield service
        task.cancel()


async def test_it_is_ready_after_the_login(manager: Manager) -> None:
    """Not when it begins, not while it connects and logs in: in the game; once."""
    bot = Bot("inn")
    async with serving(bot, manager):
        for state in ("connecting", "logging in"):
            bot.become(0, state)
            await bot.clock.advance(5)
            told = manager.told()
            assert "READY=1" not in told
            assert f"STATUS=0 of 1 characters in the game; inn: {state}" in told
        bot.become(0, "playing")
        await bot.clock.advance(5)
        told = manager.told()
        assert told.count("READY=1") == 1
        assert "STATUS=1 of 1 characters in the game" in told


async def test_a_mud_that_is_away_does_not_fail_the_start(manager: Manager) -> None:
    """Longer than any time-out of a start: it asks for more time at every look, and tells why."""
    bot = Bot("inn")
    async with serving(bot, manager):
        bot.become(0, "waiting", "refused; trying again in 5 s")
        for _ in range(10):
            await bot.clock.advance(30)
            told = manager.told()
            assert "EXTEND_TIMEOUT_USEC=30000000" in told
            assert "READY=1" not in told
        bot.become(0, "playing")
        await bot.clock.advance(1)
        assert "READY=1" in manager.told()
        await bot.clock.advance(1)
        assert not [line for line in manager.told() if line.startswith("EXTEND")]


async def test_one_mud_that_is_away_does_not_hold_the_others(manager: Manager) -> None:
    """Each must have been tried; then those that play are enough, and the other one is named."""
    bot = Bot("inn", "port")
    async with serving(bot, manager):
        bot.become(0, "playing")
        bot.become(1, "connecting")
        await bot.clock.advance(2)
        assert "READY=1" not in manager.told()
        bot.become(1, "waiting", "no route")
        await bot.clock.advance(2)
        told = manager.told()
        assert "READY=1" in told
        assert "STATUS=1 of 2 characters in the game; port: waiting, no route" in told


async def test_before_all_sessions_are_open_it_is_not_ready(manager: Manager) -> None:
    """The first of them may play before the last is made."""
    bot = Bot("inn", "port")
    bot.become(0, "playing")
    del bot.sessions[1]
    async with serving(bot, manager):
        await bot.clock.advance(2)
        told = manager.told()
        assert "READY=1" not in told
        assert "STATUS=starting; 1 of 2 characters in the game" in told


async def test_signs_of_life_come_in_time(manager: Manager) -> None:
    """At least twice in the time that the service manager gives; from the loop, so that one that hangs gives none."""
    bot = Bot("inn")
    bot.become(0, "playing")
    async with serving(bot, manager, watchdog=0.9):
        count = 0
        for _ in range(10):  # the kernel keeps ten datagrams for whoever is slow to listen
            await bot.clock.advance(0.9)
            count += manager.told().count("WATCHDOG=1")
        assert count >= 20
        assert manager.told() == []  # nothing passes, and nothing is told


async def test_a_status_that_stays_is_told_once(manager: Manager) -> None:
    """A journal of an unchanged state is nobody's wish."""
    bot = Bot("inn")
    bot.become(0, "playing")
    async with serving(bot, manager):
        await bot.clock.advance(60)
        assert len([line for line in manager.told() if line.startswith("STATUS=")]) == 1


async def test_a_status_is_short_and_safe(manager: Manager) -> None:
    """Why a session is away may be in the words of a MUD."""
    logs.mask(["hunter2-canary"])
    bot = Bot("inn")
    bot.become(0, "waiting", "\x1b[2Jhunter2-canary\nREADY=1 " + "x" * 500)
    async with serving(bot, manager):
        await bot.clock.advance(1)
        (status,) = [line for line in manager.told() if line.startswith("STATUS=")]
    assert status.startswith("STATUS=0 of 1 characters in the game; inn: waiting, \\x1b[2J******** READY=1 xxx")
    assert len(status) <= LONGEST + len("STATUS=")


async def test_a_reload_begins_and_ends(manager: Manager) -> None:
    """Two at once are one; what fails ends it, too; before the bot is ready there is none."""
    bot = Bot("inn")
    async with serving(bot, manager) as service:
        with service.reloading():
            pass
        assert "READY=1" not in manager.told()
        bot.become(0, "playing")
        await bot.clock.advance(1)
        manager.told()
        with service.reloading(), service.reloading():
            begun = manager.told()
        assert [line.split("\n")[0] for line in begun] == ["RELOADING=1"]
        assert manager.told() == ["READY=1"]
        with pytest.raises(ValueError, match="bad"), service.reloading():
            raise ValueError("bad")
        assert manager.told()[-1] == "READY=1"


async def test_a_bot_that_ends_says_so_once(manager: Manager) -> None:
    """It is not ready after that, whatever a session still does."""
    bot = Bot("inn")
    async with serving(bot, manager) as service:
        manager.told()
        service.stopping()
        service.stopping()
        assert manager.told() == ["STOPPING=1", "STATUS=stopping"]
        bot.become(0, "playing")
        await bot.clock.advance(5)
        assert {*manager.told()} == {"WATCHDOG=1"}


async def test_what_was_not_heard_is_said_again(manager: Manager) -> None:
    """Who is slow to listen still hears that it is ready, and how it is."""
    bot = Bot("inn")
    async with serving(bot, manager):
        await bot.clock.advance(60)  # full of signs of life
        bot.become(0, "playing")
        await bot.clock.advance(5)
        assert "READY=1" not in manager.told()
        await bot.clock.advance(5)
        told = manager.told()
        assert "READY=1" in told
        assert "STATUS=1 of 1 characters in the game" in told
