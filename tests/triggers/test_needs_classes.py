"""Classes of characters, by the bytes that begin them: for every character of Unicode never too strict."""

from __future__ import annotations

import re
import sys

import pytest

from mudbot.triggers.classes import HAN, class_of
from mudbot.triggers.tree import NON_ASCII_CASES, parse

ALL = [
    char
    for char in map(chr, range(1, sys.maxunicode + 1))
    if char != "\n" and (char < "\U00010000" or char.isdecimal() or char.lower() != char.upper() or not ord(char) % 97)
]
TEXT = "".join(ALL)
LEADS = {char: char.encode("utf-8", "surrogatepass")[0] for char in ALL}
SOURCES = (
    r"\d", r"\D", r"\s", r"\S", r"\w", r"\W", ".", "[^a]", r"[^\w]", r"[^\W]", r"[^\d]", r"[^\s]", r"[^\w\s]",
    r"[\d\s]",
    r"[\w-]", r"[\W\d]", r"[^\W\d_]", "[a-z]", "[A-Z]", "[^a-z]", "[à-ž]", "[\u0100-\u024f]", "[一-龥]", "[^一-龥]",
    "[\x7f-\x81]",
    "[~-\u0800]", "[\ud7ff-\ue000]", "[\uffff-\U00010001]", "[\U00010400-\U00010427]", r"[^\d\u017f]",
    "[\x1c-\x20]", r"[^\S ]",
    r"[\S\t]", "[a-zé]", "[Z-a]", "[K-\u212b]", "[^é]", "[^K]",
)  # fmt: skip


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("flags", [0, re.ASCII, re.IGNORECASE, re.IGNORECASE | re.ASCII])
def test_every_character_that_belongs_to_a_class(source: str, flags: int) -> None:
    """Of ASCII it is in it itself, beyond it the byte that begins it is; four letters stand for others of ASCII."""
    tree, all_flags = parse(source, flags)
    op, arg = tree[0]
    found = class_of(op, arg, all_flags)
    members = re.compile(source, flags).findall(TEXT)
    assert {ord(char) for char in members if char.isascii()} <= found.ascii
    special = NON_ASCII_CASES if flags & re.IGNORECASE else ""
    assert {LEADS[char] for char in members if not char.isascii() and char not in special} <= found.leads


def test_most_of_chinese_is_letters() -> None:
    """So what begins it begins nothing else."""
    assert all(re.match(r"\w", char) for char in ALL if char > "\x7f" and LEADS[char] in HAN)
