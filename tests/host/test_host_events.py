"""Which events, commands and lines reach which plugin, and how often."""

from __future__ import annotations

import logging

import pytest

from mudbot import Command, Disconnected, Gmcp, Line, LoggedIn, Plugin, Prompt, Speech, command, every, on, trigger
from mudbot.host import running as running_module
from mudbot.host.chat import Chat
from mudbot.host.host import Host
from mudbot.testing import FakeClock
from mudbot.testing.clock import settle
from tests.host.host_fakes import Watched, named, say


class Greeter(Watched):
    @trigger(r"^(?P<who>\w+) has arrived\.$", cooldown=60, per="who")
    async def greet(self, who: str) -> None:
        self.did.append(who)


class Rain(Watched):
    @trigger("rain", cooldown=10)
    async def rain(self) -> None:
        self.did.append("rain")


class Miser(Watched):
    @trigger(r"(?P<who>\w+) gives you (?P<gold>\d+) coins(?: and (?P<gems>\d+) gems)?")
    async def count(self, who: str, gold: int, gems: int | None) -> None:
        self.did.append((who, gold, gems))


class Obeys(Watched):
    @command("draw", "画", "sketch-it", cooldown=5)
    async def draw(self, command: Command) -> None:
        """draws"""
        self.did.append((command.name, command.rest, command.speech))

    @command("erase")
    async def erase(self, command: Command) -> None:
        self.did.append(command.name)


class Listens(Watched):
    @on(Speech)
    async def speech(self, event: Speech) -> None:
        self.did.append(event.text)


# -- triggers ------------------------------------------------------------------------------------------------------


async def test_a_cooldown_holds_for_each_value_of_its_group(host: Host, clock: FakeClock) -> None:
    """Ann is greeted once a minute, and Bob does not wait for her."""
    plugin = Greeter()
    await host.add(plugin)
    for name in ("Ann", "Ann", "Bob"):
        host.hear([Line(f"{name} has arrived.")])
    await clock.advance(59)
    host.hear([Line("Ann has arrived.")])
    await clock.advance(1)
    host.hear([Line("Ann has arrived.")])
    await settle()
    assert plugin.did == ["Ann", "Bob", "Ann"]


async def test_a_cooldown_without_a_group_holds_for_all(host: Host, clock: FakeClock) -> None:
    """It rains every ten seconds at most, and what was left out does not count."""
    plugin = Rain()
    await host.add(plugin)
    for _ in range(4):
        host.hear([Line("The rain goes on.")])
        await clock.advance(6)
    assert plugin.did == ["rain", "rain"]


async def test_groups_arrive_as_numbers_and_missing_ones_as_none(host: Host) -> None:
    plugin = Miser()
    await host.add(plugin)
    host.hear([Line("Ann gives you 12 coins and 3 gems")])
    host.hear([Line("Bob gives you 7 coins")])
    await settle()
    assert plugin.did == [("Ann", 12, 3), ("Bob", 7, None)]


async def test_two_triggers_on_one_method_both_fire(host: Host) -> None:
    """A line that both find calls the method twice: each trigger stands for itself."""

    class Twice(Watched):
        @trigger("a")
        @trigger("b")
        async def see(self) -> None:
            self.did.append("seen")

    plugin = Twice()
    await host.add(plugin)
    host.hear([Line("ab")])
    host.hear([Line("b")])
    await settle()
    assert plugin.did == ["seen"] * 3


async def test_triggers_are_for_lines_only(host: Host) -> None:
    """A prompt that looks like the line, or the speech in it, fires nothing."""
    plugin = Rain()
    await host.add(plugin)
    host.hear([Prompt("rain")])
    host.hear([say("rain")])
    await settle()
    assert plugin.did == []


# -- chat commands -------------------------------------------------------------------------------------------------


async def test_a_command_has_its_name_rest_and_way_back(host: Host) -> None:
    """The plugin learns what was asked and by whom, however it was spelt."""
    plugin = Obeys()
    await host.add(plugin)
    speeches = [
        say(f"{text}", f"P{i}") for i, text in enumerate(("!draw a red  hill ", "  !DRAW", "!画 山\n水", "!sketch-it"))
    ]
    for speech in speeches:
        host.hear([speech])
    await settle()
    assert plugin.did == [
        ("draw", "a red  hill", speeches[0]),
        ("draw", "", speeches[1]),
        ("画", "山\n水", speeches[2]),
        ("sketch-it", "", speeches[3]),
    ]


async def test_commands_as_a_chinese_keyboard_types_them(host: Host) -> None:
    """A full-width mark, and no space behind a Chinese name."""
    plugin = Obeys()
    await host.add(plugin)
    host.hear([first := say("！画山水")])
    host.hear([second := say("！draw 月 夜", "Bob")])
    await settle()
    assert plugin.did == [("画", "山水", first), ("draw", "月 夜", second)]


async def test_a_command_that_cannot_be_answered_is_not_worked_on(clock: FakeClock) -> None:
    """A rumour that looks like one would cost a picture that nobody is told of."""
    host = Host(clock, chat=Chat(answerable=lambda speech: speech.kind == "say"))
    plugin = Obeys()
    await host.add(plugin)
    host.hear([Speech("channel", "某人", "!draw a hill", channel="谣言")])
    host.hear([say("!draw a hill")])
    await settle()
    assert len(plugin.did) == 1
    await host.stop()


@pytest.mark.parametrize("text", ["!drawn", "draw", "! draw", "!", "a !draw", "!!draw", "!no such", "!山画", ""])
async def test_what_is_no_known_command_is_speech(host: Host, text: str) -> None:
    """Unknown commands are not answered, and nothing is lost for those who listen."""
    obeys, listens = Obeys(), named("listens", Listens)
    await host.add(obeys)
    await host.add(listens)
    host.hear([say(text)])
    await settle()
    assert obeys.did == []
    assert isinstance(listens, Listens)
    assert listens.did == [text]


async def test_a_command_is_not_also_speech(host: Host) -> None:
    """Nobody answers "!draw" in character while another plugin draws."""
    obeys, listens = Obeys(), named("listens", Listens)
    await host.add(obeys)
    await host.add(listens)
    host.hear([say("!draw")])
    await settle()
    assert isinstance(listens, Listens)
    assert (len(obeys.did), listens.did) == (1, [])


@pytest.mark.parametrize("prefix", ["#", "::", ".", "\\"])
async def test_the_prefix_is_the_owners(clock: FakeClock, prefix: str) -> None:
    """It is taken as it is written, not as a pattern."""
    host, plugin = Host(clock, chat=Chat(prefix)), Obeys()
    await host.add(plugin)
    host.hear([say("!draw")])
    host.hear([say("xdraw")])
    host.hear([say(f"{prefix}draw here")])
    await settle()
    assert plugin.did == [("draw", "here", say(f"{prefix}draw here"))]
    await host.stop()


async def test_a_commands_cooldown_is_each_speakers_own(host: Host, clock: FakeClock) -> None:
    """By the id where the MUD shows one, since names can be changed; other commands do not wait."""
    plugin = Obeys()
    await host.add(plugin)
    for speech in (say("!draw 1"), say("!draw 2"), say("!画 3"), say("!draw 4", "Bob"), say("!erase")):
        host.hear([speech])
    host.hear([say("!draw 5", "Mask", id="cy")])
    host.hear([say("!draw 6", "Other mask", id="cy")])
    await clock.advance(5)
    host.hear([say("!draw 7")])
    await settle()
    rests = [did[1] if isinstance(did, tuple) else did for did in plugin.did]
    assert rests == ["1", "4", "erase", "5", "7"]


async def test_who_is_too_fast_is_told_once(host: Host, clock: FakeClock) -> None:
    """Where the command was given, with the seconds left, in the plugin's language; a flood gets no flood back."""
    plugin = Obeys()
    await host.add(plugin)
    asked = say("!draw")
    host.hear([asked])
    await clock.advance(1.5)
    host.hear([asked])
    host.hear([asked])
    await settle()
    assert plugin.mouth.said == [(asked, "Not so fast: #draw again in 4 s.")]
    plugin.language = "zh"
    host.hear([say("!画", "Bob")])
    host.hear([say("!画", "Bob")])
    await settle()
    assert plugin.mouth.said[-1] == (say("!画", "Bob"), "慢些来：#画 再等 5 秒。")


async def test_the_memory_for_cooldowns_is_bounded(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ever new names cost no more memory than the bound, and raise nothing."""
    monkeypatch.setattr(running_module, "MAX_COOLING", 10)
    plugin = Obeys()
    await host.add(plugin)
    for number in range(100):
        host.hear([say("!draw", f"Ann{number}")])
        host.hear([say("!draw", f"Ann{number}")])
        host.hear([say("!draw", f"Ann{number}")])
        assert len(host.running[plugin.name]._last) <= 10
        await settle(4)
    assert len(plugin.did) >= 100


async def test_the_first_plugin_keeps_a_command(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    """A second one with the same command is told so in the log, and its other commands work."""

    class Second(Watched):
        @command("draw", "paint")
        async def draw(self, command: Command) -> None:
            self.did.append(command.name)

    first, second = named("first", Obeys), named("second", Second)
    await host.add(first)
    await host.add(second)
    host.hear([say("!draw")])
    host.hear([say("!paint")])
    await settle()
    assert isinstance(first, Obeys)
    assert isinstance(second, Second)
    assert (len(first.did), second.did) == (1, ["paint"])
    assert "plugin second: !draw is taken by first already" in caplog.text


async def test_commands_are_listed_once(host: Host) -> None:
    """With their aliases and help, in the order in which they were declared by name."""
    await host.add(Obeys())
    assert [(mark.names, mark.help) for mark in host.commands()] == [
        (("draw", "画", "sketch-it"), "draws"),
        (("erase",), ""),
    ]


# -- events --------------------------------------------------------------------------------------------------------


async def test_every_kind_of_event_reaches_its_method_in_order(host: Host) -> None:
    class All(Watched):
        @on(Line)
        @on(Prompt)
        @on(Gmcp)
        @on(LoggedIn)
        @on(Disconnected)
        async def note(self, event: object) -> None:
            self.did.append(event)

    plugin = All()
    await host.add(plugin)
    events = [LoggedIn(), Line("a"), Prompt("> "), Gmcp("Room.Info", {}), Disconnected("gone")]
    for event in events:
        host.hear([event])
    await settle()
    assert plugin.did == events


# -- timers --------------------------------------------------------------------------------------------------------


async def test_a_timer_follows_the_clock_and_ends_with_its_plugin(host: Host, clock: FakeClock) -> None:
    """Not at once, then once a period; after stop never again."""

    class Tick(Watched):
        @every(30)
        async def tick(self) -> None:
            self.did.append(clock.now())

    plugin, start = Tick(), clock.now()
    await host.add(plugin)
    await clock.advance(29)
    assert plugin.did == []
    await clock.advance(61)
    assert plugin.did == [start + 30, start + 60, start + 90]
    await host.stop()
    await clock.advance(300)
    assert len(plugin.did) == 3


# -- starting and stopping -----------------------------------------------------------------------------------------


async def test_a_plugin_whose_start_fails_leaves_nothing_behind(host: Host) -> None:
    """The caller learns why, and neither its commands nor its triggers are there."""

    class Fails(Obeys):
        async def start(self) -> None:
            raise ValueError("no file")

    with pytest.raises(ValueError, match="no file"):
        await host.add(Fails())
    assert (host.running, host.commands()) == ({}, [])
    host.hear([say("!draw")])
    host.hear([Line("draw")])


async def test_plugins_start_in_their_order_and_all_stop(host: Host) -> None:
    """What was started on top of another ends before it."""
    order: list[str] = []

    class Ends(Plugin):
        async def start(self) -> None:
            order.append(f"start {self.name}")

        async def stop(self) -> None:
            order.append(f"stop {self.name}")

    for name in ("a", "b"):
        await host.add(named(name, Ends))
    await host.stop()
    assert order[:2] == ["start a", "start b"]
    assert set(order[2:]) == {"stop a", "stop b"}


async def test_the_host_shows_the_state_of_its_plugins(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    """``repr`` is what a person reads while looking for the reason of a silence."""
    caplog.set_level(logging.CRITICAL)
    await host.add(named("rain", Rain))
    assert repr(host) == "<Host [<plugin rain idle, 0 failures, 0 dropped>]>"
    host.hear([Line("rain")])
    assert "rain 1 at work" in repr(host)
    await settle()
    assert "rain idle" in repr(host)
