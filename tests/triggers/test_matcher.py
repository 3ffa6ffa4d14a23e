"""Every pattern that is found in a line, in the order in which they were added."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from mudbot.triggers.matcher import Matcher


def matcher(**patterns: str) -> Matcher[str]:
    made: Matcher[str] = Matcher()
    for key, pattern in patterns.items():
        made.add(key, re.compile(pattern))
    return made


def keys(made: Matcher[str], text: str) -> list[str]:
    return [key for key, _ in made.match(text)]


def test_a_pattern_is_searched_anywhere_unless_it_is_anchored() -> None:
    made = matcher(anywhere="rain", start="^rain", end="rain$")
    assert keys(made, "the rain falls") == ["anywhere"]
    assert keys(made, "rain") == ["anywhere", "start", "end"]
    assert keys(made, "snow") == []


def test_what_was_found_comes_with_its_groups() -> None:
    [(key, found)] = matcher(give=r"(?P<who>\w+) gives (?P<n>\d+)").match("Ann gives 12 coins")
    assert (key, found.groupdict()) == ("give", {"who": "Ann", "n": "12"})


def test_a_key_has_one_pattern() -> None:
    """Adding it again replaces the pattern and keeps its place."""
    made = matcher(a="x", b="y")
    made.add("a", re.compile("y"))
    assert len(made) == 2
    assert keys(made, "x") == []
    assert keys(made, "y") == ["a", "b"]


def test_what_was_removed_is_not_found() -> None:
    """Removing twice, or what never was, is no error."""
    made = matcher(a="x", b="x")
    made.remove("a")
    made.remove("a")
    made.remove("c")
    assert keys(made, "x") == ["b"]


def test_patterns_may_change_while_matches_are_read() -> None:
    """A handler may load or unload a plugin: the line that is being matched goes on with what there was."""
    made = matcher(a="x", b="x", c="x")
    seen = []
    for key, _ in made.match("x"):
        seen.append(key)
        made.remove("b")
        made.add("d", re.compile("x"))
    assert seen == ["a", "b", "c"]
    assert keys(made, "x") == ["a", "c", "d"]


@given(st.lists(st.sampled_from(["a", "b+", "^a", "b$", "[ab]{2}", "", "(?i)A", "c|a"]), max_size=8), st.text("abc"))
def test_it_finds_what_each_pattern_finds_alone(patterns: list[str], text: str) -> None:
    """The definition that any faster engine has to keep."""
    made: Matcher[int] = Matcher()
    for number, pattern in enumerate(patterns):
        made.add(number, re.compile(pattern))
    assert [key for key, _ in made.match(text)] == [n for n, p in enumerate(patterns) if re.search(p, text)]
