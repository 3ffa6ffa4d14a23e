"""Plugins that tests look into, and a way to start one."""

from __future__ import annotations

import asyncio

from mudbot import Command, Plugin, Speech
from mudbot.host.running import Running
from mudbot.testing import FakeClock


class FakeMud:
    """Writes down what is said."""

    def __init__(self) -> None:
        self.said: list[tuple[Speech, str]] = []

    async def reply(self, to: Speech | Command, text: str, *, typing: bool = False) -> bool:
        self.said.append((to.speech if isinstance(to, Command) else to, text))
        return True


class FakeBot:
    prefix = "#"


class Watched(Plugin):
    """A plugin whose handlers write down what they did."""

    name = "watched"

    def __init__(self) -> None:
        self.did: list[object] = []
        self.mud = self.mouth = FakeMud()  # type: ignore[assignment]
        self.bot = FakeBot()  # type: ignore[assignment]
        self.gate = asyncio.Event()
        """What slow handlers wait for."""


def say(text: str, speaker: str = "Ann", id: str | None = None) -> Speech:  # noqa: A002 - Speech calls it so
    """Somebody says *text* in the room."""
    return Speech("say", speaker, text, id)


def named(name: str, kind: type[Plugin]) -> Plugin:
    """A plugin of this class and name."""
    plugin = kind()
    plugin.name = name
    return plugin


async def started(plugin: Plugin, clock: FakeClock | None = None) -> Running:
    """*plugin* at work, without a host."""
    running = Running(plugin, clock or FakeClock())
    await running.start()
    return running
