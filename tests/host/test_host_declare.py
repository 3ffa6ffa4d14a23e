"""Every mistake in a declaration is found when the class is made, and the message names the class and the method."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest

import mudbot
from mudbot import Command, Line, Plugin, PluginError, Text, command, every, on, review, trigger
from mudbot.host.marks import TriggerMark


def declare(body: str) -> type[Plugin]:
    """A plugin class P with this body."""
    space: dict[str, Any] = dict(vars(mudbot))
    indented = "\n".join(f"    {line}" for line in body.splitlines())
    exec(f"class P(Plugin):\n{indented}", space)
    kind: type[Plugin] = space["P"]
    return kind


MISTAKES = {
    "a trigger that is no coroutine": ("@trigger('x')\ndef hi(self): ...", "P.hi must be 'async def'"),
    "a timer that is no coroutine": ("@every(5)\ndef hi(self): ...", "P.hi must be 'async def'"),
    "an argument that no group fills": (
        "@trigger('(?P<who>.)')\nasync def hi(self, whom): ...",
        "P.hi takes ['whom'] but its pattern names ['who']",
    ),
    "a group that no argument takes": (
        "@trigger('(?P<who>.)')\nasync def hi(self): ...",
        "P.hi takes [] but its pattern names ['who']",
    ),
    "per without its group": (
        "@trigger('(?P<who>.)', cooldown=1, per='whom')\nasync def hi(self, who): ...",
        "@trigger on P.hi: per: no pattern has the group 'whom'",
    ),
    "an unknown annotation": (
        "@trigger('(?P<who>.)')\nasync def hi(self, who: 'Nobody'): ...",
        "P.hi: an annotation names something unknown: name 'Nobody' is not defined",
    ),
    "an event handler with two arguments": (
        "@on(Speech)\nasync def hi(self, speech, line): ...",
        "P.hi must take self and one more argument, event; it takes ['speech', 'line']",
    ),
    "a reviewer without an argument": (
        "@review\nasync def hi(self): ...",
        "P.hi must take self and one more argument, text; it takes []",
    ),
    "a timer with an argument": ("@every(5)\nasync def hi(self, now): ...", "P.hi runs on a timer"),
    "a timer that never waits": ("@every(0)\nasync def hi(self): ...", "P.hi cannot run every 0 seconds"),
    "a timer that runs back": ("@every(-1)\nasync def hi(self): ...", "P.hi cannot run every -1 seconds"),
    "a timer in words": ("@every('5')\nasync def hi(self): ...", "@every on '5' wants seconds"),
    "a timer without parentheses": ("@every\nasync def hi(self): ...", "@every on P.hi wants seconds in parentheses"),
    "a command without parentheses": ("@command\nasync def hi(self, c): ...", "@command on P.hi wants its name"),
    "a trigger without parentheses": ("@trigger\nasync def hi(self): ...", "@trigger on P.hi wants a pattern"),
    "an event handler without parentheses": ("@on\nasync def hi(self, e): ...", "@on(hi): choose one of Line, Prompt"),
    "a command without a name": ("@command()\nasync def hi(self, c): ...", "P.hi wants the command's name"),
    "a command with its prefix": ("@command('!hi')\nasync def hi(self, c): ...", "P.hi: nobody can give the command"),
    "a command of two words": ("@command('hi ho')\nasync def hi(self, c): ...", "P.hi: nobody can give the command"),
    "an event that nobody sends": ("@on(int)\nasync def hi(self, e): ...", "@on(int): choose one of Line, Prompt"),
    "a broken pattern": ("@trigger('(')\nasync def hi(self): ...", "@trigger on P.hi: '(' is not a regular expression"),
    "one command twice": (
        "@command('hi')\nasync def a(self, c): ...\n@command('ho', 'HI')\nasync def b(self, c): ...",
        "P.b: the command 'hi' is P.a's already",
    ),
}


@pytest.mark.parametrize(("body", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named(body: str, message: str) -> None:
    """The author reads which method is wrong, and what to write instead."""
    with pytest.raises(PluginError, match=re.escape(message)):
        declare(body)


def test_a_right_declaration_lists_its_handlers() -> None:
    """Every mark of every method is there, those of a base class too."""

    class Base(Plugin):
        @every(5)
        async def tick(self) -> None: ...

    class Whole(Base):
        @trigger("a")
        @trigger("b")
        async def see(self) -> None: ...

        @command("go", "Los")
        async def go(self, command: Command) -> None:
            """go somewhere

            and more that nobody reads
            """

        @on(Line)
        async def line(self, line: Line) -> None: ...

        @review
        async def judge(self, text: Text) -> str | None:
            return None

        async def helper(self) -> None: ...

    assert sorted(name for _, name in Whole.handlers) == ["go", "judge", "line", "see", "see", "tick"]
    mark = next(mark for mark, name in Whole.handlers if name == "go")
    assert repr(mark) == "CommandMark(names=('go', 'los'), cooldown=0, help='go somewhere', zh='', role='anyone')"


@pytest.mark.parametrize(
    ("annotation", "value"),
    [("int", 12), ("float", 12.0), ("str", "12"), ("int | None", 12), ("'float | None'", 12.0)],
)
def test_a_number_arrives_as_its_annotation_says(annotation: str, value: object) -> None:
    """``gold: int`` is a number in the handler, whether or not its group may be missing."""
    kind = declare(f"@trigger('(?P<gold>.+)')\nasync def hi(self, gold: {annotation}): ...")
    mark = kind.handlers[0][0]
    assert isinstance(mark, TriggerMark)
    got = mark.arguments({"gold": "12"})["gold"]
    assert got == value
    assert type(got) is type(value)
    assert mark.arguments({}) == {"gold": None}


@dataclass
class Settings:
    pace: int = 1


class With(Plugin):
    config: Settings


class Without(Plugin):
    pass


def test_settings_are_what_the_class_annotates() -> None:
    """The host checks a plugin's settings against its own class, or knows that it has none."""
    assert With.config_type() is Settings
    assert Without.config_type() is None


def test_settings_of_an_unknown_class_are_named() -> None:
    """A misspelt settings class is the author's mistake, told as one."""
    kind = declare("config: 'Setings'")
    with pytest.raises(PluginError, match="P: an annotation names something unknown: name 'Setings'"):
        kind.config_type()
