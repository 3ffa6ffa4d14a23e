"""``@on``: which events a method is called for; ``@review``; the Plugin class itself."""

from __future__ import annotations

import asyncio
import re
import typing
from dataclasses import dataclass
from typing import Any

import pytest

from mudbot import Gmcp, Line, LoggedIn, Plugin, PluginError, Speech, Text
from tests.host.declared import declare, mark_of, mistake

MISTAKES = {
    "a misspelt event": (
        "class Speach: pass\n@on(Speach)\nasync def hi(self, e): ...",
        "P.hi: @on(Speach): choose one of Line, Prompt, Gmcp, Msdp, Speech, Arrived",
    ),
    "no event": ("@on()\nasync def hi(self, e): ...", "P.hi: @on(): choose one of Line, Prompt"),
    "an option": (
        "@on(Line, priority=5)\nasync def hi(self, e): ...",
        "@on on P.hi: there is no priority=: every @on method of every plugin hears all events",
    ),
    "a spawn of its own": ("async def spawn(self, work): ...", "P.spawn: self.spawn is what the host gives a plugin"),
    "a store of its own": ("@property\ndef log(self): ...", "P.log: self.log is what the host gives a plugin"),
    "one of two that nobody sends": (
        "@on(Speech | int)\nasync def hi(self, e): ...",
        "P.hi: @on(int): choose one of Line, Prompt",
    ),
    "the nearest event": ("@on('Speach')\nasync def hi(self, e): ...", "Disconnected; did you mean 'Speech'?"),
    "another event's annotation": (
        "@on(Speech)\nasync def hi(self, line: Line): ...",
        "P.hi is @on(Speech), but takes line: Line; write line: Speech",
    ),
    "two events at once": ("@on(Speech)\nasync def hi(self, a, b): ...", "P.hi must take self and one more argument"),
    "an event by name only": ("@on(Speech)\nasync def hi(self, *, e): ...", "must take self and one more argument"),
    "GMCP without a package": ("@on(Gmcp(''))\nasync def hi(self, e): ...", "write one package, Gmcp('Room.Info')"),
    "GMCP with data": ("@on(Gmcp('Room', 5))\nasync def hi(self, e): ...", "write one package, Gmcp('Room.Info')"),
    "GMCP with a star within": ("@on(Gmcp('R*m'))\nasync def hi(self, e): ...", "or all below it, Gmcp('Room.*')"),
    "a reviewer with two texts": ("@review\nasync def hi(self, a, b): ...", "one more argument, text"),
    "a start that is no coroutine": ("def start(self): ...", "P.start must be 'async def'"),
    "a stop with an argument": (
        "async def stop(self, why): ...",
        "P.stop is called with nothing but self: missing a required argument: 'why'",
    ),
    "a handover of nothing": ("async def handover(self): ...", "P.handover is called with self and the plugin before"),
    "an __init__ with an argument": ("def __init__(self, x): ...", "P.__init__ is called with nothing but self"),
    "no concurrency": ("concurrency = 0", "P.concurrency is how many events it works on at once: 1 or more, not 0"),
}


@pytest.mark.parametrize(("body", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_with_its_remedy(body: str, message: str) -> None:
    """The author reads which method is wrong, and what to write instead."""
    assert message in mistake(body)


PACKAGES: list[tuple[str, str, bool]] = [
    ("Room.Info", "Room.Info", True),
    ("room.info", "Room.Info", True),
    ("Room.Info", "ROOM.INFO", True),
    ("Room.Info", "Room.Info.Exits", False),
    ("Room", "Room.Info", False),
    ("Room.*", "Room.Info", True),
    ("Room.*", "room.info.exits", True),
    ("Room.*", "Room", True),
    ("Room.*", "Roommate.Info", False),
    ("Room.*", "Char.Room.Info", False),
]


@pytest.mark.parametrize(("wanted", "heard", "is_wanted"), PACKAGES)
def test_a_package_of_gmcp_is_meant_in_whatever_letters(wanted: str, heard: str, *, is_wanted: bool) -> None:
    """And those below it where a star stands behind it."""
    mark = mark_of(f"@on(Gmcp({wanted!r}))\nasync def hi(self, e: Gmcp): ...")
    assert mark.kind is Gmcp
    assert mark.wants(Gmcp(heard, 1)) is is_wanted


def test_a_kind_of_event_is_meant_with_all_of_it() -> None:
    mark = mark_of("@on(Gmcp)\nasync def hi(self, e): ...")
    assert mark.wants(Gmcp("X"))
    assert not mark.wants(Line("X"))


async def test_an_event_that_carries_nothing_need_not_be_taken() -> None:
    """``@on(LoggedIn)`` may be a method of self alone."""
    got: list[object] = []
    kind = declare("@on(LoggedIn)\nasync def hi(self): got.append('in')", got=got)
    mark: Any = kind.handlers[0][0]
    await mark.call(kind().hi, LoggedIn())  # type: ignore[attr-defined]
    assert got == ["in"]


@pytest.mark.parametrize(
    "marks", ["@on(Speech, Line)", "@on(Speech)\n@on(Line)", "@on(Speech | Line)", "@on(typing.Union[Speech, Line])"]
)
async def test_one_method_may_hear_two_kinds(marks: str) -> None:
    got: list[object] = []
    kind = declare(f"{marks}\nasync def hi(self, e: Speech | Line, more=1): got.append(e)", got=got, typing=typing)
    events = [Speech("say", "Ann", "x"), Line("x")]
    for (mark, _), event in zip(kind.handlers, events, strict=True):
        calls: Any = mark
        assert calls.wants(event)
        await calls.call(kind().hi, event)  # type: ignore[attr-defined]
    assert got == events


@pytest.mark.parametrize("written", ["@review", "@review()"])
async def test_a_review_is_asked_with_or_without_parentheses(written: str) -> None:
    kind = declare(f"{written}\nasync def judge(self, text: Text): return text.words")
    mark: Any = kind.handlers[0][0]
    assert await mark.call(kind().judge, Text("no", "player")) == "no"  # type: ignore[attr-defined]


# -- the class ---------------------------------------------------------------------------------------------------------


@dataclass
class Settings:
    pace: int = 1


class Base(Plugin):
    config: Settings


class Below(Base):
    pass


class Inner(Plugin):
    @dataclass
    class Config:
        pace: int = 1

    config: Config


class Open(Plugin):
    config: Any


def test_settings_are_inherited_and_may_be_a_class_within() -> None:
    assert Below.config_type() is Settings
    assert Inner.config_type() is Inner.Config


def test_settings_of_any_kind_are_none() -> None:
    """There is nothing to check them against."""
    assert Open.config_type() is None


def test_settings_that_are_no_class_are_the_authors_mistake() -> None:
    """They would be left unread otherwise."""
    with pytest.raises(
        PluginError, match=r"P\.config: annotate it with a dataclass or a pydantic model, not with dict"
    ):
        declare("config: 'dict[str, int]'").config_type()


async def test_spawn_is_the_hosts() -> None:
    """What is spawned goes to the host, which owns the task."""
    plugin = Plugin()
    plugin.spawner = asyncio.ensure_future

    async def work() -> int:
        return 5

    assert await plugin.spawn(work()) == 5


async def test_spawn_before_the_start_is_refused() -> None:
    """And a function in place of what it gives: parentheses are forgotten easily."""

    async def work() -> None: ...

    with pytest.raises(PluginError, match="Plugin: spawn works from start on"):
        Plugin().spawn(work())
    with pytest.raises(PluginError, match=r"spawn wants a coroutine: self.spawn\(self.work\(\)\)"):
        Plugin().spawn(work)  # type: ignore[arg-type]


@dataclass
class Kept:
    n: int = 1


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("config = Kept", "P.config = Kept: write config: Kept"),
        ("class Bare:\n    n = 1\nconfig: Bare", "P.config: put @dataclass above the class Bare"),
    ],
)
def test_settings_that_are_not_declared_as_such_are_told(body: str, says: str) -> None:
    """Both are written by beginners, and both would mean that there are no settings."""
    with pytest.raises(PluginError, match=re.escape(says)):
        declare(body, Kept=Kept).config_type()
