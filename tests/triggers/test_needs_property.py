"""Needs and coarse patterns are never too strict: what ``re`` finds, they let through."""

from __future__ import annotations

import re

import hyperscan
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mudbot.triggers.needs import MAX_CHOICES, NON_ASCII_CASES, Choice, coarse_of, need_of
from tests.triggers.strategies import Drawn, drawn, fuzz, noise


def has(choice: Choice, line: str) -> bool:
    """Whether *line* holds one of the texts, as it is documented: letters of ASCII in both their cases."""
    if not choice.caseless:
        return any(text in line for text in choice.texts)
    low = "".join(c.lower() if c.isascii() else c for c in line)
    return any(text in low for text in choice.texts)


def finds(expression: bytes, line: str) -> bool:
    """Whether hyperscan finds *expression* in a page of that line and others; true where it refuses to."""
    database = hyperscan.Database()
    try:
        database.compile(expressions=[expression], ids=[0], flags=[hyperscan.HS_FLAG_MULTILINE])
    except hyperscan.error:
        return True  # its pattern is searched for in every line
    ends: list[int] = []
    before, data = b"\n", line.encode("utf-8", "surrogatepass") + b"\n"
    database.scan(
        before + data + b"\n", match_event_handler=lambda _id, _start, end, _flags, _context: ends.append(end)
    )
    return len(before) + len(data) in ends


def check(regex: str, flags: int, line: str) -> None:
    if not re.compile(regex, flags).search(line):
        return
    need = need_of(regex, flags)
    if not (need.caseless and any(char in line for char in NON_ASCII_CASES)):
        for choice in need.choices:
            assert has(choice, line), f"{regex!r} is found in {line!r}, but needs {choice}"
        expression = coarse_of(regex, flags)
        assert expression is None or finds(expression, line), f"{regex!r} is found in {line!r}, but not {expression!r}"
    assert need.caseless or not any(choice.caseless for choice in need.choices)
    assert len(need.choices) <= MAX_CHOICES
    assert all(text for choice in need.choices for text in choice.texts)


@given(drawn(), st.lists(noise(), max_size=2))
@example(Drawn("(?i)[À-ſ]", 0, ("s", "I", "é")), [])
@example(Drawn("(?i)[\u0100-\u024f]x", 0, ("ix", "Sx")), [])
@example(Drawn(r"(?a)\S!", 0, ("\x1c!",)), [])
@example(Drawn(r"(?a)x(?u:\w)y", 0, ("xéy",)), [])
@example(Drawn(f"ab(?:{'c' * 81}){{3}}XY", 0, (f"ab{'c' * 243}XY",)), [])
@example(Drawn(r"(^a|b)\1", 0, ("aa", "bb")), [])
@example(Drawn(r"(?:(^|>)a)\1b", 0, ("ab", ">a>b")), [])
@example(Drawn(r"(a$|b)\1?", 0, ("a", "bb")), [])
@example(Drawn(r"(?i:(k))\1", 0, ("kk", "KK")), [])
@example(Drawn(r"(k)(?i:\1)", 0, ("kK", "kk")), [])
@example(Drawn(r"((?i:k))(?i:\1)", 0, ("kK", "Kk")), [])
@example(Drawn(r"(?:(a)|b)+\1", 0, ("aba", "aa")), [])
@example(Drawn(r"x(?:ab\d{20}){1,40}y", 0, (f"x{'ab' + '1' * 20}y", f"x{('ab' + '1' * 20) * 40}y")), [])
@example(Drawn("^.{1,60}$", 0, ("说" * 60, "😀" * 60, "a" * 60)), [])
@example(Drawn("^[а-я]{1,60}$", 0, ("д" * 60, "д" * 50)), [])
@example(Drawn("^[^a]{50}.{300}x", 0, ("说" * 350 + "x", "b" * 350 + "x")), [])
@fuzz(1200)
def test_what_a_line_that_matches_must_hold_is_in_it(case: Drawn, others: list[str]) -> None:
    """For any pattern and line that it finds: some text of every choice, and the coarse pattern, are in the line."""
    for line in (*case.lines, *others):
        check(case.regex, case.flags, line)


SAMPLED = (
    r"(?i)(?:kiss|σας|ß)[ıs]{1,3}", r"^(\w+)(?: the (\w+))? (?:says|tells you):? .*$", r"[\w']+ 告诉你[:：](.+)",
    r"(?P<a>[sS\u017f]k?)(?P=a)*-", r"(?is)\A.{0,4}ЖД\d+", r"(?m)^[^\S\r\n]+[^a-z]{2}", r"(?i)[^\W\d_]+\u212a?\Z",
    r"<hp:\d{1,5}(?:/\d+)?(?=>)>", r"(?:ab|cd|ef|(?:gh|ij){2})+x", r"(\d+)?[gG]old(?(1)s|)", "(?i)İı|ſ",
    r"[^\x00-\x7f]{3}", r"foo(?:\s|$)", r"(?:^|\s)say(?:,|$)?",
    r"(?i)(?-i:AB)c(?:d|E)", "𐐀|𐐨x", r"\b(?:You|you) (?:hit|miss)(?:es)? ",
)  # fmt: skip


@pytest.mark.parametrize("regex", SAMPLED)
def test_so_it_is_for_lines_made_from_the_pattern(regex: str) -> None:
    """Lines that hypothesis makes for patterns of many kinds."""
    alphabet = st.characters(codec="utf-8", exclude_characters="\n\0")

    @given(st.from_regex(regex, alphabet=None), st.text(alphabet, max_size=3))
    @fuzz(40)
    def sampled(line: str, end: str) -> None:
        if "\n" not in line:
            check(regex, 0, line + end)
            check(regex, re.IGNORECASE, line + end)

    sampled()
