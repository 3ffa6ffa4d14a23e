"""What patterns need, in examples: the rarest texts first, and nothing where nothing is needed."""

from __future__ import annotations

import re

import pytest

from mudbot.triggers import plan as module
from mudbot.triggers.coarse import MAX_SIZE
from mudbot.triggers.needs import MAX_ALTERNATIVES, MAX_CHOICES, MAX_TEXT, MAX_UNION, Choice, coarse_of, need_of
from mudbot.triggers.plan import CROWD, plan

I = re.IGNORECASE  # noqa: E741


def texts(regex: str, flags: int = 0) -> list[tuple[str, ...]]:
    return [choice.texts for choice in need_of(regex, flags).choices]


@pytest.mark.parametrize(
    ("regex", "best"),
    [
        ("arrives", "arrives"), (r"^(\w+) arrives from", " arrives from"), (r"a\d+orc king", "orc king"),
        ("(?:ab)+c", "ab"),
        ("(?:ab){3}", "ababab"), ("(?:abc){2,}x", "abcabc"), ("x(?=y)z", "xz"), ("ab$cd", "abcd"), ("(?>orc) king",
        "orc king"),
        ("(?P<x>orc)(?P=x) k", " k"), ("[a]bc", "abc"), ("a++bc", "bc"), ("a?bcd", "bcd"), ("x{0}orc", "orc"),
        ("(?i:orc)", "orc"),
        (r"orc\.king", "orc.king"), ("(?x) orc king # comment", "orcking"), ("(?!elf)orc", "orc"),
        ("(a)?(?(1)b|c)orc", "orc"),
        ("a*?orc", "orc"), ("orc|orc king", "orc"), ("(?-i:orc)", "orc"), ("告诉你：", "告诉你："),
    ],
)  # fmt: skip
def test_the_rarest_text_of_a_pattern(regex: str, best: str) -> None:
    """Of several the longest, roughly; Chinese is rarer than Latin."""
    found = texts(regex)
    assert found
    assert best in found[0] or (best,) in found


@pytest.mark.parametrize(
    "regex", ["", ".", r"\d+", "a?", "(?:abc)?", "a|", "(?:a|)b?", "[a-z]", "(a)?", r"\w+\s", "a{0}", "(?=orc)", "^$"]
)
def test_patterns_that_need_nothing(regex: str) -> None:
    assert need_of(regex).choices == ()


@pytest.mark.parametrize(
    ("regex", "flags", "expected"),
    [
        ("[说說]道", 0, {"说道", "說道"}), ("cat|dog", 0, {"cat", "dog"}), ("x(?:cat|dog)y", 0, {"xcaty", "xdogy"}),
        ("colou?r", 0, {"color", "colour"}), ("ORC", I, {"orc"}), ("Éa", I, {"éa", "Éa"}), ("[ab]c", I, {"ac", "bc"}),
        ("σ", I, {"σ", "ς", "Σ"}), ("(?i:A)B", 0, {"ab"}), ("A(?i:b)", 0, {"ab"}), ("(?i:A)|B", 0, {"a", "b"}),
        ("(?i)[k]", 0, {"k"}),
        ("ſ", I, {"s"}), ("(?:(?i:x)|Y)z", 0, {"xz", "yz"}), (r"(?:\d+(?i:orc)|\d+ELF)", 0, {"orc", "elf"}),
    ],
)  # fmt: skip
def test_all_texts_of_a_choice(regex: str, flags: int, expected: set[str]) -> None:
    """Each way to write it; letters of ASCII that ignore case are small."""
    assert set(texts(regex, flags)[0]) == expected


def test_whether_a_pattern_ignores_case() -> None:
    """Any part of it, at any depth: then the four letters beyond ASCII matter."""
    for regex in ("(?i)a", "(?i:a)", "x(?:y(?i:a))+", "x|(?=(?i:a))", "(x)?(?(1)(?i:a)|b)", "(x)?(?(1)b|(?i:a))",
    "(?>(?i:a))",
                  "(?s-m:(?si:a))", "(?<!(?i:a))", "(?i:a)++", "(?:(?i:a))*?", "(?ai:x)",
                  "(?m-s:x(?i-m:y))"):  # fmt: skip
        assert need_of(regex).caseless, regex
    assert need_of("a", I).caseless
    for regex in ("a", "(?:a)", "(?-i:a)", "(?s:a)", r"\(?i:a", "(?P<i>a)"):
        assert not need_of(regex).caseless, regex


def test_choices_are_few_and_short() -> None:
    """However long the pattern, or wide its alternations."""
    for regex in (
        "abcdefgh" * 100,
        r"orc\delf\ddwarf\dtroll\dking\dqueen",
        "[ab]" * 30,
        "(?:orc|elf)" * 20,
    ):
        need = need_of(regex)
        assert 0 < len(need.choices) <= MAX_CHOICES
        assert all(len(text) <= 2 * MAX_TEXT for choice in need.choices for text in choice.texts)
        assert all(len(choice.texts) <= MAX_ALTERNATIVES for choice in need.choices)
        assert [choice.bits for choice in need.choices] == sorted(
            (choice.bits for choice in need.choices), reverse=True
        )
    assert len(texts("|".join(f"{n}orc" for n in range(MAX_UNION)))[0]) == MAX_UNION
    assert texts("|".join(f"{n}orc" for n in range(MAX_UNION + 1))) == []


def test_what_is_long_and_repeated_is_not_taken_together() -> None:
    """One copy stands for several: nothing touches both of its ends."""
    long = "c" * (MAX_TEXT + 1)
    line = f"ab{long * 3}XY"
    for choice in need_of(f"ab(?:{long}){{3}}XY").choices:
        assert any(text in line for text in choice.texts)


def test_a_choice_knows_how_rare_it_is() -> None:
    assert Choice.of(["orc king"], caseless=False).bits > Choice.of(["orc"], caseless=False).bits
    assert Choice.of(["orc", "elf"], caseless=False).bits < Choice.of(["orc"], caseless=False).bits
    assert Choice.of(["说道"], caseless=False).bits > Choice.of(["ab"], caseless=False).bits
    assert Choice.of(["Orc", "oRc"], caseless=True).texts == ("orc",)


# -- coarse patterns ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("regex", ["", "a*", r"\b", "^", "$", "(?=orc)", "(a)|", "(?:a?)+", "(?:ab|cd)" * 300])
def test_coarse_patterns_that_would_say_nothing(regex: str) -> None:
    """They would be found in any line, or be too big."""
    assert coarse_of(regex) is None


@pytest.mark.parametrize(
    ("regex", "expected"),
    [
        ("^a", rb"^\x61[^\n]*\n"), ("a$", b"\\x61\n"), ("(?i)a", rb"[\x61\x41][^\n]*\n"), (r"\$", rb"\x24[^\n]*\n"),
        ("a(?:b|$)", rb"\x61(?:\x62|)[^\n]*\n"), (r"[01]", rb"[\x30\x31][^\n]*\n"),
    ],
)  # fmt: skip
def test_coarse_patterns_are_exact_where_they_can_be(regex: str, expected: bytes) -> None:
    """Bytes, anchors, ends."""
    found = coarse_of(regex)
    assert found is not None
    assert found == expected
    assert len(found) < MAX_SIZE


def test_big_counts_of_big_things_are_not_kept() -> None:
    """They take hyperscan minutes; of small ones they are exact."""
    found = coarse_of(r"(?:\d{20}x){200}")
    assert found is not None
    assert b"{200" not in found
    assert b"{3,3}" in (coarse_of("(?:ab){3}") or b"")


def test_without_anchors_ends_stand_for_nothing() -> None:
    assert coarse_of("^a$", anchored=False) == coarse_of("a")


# -- plans -------------------------------------------------------------------------------------------------------------


def test_how_patterns_are_looked_for() -> None:
    """Rare texts by themselves; short ones, and what many share, by coarse patterns; the rest in every line."""
    made = plan([("arrives from", 0), ("ab", 0), ("", 0), ("(", 0), ("KISS me", I)])
    assert made.texts == {("arrives from", False): [0], ("kiss me", True): [4]}
    assert (list(made.coarse.values()), made.always, list(made.broken), made.caseless) == ([[1]], [2], [3], [4])
    assert repr(made) == "<Plan for 5: 2 texts, 1 coarse, 1 always>"
    shared = plan([(rf"arrives from \d{n}", 0) for n in range(CROWD + 1)])
    assert (len(shared.texts), len(shared.coarse)) == (0, CROWD + 1)
    assert len(plan([(rf"arrives from \d{n}", 0) for n in range(CROWD)]).texts) == 1


def test_plans_without_coarse_patterns_or_with_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then short texts have to do."""
    assert plan([("ab", 0), (r"\d", 0)], exact=False).texts == {("ab", False): [0]}
    assert plan([("ab", 0), (r"\d", 0)], exact=False).always == [1]
    monkeypatch.setattr(module, "MAX_COARSE", 20)
    many = plan([(f"x{n}", 0) for n in range(25)])
    assert (len(many.coarse), len(many.texts)) == (20, 5)


def test_what_is_in_any_line_is_there_for_one_reason() -> None:
    """A pattern that ignores case is not looked for by the four letters as well."""
    made = plan([("(?i)", 0), ("(?i)kiss", 0), ("(" * 90 + "(?i:k)" + ")" * 90, 0)])
    assert (made.always, made.caseless) == ([0, 2], [1])
    made.look_everywhere([1, 1])
    assert (made.always, made.caseless) == ([0, 1, 2], [])
