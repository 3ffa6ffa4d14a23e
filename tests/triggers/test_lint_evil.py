"""What runs away is found: each of these patterns is shown to run away, and then that it is found."""

from __future__ import annotations

import re

import pytest

from mudbot.triggers.guard import Guard, Runaway
from mudbot.triggers.lint import lint

# Each with a text that is repeated until the line has 160 characters, two lines of a screen.
EXPONENTIAL = [
    (r"(a+)+$", "a"),
    (r"(a*)*$", "a"),
    (r"(a+)*$", "a"),
    (r"(?:a+)+b", "a"),
    (r"(a|a+)+$", "a"),
    (r"(a|aa)+$", "a"),
    (r"(?:a|ab|b)*$", "ab"),
    (r"(a?b?)*$", "ab"),
    (r"(a?){20}b", "a"),
    (r"(\w+\s?)*$", "a"),
    (r"(\w+\s?)+:", "a"),
    (r"^(\w+\s*)+ says", "a"),
    (r"^(?:\w+ ?)+ arrives\.$", "a"),
    (r"^(?P<who>(?:\w+ ?)+) tells you", "a"),
    (r"(?:\w* ?)*!", "a"),
    (r"(?:\s*\w+)*!", "a"),
    (r"^(?:[A-Z]?[a-z]+\s?)+ attacks", "a"),
    (r"([a-zA-Z]+)*!", "a"),
    (r"(?:[a-z]+|[A-Z]+|\w+)*!", "a"),
    (r"(?:\d+|\w+)+:", "1"),
    (r"(?:\d+,?)+ gold", "1"),
    (r"^\[ ?Exits: ((?:\w+ ?)*)\]$", "a"),
    (r"^(?:[A-Z]{2,} ?)+:", "A"),
    (r"(?:\w+,? ?)+ (?:is|are) here", "a"),
    (r"^((?:\w+,? ?)*) and (\w+) are here", "a"),
    (r"(?:.*,)*x", ","),
    (r"(?:.*a){20}x", "a"),
    (r"^(?:(.*),)+(\d+)$", ","),
    (r"(?:.+ )*hits", " "),
    (r"(?:.* )*hits$", " "),
    (r"(?:.+)+hits", "a"),
    (r"(.*)*hits", "a"),
    (r"(?:.+?)+hits", "a"),
    (r"(?:.*?\s)*hits", " "),
    (r"(?:\S+\s*)+=", "a"),
    (r"(?:\S* *)*=", "a"),
    (r"(?:[^,]+,?)*;", "a"),
    (r'(?:"[^"]*"|.)*!$', '"'),
    (r'"(?:[^"\\]|\\.|\\)*"', "\\"),
    (r"(?:<[^>]*>|[^!])*!", "<>"),
    (r"(?:\([^)]*\)|\(|[^(])*!", "()"),
    (r"(?:\w|\d|_)*(?:\w+)*!", "a"),
    (r"(?:foo|foobar|bar)*$", "foobar"),
    (r"(?:n|ne|e|s)+ leads", "ne"),
    (r"(?:no|north|rth)*!", "north"),
    (r"(?i:(?:a|A+)*)!", "a"),
    (r"(?i)(?:ſ|s+)*!", "s"),
    (r"(?:\d|[0-9]+)*:", "1"),
    (r"(?:\d{1,3},?)+ gold", "1"),
    (r"(?:\d{4}|\d{2}|\d)*!", "1"),
    (r"(?:x(?:b*|c*))*y", "x"),
    (r"(?:x(?:b?)*)*y", "x"),
    (r"(?:(?:\w+\s)?\w+\s)*\.", "a "),
    (r"(?:(?:a+b?)+c?)*$", "a"),
    (r"(?=(?:a+)+b)a", "a"),
    (r"(?!(?:a+)+b)a+c", "a"),
    (r"(?>(?:a+)+b)c", "a"),
    (r"(?:(?:a+)+b)?c", "a"),
    (r"(?x) (?: \w+ \s? )+ : ", "a"),
    (r"(?:\w+\b ?)+(?:\w+ ?)*!", "aaaaaaa "),
    (r"(?:(?!x)\w+ ?)*!", "a"),
    (r"(?s:.|\n)*(?:.|\s)*!", " "),
    (r"(?:.|\s)*!", " "),
    (r"^(?:[\u4e00-\u9fff]+，?)+。$", "中"),
    (r"^(?:[^，]+，?)*说道：", "中"),
    (r"^(?:\w+、?)+在这里", "东"),
    (r"^(?:[东南西北]|东北|西南)+$", "东北"),
    (r"^(?:【.*】)*】x", "【】"),
    (r"(?:[零一二三]+|十|[一二]十)*两", "一"),
]

# These need a line of some hundreds or thousands.
POLYNOMIAL = [
    (r"\d+\d+,", "1"),
    (r"\w+\w+:", "a"),
    (r".*.*=", "a"),
    (r".*?.*?=", "a"),
    (r"(.*)(.*)=", "a"),
    (r"\s*\s*=", " "),
    (r"\s+\s+=", " "),
    (r"\s+.*=", " "),
    (r"(\w+)\s*(\w+) hits", "a"),
    (r"\w+\d+:", "1"),
    (r"[a-z]+[a-m]*!", "a"),
    (r"(?:ab)*(?:ab)*c", "ab"),
    (r"(\w+\s?){1,5}!", "a"),
    (r"(?:\w+ ?){3}!", "a"),
    (r".+ *.+=", " "),
    (r"[^,]*[^;]*=", "a"),
    (r"(?=\w+\w+:)a", "a"),
    (r"[一-龥]+[^，]*。x", "中"),
]

STARTS = {"[ Exits: ": r"^\[ ?Exits", "【】": "^(?:【", '"': '"'}
"""What must stand before the evil text, for patterns that begin so."""


def kinds(pattern: str) -> set[str]:
    return {finding.kind for finding in lint(pattern)}


def line(pattern: str, word: str, length: int) -> str:
    """A line of *word* over and over that the pattern starts to take, and does not fit at its end."""
    start = next((start for start in STARTS if pattern.startswith(STARTS[start])), "")
    return start + (word * length)[:length] + "\x00"


def runs_away(pattern: str, text: str) -> bool:
    """Whether a search takes more than some 20 ms of processor time, thousands of times what a line should take."""
    guard = Guard(each=0.04, total=1000)
    with guard:
        try:
            guard.search(re.compile(pattern), text)
        except Runaway:
            return True
    return False


needs_guard = pytest.mark.skipif(not Guard().available, reason="a search that runs away could not be ended")


@needs_guard
@pytest.mark.parametrize(("pattern", "word"), EXPONENTIAL, ids=[pattern for pattern, _ in EXPONENTIAL])
def test_a_short_line_is_enough(pattern: str, word: str) -> None:
    """The list is honest: a line of 160 characters keeps `re` busy, one of four does not."""
    assert runs_away(pattern, line(pattern, word, 160))
    assert not runs_away(pattern, line(pattern, word, 4))


@needs_guard
@pytest.mark.parametrize(("pattern", "word"), POLYNOMIAL, ids=[pattern for pattern, _ in POLYNOMIAL])
def test_a_long_line_is_enough(pattern: str, word: str) -> None:
    """The list is honest: eight thousand characters keep `re` busy, sixteen do not."""
    assert runs_away(pattern, line(pattern, word, 8000))
    assert not runs_away(pattern, line(pattern, word, 16))


def test_nearly_all_of_it_is_found() -> None:
    """At least 95 in 100 of what is shown to explode, on a list of sixty and more."""
    missed = [pattern for pattern, _ in EXPONENTIAL if "exponential" not in kinds(pattern)]
    assert len(EXPONENTIAL) >= 60
    assert len(missed) <= len(EXPONENTIAL) * 0.05, missed


def test_polynomial_ones_are_found() -> None:
    """Loops that touch, and none of them is called worse than it is."""
    assert [(pattern, kinds(pattern)) for pattern, _ in POLYNOMIAL if kinds(pattern) != {"polynomial"}] == []


@needs_guard
@pytest.mark.parametrize("pattern", [pattern for pattern, _ in EXPONENTIAL])
def test_the_text_that_is_named_is_one(pattern: str) -> None:
    """The message names a text; on that the pattern runs away, or the piece does where nothing stands before it."""
    for finding in lint(pattern):
        named = re.search(r"each further `(.+?)` in a line", finding.message)
        if named and any(runs_away(each, line(each, named[1], 400)) for each in (pattern, f"(?:{finding.piece})\x01")):
            return
    pytest.fail(f"none of the texts is one: {[finding.message for finding in lint(pattern)]}")
