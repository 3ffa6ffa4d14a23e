"""What a plugin can do with its session's triggers, and what the configuration's ones do."""

from __future__ import annotations

from typing import Any

import pytest

from mudbot import Command, Deed, Line, Plugin, PluginError, Prompt, Speech, command, on, trigger
from mudbot.config import TriggerConfig
from mudbot.events import Lines, Page
from mudbot.host.chat import Chat
from mudbot.host.host import Host
from mudbot.host.triggers import GroupStatus, Triggers
from mudbot.testing import FakeClock
from mudbot.testing.clock import settle
from mudbot.triggers.data import written
from tests.host.host_fakes import Watched, named, say


def config(**keys: Any) -> Any:
    return written(TriggerConfig.model_validate(keys).placed({"": "c.yaml:1"}))


class Hand(Watched):
    """Carries out what the configuration asks, and writes it down."""

    name = "hand"
    may_command = True

    async def start(self) -> None:
        assert self.bot.triggers.carry_out(self.act) >= 0

    async def act(self, deed: Deed) -> None:
        self.did.append(deed)


def equipped(host: Host, plugin: Plugin, *, may_command: bool = True) -> Any:
    plugin.bot = type("FakeBot", (), {"prefix": "!"})()
    plugin.bot.triggers = Triggers(host, plugin, may_command=may_command)
    return plugin


async def hand(host: Host, *, may_command: bool = True) -> Hand:
    plugin: Hand = equipped(host, Hand(), may_command=may_command)
    await host.add(plugin)
    return plugin


def host_of(clock: FakeClock, *triggers: Any, session: str = "") -> Host:
    return Host(clock, written=triggers, session=session)


async def heard(host: Host, *events: object) -> None:
    host.hear(list(events))
    await settle()


# -- the configuration's -----------------------------------------------------------------------------------------------


async def test_a_deed_has_its_groups_filled_in(clock: FakeClock) -> None:
    """What is to be sent, said and asked, and by which trigger."""
    keys = {"pattern": "^(?P<who>\\w+) hits you", "command": ["kill {who}"], "reply": "Ow, {who}!", "prompt": "{0}?"}
    host = host_of(clock, config(**keys))
    plugin = await hand(host)
    await heard(host, Line("Ann hits you"))
    assert plugin.did == [Deed("c.yaml:1", ("kill Ann",), "Ow, Ann!", "Ann hits you?")]


async def test_a_deed_knows_what_speech_set_it_off(clock: FakeClock) -> None:
    """It is the line's own: the next line has none, and lines that came many at once have none."""
    host = host_of(clock, config(text="hello", reply="x"))
    plugin = await hand(host)
    speech = say("hello")
    await heard(host, Line("Ann says: hello"), speech, Line("hello, it echoes"))
    host.hear(Lines(Page.of([Line("hello again")])))
    await settle()
    assert [deed.speech for deed in plugin.did] == [speech, None, None]  # type: ignore[attr-defined]


async def test_triggers_are_those_of_the_session(clock: FakeClock) -> None:
    here, there = (
        config(text="a", reply="here", session="inn"),
        config(text="a", reply="there", session=["sea", "hill"]),
    )
    host = host_of(clock, here, there, config(text="a", reply="all"), session="inn")
    plugin = await hand(host)
    await heard(host, Line("a"))
    assert [deed.reply for deed in plugin.did] == ["here", "all"]  # type: ignore[attr-defined]


async def test_commands_want_a_permission(clock: FakeClock) -> None:
    """Without it the trigger rests, and says why; the others go on."""
    host = host_of(clock, config(text="a", command="flee", reply="x"), config(text="a", reply="y"))
    plugin = await hand(host, may_command=False)
    await heard(host, Line("a"))
    assert [deed.reply for deed in plugin.did] == ["y"]  # type: ignore[attr-defined]
    first, second = plugin.bot.triggers
    assert (first.on, first.why) == (False, "raw commands want plugins.hand.permissions.commands: true")
    assert (second.on, second.why, second.fired, second.last) == (True, "", 1, 0.0)


@pytest.mark.parametrize("name", ["Ann;quit", "Ann\u3164", "Ａｎｎ", ""])
async def test_an_unfit_group_sends_nothing(clock: FakeClock, name: str, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing of the deed is done, and the log names trigger and reason."""
    host = host_of(clock, config(pattern="^(.*) hits", command=["stand", "kill {1}"], reply="Ow!", name="fight"))
    plugin = await hand(host)
    await heard(host, Line(f"{name} hits"))
    assert plugin.did == []
    assert "trigger fight: nothing is sent: " in caplog.text


async def test_what_is_gagged_does_nothing_else(clock: FakeClock) -> None:
    host = host_of(clock, config(text="a", gag=True))
    plugin = await hand(host)
    await heard(host, Line("a"))
    assert (plugin.did, next(iter(plugin.bot.triggers)).fired) == ([], 1)


async def test_an_action_without_a_cooldown_rests_after_ten_in_ten_seconds(
    clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    """What it says may make the MUD say what it looks for.  The log says so once; in a minute it goes on."""
    host = host_of(clock, config(text="a", reply="a", name="echo"), config(text="a", reply="b", cooldown=0.5))
    plugin = await hand(host)
    for _ in range(60):
        await heard(host, Line("a"))
        await clock.advance(0.5)
    replies = [deed.reply for deed in plugin.did]  # type: ignore[attr-defined]
    assert (replies.count("a"), replies.count("b")) == (10, 60)
    assert caplog.text.count("trigger echo acts too often: it does nothing for 60 s") == 1
    await clock.advance(60)
    await heard(host, Line("a"))
    assert plugin.did[-2].reply == "a"  # type: ignore[attr-defined]


async def test_one_that_is_not_enabled_is_off_until_it_is_switched_on(clock: FakeClock) -> None:
    host = host_of(clock, config(text="a", reply="x", name="quiet", enabled=False))
    plugin = await hand(host)
    await heard(host, Line("a"))
    assert plugin.bot.triggers.switch("quiet", on=True) == 1
    await heard(host, Line("a"))
    assert len(plugin.did) == 1


async def test_prompts_set_off_those_that_look_at_prompts(clock: FakeClock) -> None:
    host = host_of(clock, config(pattern="HP:(\\d+)", on="prompt", command="quaff {1}"))
    plugin = await hand(host)
    await heard(host, Line("HP:1"), Prompt("HP:2"))
    assert [deed.commands for deed in plugin.did] == [("quaff 2",)]  # type: ignore[attr-defined]


# -- groups ------------------------------------------------------------------------------------------------------------


async def test_groups_are_switched_with_all_within_them(clock: FakeClock) -> None:
    """And tell how many they are and how often they fired."""
    host = host_of(
        clock,
        config(text="a", reply="heal", group="combat/heal"),
        config(text="a", reply="hit", group="combat"),
        config(text="a", reply="walk", group="travel"),
        config(text="a", reply="alone", name="alone"),
    )
    plugin = await hand(host)
    triggers = plugin.bot.triggers
    await heard(host, Line("a"))
    assert triggers.switch("combat", on=False) == 2
    assert triggers.switch("alone", on=False) == 1
    assert triggers.switch("nothing", on=False) == 0
    await heard(host, Line("a"))
    assert [deed.reply for deed in plugin.did] == ["heal", "hit", "walk", "alone", "walk"]  # type: ignore[attr-defined]
    assert triggers.groups() == {
        "combat": GroupStatus(on=False, size=2, fired=2),
        "combat/heal": GroupStatus(on=False, size=1, fired=1),
        "travel": GroupStatus(on=True, size=1, fired=2),
    }
    assert [status.why for status in triggers] == ["group combat is off"] * 2 + ["", "it is switched off"]
    assert [triggers.nearest(name) for name in ("combt", "alon", "xyzzy")] == ["combat", "alone", None]


async def test_what_is_off_by_itself_stays_off_when_its_group_is_switched_on(clock: FakeClock) -> None:
    host = host_of(clock, config(text="a", reply="x", group="g", name="one"), config(text="a", reply="y", group="g"))
    plugin = await hand(host)
    plugin.bot.triggers.switch("one", on=False)
    plugin.bot.triggers.switch("g", on=False)
    plugin.bot.triggers.switch("g", on=True)
    await heard(host, Line("a"))
    assert [deed.reply for deed in plugin.did] == ["y"]  # type: ignore[attr-defined]


# -- a plugin's own ----------------------------------------------------------------------------------------------------


class Learns(Watched):
    """Adds triggers while it runs."""

    @trigger("^learn (?P<word>\\w+)$")
    async def learn(self, word: str) -> None:
        self.handle = self.bot.triggers.add(self.count, rf"{word} (?P<gold>\d+)", group="learnt", cooldown=5)

    async def count(self, gold: int) -> None:
        self.did.append(gold)


async def test_triggers_are_added_and_removed_while_it_runs(host: Host, clock: FakeClock) -> None:
    """With all that ``@trigger`` has: numbers, cooldowns, groups."""
    plugin = equipped(host, named("watched", Learns))
    await host.add(plugin)
    await heard(host, Line("learn coins"))
    assert (len(plugin.bot.triggers), list(plugin.bot.triggers.groups())) == (2, ["learnt"])
    for _ in range(2):
        await heard(host, Line("coins 12"))
    await clock.advance(5)
    await heard(host, Line("coins 13"))
    plugin.handle.remove()
    plugin.handle.remove()
    await clock.advance(5)
    await heard(host, Line("coins 14"))
    assert (plugin.did, len(plugin.bot.triggers)) == ([12, 13], 1)


async def test_what_a_plugin_adds_is_declared_rightly(host: Host) -> None:
    """Or refused as a wrong @trigger is."""
    plugin = equipped(host, named("watched", Learns))
    await host.add(plugin)

    def plain() -> None: ...

    for call, pattern, words in (
        (plugin.count, "(?P<silver>x)", r"watched.count takes \['gold'\] but its pattern names \['silver'\]"),
        (plugin.count, "(", "is not a regular expression"),
        (plain, "x", "watched.plain must be 'async def'"),
        (plugin.count, None, "wants one of a pattern, text="),
    ):
        with pytest.raises(PluginError, match=words):
            plugin.bot.triggers.add(call, pattern)


async def test_a_failure_in_an_added_trigger_is_its_plugin_s(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    """Where a group is no number the method is not called, as with a trigger of the class."""
    plugin = equipped(host, named("watched", Learns))
    await host.add(plugin)
    plugin.bot.triggers.add(plugin.count, "(?P<gold>[a-z]+)")
    await heard(host, Line("many"))
    assert host.running["watched"].failures == 0
    plugin.did = None
    plugin.bot.triggers.add(plugin.count, r"(?P<gold>\d+)")
    await heard(host, Line("1"))
    assert "plugin watched failed in watched.count: AttributeError" in caplog.text


class Clumsy(Watched):
    async def start(self) -> None:
        self.bot.triggers.add(self.fine, "x")
        raise RuntimeError("on purpose")

    async def fine(self) -> None:
        self.did.append("x")


async def test_of_a_plugin_that_does_not_start_nothing_stays(host: Host) -> None:
    plugin = equipped(host, named("clumsy", Clumsy))
    with pytest.raises(RuntimeError):
        await host.add(plugin)
    await heard(host, Line("x"))
    assert (len(host.engine), plugin.did) == (0, [])
    with pytest.raises(PluginError, match="is not at work"):
        plugin.bot.triggers.add(plugin.fine, "x")


# -- owners ------------------------------------------------------------------------------------------------------------


class Rules(Watched):
    @command("triggers", "触发", role="owner")
    async def rule(self, command: Command) -> None:
        """rules"""
        self.did.append(command.rest)

    @command("help")
    async def help(self, command: Command) -> None:
        """helps"""


def owner(text: str = "!triggers on x", **more: Any) -> Speech:
    """What the owner tells, as his MUD shows it."""
    shown: dict[str, Any] = {"kind": "tell", "speaker": "Wizard", "text": text, "id": "wiz", "sure": True}
    return Speech(**shown | more)


@pytest.fixture
async def ruled(clock: FakeClock) -> tuple[Host, Rules]:
    host, plugin = Host(clock, chat=Chat(owners=["Wiz"])), Rules()
    plugin.name = "rules"
    await host.add(plugin)
    return host, plugin


async def test_an_owner_s_command_is_given_in_a_tell(ruled: tuple[Host, Rules]) -> None:
    """By the id, whatever its case; in Chinese without a space."""
    host, plugin = ruled
    await heard(host, owner(), owner(id="WIZ"), owner("！触发开战斗"))
    assert plugin.did == ["on x", "on x", "开战斗"]


@pytest.mark.parametrize(
    "more",
    [
        {"id": None},
        {"id": "ann", "speaker": "wiz"},
        {"id": "wiz@elsewhere"},
        {"sure": False},
        {"kind": "say"},
        {"kind": "whisper"},
        {"kind": "channel", "channel": "chat"},
    ],
    ids=str,
)
async def test_for_everybody_else_it_does_not_exist(ruled: tuple[Host, Rules], more: dict[str, Any]) -> None:
    """Not by a name, not in public, not from another MUD, not by words alone; it is heard as the speech that it is."""
    host, plugin = ruled
    await host.add(named("listens", Listens))
    await heard(host, owner(**more))
    assert plugin.did == []
    assert host.running["listens"].plugin.did == ["!triggers on x"]  # type: ignore[attr-defined]


class Listens(Watched):
    @on(Speech)
    async def speech(self, event: Speech) -> None:
        self.did.append(event.text)


async def test_help_shows_it_to_owners_alone(ruled: tuple[Host, Rules]) -> None:
    host, _ = ruled
    names = [[mark.names[0] for mark in host.commands(to)] for to in (None, say("!help"), owner("!help"))]
    assert names == [["help"], ["help"], ["triggers", "help"]]


def test_a_role_is_one_of_three() -> None:
    with pytest.raises(PluginError, match="choose one of anyone, trusted, owner"):
        command("x", role="king")(Rules.help)  # type: ignore[arg-type]


async def test_nobody_is_an_owner_unless_somebody_is_named(clock: FakeClock) -> None:
    host, plugin = Host(clock), Rules()
    await host.add(plugin)
    await heard(host, owner(), owner(id=""), owner(id=None))
    assert plugin.did == []


class Draws(Watched):
    """Has a chat command."""

    name = "draws"

    @command("draw")
    async def draw(self, given: Command) -> None:
        """draws"""
        self.did.append(given.rest)


async def test_a_command_for_the_bot_sets_off_no_trigger(clock: FakeClock) -> None:
    """Its line is a command and nothing else; another line of the same speaker is a line."""
    host = host_of(clock, config(pattern="^(?P<who>\\w+) says", reply="{who}?"))
    plugin = await hand(host)
    draws: Draws = equipped(host, Draws())
    await host.add(draws)
    await heard(host, Line('Ann says, "!draw a hill"'), say("!draw a hill", "Ann"))
    assert plugin.did == []
    assert draws.did == ["a hill"]
    await heard(host, Line('Ann says, "draw a hill"'), say("draw a hill", "Ann"))
    assert [getattr(deed, "reply", "") for deed in plugin.did] == ["Ann?"]
    await host.stop()


async def test_switched_on_by_itself_it_is_counted_anew(clock: FakeClock, caplog: pytest.LogCaptureFixture) -> None:
    """A trigger that was spent fires its count again, and the log says who is on."""
    host = host_of(clock, config(text="rain", reply="ah", count=2, name="wet"))
    plugin = await hand(host)
    for _ in range(5):
        await heard(host, Line("rain"))
    assert len(plugin.did) == 2
    with caplog.at_level("INFO", "mudbot.host.triggers"):
        assert plugin.bot.triggers.switch("wet", on=True) == 1
    assert "triggers wet: on (1)" in caplog.text
    for _ in range(5):
        await heard(host, Line("rain"))
    assert len(plugin.did) == 4
    await host.stop()


async def test_triggers_that_cannot_be_prepared_are_searched_for_all_the_same(
    clock: FakeClock, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log says so once, not at every line."""
    host = host_of(clock)
    plugin = await hand(host)
    await host.prepare()
    fired: list[str] = []

    async def note() -> None:
        fired.append("x")

    def broken(*_args: Any, **_keys: Any) -> None:
        raise RuntimeError("no memory")

    monkeypatch.setattr("mudbot.triggers.engine.sieve", broken)
    for number in range(60):
        plugin.bot.triggers.add(note, f"rain {number}$")
    for number in range(60):
        host.hear([Line(f"rain {number}")])
        if number % 20 == 0:
            await settle()
    while host._rebuilding is not None and "cannot be prepared" not in caplog.text:
        await settle()
    await settle()
    assert len(fired) == 60
    assert caplog.text.count("cannot be prepared") == 1
    await host.stop()
