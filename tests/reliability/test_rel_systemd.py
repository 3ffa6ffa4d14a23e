"""systemd: told the truth, from the first login to the end; and the unit leaves little open."""

from __future__ import annotations

import asyncio
import itertools
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests import test_contrib
from tests.cli.daemon_stage import daemons
from tests.reliability.figures import figure

ROW = "systemd"


class Manager:
    """What listens in systemd's place."""

    def __init__(self, listening: socket.socket) -> None:
        listening.setblocking(False)
        self._listening = listening
        self.told: list[tuple[float, str]] = []

    def says(self, what: str) -> list[float]:
        """When *what* was said."""
        return [at for at, said in self.told if said.startswith(what)]

    async def until(self, done: Callable[[], object]) -> None:
        """Listen until *done*."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(30):
            while not done():
                said = await loop.sock_recv(self._listening, 4096)
                self.told.append((time.monotonic(), said.decode()))


async def test_ready_comes_after_the_login_and_signs_of_life_from_the_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A daemon under a manager that wants a sign of life every 1.5 seconds; then it is reloaded, and stopped."""
    path = tmp_path / "notify"
    monkeypatch.setenv("NOTIFY_SOCKET", str(path))
    monkeypatch.setenv("WATCHDOG_USEC", "1500000")
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listening:
        listening.bind(str(path))
        manager = Manager(listening)
        async with daemons(tmp_path) as start:
            daemon = await start()
            await manager.until(lambda: manager.says("READY=1"))
            await daemon.expect("tavern: playing")
            told = len(manager.says("WATCHDOG=1"))
            await manager.until(lambda: len(manager.says("WATCHDOG=1")) >= told + 4)
            daemon.process.send_signal(signal.SIGHUP)
            await manager.until(lambda: manager.says("RELOADING=1") and len(manager.says("READY=1")) == 2)
            daemon.process.send_signal(signal.SIGTERM)
            await manager.until(lambda: manager.says("STOPPING=1") and manager.says("STATUS=stopping"))
            assert await daemon.ended() == 0
    statuses = [said.removeprefix("STATUS=") for _, said in manager.told if said.startswith("STATUS=")]
    alive = manager.says("WATCHDOG=1")
    gap = max(later - sooner for sooner, later in itertools.pairwise(alive))
    # What is ready says so in the look that sees the character in its game, and tells the status after it.
    playing = next(at for at, said in manager.told if said.startswith("STATUS=1 of 1"))
    figure(ROW, "READY after login", f"with the status “{statuses[-2]}”, and none before it")
    figure(ROW, "watchdog pings from the loop", f"every {gap:.2f} s at most, of 1.50 s allowed")
    figure(ROW, "status line", f"{len(statuses)} different ones, e.g. “{statuses[-2]}”")
    away = [at for at, said in manager.told if said.startswith("STATUS=0 of 1")]
    assert all(at <= manager.says("READY=1")[0] for at in away)
    assert playing - manager.says("READY=1")[0] < 0.5
    assert gap < 1.5
    assert statuses[-1] == "stopping"


def test_the_unit_leaves_little_open(tmp_path: Path) -> None:
    """By the unit's own test, and the figure."""
    test_contrib.test_the_unit_leaves_little_open(tmp_path)
    test_contrib.test_the_unit_fits_what_mudbot_does()
    told = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(test_contrib.UNIT)],
        capture_output=True, text=True, check=False, timeout=60,
    ).stdout  # fmt: skip
    exposed = float(re.findall(r"Overall exposure level for mudbot\.service: (\d+\.\d)", told)[0])
    figure(ROW, "`systemd-analyze security` exposure ≤ 2.0", f"{exposed}")
    assert exposed <= 2.0
