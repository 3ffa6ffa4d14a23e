"""Sets of characters, as the bits of those members of a sample that are in them.

Two sets overlap where they have a character of the sample in common.  ``re`` itself says what is in a set, so an
overlap that is found is real, whatever IGNORECASE and Unicode make of it; one on a character that is not in the sample
is missed.  The sample has some of each kind that ``\\d``, ``\\w``, ``\\s`` and their like tell apart, and the pattern's
own characters, the ends and neighbours of its ranges, and their other cases.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from typing import Any

from mudbot.triggers.tree import NON_ASCII_CASES, Node

_COMMON = dict.fromkeys('zoeaZEA950_ \t\xa0\u3000!"#()*+,-./:;<=>?@[]|~éßΣщ中的龥，。：「」—٣²Ⅷ\x1b' + NON_ASCII_CASES)
"""No line break: what is looked for in is one line."""
_FLAGS = re.IGNORECASE | re.ASCII | re.DOTALL
_SHORT = {"DIGIT": "d", "SPACE": "s", "WORD": "w", "NOT_DIGIT": "D", "NOT_SPACE": "S", "NOT_WORD": "W"}
_MOST = 400
"""Characters of a pattern that go into its sample: enough for any that a person wrote."""


def written(op: str, arg: Any) -> str:
    """The regular expression for a set of the tree."""
    if op == "ANY":
        return "."
    if op == "LITERAL":
        return _literal(arg)
    if op == "NOT_LITERAL":
        return f"[^{_literal(arg)}]"
    if len(arg) == 1 and arg[0][0] == "CATEGORY":
        return _member(*arg[0])
    return f"[{''.join(_member(*item) for item in arg)}]"


def _member(op: str, arg: Any) -> str:
    match op:
        case "NEGATE":
            return "^"
        case "LITERAL":
            return _literal(arg)
        case "RANGE":
            return f"{_literal(arg[0])}-{_literal(arg[1])}"
    return f"\\{_SHORT[arg.removeprefix('CATEGORY_')]}"


def _literal(code: int) -> str:
    char = chr(code)
    if char.isalnum() and code > 0x7F:
        return char
    if char.isprintable():
        return re.escape(char) if char not in "^&~|-" else f"\\{char}"
    return f"\\U{code:08x}" if code > 0xFFFF else f"\\u{code:04x}" if code > 0xFF else f"\\x{code:02x}"


class Sample:
    """The characters that stand for all, chosen for one pattern."""

    def __init__(self, sets: Iterable[tuple[str, Any]]) -> None:
        own: dict[str, None] = {}
        for op, arg in sets:
            for code in _codes(op, arg):
                char = chr(code)
                own.update(dict.fromkeys([char, *(c for c in (char.lower(), char.upper()) if len(c) == 1)]))
        own.pop("\n", None)
        self.text = "".join(list(dict.fromkeys([*list(own)[:_MOST], *_COMMON])))
        self.word = self.bits("IN", [("CATEGORY", "CATEGORY_WORD")], 0)
        self.ascii_word = self.bits("IN", [("CATEGORY", "CATEGORY_WORD")], re.ASCII)

    def bits(self, op: str, arg: Any, flags: int) -> int:
        """The set as a number: bit *i* for the sample's character *i*."""
        if op == "LITERAL" and not flags & re.IGNORECASE:
            return 1 << at if (at := self.text.find(chr(arg))) >= 0 else 0
        holds = _holds(written(op, arg), flags & int(_FLAGS))
        return sum(1 << at for at, char in enumerate(self.text) if holds(char))

    def first(self, bits: int) -> str:
        """A character of a set that is not empty, the most readable one; of these none of the pattern's, if it can."""
        members = [char for at, char in enumerate(self.text) if bits >> at & 1]
        return min(reversed(members), key=_readable)


def _readable(char: str) -> tuple[bool, ...]:
    """Sorts plain letters before all else."""
    return not char.isascii(), not char.isalpha(), not char.isalnum(), not char.isprintable(), char.isupper()


def _codes(op: str, arg: Any) -> Sequence[int]:
    """The characters that a set names, and those beside its ranges."""
    if op in ("LITERAL", "NOT_LITERAL"):
        return (arg,)
    if op == "ANY":
        return ()
    items: list[Node] = arg
    codes: list[int] = []
    for kind, value in items:
        if kind == "LITERAL":
            codes.append(value)
        elif kind == "RANGE":
            low, high = value
            codes += [low, high, (low + high) // 2, max(low - 1, 0), min(high + 1, 0x10FFFF)]
    return codes


@functools.lru_cache(maxsize=4096)
def _holds(regex: str, flags: int) -> Any:
    """Says whether a character is in the set."""
    return re.compile(regex, flags).fullmatch
