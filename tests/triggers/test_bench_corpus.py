"""What the benchmark of the triggers measures is what it says it measures."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest

from bench.triggers import extras, rival_tintin, set_b
from bench.triggers.corpus import STEP, Corpus, naive
from bench.triggers.fill import anything
from bench.triggers.sets import SHARE, Case, Family
from bench.triggers.words import KINDS
from mudbot.mud.text import TextStream
from mudbot.triggers.guard import Guard, Runaway

SMALL = (
    Case("A", 10, lines=1000),
    Case("A", 1000, lines=1000),
    Case("A", 1000, every_line=True, lines=500),
    Case("B", 10, lines=200),
    Case("B", 500, lines=200),
    Case("B", 500, every_line=True, lines=200),
)


@pytest.mark.parametrize("case", SMALL, ids=lambda case: case.name)
def test_each_line_sets_off_what_is_said_of_it(case: Case) -> None:
    """One trigger for those that are meant to, none for all others; by the loop that everything is measured by."""
    lines = list(case.texts())
    assert list(naive(case.regexes, (text for text, _ in lines))) == [int(hit) for _, hit in lines]


@pytest.mark.parametrize("family", ["A", "B"])
def test_two_percent_of_the_lines_set_a_trigger_off(family: Family) -> None:
    corpus = Case(family, 100, lines=1000).corpus()
    assert corpus.hits(1000) == 1000 // SHARE


@pytest.mark.parametrize("family", ["A", "B"])
def test_each_of_ten_thousand_triggers_has_a_line_of_its_own(family: Family) -> None:
    """They are all different, and each is found in its example."""
    case, random = Case(family, 10_000), Random(1)
    assert len(set(case.regexes)) == 10_000
    for spec in case.specs[::37]:
        assert re.search(spec.pattern, spec.example(random, anything), spec.flags), spec.pattern


def test_no_word_is_a_part_of_another_one() -> None:
    """Or a trigger about the one would be set off by lines about the other."""
    for found in KINDS.values():
        joined = "\n".join(found)
        assert all(joined.count(word) == 1 for word in found)


@pytest.mark.parametrize("family", ["A", "B"])
def test_what_is_sent_reads_as_the_lines(family: Family) -> None:
    """UTF-8, CRLF, in colours; without them it is the text that the counts are of."""
    case = Case(family, 100, lines=200)
    data = case.corpus().data
    assert data.count(b"\r\n") == data.count(b"\n") == 200
    assert data.count(b"\x1b[") >= 100
    assert [line.text for line in TextStream().feed(data)] == [text for text, _ in case.texts()]


def test_a_corpus_comes_round_again() -> None:
    """Any number of whole hundreds can be sent, and the count goes with it."""
    corpus = Case("A", 10, lines=500).corpus()
    for count in (100, 500, 700, 1500):
        sent = b"".join(corpus.blocks(count))
        assert sent.count(b"\n") == count
        assert corpus.hits(count) == count // SHARE
    with pytest.raises(AssertionError):
        corpus.hits(STEP + 1)


def test_a_corpus_is_kept_whole(tmp_path: Path) -> None:
    path = tmp_path / "lines.bin"
    corpus = Case("A", 10, lines=200).corpus()
    corpus.save(path)
    assert Corpus.load(path) == corpus


@pytest.mark.parametrize("extra", ["literal-less", "sharing"])
def test_added_triggers_are_counted_as_the_loop_counts_them(extra: extras.Extra) -> None:
    """Of some that are added some fire, and the usual ones fire as before."""
    case = Case("A", 100, extra, lines=3000)
    assert len(case.regexes) == 100 + len(case.added)
    counted = sum(naive(case.regexes, (text for text, _ in case.texts())))
    assert case.corpus().hits(3000) == counted > 3000 // SHARE


def test_added_triggers_are_spread_among_the_others() -> None:
    regexes = Case("A", 1000, "literal-less").regexes
    places = [at for at, regex in enumerate(regexes) if regex in set(extras.literal_less())]
    assert len(places) == 100
    assert places[0] < 20
    assert places[-1] > 1000


def test_literal_less_triggers_have_no_word() -> None:
    """No two letters that stand for themselves follow each other."""
    assert len(set(extras.literal_less())) == 100
    for pattern, _ in extras.literal_less():
        bare = re.sub(r"\[[^\]]*\]|\{[^}]*\}|\\.", "", pattern)
        assert not re.search(r"\w\w", bare), pattern


def test_a_thousand_triggers_share_one_text() -> None:
    regexes = extras.sharing()
    assert len(set(regexes)) == 1000
    assert all(extras.SHARED in pattern for pattern, _ in regexes)


def test_the_second_set_is_all_chinese_and_long() -> None:
    """No letter of ASCII stands for itself in a pattern, and lines have 300 to 2,000 characters."""
    for shape in set_b.SHAPES:
        bare = re.sub(r"@\w+@|\?P<\w+>|\(\?P=\w+\)|\\.|\{[^}]*\}", "", shape.pattern)
        assert not re.search("[A-Za-z0-9]", bare), shape.pattern
    sizes = [len(text) for text, _ in Case("B", 100, lines=200).texts()]
    assert set_b.SHORTEST <= min(sizes) < 400
    assert 1800 < max(sizes) <= set_b.LONGEST


def test_half_of_the_second_set_ignores_case_and_has_to() -> None:
    """Each of those misses some of its examples where case counts."""
    specs, random = Case("B", len(set_b.SHAPES)).specs, Random(2)
    folding = [spec for spec in specs if spec.flags & re.IGNORECASE]
    assert len(folding) * 2 == len(specs)
    for spec in folding:
        examples = [spec.example(random, anything) for _ in range(40)]
        assert not all(re.search(spec.pattern, each) for each in examples), spec.pattern


@pytest.mark.skipif(not Guard().available, reason="searches cannot be stopped here")
@pytest.mark.parametrize(("pattern", "line"), extras.EVIL)
def test_evil_triggers_are_evil(pattern: str, line: str) -> None:
    guard = Guard(each=0.05, total=0.1)
    with guard, pytest.raises(Runaway):
        guard.search(re.compile(pattern), line)


def test_tintin_gets_classes_beyond_ascii_as_alternations() -> None:
    """It reads bytes: half a character is not to be in a class."""
    [first, second] = rival_tintin.actions([(r"[^】]+a[bc]", 0), (r"[:：]", re.IGNORECASE)]).splitlines()
    assert first.startswith("#action {{(?:(?!】).)+a[bc]}} ")
    assert second.startswith("#action {{(?i)(?::|：)}} ")
