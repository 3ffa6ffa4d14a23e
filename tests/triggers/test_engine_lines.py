"""Triggers over several lines, and sieves that are made while lines arrive."""

from __future__ import annotations

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
