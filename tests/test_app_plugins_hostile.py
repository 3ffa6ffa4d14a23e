"""Plugins at their worst moments, in the running bot: when they begin, hand over, are asked in the midst of reading."""

from __future__ import annotations

import asyncio
import re
import sys
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mudbot.errors import MudbotError
from mudbot.host import reload, running, watchdog
from tests.app_plugins_stage import Stage, until

OLD = "class P(Plugin):\n    version = 1\n"
NEW = "import asyncio, sys, time\nclass P(Plugin):\n    version = 2\n"
LISTENS = """
class Listens(Plugin):
    async def start(self):
        self.lines = []
    @on(Line)
    async def hear(self, line):
        self.lines.append(line.text)
"""
STUBBORN = """
        while True:
            try:
                await asyncio.sleep(9)
            except asyncio.CancelledError:
                if pathlib.Path("{door}").exists():
                    raise
"""
SLOW = "class P(Plugin):\n    async def start(self):\n        import asyncio\n        await asyncio.sleep(0.2)\n"
can_end = pytest.mark.skipif(
    threading.current_thread() is not threading.main_thread() or sys.platform == "win32",
    reason="nothing can be ended there",
)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path)
    stage.write("p", OLD)
    yield stage
    await stage.close()


@can_end
@pytest.mark.parametrize("method", ["def __init__(self)", "async def start(self)", "async def handover(self, old)"])
async def test_a_new_one_that_holds_everything_up_pauses_nobody(stage: Stage, method: str) -> None:
    """Neither the old one, which goes on, nor the plugin by which the owner asked for it, and asks again."""
    stage.plugins["plugins"] = ""
    await stage.open()
    stage.write("p", f"{NEW}    {method}:\n        time.sleep(30)\n")
    stage.mud.order("!plugin reload p")
    await until(lambda: any("Nothing is changed" in line for line in stage.mud.typed))
    await asyncio.sleep(0.5)  # the watchdog's next sign of life
    assert stage.plugin("p").version == 1
    assert not any(each.paused for each in stage.app.hosts[0].running.values())


@can_end
async def test_a_first_start_that_holds_everything_up_is_named_and_ends(stage: Stage) -> None:
    """The bot does not hang without a word before it has begun."""
    path = stage.write("p", f"{NEW}    async def start(self):\n        time.sleep(30)\n")
    opening = asyncio.create_task(stage.open())
    await until(lambda: hasattr(stage, "_running") and stage._running.done())
    opening.cancel()
    with pytest.raises(MudbotError, match=rf"its start holds everything up at {re.escape(str(path))}:\d+ in start"):
        stage._running.result()


BUSY = """
class P(Plugin):
    done = False
    @on(Line)
    async def hear(self, line):
        began = time.thread_time()
        while time.thread_time() - began < 0.4:
            pass
        self.done = True
"""


async def test_who_waits_for_the_processor_holds_nothing_up(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Less than half a second of work takes some seconds where other threads are busy: that is not its fault."""
    monkeypatch.setattr(watchdog, "AT_LAST", 60.0)
    stage.write("p", f"import time\n{BUSY}")
    await stage.open()
    over = threading.Event()

    def spin() -> None:
        while not over.is_set():
            pass

    threads = [threading.Thread(target=spin) for _ in range(6)]
    for thread in threads:
        thread.start()
    try:
        stage.mud.say("前")
        await until(lambda: stage.plugin("p").done, 60)
        await asyncio.sleep(0.1)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert not stage.app.hosts[0].running["p"].paused


@can_end
@pytest.mark.parametrize("fits", ["time.sleep(30)", "sys.exit(1)", "next(iter(()))", "1 / 0"])
async def test_what_fits_is_the_authors_and_the_link_is_not(stage: Stage, fits: str) -> None:
    """What ``wait_for_speech`` is given runs while the MUD is read: however it fails, no line is lost."""
    begins = "    async def start(self):\n        self.spawn(self.wait())\n    async def wait(self):\n"
    waits = f"        await self.mud.wait_for_speech(lambda speech: {fits})\n"
    stage.write("p", f"{NEW}{begins}{waits}")
    stage.write("listens", LISTENS)
    await stage.open()
    stage.mud.order("你好", "ann")
    stage.mud.say("前", "后")
    await until(lambda: stage.plugin("listens").lines[-2:] == ["前", "后"])
    await until(lambda: stage.app.hosts[0].running["p"].failures)
    assert stage.mud.links == 1


async def test_of_two_refreshes_at_once_the_last_counts(stage: Stage) -> None:
    """A plugin that the second one takes away again does not stay, because the first was still loading it."""
    await stage.open()
    stage.write("more", SLOW)
    stage.configure()
    first = asyncio.create_task(stage.app.refresh())
    await asyncio.sleep(0.1)
    del stage.plugins["more"]
    stage.configure()
    await asyncio.gather(first, stage.app.refresh())
    assert list(stage.app.hosts[0].running) == ["p"]


@pytest.mark.parametrize("method", ["start(self)", "handover(self, old)"])
async def test_a_new_one_that_swallows_its_cancellation_is_left(
    stage: Stage,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    request: pytest.FixtureRequest,
    method: str,
) -> None:
    """It is refused in time, the old one goes on, and the next reload does not wait for it."""
    await stage.open()
    monkeypatch.setattr(running, "DEADLINE", 0.1)
    monkeypatch.setattr(reload, "FINISH", 0.1)
    door = stage.folder / "door"
    stage.write("p", f"import pathlib\n{NEW}    async def {method}:{STUBBORN.format(door=door)}")
    request.addfinalizer(door.touch)  # the loop's end cancels it once more, and waits
    async with asyncio.timeout(5):
        with pytest.raises(MudbotError, match="it does not end within"):
            await stage.app.roster.reload("p")
    assert "swallows its cancellation, and is left behind" in caplog.text
    assert stage.plugin("p").version == 1
    stage.write("p", "class P(Plugin):\n    version = 3\n")
    await stage.app.roster.reload("p")
    assert stage.plugin("p").version == 3


async def test_imports_that_hang_leave_threads_for_everybody_else(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names are looked up in the loop's threads, of which there are few: a bot without any finds its MUD no more."""
    await stage.open()
    monkeypatch.setattr(reload, "IMPORT", 0.05)
    door = stage.folder / "door"
    hangs = f"import pathlib, time\nwhile not pathlib.Path({str(door)!r}).exists():\n    time.sleep(0.05)\n"
    stage.write("p", f"{hangs}class P(Plugin): ...\n")
    for _ in range(40):  # more than there are threads
        with pytest.raises(MudbotError, match="its import did not end within"):
            await stage.app.roster.reload("p")
    async with asyncio.timeout(5):
        await asyncio.to_thread(int)
    door.touch()


async def test_the_plugin_that_resumes_others_cannot_be_paused_in_the_game(stage: Stage) -> None:
    """Who would resume it?"""
    stage.plugins["plugins"] = ""
    await stage.open()
    stage.mud.order("!plugin pause plugins")
    await until(lambda: stage.mud.typed)
    assert stage.mud.typed[0].startswith("tell wiz Then nobody could say !plugin any more")
    assert not stage.app.hosts[0].running["plugins"].paused
