"""A shipped plugin at work, among fakes of what the host hands to it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from mudbot import ApiError, Command, Plugin, Room, Speech
from mudbot.api.types import Moderation
from mudbot.host import loader
from mudbot.host.host import Host
from mudbot.host.services.bot import Status
from mudbot.mind.address import addressed
from mudbot.mind.manners import Manners
from mudbot.testing import FakeClock
from mudbot.testing.clock import settle

STATUS = Status("inn", "playing", ("dialogue", "scenes"), ("scenes",), 1, 0)

PICTURE = SimpleNamespace(link="http://inn.example/i/abcdefg")


class FakeMud:
    """Writes down what is said; the character is called Chen."""

    def __init__(self, clock: FakeClock | None = None) -> None:
        self.clock = clock or FakeClock()
        self.room = Room("The Inn", people=("Ann", "Bob"))
        self.seen = Room("The Inn", "A fire burns.", people=("Ann", "Bob"))
        self.looks = 0
        self.said: list[tuple[Speech, str]] = []

    def addressed(self, speech: Speech) -> bool:
        return addressed(speech, ("Chen", "老陈"), self.room)

    async def look(self) -> Room:
        self.looks += 1
        return self.seen

    def manners(self, config: Any) -> Manners:
        async def remark(to: Speech, occasion: str) -> None:
            self.said.append((to, f"({occasion})"))

        return Manners(config, self.clock, say=remark, names=lambda: ("Chen", "老陈"))

    def actions(self, _actions: Any) -> None:
        return None

    def can(self, _verb: str) -> bool:
        return False

    async def act(self, to: Speech, part: Any, *, typing: bool = False) -> None:
        await self.reply(to, part.text, typing=typing)

    async def reply(self, to: Speech | Command, text: str, *, typing: bool = False) -> None:
        self.said.append((to.speech if isinstance(to, Command) else to, text))

    @property
    def texts(self) -> list[str]:
        return [text for _, text in self.said]


class FakeAi:
    """Answers each question when the test opens its gate; fails where the test says so."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.gates: dict[str, asyncio.Event] = {}
        self.fails: dict[str, Exception] = {}
        self.paints: Exception | Any = PICTURE
        self.judges: dict[str, Any] | None = None  # what the local filter says
        self.moderates: Exception | dict[str, Any] = {"flagged": False}

    def hold(self, *texts: str) -> None:
        """Let the answers to these wait for ``gates[text].set()``."""
        self.gates.update({text: asyncio.Event() for text in texts})

    async def answer(self, speech: Speech, room: Room) -> Any:
        text = speech.text or ""
        self.asked.append(text)
        if text in self.gates:
            await self.gates[text].wait()
        if text in self.fails:
            raise self.fails[text]
        return SimpleNamespace(text=f"re: {text}")

    async def speak(self, speech: Speech, room: Room, **_options: Any) -> AsyncIterator[Any]:
        yield await self.answer(speech, room)

    async def image(self, prompt: str, *, speaker: str = "") -> Any:
        self.asked.append(f"{speaker}: {prompt}")
        if isinstance(self.paints, Exception):
            raise self.paints
        return self.paints

    async def moderate(self, text: str, *, speaker: str | None = None, local: bool = False) -> Moderation:
        self.asked.append(f"local: {text}" if local else text)
        if local:
            if self.judges is None:
                raise ApiError("there is no local filter here")
            return Moderation.model_validate({"results": [self.judges]})
        if isinstance(self.moderates, Exception):
            raise self.moderates
        return Moderation.model_validate({"results": [self.moderates]})


class Bench:
    """The host, and the fakes that its plugins were handed."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.host = Host(self.clock)
        self.mud, self.ai = FakeMud(self.clock), FakeAi()

    async def add(self, name: str, *, config: Any = None, language: str = "en", **parts: Any) -> Plugin:
        """The shipped plugin *name*, started."""
        plugin = loader.load(name, [loader.shipped()])()
        if config is None and (settings := plugin.config_type()) is not None:
            config = settings()
        fakes: dict[str, Any] = {"mud": self.mud, "ai": self.ai, "bot": self.bot, "config": config}
        fakes |= {"clock": self.clock} | parts
        for attribute, value in fakes.items():
            setattr(plugin, attribute, value)
        plugin.language, plugin.log = language, logging.getLogger(f"mudbot.plugins.{name}")
        await self.host.add(plugin)
        return plugin

    @property
    def bot(self) -> Any:
        return SimpleNamespace(
            prefix=self.host.prefix,
            commands=self.host.commands,
            orders=self.host.orders,
            status=lambda: STATUS,
            mute=self.host.mutes.mute,
        )

    async def hear(self, *speeches: Speech) -> None:
        for speech in speeches:
            self.host.hear([speech])
            await settle()


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    bench = Bench()
    yield bench
    await bench.host.stop()


def say(text: str, speaker: str = "Ann", **more: Any) -> Speech:
    """Somebody says *text* in the room."""
    return Speech("say", speaker, text, **more)
