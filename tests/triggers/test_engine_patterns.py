"""What fires for any patterns on any lines is what a plain loop over ``re.search`` fires."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mudbot.events import Line, Lines, Page
from mudbot.triggers.engine import Engine
from mudbot.triggers.entry import Firing
from mudbot.triggers.guard import Guard
from mudbot.triggers.sieve import Backend, has_hyperscan, sieve
from mudbot.triggers.trigger import Kind, Pattern, Trigger
from tests.triggers.reference import Fired, Naive, Spans
from tests.triggers.strategies import CASES, Drawn, drawn, fuzz, noise

BACKENDS: tuple[Backend, ...] = ("plain", "hyperscan")
PATIENT = Guard(each=5.0, total=100.0)
"""A busy machine must not make a slow search a runaway one."""

Seen = list[tuple[int, int, Spans]]
"""Which trigger fired, on which line, and what it found: in order."""


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Backend:
    """Each way to find candidates."""
    if request.param == "hyperscan" and not has_hyperscan():
        pytest.skip("there is no hyperscan on this machine")
    return request.param  # type: ignore[no-any-return]


def page_of(texts: Sequence[str]) -> Page:
    return Page("".join(f"{text}\n" for text in texts))


def by_engine(triggers: Sequence[Trigger], texts: Sequence[str], backend: Backend, *, prepare: bool = True) -> Seen:
    engine = Engine[int](backend=backend)
    engine._guard = PATIENT
    for number, trigger in enumerate(triggers):
        engine.add(trigger, number)
    engine._prepared = not prepare
    seen: Seen = []

    def fire(firing: Firing[int]) -> None:
        spans = tuple(tuple(m.span(n) for n in range(m.re.groups + 1)) for m in firing.matches)
        seen.append((firing.entry.data, firing.row, spans))

    engine.feed(Lines(page_of(texts)), fire)
    return seen


def by_hand(triggers: Sequence[Trigger], texts: Sequence[str]) -> Seen:
    naive = Naive()
    for number, trigger in enumerate(triggers):
        naive.add(trigger, number)
    seen: Seen = []

    def fire(fired: Fired) -> None:
        seen.append((fired.data, fired.line, fired.spans))

    naive.feed([Line(text) for text in texts], fire)
    return seen


def one(regex: str, flags: int = 0, kind: Kind = "regex") -> Trigger:
    return Trigger(patterns=(Pattern(regex, kind, flags),))


def case(regex: str, *lines: str, flags: int = 0) -> tuple[list[Drawn], list[str]]:
    return [Drawn(regex, flags, lines)], []


# -- any patterns on any lines -----------------------------------------------------------------------------------------


@given(st.lists(drawn(), min_size=1, max_size=6), st.lists(noise(), max_size=3), st.randoms(use_true_random=False))
@example(*case("(?i)[À-ſ]", "s", "I", "é"), random.Random(1))
@example(*case(r"a(?:b|^)c", "abc", "ac"), random.Random(1))
@example(*case(r"(?a)\S!", "\x1c!"), random.Random(1))
@example(*case(r"(?a)x(?u:\w)y", "xéy"), random.Random(1))
@example(*case("(" * 80 + "a" + ")" * 80, "a", "b"), random.Random(1))
@example(*case("", "", "a"), random.Random(1))
@example(*case("\ud800a", "\ud800a", "a", "\ud800"), random.Random(1))
@example(*case("a\nb|\n|c$", "a", "b", "c"), random.Random(1))
@fuzz(350)
def test_any_patterns_on_any_lines(cases: list[Drawn], others: list[str], rnd: random.Random) -> None:
    """The same triggers fire, on the same lines, in the same order, with the same groups; with both backends."""
    lines = [line for drawn in cases for line in drawn.lines] + others
    rnd.shuffle(lines)
    triggers = [one(drawn.regex, drawn.flags) for drawn in cases]
    expected = by_hand(triggers, lines)
    for backend in BACKENDS:
        assert by_engine(triggers, lines, backend) == expected
    assert by_engine(triggers, lines, "plain", prepare=False) == expected


@given(st.lists(drawn(1), min_size=20, max_size=30), st.randoms(use_true_random=False))
@fuzz(25)
def test_many_patterns_that_share_their_texts(cases: list[Drawn], rnd: random.Random) -> None:
    """Where texts are shared by many, other ways to look for them are chosen: what fires is the same."""
    triggers = [one(drawn.regex, drawn.flags) for drawn in cases] * 3
    lines = [rnd.choice(rnd.choice(cases).lines) + rnd.choice(rnd.choice(cases).lines) for _ in range(20)]
    expected = by_hand(triggers, lines)
    for backend in BACKENDS:
        assert by_engine(triggers, lines, backend) == expected


@given(st.text(min_size=0, max_size=8).filter(lambda text: "\n" not in text), noise(), noise())
@fuzz(150)
def test_texts_globs_and_whole_lines(text: str, before: str, behind: str) -> None:
    """``text`` is contained, ``exact`` is the line, ``glob`` is the line with ``*`` for anything."""
    kinds: tuple[Kind, ...] = ("text", "exact", "glob")
    sources = [*((kind, text) for kind in kinds), (kinds[2], f"*{text}?"), (kinds[2], f"{text}*")]
    triggers = [one(source, flags, kind) for kind, source in sources for flags in (0, CASES, re.VERBOSE)]
    lines = [text, before + text + behind, text + behind, text.swapcase(), before]
    expected = by_hand(triggers, lines)
    for backend in BACKENDS:
        assert by_engine(triggers, lines, backend) == expected
    assert {(0, 0), (3, 0)} <= {(number, row) for number, row, _ in expected}


LONG = (r"(\w+) hits (?:you|the (\w+))!$", "(?i)KISS", r"^\S+ 说道：", r"end\.?\Z", r"x{3,40}y", "[^a-zA-Z ]{4}", "q")
PARTS = ("a", "kiss ", "\u017f", "说道：", "x" * 50, "the orc hits you!", "z", " ", "😀")


@given(st.lists(st.sampled_from(PARTS), min_size=1), st.integers(1, 1000), st.sampled_from(("", "end.", "xxxy")))
@fuzz(25)
def test_very_long_lines(parts: list[str], times: int, end: str) -> None:
    """Lines of thousands of characters: more would take the plain loop minutes, as it goes back over each."""
    lines = [("".join(parts) * times)[:3_000] + end, end, ("".join(reversed(parts)) * times)[:3_000]]
    triggers = [one(regex) for regex in LONG]
    expected = by_hand(triggers, lines)
    for backend in BACKENDS:
        assert by_engine(triggers, lines, backend) == expected


# -- the sieve alone ---------------------------------------------------------------------------------------------------


@given(st.lists(drawn(), min_size=1, max_size=4), st.data())
@fuzz(200)
def test_without_anchors_a_part_of_the_line_may_be_what_is_searched(cases: list[Drawn], data: st.DataObject) -> None:
    """For those who cut prompts and names off a line first: what is found in any part of it is found in the line."""
    lines = [line for drawn in cases for line in drawn.lines]
    sources = [(drawn.regex, drawn.flags) for drawn in cases]
    for backend in BACKENDS:
        made = sieve(sources, backend=backend, anchored=False)
        hits = made.hits(page_of(lines))
        assert hits == sorted(set(hits))
        for row, line in enumerate(lines):
            start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(line))] * 2)))
            for number, (regex, flags) in enumerate(sources):
                if re.search(regex, line[start:end], flags):
                    assert number in made.always or (row, number) in hits
