"""Who is muted is heard by no plugin; the line itself may still be seen."""

from __future__ import annotations

from mudbot import Command, Line, Plugin, Speech, command, on, trigger
from mudbot.host.chat import Chat
from mudbot.host.host import Host
from mudbot.host.mutes import MAX_KNOWN, Mutes
from mudbot.testing import FakeClock
from mudbot.testing.clock import settle


def said(text: str, who: str = "Ann", login: str | None = None) -> list[object]:
    """A line that is somebody's speech."""
    return [Line(f"{who} says: {text}"), Speech("say", who, text, login)]


class Hears(Plugin):
    name = "hears"

    async def start(self) -> None:
        self.did: list[str] = []

    @on(Line)
    async def line(self, line: Line) -> None:
        self.did.append("line")

    @on(Speech)
    async def speech(self, speech: Speech) -> None:
        self.did.append("speech")

    @trigger("says: hi")
    async def found(self) -> None:
        self.did.append("trigger")

    @command("roll")
    async def roll(self, cmd: Command) -> None:
        self.did.append("command")


async def heard(host: Host, plugin: Hears, *events: object) -> list[str]:
    plugin.did.clear()
    host.hear(events)
    await settle()
    return plugin.did


async def test_only_the_line_of_a_muted_speaker_is_seen() -> None:
    """Neither speech nor command nor trigger, until the time is over or somebody takes it back."""
    clock = FakeClock()
    host, plugin = Host(clock), Hears()
    await host.add(plugin)
    assert sorted(await heard(host, plugin, *said("hi"))) == ["line", "speech", "trigger"]
    host.mutes.mute("ANN", 60)
    assert await heard(host, plugin, *said("hi")) == ["line"]
    assert await heard(host, plugin, *said("!roll")) == ["line"]
    assert await heard(host, plugin, Speech("tell", "Ann", "!roll")) == []
    assert sorted(await heard(host, plugin, *said("hi", who="Bob"))) == ["line", "speech", "trigger"]
    assert host.mutes.names() == {"ann": 60.0}
    await clock.advance(61)
    assert "speech" in await heard(host, plugin, *said("hi"))
    host.mutes.mute("ann", 60)
    assert host.mutes.unmute("Ann")
    assert not host.mutes.unmute("Ann")
    assert "command" in await heard(host, plugin, Speech("tell", "Ann", "!roll"))
    await host.stop()


async def test_a_mute_holds_by_the_login_id_too() -> None:
    """Names change with titles; ids do not."""
    mutes = Mutes(lambda: 0.0, lambda _: False)
    mutes.mute("zhangsan", 10)
    assert mutes.holds(Speech("say", "张三", "hi", id="Zhangsan"))
    assert not mutes.holds(Speech("say", "张三", "hi"))
    assert not mutes.holds(Speech("say", None, "hi"))


async def test_owners_cannot_be_muted() -> None:
    """Who else could take it back?  But only where the MUD itself says who spoke."""
    chat = Chat(owners=["chen"])
    mutes = Mutes(lambda: 0.0, chat.is_owner)
    mutes.mute("Chen", 10)
    assert not mutes.holds(Speech("tell", "Chen", "!unmute", id="chen", sure=True))
    assert mutes.holds(Speech("say", "Chen", "hi", id="chen"))


async def test_a_reviewer_learns_what_the_speaker_said_last() -> None:
    """By it somebody can be answered in private; a crowd does not fill the memory."""
    mutes = Mutes(lambda: 0.0, lambda _: False)
    last = Speech("say", "Ann", "two", id="ann")
    mutes.note(Speech("say", "Ann", "one"))
    mutes.note(last)
    assert mutes.last_of("ann") is last
    assert mutes.last_of(None) is None
    for number in range(MAX_KNOWN):
        mutes.note(Speech("say", f"Guest {number}", "hi"))
    assert mutes.last_of("Ann") is None
