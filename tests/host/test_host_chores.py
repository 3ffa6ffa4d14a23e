"""Timers, scheduled and spawned tasks are the host's: they begin and end with the plugin, and fail behind its wall."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from mudbot import Line, Plugin, PluginError, at, on, scheduled
from mudbot.host import chores
from mudbot.host.chores import Walls
from mudbot.host.frames import Files
from mudbot.host.host import Host
from mudbot.testing import FakeClock
from mudbot.testing.clock import settle
from tests.host.host_fakes import Watched, started


class Fails(Watched):
    @scheduled
    async def keep(self) -> None:
        self.did.append(self.now())
        if len(self.did) < 4:
            raise OSError
        await self.gate.wait()

    def now(self) -> float:
        return self.clock.now()


async def test_a_scheduled_task_is_started_again_with_growing_pauses(clock: FakeClock) -> None:
    """1, 2, 4 … s after each failure; it ends with the plugin."""
    plugin = Fails()
    plugin.clock = clock
    running = await started(plugin, clock)
    begun = clock.now()
    await clock.advance(30)
    assert plugin.did == [begun, begun + 1, begun + 3, begun + 7]
    assert running.failures == 3
    await running.stop()
    plugin.gate.set()
    await clock.advance(100)
    assert len(plugin.did) == 4


async def test_a_scheduled_task_that_returns_is_done(clock: FakeClock) -> None:
    class Once(Watched):
        @scheduled
        async def once(self) -> None:
            self.did.append("once")

    running = await started(plugin := Once(), clock)
    await clock.advance(300)
    assert plugin.did == ["once"]
    await running.stop()


async def test_what_fails_for_ever_is_paused_and_begins_again_when_it_is_resumed(clock: FakeClock) -> None:
    class Never(Watched):
        @scheduled
        async def keep(self) -> None:
            self.did.append("try")
            raise OSError

    running = await started(plugin := Never(), clock)
    await clock.advance(1000)
    assert (len(plugin.did), running.cause) == (5, "failures")
    assert running.resume()
    await settle()
    assert len(plugin.did) == 6
    await running.stop()


async def test_a_time_of_the_day_comes_once_a_day(clock: FakeClock) -> None:
    """By the clock on the wall, in the zone that was asked for; also where that clock is set back by a moment."""

    class Daily(Watched):
        @at("09:00", tz="UTC")
        async def morning(self) -> None:
            self.did.append(clock.wall() % 86400)

    running = await started(plugin := Daily(), clock)
    await clock.advance(3 * 86400)
    assert plugin.did == [9 * 3600] * 3
    await running.stop()


async def test_a_wall_clock_that_is_set_is_followed() -> None:
    """Forward over the time: it comes within a minute.  Back by days: it comes when it is that time again."""

    class Wall(FakeClock):
        off = 0.0

        def wall(self) -> float:
            return 1_700_006_400 + self.now() - 1000 + self.off  # 00:00 UTC of some day

    clock = Wall()

    class Daily(Watched):
        @at("09:00", tz="UTC")
        async def morning(self) -> None:
            self.did.append(clock.wall())

    running = await started(plugin := Daily(), clock)
    await clock.advance(3600)
    clock.off = 8.5 * 3600
    await clock.advance(61)
    assert len(plugin.did) == 1
    clock.off -= 86400
    await clock.advance(86400)
    assert len(plugin.did) == 2
    await running.stop()


# -- spawned -----------------------------------------------------------------------------------------------------------


class Spawns(Watched):
    async def count(self, word: str) -> str:
        self.did.append(word)
        await self.gate.wait()
        return word.upper()

    async def fails(self) -> None:
        sys.exit(word) if (word := "x") else None


async def test_a_spawned_task_has_a_result_and_an_owner(clock: FakeClock) -> None:
    running = await started(plugin := Spawns(), clock)
    task = plugin.spawn(plugin.count("a"))
    await settle()
    plugin.gate.set()
    assert await task == "A"
    await plugin.spawn(plugin.fails())
    assert running.failures == 1
    plugin.gate.clear()
    left = plugin.spawn(plugin.count("b"))
    await settle()
    await running.stop()
    assert left.cancelled()
    with pytest.raises(PluginError, match="spawn works from start on"):
        plugin.spawn(plugin.count("c"))


async def test_far_too_many_are_refused(clock: FakeClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chores, "MOST", 3)
    running = await started(plugin := Spawns(), clock)
    for word in "abc":
        plugin.spawn(plugin.count(word))
    with pytest.raises(PluginError, match=r"3 tasks are at work already, Spawns.count is one too many"):
        plugin.spawn(plugin.count("d"))
    await running.stop()


# -- tasks of its own --------------------------------------------------------------------------------------------------


class Raw(Plugin):
    async def leave(self) -> None:
        sys.exit("bye")


async def test_an_exit_in_a_task_of_its_own_ends_that_task(caplog: pytest.LogCaptureFixture) -> None:
    files = Files()
    files.learn("raw", Raw)
    walls, loop = Walls(files), asyncio.get_running_loop()
    walls.raise_up(loop)
    try:
        await asyncio.create_task(Raw().leave(), name="mine")
    finally:
        walls.take_down(loop)
    assert "plugin raw: a task of its own wants to exit (bye)" in caplog.text
    assert loop.get_task_factory() is None


# -- tracebacks --------------------------------------------------------------------------------------------------------


async def test_a_traceback_shows_the_authors_lines_alone(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    """Of the error and of what caused it; the last line is the error."""

    class Bad(Watched):
        @on(Line)
        async def hear(self, line: Line) -> None:
            try:
                int(line.text)
            except ValueError as exc:
                raise LookupError("no number") from exc

    await host.add(Bad())
    host.hear([Line("many")])
    await settle()
    places = [line.strip() for line in caplog.text.splitlines() if line.strip().startswith("File ")]
    assert len(places) == 2
    assert all(Path(__file__).name in place for place in places)
    assert caplog.text.rstrip().endswith("LookupError: no number")
