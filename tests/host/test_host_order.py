"""Who hears a line, and in which order: roles, priorities, places, ``stop``."""

from __future__ import annotations

import pytest

from mudbot import Command, Line, Plugin, Prompt, Speech, command, on, trigger
from mudbot.host.chat import Chat
from mudbot.host.host import Host
from mudbot.testing import FakeClock
from mudbot.testing.clock import settle
from tests.host.host_fakes import Watched, named, say


class Stops(Watched):
    @trigger("secret", stop=True)
    async def keep(self, line: Line, speech: Speech | None) -> None:
        self.did.append((line.text, speech))

    @trigger("gold>", prompt=True, stop=True)
    async def prompted(self, prompt: Prompt) -> None:
        self.did.append(prompt)

    @on(Speech)
    async def hear(self, speech: Speech) -> None:
        self.did.append(speech)


class Hears(Watched):
    @on(Line)
    async def line(self, line: Line) -> None:
        self.did.append(line.text)

    @on(Prompt)
    async def prompt(self, prompt: Prompt) -> None:
        self.did.append(prompt)

    @on(Speech)
    async def speech(self, speech: Speech) -> None:
        self.did.append(speech)


async def test_stop_keeps_a_line_and_its_speech_from_other_plugins(host: Host) -> None:
    """Whether they come before or behind it in the configuration; its own handlers hear it, the next line is free."""
    before, stops, behind = named("before", Hears), named("stops", Stops), named("behind", Hears)
    for plugin in (before, stops, behind):
        await host.add(plugin)
    speech, other = say("a secret"), say("hello")
    host.hear([Line("Ann says: a secret"), speech])
    host.hear([Line("Ann says: hello"), other])
    await settle()
    assert isinstance(stops, Stops)
    assert stops.did == [("Ann says: a secret", speech), speech, other]
    for plugin in (before, behind):
        assert isinstance(plugin, Hears)
        assert plugin.did == ["Ann says: hello", other]


async def test_stop_keeps_lines_of_a_burst_and_prompts(host: Host) -> None:
    stops, hears = named("stops", Stops), named("hears", Hears)
    await host.add(hears)
    await host.add(stops)
    host.hear([Line("one"), Line("secret"), Line("two"), Prompt("gold>", "ga"), Prompt(">")])
    await settle()
    assert isinstance(stops, Stops)
    assert isinstance(hears, Hears)
    assert stops.did == [("secret", None), Prompt("gold>", "ga")]
    assert hears.did == ["one", "two", Prompt(">")]


class Ranked(Watched):
    @command("all")
    async def everybody(self, command: Command) -> None:
        self.did.append("all")

    @command("some", role="trusted")
    async def some(self, command: Command) -> None:
        self.did.append("some")

    @command("own", role="owner")
    async def own(self, command: Command) -> None:
        self.did.append("own")


@pytest.mark.parametrize(
    ("who", "sure", "kind", "may"),
    [
        ("wiz", True, "tell", ["all", "some", "own"]),
        ("Ann", True, "tell", ["all", "some"]),
        ("bob", True, "tell", ["all"]),
        ("ann", False, "tell", ["all"]),
        ("ann", True, "say", ["all"]),
        (None, True, "tell", ["all"]),
    ],
)
async def test_roles_are_by_the_strongest_sign(
    clock: FakeClock, who: str, sure: bool, kind: str, may: list[str]
) -> None:
    """An owner is trusted too; a name, a line without the colour of tells, or words in the room prove nothing."""
    host, plugin = Host(clock, chat=Chat(owners=["Wiz"], trusted=["ann"])), Ranked()
    await host.add(plugin)
    for name in ("all", "some", "own"):
        host.hear([Speech(kind, "wiz", f"!{name}", id=who, sure=sure)])  # type: ignore[arg-type]
    await settle()
    assert plugin.did == may
    listed = [mark.names[0] for mark in host.commands(Speech(kind, "wiz", "", id=who, sure=sure))]  # type: ignore[arg-type]
    assert listed == may
    await host.stop()


async def test_plugins_go_by_their_place(host: Host) -> None:
    """Not by when they were added: a plugin that is loaded late has the turn that the configuration gives it."""
    turns: list[str] = []

    class Sees(Plugin):
        @trigger("x")
        async def see(self) -> None:
            turns.append(self.name)

    for name, place in (("c", 2.0), ("a", 0.0), ("b", 1.0)):
        await host.add(named(name, Sees), place)
    await settle()
    host.hear([Line("x")])
    await settle()
    assert turns == ["a", "b", "c"]
    assert list(host.running) == ["a", "b", "c"]
