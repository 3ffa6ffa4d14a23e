"""Triggers over several lines, and sieves that are made while lines arrive."""

from __future__ import annotations

from itertools import pairwise

import pytest

from mudbot.events import Lines, Prompt
from mudbot.triggers.engine import FRESH, Engine
from mudbot.triggers.entry import Firing
from mudbot.triggers.sieve import Backend, has_hyperscan
from tests.triggers.engines import add, feed, page


@pytest.fixture(params=["plain", "hyperscan"])
def engine(request: pytest.FixtureRequest) -> Engine[str]:
    if request.param == "hyperscan" and not has_hyperscan():
        pytest.skip("there is no hyperscan on this machine")
    backend: Backend = request.param
    return Engine(backend=backend)


@pytest.mark.parametrize(
    ("lines", "texts", "rows"),
    [
        (None, "ab", [1]), (None, "ba", []), (None, "a-b", []), (None, "aab", [2]), (None, "abab", [1, 3]),
        (1, "ab", []), (1, "*", [0]), (2, "ba", [1]), (2, "a-b", []), (3, "b-a", [2]), (3, "aba", [1]), (3, "abab",
        [1, 3]),
        (2, "*ab", [0, 2]), (3, "a--b", []),
    ],
)  # fmt: skip
def test_several_lines(engine: Engine[str], lines: int | None, texts: str, rows: list[int]) -> None:
    """In this order on lines that follow each other; or within so many, in any order, and then anew."""
    add(engine, "a|[*]", "b|[*]", lines=lines)
    assert feed(engine, *texts) == [f"{row} a|[*] + b|[*]" for row in rows]


def test_what_ends_a_line_hides_it_from_those_behind(engine: Engine[str]) -> None:
    """A trigger over several lines does not see it; one before does."""
    add(engine, "a", "b", priority=5)
    add(engine, "b", stop=True)
    add(engine, "a", "b", "c")
    assert feed(engine, "a", "b", "c") == ["1 a + b", "1 b"]


def test_lines_go_on_over_pages_and_prompts(engine: Engine[str]) -> None:
    add(engine, "a", "b")
    add(engine, "p", on="prompt")
    assert feed(engine, "x", "a") == []
    engine.feed_prompt(Prompt("p b"), lambda firing: None)
    assert feed(engine, "b") == ["0 a + b"]


def test_firings_of_several_have_all_matches_and_groups(engine: Engine[str]) -> None:
    add(engine, "(?P<x>a.)", "(b.)", lines=2)
    seen: list[Firing[str]] = []
    engine.feed(Lines(page("b1", "a2")), seen.append)
    assert [(one.found[0], one.groups) for one in seen] == [("b1", {"0": "b1", "1": "b1", "x": "a2"})]


def test_each_match_of_several_is_of_its_own_line(engine: Engine[str]) -> None:
    """Also where each pattern is found on each line."""
    add(engine, r"(\d)a", r"(\d)a", r"(\d)a")
    seen: list[list[str]] = []
    engine.feed(Lines(page("1a", "2a", "3a", "4a")), lambda firing: seen.append([one[1] for one in firing.matches]))
    assert seen == [["1", "2", "3"], ["2", "3", "4"]]


# -- what is fed when --------------------------------------------------------------------------------------------------


def test_a_page_in_parts(engine: Engine[str]) -> None:
    """Each line once, in whatever parts the page is fed, and lines are counted on."""
    for sources in (["a"], ["b", "c"], ["", "d"]):
        add(engine, *sources)
    whole = Lines(page("a", "b", "c", "d", "a"))
    for cuts in ((0, 5), (0, 1, 5), (0, 2, 2, 3, 5), (0, 1, 2, 3, 4, 5)):
        seen: list[Firing[str]] = []
        for start, stop in pairwise(cuts):
            engine.feed(whole[start:stop], seen.append)
        assert [(one.row, one.entry.data) for one in seen] == [(0, "a"), (2, "b + c"), (3, " + d"), (4, "a")]


def test_a_sieve_that_comes_between_two_parts_of_a_page(engine: Engine[str]) -> None:
    """The rest of the page is looked at by the new one."""
    add(engine, "a")
    whole, seen = Lines(page("x", "ab", "x", "ab")), list[str]()
    engine.feed(whole[:2], lambda firing: seen.append(firing.entry.data))
    add(engine, "b", priority=5)
    engine.prepare()
    engine.feed(whole[2:], lambda firing: seen.append(firing.entry.data))
    assert seen == ["a", "b", "a"]


def test_the_order_of_priorities(engine: Engine[str]) -> None:
    """The higher the earlier, equal ones as they were added, however they are looked for, and new ones among them."""
    for source, priority in (("first orc", 0), ("", -1), (r"\w", 5), ("orc", 0), (r"o", 5)):
        add(engine, source, priority=priority)
    engine.prepare()
    add(engine, "c$", priority=1)
    assert feed(engine, "first orc") == ["0 \\w", "0 o", "0 c$", "0 first orc", "0 orc", "0 "]


# -- sieves ------------------------------------------------------------------------------------------------------------


def test_sieves_that_come_late_or_in_another_order(engine: Engine[str]) -> None:
    """Nothing that was added meanwhile is lost, nothing that was removed comes back."""
    first = add(engine, "a")
    engine.prepare()
    old = engine.rebuilding(always=True)
    add(engine, "b")
    older = engine.rebuilding(always=True)
    add(engine, "c")
    newer = engine.rebuilding(always=True)
    for work in (*old, *older, *newer):
        work.work()
    engine.remove(first)
    for works in (newer, older, newer, older):
        for work in works:
            engine.adopt(work)
        assert feed(engine, "abc", "-") == ["0 b", "0 c"]


def test_when_a_new_sieve_is_worth_its_making(engine: Engine[str]) -> None:
    """Not for a few; for many that were added or removed."""
    entries = [add(engine, f"a{n}") for n in range(FRESH)]
    assert [engine.stale] == [False]
    entries.append(add(engine, "b"))
    assert [engine.stale, len(engine.rebuilding())] == [True, 1]
    engine.prepare()
    assert [engine.stale, engine.rebuilding(), engine.rebuilding(always=True)] == [False, [], []]
    engine.remove(entries.pop())
    assert [engine.stale, len(engine.rebuilding(always=True))] == [False, 1]
    for entry in entries:
        engine.remove(entry)
    assert [engine.stale] == [True]
    engine.prepare()
    assert [engine.stale, len(engine), engine.entries] == [False, 0, []]


def test_entries_are_in_the_order_of_their_turn(engine: Engine[str]) -> None:
    for source, priority, on in (("a", 0, "line"), ("b", 5, "prompt"), ("c", 5, "line"), ("d", -1, "line")):
        add(engine, source, priority=priority, on=on)
    assert [entry.data for entry in engine.entries] == ["b", "c", "a", "d"]


def test_prompts_and_lines_are_apart(engine: Engine[str]) -> None:
    """A prompt without text is none."""
    add(engine, "", on="prompt")
    add(engine, "")
    seen: list[str] = []
    for text in ("hp", ""):
        engine.feed_prompt(Prompt(text), lambda firing: seen.append(firing.found.string))
    assert (seen, feed(engine, "")) == (["hp"], ["0 "])
