"""What a sieve lets through: every line that it must, and few that it need not."""

from __future__ import annotations

import builtins
import re
from typing import Any

import pytest

from mudbot.events import Page
from mudbot.triggers import sieve as module
from mudbot.triggers.finder import finder
from mudbot.triggers.sieve import Backend, Sieve, has_hyperscan, sieve


@pytest.fixture(params=["plain", "hyperscan"])
def backend(request: pytest.FixtureRequest) -> Backend:
    if request.param == "hyperscan" and not has_hyperscan():
        pytest.skip("there is no hyperscan on this machine")
    return request.param  # type: ignore[no-any-return]


def page(*texts: str) -> Page:
    return Page("".join(f"{text}\n" for text in texts))


def made(backend: Backend, *regexes: str, flags: int = 0) -> Sieve:
    return sieve([(regex, flags) for regex in regexes], backend=backend)


def test_hits_are_lines_and_numbers_in_order_each_once(backend: Backend) -> None:
    """However often a text is in a line, and however many patterns share it."""
    found = made(backend, "orc king", "elf queen|orc king", "dwarf lord").hits(
        page("orc king orc king", "", "nobody", "dwarf lord, elf queen", "orc king"),
    )
    assert found == [(0, 0), (0, 1), (3, 1), (3, 2), (4, 0), (4, 1)]


def test_lines_are_told_apart(backend: Backend) -> None:
    """The first, the last, empty ones, many; beside each other, with long characters."""
    numbers = [f"{n:04}" for n in range(1000, 1300)]
    found = made(backend, *(f"number {n}" for n in numbers)).hits(page(*(f"说 number {n}" for n in numbers)))
    assert found == [(row, row) for row in range(300)]
    assert made(backend, "orc king").hits(page(*[""] * 50, "orc king", *[""] * 50)) == [(50, 0)]
    assert made(backend, "orc king").hits(page()) == []
    assert made(backend, "orc king").hits(page("", "")) == []
    assert made(backend, "orc king").hits(page("orc ", "king")) == []


def test_what_is_found_in_any_line_is_not_named(backend: Backend) -> None:
    """It is in ``always``, and nowhere else; what is no pattern is in ``broken``."""
    sieved = made(backend, "", "(", "orc king", "a?", flags=re.IGNORECASE)
    assert (sieved.always, list(sieved.broken)) == ([0, 3], [1])
    assert sieved.hits(page("ORC \u212aing", "orc king", "x")) == [(0, 2), (1, 2)]


@pytest.mark.parametrize("special", ["\u017f", "\u212a", "\u0131", "\u0130"])
def test_letters_that_stand_for_ascii(backend: Backend, special: str) -> None:
    """Where one of them is, all that ignores case may be; what does not may not."""
    sieved = sieve([("(?i)quick", 0), ("quack quick", 0), ("x(?:y(?i:z))quick", 0)], backend=backend)
    assert sieved.hits(page("nothing", f"a {special}", "quick")) == [(1, 0), (1, 2), (2, 0)]


def test_no_pattern_at_all(backend: Backend) -> None:
    sieved = sieve([], backend=backend)
    assert (sieved.hits(page("a")), sieved.always, sieved.broken) == ([], [], {})


def test_texts_of_any_length_and_letters(backend: Backend) -> None:
    """One letter, four, many; two bytes, four; halves of pairs; what a file's end was once."""
    texts = ["a", "ab", "abc", "abcd", "abcde", "x" * 200, "说", "😀", "\ud800", "ß", "\x1a", "Å"]
    texts += ["\0", "\0 long enough", "long enough \0 too"]
    sieved = made(backend, *map(re.escape, texts))
    for number, text in enumerate(texts):
        assert (1, number) in sieved.hits(page("-", f"-{text}-", "-")) or number in sieved.always, text


def test_what_hyperscan_refuses_is_searched_for_everywhere() -> None:
    """One that it refuses, some, or all."""
    if not has_hyperscan():
        pytest.skip("there is no hyperscan on this machine")
    sieved = made("hyperscan", "a(?:b|^)c", "ab", r"\d*^x", flags=re.IGNORECASE)
    assert (sieved.always, sieved.hits(page("ab", "ac"))) == ([0, 2], [(0, 1)])
    assert made("hyperscan", "a(?:b|^)c").always == [0]
    assert "hyperscan sieve" in repr(sieved)


@pytest.mark.parametrize(
    ("regex", "line", "other"),
    [
        (r"^\d+hp", "12hp", "x12hp"), (r"\w+!$", "ab!", "ab!x"), (r"^>? ?\d", "> 3", "a3"), ("(?i)^k", "K", "a"),
        (r"(?:^|\s)x(?:\s|$)", "a x", "axb"), ("[说說]", "說", "道"), (r"\A-+\Z", "---", "-a"),
        (r"^.{3}x", "abcx", "abx"), ("^$", "", " "), (r"^\s*$", "  ", "a"), (r"(\w)\1!", "aa!", "a!"),
        (r"\[\d{3}\]", "[123]", "[abc]"), ("(?i)é", "É", "e"), ("^[A-Z]{2}", "AB", "aB"), (r"^\S+ -", "a -", "- a"),
    ],
)  # fmt: skip
def test_short_patterns_are_told_apart_by_more_than_their_letters(regex: str, line: str, other: str) -> None:
    """With hyperscan: their anchors, classes and order count."""
    if not has_hyperscan():
        pytest.skip("there is no hyperscan on this machine")
    sieved = made("hyperscan", regex)
    assert sieved.always == []
    assert sieved.hits(page(other, line)) == [(1, 0)]


def test_without_hyperscan_texts_are_told_apart() -> None:
    """By four letters of them first, then by all."""
    sieved = made("plain", "orc king", "ork king", "King", "说道：")
    assert sieved.hits(page("orc kin", "ork king", "orc", "他说道：", "说 道：")) == [(1, 1), (1, 2), (3, 3)]
    assert "plain sieve" in repr(sieved)


def test_a_machine_without_hyperscan(monkeypatch: pytest.MonkeyPatch) -> None:
    """``auto`` does without it."""
    importing = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "hyperscan":
            raise ImportError(name)
        return importing(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    assert not has_hyperscan()
    assert isinstance(sieve([("a", 0)]), module._GramSieve)


def test_auto_takes_hyperscan_where_it_is() -> None:
    if not has_hyperscan():
        pytest.skip("there is no hyperscan on this machine")
    assert isinstance(sieve([("a", 0)]), module._HyperSieve)


# -- for those who read lines themselves -------------------------------------------------------------------------------


def test_a_finder_tells_the_rows_that_patterns_may_concern() -> None:
    """Whatever was cut off the line before it is asked."""
    found = finder((re.compile("^orc king$"), re.compile("(?i)elf queen|king")))
    assert found.hits(page("the orc king!", "an elf", "ELF QUEEN", "nothing king")) == [(0, 0), (0, 1), (2, 1), (3, 1)]
    assert (found.blind, repr(found).startswith("<Finder <")) == (False, True)
    assert finder((re.compile("^orc king$"), re.compile("(?i)elf queen|king"))) is found


@pytest.mark.parametrize("regex", ["", ".?", r"\b"])
def test_a_finder_is_blind_where_a_pattern_may_be_anywhere(regex: str) -> None:
    assert finder((re.compile("orc king"), re.compile(regex))).blind
