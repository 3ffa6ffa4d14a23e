"""Plugins come, change, go and misbehave in the running bot; its link to the MUD notices nothing."""

from __future__ import annotations

import asyncio
import gc
import os
import py_compile
import signal
import sys
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mudbot.errors import MudbotError
from tests.app_plugins_stage import Stage, until

HEARS = """
class Hears(Plugin):
    version = {version!r}
    async def start(self):
        self.lines = []
    @on(Line)
    async def hear(self, line):
        self.lines.append(line.text)
    async def handover(self, old):
        self.lines = old.lines
"""
BYSTANDER = HEARS.format(version=0)


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(tmp_path)
    stage.write("bystander", BYSTANDER)
    yield stage
    await stage.close()


async def test_a_hundred_reloads_keep_the_link_and_every_line(stage: Stage) -> None:
    """While the MUD talks on: one link, each line heard once and in order, and no memory that grows."""
    stage.write("hears", HEARS.format(version=0))
    await stage.open()
    said = 0

    def talk(count: int) -> None:
        nonlocal said
        stage.mud.say(*(f"第{number}行" for number in range(said, said + count)))
        said += count

    async def reload(version: int) -> None:
        stage.write("hears", HEARS.format(version=version))
        talk(2)
        reloading = asyncio.create_task(stage.app.roster.reload("hears"))
        while not reloading.done():
            talk(1)
            await asyncio.sleep(0)
        await reloading

    for version in range(20):
        await reload(version)
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    modules = len(sys.modules)
    for version in range(20, 120):
        await reload(version)
    await until(lambda: len(stage.plugin("bystander").lines) == said)
    await until(lambda: len(stage.plugin("hears").lines) == said)
    lines = [f"第{number}行" for number in range(said)]
    assert stage.plugin("hears").lines == lines
    assert stage.plugin("bystander").lines == lines
    assert stage.plugin("hears").version == 119
    lines.clear()
    stage.plugin("hears").lines.clear()
    stage.plugin("bystander").lines.clear()
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown <= 2 * 2**20
    assert len(sys.modules) == modules
    assert stage.mud.links == 1


async def test_a_reload_with_a_mistake_changes_nothing(stage: Stage) -> None:
    """A syntax error, a start that fails, a handover that fails: the old one hears every line."""
    stage.write("hears", HEARS.format(version="good"))
    await stage.open()
    for code in (
        "class P(Plugin:\n",
        "class P(Plugin):\n    async def start(self):\n        raise OSError('no file')\n",
        "class P(Plugin):\n    async def handover(self, old):\n        raise KeyError('lines')\n",
    ):
        stage.write("hears", code)
        stage.mud.say("a")
        with pytest.raises(MudbotError):
            await stage.app.roster.reload("hears")
        stage.mud.say("b")
    await until(lambda: len(stage.plugin("hears").lines) == 6)
    assert stage.plugin("hears").version == "good"
    assert stage.plugin("hears").lines == ["a", "b"] * 3
    assert stage.mud.links == 1


# -- the configuration read again --------------------------------------------------------------------------------------


async def test_sighup_applies_plugins_and_names_the_rest(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """One more, one less, one with another setting, one as it was; what counts after a restart is told."""
    caplog.set_level("INFO", "mudbot")
    setting = (
        "from dataclasses import dataclass\n@dataclass\nclass C:\n    size: int = 1\nclass P(Plugin):\n    config: C\n"
    )
    stage.write("sized", setting)
    stage.write("goes", "class P(Plugin): ...\n")
    await stage.open()
    same, sized = stage.plugin("bystander"), stage.plugin("sized")
    assert sized.config.size == 1
    del stage.plugins["goes"]
    stage.write("comes", "class P(Plugin): ...\n")
    stage.more = "log: {level: debug}\n"
    stage.configure(sized="{size: 2}")
    outcome = await stage.app.refresh()
    assert list(stage.app.hosts[0].running) == ["bystander", "sized", "comes"]
    assert stage.plugin("sized").config.size == 2
    assert stage.plugin("bystander") is same
    assert (outcome.loaded, outcome.unloaded, outcome.restart) == (("sized", "comes"), ("goes",), ("log.level",))
    assert "this counts after a restart: log.level" in caplog.text


async def test_what_was_unloaded_runs_again_when_the_configuration_is_read_again(stage: Stage) -> None:
    """It names the plugin: who is not to run is taken out of it."""
    await stage.open()
    await stage.app.roster.unload("bystander")
    assert (await stage.app.refresh()).loaded == ("bystander",)
    assert list(stage.app.hosts[0].running) == ["bystander"]


async def test_sighup_with_mistakes_changes_nothing_and_tells_every_one(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """In the configuration and in files of plugins alike."""
    stage.write("fine", "class P(Plugin):\n    old = True\n")
    await stage.open()
    stage.write("fine", "class P(Plugin):\n    old = False\n")
    stage.write("broken", "class P(Plugin):\n    @command('x')\n    def m(self): ...\n")
    stage.configure(bystander="{volume: 11}")
    with pytest.raises(MudbotError):
        await stage.app.refresh()
    assert stage.plugin("fine").old
    assert "broken" not in stage.app.hosts[0].running
    assert "plugin bystander has no settings, so no volume" in caplog.text
    assert "P.m must be 'async def'" in caplog.text
    assert "nothing is reloaded" in caplog.text


async def test_permissions_are_applied_while_it_runs(stage: Stage) -> None:
    """Where the owner grants raw commands the plugin may send them, without a restart."""
    code = "class P(Plugin):\n    @trigger('^go$')\n    async def go(self):\n        await self.mud.send('north')\n"
    stage.write("walks", code)
    await stage.open()
    stage.mud.say("go")
    await until(lambda: stage.app.hosts[0].running["walks"].failures)
    stage.configure(walks="{permissions: {commands: true}}")
    await stage.app.refresh()
    stage.mud.say("go")
    await until(lambda: "north" in stage.mud.typed)


async def test_triggers_of_the_configuration_are_read_again(stage: Stage) -> None:
    stage.plugins["triggers"] = ""
    stage.more = "triggers: [{text: 一, reply: 甲}]\n"
    await stage.open()
    stage.more = "triggers: [{text: 二, reply: 乙}]\n"
    stage.configure()
    assert (await stage.app.refresh()).loaded == ("triggers",)
    stage.mud.say("一", "二")
    await until(lambda: any("乙" in line for line in stage.mud.typed))
    assert not any("甲" in line for line in stage.mud.typed)


async def test_forty_refreshes_half_of_them_wrong(stage: Stage) -> None:
    """No link is dropped, and there is never a mixture of two configurations."""
    code = "class P(Plugin):\n    number = {}\n"
    for name in "ab":
        stage.write(name, code.format(0))
    await stage.open()
    for number in range(40):
        for name in "ab":
            stage.write(name, code.format(number))
        if number % 2:
            stage.write("b", "class P(Plugin): x = 1 / 0\n")
            with pytest.raises(MudbotError):
                await stage.app.refresh()
        else:
            await stage.app.refresh()
        assert {stage.plugin("a").number, stage.plugin("b").number} == {number - number % 2}
    assert stage.mud.links == 1


# -- where it runs -----------------------------------------------------------------------------------------------------


async def test_a_plugin_runs_where_its_owner_lets_it(tmp_path: Path) -> None:
    """``permissions.sessions``; and that changes while the bot runs."""
    stage = Stage(tmp_path, sessions=2)
    stage.write("here", "class P(Plugin): ...\n")
    stage.plugins["here"] = "{permissions: {sessions: [s1]}}"
    await stage.open()
    try:
        assert [list(host.running) for host in stage.app.hosts] == [[], ["here"]]
        stage.configure(here="{permissions: {sessions: [s0]}}")
        await stage.app.refresh()
        assert [list(host.running) for host in stage.app.hosts] == [["here"], []]
        stage.configure(here="{permissions: {sessions: [s2]}}")
        with pytest.raises(MudbotError, match="there is no session 's2'; there are: s0, s1"):
            await stage.app.refresh()
    finally:
        await stage.close()


async def test_all_sessions_change_or_none(tmp_path: Path) -> None:
    """A start that fails in the second session leaves the first as it was."""
    stage = Stage(tmp_path, sessions=2)
    stage.write("p", "class P(Plugin):\n    version = 1\n")
    await stage.open()
    try:
        failing = "        if self.mud.session == 's1':\n            raise OSError('only here')\n"
        stage.write("p", f"class P(Plugin):\n    version = 2\n    async def start(self):\n{failing}")
        with pytest.raises(MudbotError, match="plugin p does not start: OSError: only here"):
            await stage.app.roster.reload("p")
        assert [stage.plugin("p", at).version for at in (0, 1)] == [1, 1]
        stage.write("p", "class P(Plugin):\n    version = 3\n")
        await stage.app.roster.reload("p")
        assert [stage.plugin("p", at).version for at in (0, 1)] == [3, 3]
    finally:
        await stage.close()


# -- by its owner in the game ------------------------------------------------------------------------------------------


async def test_an_owner_reloads_from_within_the_game(stage: Stage) -> None:
    """Also the very plugin that does it; nobody else can."""
    stage.plugins["plugins"] = ""
    stage.write("hears", HEARS.format(version=1))
    await stage.open()
    stage.write("hears", HEARS.format(version=2))
    stage.mud.order("!plugin reload hears", owner="bob")
    stage.mud.order("!plugin reload hears")
    await until(lambda: "tell wiz hears is reloaded." in stage.mud.typed)
    assert stage.plugin("hears").version == 2
    before = stage.plugin("plugins")
    await asyncio.sleep(1.1)  # its cooldown is real time here
    stage.mud.order("!插件 重载plugins")
    await until(lambda: "tell wiz plugins is reloaded." in stage.mud.typed)
    assert stage.plugin("plugins") is not before
    assert len(stage.mud.typed) == 2


async def test_owners_are_told_of_a_pause(stage: Stage) -> None:
    stage.write("bad", "class P(Plugin):\n    @on(Line)\n    async def hear(self, line):\n        raise ValueError\n")
    await stage.open()
    stage.mud.say(*"12345678")
    await until(lambda: any("plugin bad is paused" in line for line in stage.mud.typed))
    assert stage.mud.typed[0].startswith("tell wiz My plugin bad is paused: it failed five times in a row. Tell me !pl")
    assert stage.app.roster.resume("bad")
    assert not stage.app.hosts[0].running["bad"].paused


async def test_a_plugin_hears_of_the_link_before_the_login(stage: Stage) -> None:
    code = "class P(Plugin):\n    async def start(self):\n        self.heard = []\n    @on(Connected)\n"
    code += "    async def link(self):\n        self.heard.append(self.mud.state)\n    @on(LoggedIn)\n"
    stage.write("p", f"{code}    async def game(self):\n        self.heard.append('in')\n")
    await stage.open()
    await until(lambda: len(stage.plugin("p").heard) == 2)
    assert stage.plugin("p").heard[1] == "in"
    assert stage.plugin("p").heard[0] in ("logging in", "playing")  # when its turn came


# -- the daemon --------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="there is no such signal")
async def test_the_daemon_heeds_sighup_and_watches_files(stage: Stage) -> None:
    """A signal reads the configuration again; a save reloads the plugin, of a package also that of a submodule."""
    stage.write("p/__init__", "from .part import VERSION\nclass P(Plugin):\n    version = VERSION\n")
    part = stage.folder / "plugins" / "p" / "part.py"
    part.write_text("VERSION = 1\n")
    stage.plugins = {"p": ""}
    await stage.open(run=True)
    assert stage.plugin("p").version == 1
    old = type(stage.plugin("p")).__module__
    await asyncio.sleep(0.3)  # the watcher's own thread begins to look
    part.write_text("VERSION = 2\n")
    await until(lambda: stage.plugin("p").version == 2)
    await until(lambda: not any(name.startswith(old) for name in sys.modules))
    stage.write("more", "class P(Plugin): ...\n")
    stage.configure()
    os.kill(os.getpid(), signal.SIGHUP)
    await until(lambda: "more" in stage.app.hosts[0].running)
    assert stage.mud.links == 1


async def test_two_edits_within_one_second_are_two(stage: Stage) -> None:
    """Of the same size and time, where Python would take the compiled file of the first, also of a submodule."""
    stage.write("p/__init__", "from .part import VERSION\nclass P(Plugin):\n    version = VERSION\n")
    part = stage.folder / "plugins" / "p" / "part.py"
    part.write_text("VERSION = 0\n")
    del stage.plugins["p/__init__"]
    stage.plugins["p"] = ""
    await stage.open()
    for version in (1, 2, 3):
        part.write_text(f"VERSION = {version}\n")
        os.utime(part, (1_700_000_000, 1_700_000_000))
        py_compile.compile(str(part))
        part.write_text(f"VERSION = {version + 4}\n")
        os.utime(part, (1_700_000_000, 1_700_000_000))
        await stage.app.roster.reload("p")
        assert stage.plugin("p").version == version + 4
