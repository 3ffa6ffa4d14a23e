"""Why a trigger does not fire though its pattern is there, and what comes nearest where none is."""

from __future__ import annotations

import time
from typing import Any

import pytest

from mudbot.events import Line, Lines, Page, Prompt
from mudbot.mud.text import TextStream
from mudbot.triggers.engine import Engine
from mudbot.triggers.entry import Entry
from mudbot.triggers.explain import Miss, Nearest, looks, reasons
from mudbot.triggers.trigger import Color, Pattern, Trigger


class Tried:
    """An engine with triggers by name; ``hear`` says what fired, and why the others did not."""

    def __init__(self) -> None:
        self.engine: Engine[str] = Engine(backend="plain")
        self.now = 0.0

    def add(self, name: str, *patterns: str, barred: str = "", **keys: Any) -> Entry[str]:
        trigger = Trigger(name=name, patterns=tuple(map(Pattern, patterns)), **keys)
        trigger.check()
        return self.engine.add(trigger, name, barred=barred)

    def hear(self, text: str, on: str = "line") -> tuple[list[str], dict[str, tuple[str, str]]]:
        line = self.line(text)
        looked, fired = looks(self.engine, line, self.now, on=on), list[Entry[str]]()
        if on == "prompt":
            self.engine.feed_prompt(Prompt(text), lambda firing: fired.append(firing.entry), self.now)
        else:
            self.engine.feed(Lines(Page.of([line])), lambda firing: fired.append(firing.entry), self.now)
        missed: list[Miss[str]] = reasons(looked, fired)
        return [entry.data for entry in fired], {miss.entry.data: (miss.kind, miss.text) for miss in missed}

    @staticmethod
    def line(text: str) -> Line:
        (line,) = TextStream("utf-8").feed(text.encode() + b"\n")
        assert isinstance(line, Line)
        return line


@pytest.fixture
def tried() -> Tried:
    return Tried()


def test_what_fires_is_not_explained(tried: Tried) -> None:
    """And what is not there is not either."""
    tried.add("a", "a")
    tried.add("b", "b")
    assert tried.hear("a") == (["a"], {})


def test_a_cooldown_says_how_long(tried: Tried) -> None:
    tried.add("a", "(?P<who>.)!", cooldown=30.0, per="who")
    tried.hear("x!")
    tried.now = 10.0
    assert tried.hear("x!") == ([], {"a": ("cooldown", "again in 20.0 s")})
    assert tried.hear("y!") == (["a"], {})


def test_what_is_idle_says_why(tried: Tried) -> None:
    """Its group, itself, a permission, its count."""
    tried.add("group", "a", group="combat/heal")
    tried.engine.rest(tried.add("itself", "a"), on=False)
    tried.add("barred", "a", barred="it may not")
    tried.add("once", "a", count=1)
    tried.engine.switch("combat", on=False)
    tried.hear("a")
    assert tried.hear("a") == (
        [],
        {
            "group": ("off", "group combat is off"),
            "itself": ("off", "it is switched off"),
            "barred": ("permission", "it may not"),
            "once": ("spent", "it has fired 1 times, which is all it may"),
        },
    )


def test_what_is_stopped_says_by_whom(tried: Tried) -> None:
    """What is before it is not, and what is off is off."""
    tried.add("after", "a")
    tried.add("stops", "a", stop=True, priority=1)
    tried.add("before", "a", priority=2, cooldown=9.0)
    tried.engine.rest(tried.add("off", "a"), on=False)
    assert tried.hear("a") == (
        ["before", "stops"],
        {"after": ("stopped", "stops stops the line before it"), "off": ("off", "it is switched off")},
    )
    assert tried.hear("a")[1]["before"][0] == "cooldown"


def test_a_condition_says_what_its_names_are(tried: Tried) -> None:
    """Variables, paths, groups; what nobody told yet is named."""
    tried.engine.values["hp"] = 50
    tried.engine.values.hear_gmcp("Char.Vitals", {"mp": "7"})
    tried.add("hp", "a", when="hp < 30")
    tried.add("path", "a", when="Char.Vitals.mp > 10 and hp > 0")
    tried.add("group", "(?P<what>a)", when="what == 'b'")
    tried.add("unknown", "a", when="gold > 5")
    assert tried.hear("a")[1] == {
        "hp": ("condition", "not so: hp < 30 (hp is 50)"),
        "path": ("condition", "not so: Char.Vitals.mp > 10 and hp > 0 (Char.Vitals.mp is 7, hp is 50)"),
        "group": ("condition", "not so: what == 'b' (what is 'a')"),
        "unknown": ("condition", "nothing is known of gold yet: gold > 5"),
    }


@pytest.mark.parametrize(
    ("line", "there"),
    [
        ("Ann says", "'Ann' is plain"),
        ("\x1b[31mAnn\x1b[0m says", "'Ann' is red"),
        ("\x1b[1;32mA\x1b[36mnn\x1b[0m says", "'Ann' is bright green and bright cyan"),
        ("\x1b[31;44mAnn\x1b[0m says", "'Ann' is red on blue"),
    ],
)
def test_a_colour_says_what_there_is_instead(tried: Tried, line: str, there: str) -> None:
    tried.add("a", r"^(\w+) says", colors=(("1", Color.of("bright green")),))
    kind, text = tried.hear(line)[1]["a"]
    assert (kind, text) == ("color", f"group 1 is not bright green: {there}")


def test_several_lines_say_what_they_wait_for(tried: Tried) -> None:
    """In order, on the lines that follow each other."""
    tried.add("three", "^a", "^b", "^c")
    assert tried.hear("b") == ([], {"three": ("waits", "its first line is not there: ^a")})
    assert tried.hear("a") == ([], {"three": ("waits", "1 of 3 lines are there; the next wants ^b")})
    assert tried.hear("b") == ([], {"three": ("waits", "2 of 3 lines are there; the next wants ^c")})
    assert tried.hear("c") == (["three"], {})


def test_several_patterns_within_lines_say_what_is_lacking(tried: Tried) -> None:
    tried.add("both", "^a", "^b", lines=3)
    assert tried.hear("b") == ([], {"both": ("waits", "within 3 lines it wants ^a as well")})
    assert tried.hear("x") == ([], {})
    assert tried.hear("a") == (["both"], {})


def test_several_lines_that_are_there_can_be_held_back_too(tried: Tried) -> None:
    tried.add("both", "^a", "^b", when="1 > 2")
    tried.hear("a")
    assert tried.hear("b") == ([], {"both": ("condition", "not so: 1 > 2")})


def test_to_ask_changes_nothing(tried: Tried) -> None:
    """An engine that is asked before each line fires as one that is not."""
    other, keys = Tried(), {"one": ("a", "b"), "within": ("a", "c")}
    for each in (tried, other):
        each.add("one", *keys["one"])
        each.add("within", *keys["within"], lines=2)
        each.add("cool", "a", cooldown=2.0)
    for at, text in enumerate("abacabbcacaab"):
        tried.now = other.now = at * 0.7
        fired = list[str]()
        other.engine.feed(Lines(Page.of([Line(text)])), lambda firing, f=fired: f.append(firing.entry.data), other.now)  # type: ignore[misc]
        for _ in range(3):
            looks(tried.engine, Line(text), tried.now)
        assert tried.hear(text)[0] == fired


def test_what_looks_at_prompts_says_so_of_a_line_and_the_other_way_round(tried: Tried) -> None:
    """Behind the others, whatever else would hold it back, and nobody but that stops it."""
    prompts, lines = (
        ("prompt", "it looks at prompts: try --prompt"),
        ("line", "it looks at lines: try without --prompt"),
    )
    tried.add("p", "a", on="prompt", priority=1, when="1 > 2")
    tried.add("l", "a", when="1 > 2")
    assert tried.hear("a") == ([], {"l": ("condition", "not so: 1 > 2"), "p": prompts})
    assert tried.hear("a", on="prompt") == ([], {"p": ("condition", "not so: 1 > 2"), "l": lines})
    assert tried.hear("b") == ([], {})
    tried.add("stops", "a", stop=True, priority=2)
    fired, missed = tried.hear("a")
    assert (fired, list(missed), missed["p"]) == (["stops"], ["l", "p"], prompts)


def test_a_pattern_that_runs_away_is_left(tried: Tried) -> None:
    """Whoever asks why wants an answer today."""
    tried.add("evil", r"(a|aa)+$")
    tried.add("good", "b", when="1 > 2")
    begun = time.process_time()
    line = f"aa {'a' * 60}b"
    assert list(dict(tried.hear(line)[1])) == ["good"]
    near = Nearest(tried.engine.entries).of(line)
    assert near is not None
    assert near.entry.data == "evil"
    assert time.process_time() - begun < 20


# -- what comes nearest ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "line", "there", "wanted", "rest"),
    [
        (Pattern(r"^(?P<who>\w+) has arrived\.$"), "Ann has left.", r"^(?P<who>\w+) has ", r"arrived\.$", "left."),
        (Pattern("^(张|李)三(?:来了|走了)。"), "李三坐下了。", "^(张|李)三", "(?:来了|走了)。", "坐下了。"),
        (Pattern("hello there", "text"), "hello here", "hello ", "there", "here"),
        (Pattern("* 告诉你：*", "glob"), "张三 告诉他：好", "* 告诉", "你：*", "他：好"),
        (Pattern("It rains.", "exact"), "It rains.  Hard", "It rains.", "", "  Hard"),
        (Pattern("it RAINS hard", "text", 2), "It rains softly", "it RAINS ", "hard", "softly"),
        (Pattern(r"you are (?:tired|very) now"), "you are very late", r"you are (?:tired|very) ", "now", "late"),
    ],
)  # fmt: skip
def test_how_far_a_pattern_gets(tried: Tried, pattern: Pattern, line: str, there: str, wanted: str, rest: str) -> None:
    """What of it is there, what it wants next, and what the line has in its place."""
    tried.engine.add(Trigger(name="x", patterns=(pattern,)), "x")
    near = Nearest(tried.engine.entries).of(line)
    assert near is not None
    assert (near.entry.data, near.there, near.wanted, near.rest) == ("x", there, wanted, rest)


def test_of_many_the_one_that_gets_farthest_is_told(tried: Tried) -> None:
    """Among thousands, in a moment."""
    for number in range(3000):
        tried.add(str(number), rf"^You see monster {number} here\.")
    tried.add("gold", r"^You get (\d+) gold coins from the corpse\.")
    near = Nearest(tried.engine.entries).of("You get 12 gold coins from the chest.")
    assert near is not None
    assert (near.entry.data, near.wanted, near.rest) == ("gold", r"orpse\.", "hest.")


@pytest.mark.parametrize("line", ["", "   ", "zzz", "！？", "(((", "\\"])
def test_where_nothing_is_near_nothing_is_told(tried: Tried, line: str) -> None:
    tried.add("a", r"^You get (\d+) gold")
    tried.add("b", "^(.*)x")
    assert Nearest(tried.engine.entries).of(line) is None
