"""A plugin is replaced between two events: what the old one heard it works off, the new one goes on from there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from mudbot.errors import MudbotError, PluginError
from mudbot.events import Line
from mudbot.host import loader, reload
from mudbot.host.chores import Walls
from mudbot.host.frames import Files
from mudbot.host.host import Host
from mudbot.host.places import places
from mudbot.host.plugin import Plugin
from mudbot.host.reload import PluginStatus, Program, Roster
from mudbot.testing import FakeClock
from mudbot.testing.clock import settle

HEAD = "import asyncio\nfrom mudbot import *\nclass P(Plugin):\n"
NOTES = """
    def __init__(self):
        self.did = []
    async def handover(self, old):
        self.did, self.go = old.did, old.go
"""
SLOW = f"""{NOTES}
    go = asyncio.Event()
    version = {{}}
    @on(Line)
    async def hear(self, line):
        await self.go.wait()
        self.did.append((self.version, line.text))
"""


class Session:
    """One session's stage."""

    def __init__(self, clock: FakeClock, name: str) -> None:
        self.host = Host(clock, session=name)

    def make(self, name: str, kind: type[Plugin]) -> Plugin:
        plugin = kind()
        bot: Any = self.host
        plugin.bot = bot
        return plugin


class Troupe:
    """Two sessions, and plugins in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sessions: dict[str, frozenset[str]] = {}
        self.stages = [Session(FakeClock(), "one"), Session(FakeClock(), "two")]

    async def open(self, **plugins: str) -> None:
        for name, code in plugins.items():
            self.write(name, code)
        self.sessions = dict.fromkeys(plugins, frozenset())
        files = Files()
        self.roster = Roster(Program(self.sessions, self.load), files, Walls(files))
        self.roster.adopt({name: self.load(name) for name in plugins})
        for stage in self.stages:
            await self.roster.open(stage)

    def load(self, name: str) -> type[Plugin]:
        return loader.load(name, [self.folder])

    def write(self, name: str, code: str) -> None:
        (self.folder / f"{name}.py").write_text(HEAD + code)

    def plugin(self, name: str, at: int = 0) -> Any:
        return self.stages[at].host.running[name].plugin

    def hear(self, *texts: str) -> None:
        for stage in self.stages:
            for text in texts:
                stage.host.hear([Line(text)])


@pytest.fixture
async def troupe(tmp_path: Path) -> AsyncIterator[Troupe]:
    troupe = Troupe(tmp_path)
    yield troupe
    for stage in troupe.stages:
        await stage.host.stop()


async def wait_for(done: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not done():  # noqa: ASYNC110 - looks at what a thread brings
            await asyncio.sleep(0.001)


async def test_the_old_one_works_off_what_it_heard_and_the_new_one_goes_on(troupe: Troupe) -> None:
    """In order, each once, with what the old one knew; what comes between waits for the new one."""
    await troupe.open(p=SLOW.format(1))
    troupe.hear("a", "b")
    await settle()
    old = troupe.plugin("p")
    troupe.write("p", SLOW.format(2))
    reloading = asyncio.create_task(troupe.roster.reload("p"))
    await wait_for(lambda: troupe.plugin("p") is not old)
    troupe.hear("c")
    await settle()
    assert old.did == []
    old.go.set()
    troupe.plugin("p", 1)  # its old one waits for its own event
    for stage in troupe.stages:
        for running in stage.host._entries:
            running.plugin.go.set()  # type: ignore[attr-defined]
    await reloading
    await settle()
    for at in (0, 1):
        assert troupe.plugin("p", at).did == [(1, "a"), (1, "b"), (2, "c")]


async def test_what_takes_too_long_is_cancelled_and_what_waited_behind_it_is_handed_on(
    troupe: Troupe, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A plugin that hangs can be mended: nothing that it had not begun is lost."""
    monkeypatch.setattr(reload, "FINISH", 0.01)
    await troupe.open(p=SLOW.format(1))
    troupe.hear("a", "b", "c")
    await settle()
    troupe.write("p", f"{NOTES}\n    @on(Line)\n    async def hear(self, line):\n        self.did.append(line.text)\n")
    await troupe.roster.reload("p")
    await settle()
    assert troupe.plugin("p").did == ["b", "c"]
    assert "p worker 0 does not finish, and is cancelled" in caplog.text


async def test_what_waited_for_a_method_that_is_no_more_is_dropped_and_told(
    troupe: Troupe, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(reload, "FINISH", 0.01)
    await troupe.open(p=SLOW.format(1))
    troupe.hear("a", "b")
    await settle()
    troupe.write("p", "    x = 1\n")
    await troupe.roster.reload("p")
    assert "plugin p: dropped what waited for hear, which is no more" in caplog.text
    assert troupe.stages[0].host.running["p"].busy == 0


async def test_where_one_cannot_take_over_the_old_ones_go_on_with_all_that_was_heard(troupe: Troupe) -> None:
    """In every session; timers and triggers of the old one as well."""
    quick = f"{NOTES}\n    go = None\n    version = 1\n    @trigger('(?P<what>.+)')\n    async def see(self, what):\n"
    quick += "        self.did.append((self.version, what))\n"
    await troupe.open(p=quick)
    raising = quick.replace("version = 1", "version = 2").replace(
        "        self.did, self.go = old.did, old.go\n",
        "        await asyncio.sleep(0.02)\n        raise KeyError('did')\n",
    )
    troupe.write("p", raising)
    troupe.hear("a")
    reloading = asyncio.create_task(troupe.roster.reload("p"))
    await wait_for(lambda: troupe.plugin("p").version == 2)
    troupe.hear("b")
    with pytest.raises(PluginError, match="plugin p does not take over: KeyError: 'did'"):
        await reloading
    troupe.hear("c")
    await settle()
    for at in (0, 1):
        assert troupe.plugin("p", at).did == [(1, "a"), (1, "b"), (1, "c")]
        assert len(troupe.stages[at].host.engine) == 1


async def test_what_the_old_one_had_not_come_to_still_comes_first_where_it_has_to_go_on(
    troupe: Troupe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the new one heard in its place was said later."""
    monkeypatch.setattr(reload, "FINISH", 0.01)
    await troupe.open(p=SLOW.format(1))
    troupe.hear("a", "b", "c")
    await settle()
    fails = "await asyncio.sleep(0.02)\n        raise KeyError"
    troupe.write("p", SLOW.format(2).replace("self.did, self.go = old.did, old.go", fails))
    reloading = asyncio.create_task(troupe.roster.reload("p"))
    await wait_for(lambda: troupe.plugin("p").version == 2)
    troupe.hear("d")
    with pytest.raises(PluginError, match="does not take over"):
        await reloading
    troupe.plugin("p").go.set()
    await settle()
    assert troupe.plugin("p").did == [(1, "b"), (1, "c"), (1, "d")]


async def test_one_that_was_to_go_works_on_where_another_does_not_take_over(
    troupe: Troupe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it was cancelled in the midst of something, and so never came to its end."""
    monkeypatch.setattr(reload, "FINISH", 0.01)
    await troupe.open(p=SLOW.format(1), q=f"{NOTES}\n    go = None\n")
    troupe.hear("a")
    await settle()
    troupe.write("q", NOTES.replace("self.did, self.go = old.did, old.go", "raise KeyError"))
    with pytest.raises(PluginError, match="plugin q does not take over"):
        await troupe.roster.change(["q"], ["p"])
    troupe.plugin("p").go.set()
    troupe.hear("b")
    await settle()
    assert troupe.plugin("p").did == [(1, "b")]


async def test_triggers_of_the_new_one_fire_from_the_swap_on(troupe: Troupe) -> None:
    """Those that its start adds as well: never both, never none."""
    code = f"""{NOTES}
    go = None
    async def start(self):
        self.bot.look_for
        from mudbot.host.triggers import Triggers
        Triggers(self.bot, self).add(self.see, "x")
        await asyncio.sleep(0.02)
    async def see(self):
        self.did.append("x")
"""
    await troupe.open(p=code)
    reloading = asyncio.create_task(troupe.roster.reload("p"))
    for _ in range(100):
        troupe.hear("x")
        await asyncio.sleep(0.001)
    await reloading
    await settle()
    assert troupe.plugin("p").did == ["x"] * 100
    assert len(troupe.stages[0].host.engine) == 1


async def test_a_reloaded_plugin_keeps_its_place(troupe: Troupe) -> None:
    """Its triggers have the turn that they had, by the order of the configuration."""
    code = "    @trigger('x', stop=True)\n    async def see(self):\n        order.append(self.name)\norder = []\n"
    await troupe.open(a=code, b=code, c=code)
    await troupe.roster.reload("a")
    await troupe.roster.unload("b")
    await troupe.roster.load("b")
    host = troupe.stages[0].host
    assert list(host.running) == ["a", "b", "c"]
    assert [entry.trigger.name for entry in host.engine.entries] == ["a.see", "b.see", "c.see"]


async def test_unloaded_loaded_paused_resumed(troupe: Troupe) -> None:
    """In every session; each state is told, and what cannot be is refused."""
    await troupe.open(p="    x = 1\n", q="    x = 1\n")
    roster = troupe.roster
    await roster.unload("p")
    assert roster.states("two") == [PluginStatus("p", "unloaded"), PluginStatus("q", "running")]
    assert [list(stage.host.running) for stage in troupe.stages] == [["q"], ["q"]]
    assert roster.pause("q")
    assert not roster.pause("q")
    assert roster.states("one")[1] == PluginStatus("q", "paused", "by its owner")
    assert roster.resume("q")
    assert not roster.resume("q")
    await roster.load("p")
    assert roster.states("one")[0] == PluginStatus("p", "running")
    for deed, words in (
        (roster.load("p"), "plugin p runs already"),
        (roster.load("r"), "the configuration names no plugin 'r'"),
        (roster.unload("r"), "there is no plugin 'r' at work"),
        (roster.reload("r"), "there is no plugin 'r' at work"),
    ):
        with pytest.raises(PluginError, match=words):
            await deed


async def test_every_mistake_of_every_plugin_is_told(troupe: Troupe) -> None:
    await troupe.open(p="    x = 1\n", q="    x = 1\n")
    troupe.write("p", "    1 / 0\n")
    troupe.write("q", "    def\n")
    with pytest.raises(MudbotError) as caught:
        await troupe.roster.change(["p", "q"])
    assert "ZeroDivisionError" in str(caught.value)
    assert "SyntaxError" in str(caught.value)


async def test_a_paused_plugin_keeps_no_line_from_others(troupe: Troupe) -> None:
    """Its trigger with ``stop`` rests with it."""
    stops = "    @trigger('x', stop=True)\n    async def see(self): ...\n"
    await troupe.open(
        a=stops, b=f"{NOTES}\n    @on(Line)\n    async def hear(self, line):\n        self.did.append(1)\n"
    )
    troupe.hear("x")
    await settle()
    assert troupe.plugin("b").did == []
    troupe.roster.pause("a")
    troupe.hear("x")
    await settle()
    assert troupe.plugin("b").did == [1]
    troupe.roster.resume("a")
    troupe.hear("x")
    await settle()
    assert troupe.plugin("b").did == [1]


@pytest.mark.parametrize(
    ("order", "kept"),
    [("abc", {}), ("abc", {"b": 1.0}), ("xaybz", {"a": 0.0, "b": 1.0}), ("axyb", {"a": 3.0, "b": 3.5}), ("", {})],
)
def test_places_rise_and_stay(order: str, kept: dict[str, float]) -> None:
    found = places(list(order), kept)
    assert list(found) == list(order)
    assert list(found.values()) == sorted(set(found.values()))
    assert kept.items() <= found.items()
