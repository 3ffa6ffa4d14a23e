"""What a plugin does badly in the running bot costs itself: link, lines and the other plugins notice nothing."""

from __future__ import annotations

import asyncio
import re
import sys
import textwrap
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.app_plugins_stage import Stage, until

BYSTANDER = """
class Bystander(Plugin):
    async def start(self):
        self.lines = []
    @on(Line)
    async def hear(self, line):
        self.lines.append(line.text)
"""
LISTENS = "class P(Plugin):\n    @on(Line)\n    async def hear(self, line):\n"
BAD = {
    "raises": "        raise ZeroDivisionError\n",
    "hangs": "        await asyncio.Event().wait()\n",
    "is flooded": "        await asyncio.sleep(1)\n",
    "leaks tasks": "        for _ in range(50):\n            asyncio.get_running_loop().create_task(self.leak())\n"
    "    async def leak(self):\n        await asyncio.sleep(3600)\n",
    "exits": "        sys.exit('bye')\n",
    "exits in a task": "        asyncio.ensure_future(self.end())\n    async def end(self):\n        sys.exit('bye')\n",
    "raises what is no exception": "        class Odd(BaseException): ...\n        raise Odd\n",
    "cancels itself": "        asyncio.current_task().cancel()\n        await asyncio.sleep(1)\n",
}
BLOCKS = {
    "sleeps": "time.sleep(30)",
    "computes": "while True: pass",
    "computes, whatever comes": "while True:\n    try:\n        [0] * 99\n    except Exception:\n        pass",
    "waits at a socket": "with socket.create_server(('127.0.0.1', 0)) as door: door.accept()",
    "waits for a lock": "lock = threading.Lock(); lock.acquire(); lock.acquire()",
    "searches for ever": "re.search('(a+)+$', 'a' * 60 + 'b')",
    "runs a program": "subprocess.run(['sleep', '30'])",
}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path)
    stage.write("bystander", BYSTANDER)
    yield stage
    await stage.close()


@pytest.mark.parametrize("what", BAD)
async def test_the_others_do_not_notice(stage: Stage, what: str) -> None:
    """Of a hundred lines none is lost or doubled for another plugin, and the link stays."""
    stage.write("bad", f"import asyncio, sys\n{LISTENS}{BAD[what]}")
    await stage.open()
    lines = [f"第{number}行" for number in range(100)]
    for line in lines:
        stage.mud.say(line)
        await asyncio.sleep(0)
    await until(lambda: len(stage.plugin("bystander").lines) == 100)
    assert stage.plugin("bystander").lines == lines
    assert stage.app.sessions[0].state == "playing"
    assert stage.mud.links == 1


async def test_tasks_that_were_leaked_are_named_and_end(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    stage.write("bad", f"import asyncio\n{LISTENS}{BAD['leaks tasks']}")
    await stage.open()
    stage.mud.say("a", "b")
    await until(lambda: _leaks() == 100)
    await stage.app.roster.unload("bad")
    await asyncio.sleep(0)
    assert "plugin bad left 100 tasks behind (P.leak): use self.spawn for those" in caplog.text
    assert _leaks() == 0


def _leaks() -> int:
    return sum(_code_of(task) == "P.leak" for task in asyncio.all_tasks())


def _code_of(task: asyncio.Task[object]) -> str:
    frame = getattr(task.get_coro(), "cr_frame", None)
    work = frame.f_locals.get("work") if frame is not None else None
    return str(getattr(work, "__qualname__", ""))


@pytest.mark.skipif(
    threading.current_thread() is not threading.main_thread() or sys.platform == "win32",
    reason="nothing can be ended there",
)
@pytest.mark.parametrize("what", BLOCKS)
async def test_who_holds_everything_up_is_named_and_paused(
    stage: Stage, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    """Within five seconds, with file and line; the link stays and not a line is lost."""
    head = f"import re, socket, subprocess, threading, time\n{LISTENS}        if line.text == '堵':\n"
    path = stage.write("bad", head + textwrap.indent(BLOCKS[what], " " * 12))
    await stage.open()
    lines = ["前", "堵", *(f"后{number}" for number in range(50))]
    stage.mud.say(*lines)
    took = await until(lambda: stage.app.hosts[0].running["bad"].paused, 8)
    assert took < 5
    await until(lambda: len(stage.plugin("bystander").lines) == len(lines))
    assert stage.plugin("bystander").lines == lines
    assert re.search(rf"plugin bad holds everything up at {re.escape(str(path))}:\d+ in hear", caplog.text)
    assert "plugin bad is paused as it held everything up at" in caplog.text
    assert stage.mud.links == 1
    assert stage.app.sessions[0].state == "playing"
    await until(lambda: any("plugin bad is paused: it held everything up" in line for line in stage.mud.typed))


async def test_a_start_that_holds_everything_up_is_no_reload(stage: Stage) -> None:
    """The new one is refused, the old one goes on."""
    stage.write("p", "class P(Plugin):\n    version = 1\n")
    await stage.open()
    stage.write(
        "p", "import time\nclass P(Plugin):\n    version = 2\n    async def start(self):\n        time.sleep(30)\n"
    )
    with pytest.raises(Exception, match="its start holds everything up at"):
        await stage.app.roster.reload("p")
    assert stage.plugin("p").version == 1
