"""Patterns, colours and triggers are checked when they are made, and say what is wrong, and where."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mudbot.errors import PatternError
from mudbot.events import Style
from mudbot.triggers.trigger import COLORS, FLAGS, Color, Kind, Pattern, Trigger, groups_of, parents
from tests.triggers.strategies import fuzz

BROKEN = {
    "(": "position 0", "a(b": "position 1", "ab)": "position 2", "[a": "position 0", "a**": "position 2",
    "*a": "position 0",
    "(?P<a>x": "position 0", "(?P<1>x)": "position 4", "(?P<a>x)(?P<a>y)": "position 12", r"\1": "position 1",
    "(?P=a)": "position 4", r"(a)\2": "position 4", "(?(2)a|b)": "position 3", "(?(1)a|b|c)(x)": "position",
    r"\q": "position 0",
    r"\x1": "position 0", r"\u12": "position 0", r"\N{NO SUCH}": "position 0", "[z-a]": "position 1",
    r"[\d-z]": "position 1",
    "a{3,2}": "position 2", "(?<=a*)b": "fixed-width", "(?z)a": "position 1", "a(?i)b": "position 1",
    "(?i-": "position",
    "(?L)a": "position", "\\": "position 0", "(?<a": "position", "(?#": "position 0", "a{99999999999}": "too large",
    "(" * 3000 + ")" * 3000: "recursion", "a{" + "9" * 5000 + "}": "digits",
}  # fmt: skip


@pytest.mark.parametrize("source", BROKEN)
def test_what_is_no_regular_expression_says_where(source: str) -> None:
    """The author's text is in the message, and the place."""
    with pytest.raises(PatternError) as caught:
        Pattern(source).compiled()
    assert str(caught.value).startswith(repr(source))
    assert "is not a regular expression" in str(caught.value)
    assert BROKEN[source] in str(caught.value)


@pytest.mark.parametrize("flags", [re.LOCALE, re.DEBUG, re.UNICODE, 1 << 20])
def test_flags_that_do_not_go_with_a_trigger(flags: int) -> None:
    """Those for bytes and for Python's own people."""
    with pytest.raises(PatternError, match="flags"):
        Pattern("a", flags=int(flags)).compiled()


def test_flags_that_contradict_each_other() -> None:
    with pytest.raises(PatternError, match="incompatible"):
        Pattern("(?u)x", flags=re.ASCII).compiled()


@given(st.text("(){}[]?*+|\\^$<>=!P:#,-abc19 \nxuN\u0130", max_size=10), st.sampled_from([0, int(FLAGS), 2, 64]))
@fuzz(500)
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")
def test_any_text_is_a_pattern_or_a_pattern_error(source: str, flags: int) -> None:
    """No other error comes out, of patterns and of triggers."""
    try:
        compiled = Pattern(source, flags=flags).compiled()
    except PatternError:
        with pytest.raises(PatternError):
            Trigger(patterns=(Pattern(source, flags=flags),)).check()
    else:
        Trigger(patterns=(Pattern(source, flags=flags),)).check()
        assert compiled.pattern == source


@pytest.mark.parametrize(
    ("kind", "source", "line", "found"),
    [
        ("text", "a.b", "xa.bx", ("a.b",)), ("text", "a.b", "xaxbx", None), ("text", "", "x", ("",)),
        ("exact", "a.b", "a.b", ("a.b",)), ("exact", "a.b", "a.b ", None), ("exact", "a", "xa", None),
        ("exact", "", "", ("",)),
        ("glob", "* 告诉你：*", "张三 告诉你：在吗", ("张三 告诉你：在吗", "张三", "在吗")),
        ("glob", "*", "", ("", "")),
        ("glob", "a?c", "abc", ("abc",)), ("glob", "a?c", "ac", None), ("glob", "a?c", "xabc", None),
        ("glob", r"\*a\?", "*a?", ("*a?",)), ("glob", r"\*a", "xa", None), ("glob", r"a\\*", r"a\bc", (r"a\bc", "bc")),
        ("glob", "*:*", "a:b:c", ("a:b:c", "a", "b:c")), ("glob", "(*)", "(x)", ("(x)", "x")),
        ("glob", "a\\", "a\\", ("a\\",)),
        ("regex", "a.b", "axb", ("axb",)),
    ],
)  # fmt: skip
def test_kinds_of_patterns(kind: Kind, source: str, line: str, found: tuple[str, ...] | None) -> None:
    """Contained; the whole line; the whole line with anything for a star, whose parts are numbered; Python's own."""
    match = Pattern(source, kind).compiled().search(line)
    assert (match and (match[0], *match.groups())) == found
    caseless = Pattern(source, kind, re.IGNORECASE | re.VERBOSE if kind != "regex" else 0)
    assert not found or caseless.compiled().search(line.upper() if kind != "regex" else line)


def test_verbose_is_for_regexes_only() -> None:
    """Blanks of a text are text."""
    assert Pattern("a b # c", "text", re.VERBOSE).compiled().search("a b # c")
    assert not Pattern("a b", "exact", re.VERBOSE).compiled().search("ab")
    assert Pattern("a b # c", flags=re.VERBOSE).compiled().search("ab")


def test_patterns_say_what_they_are() -> None:
    assert [str(Pattern("a*")), str(Pattern("a*", "glob"))] == ["a*", "glob: a*"]
    assert str(Trigger(patterns=(Pattern("a"), Pattern("b", "text")))) == "a / text: b"
    assert str(Trigger(patterns=(Pattern("a"),), name="Fighter.parry")) == "Fighter.parry"


# -- triggers ----------------------------------------------------------------------------------------------------------

A, NAMED = Pattern("a"), Pattern("(?P<who>a)(b)?")
RED = Color.of("red")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"patterns": ()}, "wants a pattern"),
        ({"patterns": (A, Pattern("("))}, "position 0"),
        ({"patterns": (A, A), "lines": 0}, "lines: 0"),
        ({"patterns": (A, A), "lines": -3}, "lines: -3"),
        ({"patterns": (A,), "lines": 2}, "several patterns"),
        ({"patterns": (A,), "count": 0}, "above 0"),
        ({"patterns": (A,), "count": -1}, "above 0"),
        ({"patterns": (A,), "cooldown": -0.1}, "above 0"),
        ({"patterns": (A, A), "on": "prompt"}, "one pattern"),
        ({"patterns": (A, A), "colors": (("", RED),)}, "color goes with one pattern"),
        ({"patterns": (A,), "per": "who"}, "per: no pattern has the group 'who'"),
        ({"patterns": (NAMED,), "per": "3"}, "per: no pattern has the group '3'"),
        ({"patterns": (A,), "colors": (("who", RED),)}, "color: no pattern has the group 'who'"),
        ({"patterns": (NAMED,), "colors": (("\u0661", RED),)}, "color: no pattern has the group"),
        ({"patterns": (A,), "when": "hp <"}, "when: 'hp <' is no condition"),
        ({"patterns": (A,), "when": "__import__('os')"}, "it may call only"),
    ],
)
def test_triggers_that_cannot_work(given: dict[str, Any], said: str) -> None:
    """Each rule has its own words."""
    with pytest.raises(PatternError) as caught:
        Trigger(**given).check()
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "given",
    [
        {"patterns": (A,), "on": "prompt", "colors": (("", RED), ("0", RED))},
        {"patterns": (A, NAMED), "lines": 1, "per": "who"},
        {"patterns": (NAMED, A), "per": "2"},
        {"patterns": (NAMED,), "colors": (("who", RED), ("2", RED)), "per": "0", "when": "hp < 30", "count": 1},
    ],
)
def test_triggers_that_work(given: dict[str, Any]) -> None:
    Trigger(**given).check()


def test_groups_and_what_they_stand_in() -> None:
    assert parents("combat/heal/self") == ("combat/heal/self", "combat/heal", "combat")
    assert (parents("a"), parents("")) == (("a",), ())


def test_groups_by_name_and_number() -> None:
    """Those that took part; where several patterns have one, the last counts."""
    first, second = re.search("(?P<who>a)(?P<x>z)?", "a"), re.search("(b)(?P<who>c)?", "bc")
    assert first is not None
    assert second is not None
    assert groups_of(first) == {"0": "a", "1": "a", "who": "a"}
    assert groups_of(first, second) == {"0": "bc", "1": "b", "2": "c", "who": "c"}
    assert groups_of(second, first) == {"0": "a", "1": "a", "2": "c", "who": "a"}


# -- colours -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "fg", "bg"),
    [
        ("red", "red", None), ("bright green", "bright green", None), (" Bright Green ", "bright green", None),
        ("red on blue", "red", "blue"), ("on white", None, "white"), ("#FF8000", "#ff8000", None), ("plain",
        "plain", None),
        ("plain on #000000", "plain", "#000000"), ("bright cyan on bright black", "bright cyan", "bright black"),
        *((name, name, None) for name in COLORS),
    ],
)  # fmt: skip
def test_colours(text: str, fg: str | None, bg: str | None) -> None:
    assert Color.of(text) == Color(fg, bg)


NO_COLORS = (
    "", " ", "on", "on ", "red on", "red on ", "orange", "#fff", "#gggggg", "bright", "bright bright red", "red blue",
    "red on blue on white", "brightred", "1", "bold red", "bright #ff0000", "bright plain", "r\ned",
)  # fmt: skip


@pytest.mark.parametrize("text", NO_COLORS)
def test_what_is_no_colour(text: str) -> None:
    """All that may stand there is named."""
    with pytest.raises(PatternError, match="is no colour") as caught:
        Color.of(text)
    assert all(name in str(caught.value) for name in COLORS)


@pytest.mark.parametrize(
    ("text", "style", "shown"),
    [
        ("red", Style(fg="red"), True), ("red", Style(fg="bright red"), False), ("red", None, False),
        ("plain", None, True),
        ("plain", Style(bg="red"), True), ("plain", Style(fg="red"), False), ("on red", Style(bg="red"), True),
        ("red", Style(fg="red", bg="blue", bold=True), True), ("red on blue", Style(fg="red"), False),
        ("on plain", None, True),
        ("red on plain", Style(fg="red"), True), ("red on blue", Style(fg="red", bg="blue"), True),
        ("on red", None, False),
    ],
)  # fmt: skip
def test_what_shows_a_colour(text: str, style: Style | None, shown: bool) -> None:
    """What is not asked for may be any; ``plain`` is the usual look."""
    assert Color.of(text).shows(style) is shown
