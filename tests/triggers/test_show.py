"""What transcripts and the web show of a line."""

from __future__ import annotations

from typing import Any

import pytest

from mudbot.events import Line
from mudbot.mud.text import TextStream
from mudbot.triggers.engine import Engine
from mudbot.triggers.trigger import Color, Pattern, Trigger


def engine(*triggers: Trigger) -> Engine[Any]:
    made: Engine[Any] = Engine(backend="plain")
    for trigger in triggers:
        made.add(trigger, None)
    return made


def put(pattern: str, substitute: str, **options: Any) -> Trigger:
    return Trigger(patterns=(Pattern(pattern),), substitute=substitute, **options)


def gag(pattern: str, **options: Any) -> Trigger:
    return Trigger(patterns=(Pattern(pattern),), gag=True, **options)


@pytest.mark.parametrize(
    ("triggers", "line", "shown"),
    [
        ([put(r"(\d+) gold", "{1} 两金子")], "12 gold and 3 gold", "12 两金子 and 3 两金子"),
        ([put(r"(?P<who>\w+) waves", "{{{who}}}")], "Bob waves", "{Bob}"),
        ([put("a(x)?", "[{1}]")], "a ax", "[] [x]"),
        ([gag("广告")], "【广告】买买买", None),
        ([gag("广告")], "A bird sings.", "A bird sings."),
        ([put("b", "c"), put("a", "b")], "ab", "bc"),
        ([put("a", "b"), gag("b")], "a", "b"),
        ([put("a", "1", priority=1), put("a", "2")], "a", "1"),
        ([gag("a", when="hp < 3")], "a", "a"),
        ([put("a", "b", count=1)], "a", "b"),
        ([Trigger(patterns=(Pattern("a"),))], "a", "a"),
    ],
)
def test_what_is_shown(triggers: list[Trigger], line: str, shown: str | None) -> None:
    """By priority; what the MUD sent decides what is looked for, not what was put in its place."""
    made = engine(*triggers)
    assert made.shown(Line(line)) == shown
    assert made.shown(Line(line)) == shown  # and always the same


def test_what_rests_changes_nothing() -> None:
    """Off, or removed: the line is shown as it came."""
    made: Engine[Any] = Engine(backend="plain")
    entry = made.add(gag("a", group="ads"), None)
    assert made.shown(Line("a")) is None
    made.switch("ads", on=False)
    assert made.shown(Line("a")) == "a"
    made.switch("ads", on=True)
    made.remove(entry)
    assert made.shown(Line("a")) == "a"


def test_a_color_counts() -> None:
    made = engine(gag("a", colors=(("", Color.of("red")),)))
    red, plain = TextStream().feed(b"\x1b[31ma\x1b[0m\r\na\r\n")
    assert made.shown(red) is None
    assert made.shown(plain) == "a"


def test_what_the_bot_hears_stays_the_same() -> None:
    """A gagged line still fires triggers, in its own words."""
    made: Engine[Any] = Engine(backend="plain")
    made.add(gag("a"), None)
    made.add(Trigger(patterns=(Pattern("(a)b"),)), "x")
    fired: list[tuple[Any, str]] = []
    made.feed(TextStream().feed(b"ab\r\n"), lambda firing: fired.append((firing.entry.data, firing.found[0])))
    assert fired == [(None, "a"), ("x", "ab")]


def test_a_pattern_that_runs_away_shows_the_line() -> None:
    made = engine(gag(r"^(a+)+$"))
    assert made.shown(Line("a" * 60 + "!")) == "a" * 60 + "!"
