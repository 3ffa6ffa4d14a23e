"""The fixture ``bot``: what an author feeds it, and what comes of it."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from mudbot import (
    Command,
    ConfigError,
    Disconnected,
    Gmcp,
    LoggedIn,
    Plugin,
    PluginError,
    Prompt,
    Speech,
    at,
    command,
    every,
    on,
    trigger,
)
from mudbot.events import Msdp
from mudbot.host.watchdog import Blocked
from mudbot.mud import dialect as dialects
from mudbot.testing.bot import Bot
from mudbot.testing.stage import Options
from tests.testing.conftest import Write

GREETER = """\
from dataclasses import dataclass

from mudbot import Plugin, trigger


@dataclass(frozen=True)
class Config:
    greeting: str = "Hello"


class Greeter(Plugin):
    config: Config

    @trigger(r"^(?P<who>\\w+) has arrived\\.$", cooldown=60, per="who")
    async def greet(self, who: str) -> None:
        await self.mud.say(f"{self.config.greeting}, {who}!")
"""


class Notebook(Plugin):
    """Writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[object] = []

    @on(LoggedIn)
    async def arrive(self, event: LoggedIn) -> None:
        self.heard.append(event)

    @on(Disconnected)
    async def leave(self, event: Disconnected) -> None:
        self.heard.append(event)

    @on(Gmcp)
    async def gmcp(self, event: Gmcp) -> None:
        self.heard.append(event)

    @on(Msdp)
    async def msdp(self, event: Msdp) -> None:
        self.heard.append(event)

    @on(Prompt)
    async def prompt(self, event: Prompt) -> None:
        self.heard.append(event)


class Parrot(Plugin):
    """Says what it is told to."""

    @command("echo")
    async def echo(self, command: Command) -> None:
        await self.mud.reply(command, command.rest)

    @command("secret", role="owner")
    async def secret(self, command: Command) -> None:
        await self.mud.reply(command, "psst")

    @command("inner", role="trusted")
    async def inner(self, command: Command) -> None:
        await self.mud.reply(command, "hush")

    @trigger(r"^count (?P<n>\d+)$")
    async def count(self, n: int) -> None:
        for number in range(n):
            await self.mud.say(str(number))

    @trigger("^press$")
    async def press(self) -> None:
        await self.mud.send("press button")


class Ticker(Plugin):
    @every(60)
    async def tick(self) -> None:
        await self.mud.emote("yawns.")


# -- loading -----------------------------------------------------------------------------------------------------------


async def test_a_line_and_what_is_said(bot: Bot, write: Write) -> None:
    """The three lines of the first test that anybody writes."""
    write("greeter", GREETER)
    await bot.load("greeter", greeting="Hi")
    await bot.hear("Ann has arrived.", "Ann has arrived.")
    assert (bot.sent, bot.said) == (["say Hi, Ann!"], ["Hi, Ann!"])
    await bot.advance(60)
    await bot.hear("Ann has arrived.")
    assert bot.said == ["Hi, Ann!", "Hi, Ann!"]


async def test_shipped_plugins_are_found_as_well(bot: Bot) -> None:
    await bot.load("basics")
    await bot.say("!help")
    assert "!help - what I understand" in bot.said[0]


async def test_a_plugin_may_stand_beside_its_test(bot: Bot, tmp_path: Path) -> None:
    (tmp_path / "greeter.py").write_text(GREETER)
    await bot.load("greeter")
    await bot.reload("greeter")
    await bot.hear("Ann has arrived.")
    assert bot.said == ["Hello, Ann!"]


async def test_a_wrong_name_or_setting_is_said_as_at_the_start_of_the_bot(bot: Bot, write: Write) -> None:
    write("greeter", GREETER)
    with pytest.raises(PluginError, match="did you mean 'greeter'"):
        await bot.load("greter")
    with pytest.raises(ConfigError, match="greting"):
        await bot.load("greeter", greting="Hi")
    with pytest.raises(ConfigError, match=r"permissions: .*comands"):
        await bot.load("greeter", permissions={"comands": True})
    await bot.load("greeter")  # it is none the worse for it
    await bot.hear("Ann has arrived.")
    assert bot.said == ["Hello, Ann!"]


async def test_plugins_that_are_loaded_first_see_the_login(bot: Bot) -> None:
    first = await bot.load(Notebook)
    assert isinstance(first, Notebook)
    assert not first.heard
    await bot.settle()
    assert not first.heard, "the link comes with the first thing that happens on it"
    await bot.hear("You stand in an inn.")
    assert first.heard == [LoggedIn()]
    assert bot.plugin("notebook") is first


async def test_raw_commands_want_the_permission_here_too(bot: Bot) -> None:
    await bot.load(Parrot, permissions={"commands": True})
    await bot.hear("press")
    assert (bot.sent, bot.said) == (["press button"], [])


async def test_raw_commands_without_it_fail_the_test(bot: Bot) -> None:
    await bot.load(Parrot)
    with pytest.raises(PluginError, match="permission"):
        await bot.hear("press")


async def test_a_load_that_fails_changes_nothing(bot: Bot) -> None:
    class Unready(Plugin):
        async def start(self) -> None:
            raise LookupError("no purse")

        @trigger("^hello$")
        async def hello(self) -> None:
            await self.mud.say("never")

    with pytest.raises(PluginError, match="unready does not start: LookupError: no purse"):
        await bot.load(Unready)
    await bot.load(Parrot)
    await bot.hear("hello")
    await bot.tell("!echo one")
    assert bot.said == ["one"]


async def test_plugins_of_a_name_replace_each_other_and_unloaded_ones_are_gone(bot: Bot) -> None:
    await bot.load(Ticker)
    first = bot.plugin("ticker")
    assert await bot.load(Ticker) is bot.plugin("ticker") is not first
    await bot.advance(60)
    assert bot.sent == ["emote yawns."]
    await bot.unload("ticker")
    await bot.advance(60)
    assert len(bot.sent) == 1
    with pytest.raises(LookupError, match="no plugin 'ticker' at work"):
        bot.plugin("ticker")


async def test_reload_takes_what_stands_in_the_file_now(bot: Bot, write: Write) -> None:
    path = write("greeter", GREETER)
    await bot.load("greeter", greeting="Hi")
    path.write_text(GREETER.replace("{who}!", "{who}?"))
    await bot.reload("greeter")
    await bot.hear("Ann has arrived.")
    assert bot.said == ["Hi, Ann?"]
    path.write_text("class")
    with pytest.raises(PluginError, match=r"greeter\.py:1"):
        await bot.reload("greeter")
    await bot.hear("Bob has arrived.")
    assert bot.said[-1] == "Hi, Bob?"
    await bot.unload("greeter")
    await bot.hear("Cyd has arrived.")
    assert len(bot.said) == 2


# -- hearing -----------------------------------------------------------------------------------------------------------


async def test_events_arrive_as_a_mud_sends_them(bot: Bot) -> None:
    """GMCP, MSDP and prompts go over the wire, so that all of the reading is in it."""
    notebook = await bot.load(Notebook)
    assert isinstance(notebook, Notebook)
    await bot.gmcp("Char.Vitals", {"hp": 20, "name": "陈"})
    await bot.msdp(ROOM={"NAME": "The Inn", "EXITS": ["n", "s"]}, HEALTH="20")
    await bot.prompt("20hp> ")
    await bot.hear(Gmcp("Char.Vitals"))
    assert notebook.heard[1:] == [
        Gmcp("Char.Vitals", {"hp": 20, "name": "陈"}),
        Msdp({"ROOM": {"NAME": "The Inn", "EXITS": ["n", "s"]}, "HEALTH": "20"}),
        Prompt("20hp> ", "ga"),
        Gmcp("Char.Vitals"),
    ]


async def test_raw_bytes_are_read_as_they_are(tmp_path: Path) -> None:
    async with Bot(Options(encoding="gbk", language="zh"), folder=tmp_path) as bot:
        await bot.load(Parrot)
        await bot.hear_bytes("张三告诉你：!echo 好".encode("gbk"))
        assert not bot.said, "there is no line end yet"
        await bot.hear_bytes(b"\r\n")
        assert bot.sent == ["tell 张三 好"]


async def test_what_the_encoding_lacks_is_refused_where_it_is_written(tmp_path: Path) -> None:
    async with Bot(Options(encoding="latin-1"), folder=tmp_path) as bot:
        with pytest.raises(ValueError, match="'陈' cannot be written in"):
            await bot.hear("陈 arrives.")


@pytest.mark.parametrize("name", dialects.names())
async def test_people_speak_as_the_dialect_shows_it(tmp_path: Path, name: str) -> None:
    """In every family: a tell is heard and answered in private, an owner's as an owner's."""
    chinese = name in ("nt7", "oiuv", "xkx", "pkuxkx")
    who = "张三" if chinese else "Ann"
    async with Bot(Options(dialect=name, language="zh" if chinese else "en"), folder=tmp_path) as bot:
        await bot.load(Parrot)
        await bot.say("!echo one", who=who)
        await bot.tell("!echo two", who=who)
        await bot.advance(5)
        await bot.tell("!secret", who=who)
        await bot.tell("!inner", who=who, role="trusted")
        await bot.advance(5)
        await bot.tell("!secret", who=who, role="owner")
        await bot.advance(5)
        assert bot.said == ["one", "two", "hush", "psst"]


async def test_a_line_that_the_dialect_would_not_hear_so_is_refused(bot: Bot) -> None:
    """A test that feeds what no MUD sends would test nothing."""
    with pytest.raises(ValueError, match=r"generic does not hear a say of '!!'.*bot\.hear"):
        await bot.say("hello", who="!!")


async def test_channels_and_whispers(bot: Bot) -> None:
    await bot.load(Parrot)
    await bot.channel("chat", "!echo all")
    await bot.whisper("!echo you")
    assert bot.sent == ["chat all", "tell Ann you"]
    assert bot.said == ["all", "you"]


# -- time --------------------------------------------------------------------------------------------------------------


async def test_timers_go_by_the_clock(bot: Bot) -> None:
    await bot.load(Ticker)
    await bot.advance("3m")
    assert bot.sent == ["emote yawns."] * 3
    assert bot.clock.now() == 1180.0
    with pytest.raises(ValueError, match="must be a time"):
        await bot.advance("3 moons")


async def test_the_time_of_day_is_the_tests(tmp_path: Path) -> None:
    """A naive one is the machine's own, as that of @at."""

    class Crier(Plugin):
        @at("09:00")
        async def cry(self) -> None:
            await self.mud.say("Nine!")

    async with Bot(Options(now="2026-05-01 08:59"), folder=tmp_path) as bot:
        await bot.load(Crier)
        await bot.advance(59)
        assert not bot.said
        await bot.advance(1)
        assert bot.said == ["Nine!"]
        await bot.advance("24h")
        assert bot.said == ["Nine!", "Nine!"]


async def test_words_leave_at_the_dialects_pace(bot: Bot) -> None:
    """Four at once, then one a second: what waits is not sent yet."""
    await bot.load(Parrot)
    await bot.hear("count 6")
    assert bot.said == ["0", "1", "2", "3"]
    await bot.advance(1)
    assert bot.said[4:] == ["4"]
    await bot.advance(1)
    assert bot.said[4:] == ["4", "5"]


async def test_a_link_that_drops_comes_back(bot: Bot) -> None:
    notebook = await bot.load(Notebook)
    assert isinstance(notebook, Notebook)
    await bot.hear("")
    await bot.hang_up()
    assert [type(each) for each in notebook.heard][:2] == [LoggedIn, Disconnected]
    if bot.session.state != "playing":
        with pytest.raises(AssertionError, match="not in the game"):
            await bot.hear("hello?")
    await bot.advance("5m")
    assert [type(each) for each in notebook.heard] == [LoggedIn, Disconnected, LoggedIn]


async def test_a_test_may_wait_itself(bot: Bot) -> None:
    await bot.load(Ticker)
    await bot.hear("")
    await asyncio.sleep(60)
    await bot.settle()
    assert bot.sent == ["emote yawns."]


# -- failures ----------------------------------------------------------------------------------------------------------

BROKEN = """\
from mudbot import Plugin, trigger


class Broken(Plugin):
    @trigger("^boom")
    async def boom(self) -> None:
        self.deeper()

    def deeper(self) -> None:
        raise LookupError("no gold")

    @trigger("^caught")
    async def caught(self) -> None:
        try:
            self.deeper()
        except LookupError:
            self.log.exception("not so bad")
"""


async def test_what_a_handler_raises_is_raised_in_the_test_from_the_authors_own_line(bot: Bot, write: Write) -> None:
    path = write("broken", BROKEN)
    await bot.load("broken")
    with pytest.raises(LookupError, match="no gold") as raised:
        await bot.hear("boom")
    own = [each.lineno + 1 for each in raised.traceback if str(each.path) == str(path)]
    assert own == [7, 10]
    assert [str(each) for each in bot.failures] == ["no gold"]


async def test_failures_that_are_expected_are_only_kept(bot: Bot, write: Write) -> None:
    write("broken", BROKEN)
    await bot.load("broken")
    bot.strict = False
    await bot.hear("boom", "boom")
    assert len(bot.failures) == 2


async def test_what_a_plugin_logs_itself_is_no_failure(bot: Bot, write: Write) -> None:
    write("broken", BROKEN)
    await bot.load("broken")
    await bot.hear("caught")
    assert not bot.failures
    assert any("not so bad" in record.getMessage() for record in bot.log)


async def test_a_failure_after_the_last_line_of_the_test_is_not_lost(tmp_path: Path) -> None:
    class Late(Plugin):
        async def stop(self) -> None:
            raise LookupError("at the very end")

    async def test() -> None:
        async with Bot(folder=tmp_path) as bot:
            await bot.load(Late)
            await bot.hear("hello")

    with pytest.raises(LookupError, match="at the very end"):
        await test()


# -- what came of it ---------------------------------------------------------------------------------------------------


async def test_forget_begins_anew(bot: Bot) -> None:
    await bot.load(Parrot)
    await bot.tell("!echo one")
    bot.forget()
    await bot.tell("!echo two")
    assert (bot.said, len(bot.story)) == (["two"], 2)


async def test_golden_files(bot: Bot, tmp_path: Path) -> None:
    """Missing, they say how they are made; what differs is shown as a diff."""
    await bot.load(Parrot)
    await bot.tell("!echo one")
    with pytest.raises(AssertionError, match="--mudbot-update-golden once"):
        bot.golden("parrot")
    bot.update_golden = True
    bot.golden("parrot")
    told = (tmp_path / "golden" / "parrot.txt").read_text()
    assert told == '     0.0 < Ann tells you, "!echo one"\n     0.0 > tell Ann one\n'
    bot.update_golden = False
    bot.golden("parrot")
    await bot.tell("!echo two")
    with pytest.raises(AssertionError, match=r"\+     0\.0 > tell Ann two"):
        bot.golden("parrot")


async def test_dice_fall_the_same_each_time(tmp_path: Path) -> None:
    import random

    throws: list[Any] = []
    for _ in range(2):
        async with Bot(folder=tmp_path) as bot:
            await bot.load(Parrot)
            throws.append([random.random() for _ in range(3)])
    assert throws[0] == throws[1]


async def test_what_can_be_chosen(bot: Bot) -> None:
    with pytest.raises(TypeError, match="did you mean 'dialect'"):
        bot.choose(dialct="nt7")
    bot.dialect = "rom"
    await bot.load(Parrot)
    assert bot.session.dialect.name == "rom"
    with pytest.raises(RuntimeError, match="before the first plugin"):
        bot.dialect = "nt7"


async def test_triggers_of_a_configuration(tmp_path: Path) -> None:
    """They are carried out as the daemon would."""
    options = Options(triggers=({"text": "A wolf growls", "command": "flee"},))
    async with Bot(options, folder=tmp_path) as bot:
        await bot.load("triggers", permissions={"commands": True})
        await bot.hear("A wolf growls at you.")
        assert bot.sent == ["flee"]


async def test_a_plugin_in_two_sessions(bot: Bot) -> None:
    """It speaks from one MUD into another, each in its own dialect and encoding."""

    class Bridge(Plugin):
        @on(Speech)
        async def carry(self, speech: Speech) -> None:
            for peer in self.peers.values():
                await peer.mud.say(f"{speech.speaker}: {speech.text}")

    town = bot.also("town", dialect="nt7", encoding="gbk", language="zh")
    bridge = await bot.load(Bridge)
    assert town.plugin("bridge") is not bridge
    await bot.say("hello")
    await town.say("你好", who="张三")
    assert (town.said, bot.said) == (["Ann: hello"], ["张三: 你好"])
    assert [line.split(maxsplit=1)[1] for line in bot.story[:2]] == [
        'test < Ann says, "hello"',
        "town > say Ann: hello",
    ]
    await town.hang_up()
    assert bot.session.state == "playing"
    with pytest.raises(RuntimeError, match="before the first plugin"):
        bot.also("village")


async def test_a_plugin_is_loaded_by_its_path(tmp_path: Path) -> None:
    """A file or a package's folder, wherever it is; it can be loaded anew."""
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "greeter.py").write_text(GREETER)
    (tmp_path / "far" / "pack").mkdir()
    (tmp_path / "far" / "pack" / "__init__.py").write_text(GREETER.replace("has arrived", "is here"))
    async with Bot(folder=tmp_path) as bot:
        made = await bot.load(tmp_path / "far" / "greeter.py", greeting="Hi")
        await bot.load(tmp_path / "far" / "pack", greeting="Ho")
        await bot.hear("Ann has arrived.", "Bob is here.")
        assert (made.name, bot.said) == ("greeter", ["Hi, Ann!", "Ho, Bob!"])
        assert await bot.reload("greeter") is not made


@pytest.mark.parametrize("path", ["far/gone.py", "far", "notes.txt", "gone"])
async def test_a_path_without_a_plugin_is_refused_with_the_remedy(tmp_path: Path, path: str) -> None:
    (tmp_path / "far").mkdir()
    (tmp_path / "notes.txt").touch()
    async with Bot(folder=tmp_path) as bot:
        with pytest.raises(PluginError, match=r"there is no plugin at .*: give NAME\.py, a folder with an __init__"):
            await bot.load(tmp_path / path)


@pytest.mark.mudbot(dialect="oiuv", language="zh")
async def test_what_only_keeps_the_link_awake_is_not_among_what_was_sent(bot: Bot) -> None:
    await bot.load(Parrot)
    await bot.advance("15m")
    await bot.say("!echo 好", who="张三")
    assert bot.sent == ["say 好"]
    assert not [line for line in bot.story if line.endswith("> ")]


async def test_what_was_worked_out_of_a_dialect_before_does_not_matter(tmp_path: Path) -> None:
    """A dialect is loaded once for all tests, and a bot's hears more than it does."""
    assert dialects.load("generic").in_game
    async with Bot(Options(), folder=tmp_path) as bot:
        await bot.load(Parrot)
        await bot.tell("!secret", role="owner")
        assert bot.said == ["psst"]


# -- who holds the loop ------------------------------------------------------------------------------------------------

SLEEPER = """\
import time

from mudbot import Plugin, trigger


class Sleeper(Plugin):
    @trigger("^go")
    async def go(self) -> None:
        time.sleep(60)
"""


async def test_a_handler_that_holds_the_loop_is_ended_and_fails_the_test_with_its_place(
    bot: Bot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As outside, but later: nobody waits a minute for a test that hangs."""
    monkeypatch.setattr("mudbot.testing.stage.HELD", 0.5)
    path = tmp_path / "sleeper.py"
    path.write_text(SLEEPER)
    await bot.load(path)
    with pytest.raises(Blocked, match=r"sleeper\.py:9"):
        await bot.hear("go!")
    assert any("plugin sleeper holds everything up at" in record.getMessage() for record in bot.log)


def test_where_no_signal_reaches_it_the_test_fails_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In another thread than the main one nothing can be ended: the place is told when it lets go."""
    monkeypatch.setattr("mudbot.testing.stage.HELD", 0.5)
    path = tmp_path / "sleeper.py"
    path.write_text(SLEEPER.replace("60", "2"))

    async def use() -> None:
        async with Bot() as bot:
            await bot.load(path)
            await bot.hear("go!")
            await bot.advance(1)

    with ThreadPoolExecutor(1) as threads, pytest.raises(AssertionError, match=r"sleeper held .*sleeper\.py:9"):
        threads.submit(asyncio.run, use()).result()
