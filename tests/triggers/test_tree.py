"""What case means is what ``re`` means by it, for every character; and what is used of ``re`` that is not public."""

from __future__ import annotations

import re
import sys
from re import _casefix, _constants, _parser  # type: ignore[attr-defined]  # not public, so typeshed has no stubs

import pytest

from mudbot.triggers.tree import FOLDED, MANY, MAX_DEPTH, NON_ASCII_CASES, combined, folded, members, parse, variants

ALL = [chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
CASED = [c for c in ALL if c.lower() != c or c.upper() != c or c.title() != c]
TEXT = "".join(CASED)
IGNORE = re.IGNORECASE


def test_variants_are_what_re_finds_for_every_cased_character() -> None:
    """Beyond ASCII: all characters that IGNORECASE takes for each other, and no others."""
    wrong = {}
    for char in CASED:
        found = set(re.compile(re.escape(char), IGNORE).findall(TEXT))
        told = set(variants(char)) if not char.isascii() else {char, *folds(char)}
        if found != told:
            wrong[char] = (found, told)
        re.purge()
    assert not wrong


def folds(char: str) -> set[str]:
    """What stands for a letter of ASCII: both its cases, and of the four special ones those that are folded to it."""
    return {folded(char), folded(char).upper(), *(c for c in NON_ASCII_CASES if folded(c) == folded(char))}


def test_a_character_without_case_stands_for_itself_alone() -> None:
    """Signs, digits, Chinese."""
    some = [c for c in ALL[128:] if c not in TEXT][::97]
    assert all(variants(char) == (char,) for char in some)
    pattern = re.compile(f"[{''.join(map(re.escape, some[:2000]))}]", IGNORE)
    assert not [c for c in CASED if pattern.match(c)]


def test_only_four_characters_beyond_ascii_stand_for_letters_of_it() -> None:
    """What a line must hold before every pattern that ignores case is searched for."""
    beyond = [c for c in CASED if not c.isascii() and re.match(r"[\x00-\x7f]", c, IGNORE)]
    assert set(beyond) == set(NON_ASCII_CASES) == set(FOLDED)
    for char in beyond:
        assert re.fullmatch(folded(char), char, IGNORE)
        assert not folded(char + "x") or folded(char).isascii()


def test_folded_is_a_small_letter_of_ascii_or_nothing() -> None:
    assert [folded(c) for c in "Aa1\u017fé说"] == ["a", "a", "1", "s", "", ""]


@pytest.mark.parametrize(
    ("source", "flags", "expected"),
    [
        ("[ab]", 0, "ab"),
        ("[ab]", IGNORE, "aAbB"),
        ("[é]", IGNORE, "éÉ"),
        ("[é]", 0, "é"),
        ("[σ]", IGNORE, "σςΣ"),
        ("[\u017f]", IGNORE, "\u017fsS"),
        ("[a-cx]", 0, "abcx"),
        ("[说說]", IGNORE, "说說"),
        ("[a-z]", 0, ""),
        ("[^ab]", 0, ""),
        (r"[\dab]", 0, ""),
        ("[a-h]", IGNORE, ""),
    ],
)
def test_members_of_small_classes(source: str, flags: int, expected: str) -> None:
    """All that a class of at most eight finds, and none if it is more or vague."""
    tree, _ = parse(f"{source}x", flags)
    assert tree[0][0] == "IN" or source in ("[é]", "[σ]", "[\u017f]")
    found = members(tree[0][1] if tree[0][0] == "IN" else [tree[0]], flags, 8)
    assert sorted(found) == sorted(expected)
    if flags and expected:
        assert set(re.findall(source, "".join(ALL), flags)) <= {*expected, *NON_ASCII_CASES}


def test_flags_of_groups() -> None:
    """As ``re`` has them: the inner of ASCII and Unicode counts, others are added and taken away."""
    assert combined(re.ASCII, re.UNICODE, 0) == re.UNICODE
    assert combined(re.UNICODE | IGNORE, re.ASCII, IGNORE) == re.ASCII
    assert combined(re.ASCII, IGNORE, 0) == re.ASCII | IGNORE
    assert combined(IGNORE | re.DOTALL, 0, re.DOTALL) == IGNORE


def test_what_is_used_of_the_parser_is_there() -> None:
    """The Python that runs names the operations as this was written for."""
    tree, flags = parse(r"(?i)a.[^b\d](?:c|dd)*?(e)(?=f)(?<!g)(?(1)h|i)\1(?>j)k++^$\b[^m](?-i:n)", 0)
    assert flags & IGNORE
    assert [op for op, _ in tree] == [
        "LITERAL", "ANY", "IN", "MIN_REPEAT", "SUBPATTERN", "ASSERT", "ASSERT_NOT", "GROUPREF_EXISTS", "GROUPREF",
        "ATOMIC_GROUP", "POSSESSIVE_REPEAT", "AT", "AT", "AT", "NOT_LITERAL", "SUBPATTERN",
    ]  # fmt: skip
    assert tree[2][1] == [("NEGATE", None), ("LITERAL", ord("b")), ("CATEGORY", "CATEGORY_DIGIT")]
    least, most, inner = tree[3][1]
    assert (least, most, inner[0][0]) == (0, MANY, "BRANCH")
    assert tree[4][1][:3] == (1, 0, 0)
    assert [arg for op, arg in tree if op == "AT"] == ["AT_BEGINNING", "AT_END", "AT_BOUNDARY"]
    assert tree[-1][1][1:3] == (0, IGNORE)
    assert isinstance(_casefix._EXTRA_CASES, dict)
    assert _constants.MAXREPEAT > 1 << 30
    assert hasattr(_parser, "SubPattern")


def test_what_is_nested_too_deeply_is_refused() -> None:
    """Before it takes the stack that there is."""
    assert parse("(" * (MAX_DEPTH - 1) + "a" + ")" * (MAX_DEPTH - 1), 0)[0]
    with pytest.raises(re.error, match="too deeply"):
        parse("(" * (MAX_DEPTH + 1) + "a" + ")" * (MAX_DEPTH + 1), 0)
