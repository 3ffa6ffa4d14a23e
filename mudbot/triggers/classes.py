"""Classes of characters as hyperscan reads them: by the bytes of UTF-8.  Too generous where that takes thought."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

from mudbot.triggers.tree import ASCII, FOLDED, IGNORECASE, MANY, Node

MAX_COPIES = 40
"""Of a character written out with its bytes; beyond that its bytes are counted, which is coarser."""
MAX_RANGE = 20
"""The same where the count may vary."""
NEAR, FAR = 16, 64
"""Up to how many a bound above is kept, of what need not be there and of what must: rests of names compile in no time
without one."""
MAX_COUNT = 1000
"""The highest count that is kept: hyperscan takes up to 32,767, at a price."""

_LEADS = frozenset(range(0xC2, 0xF5))
"""Bytes that begin a character beyond ASCII."""
_CLASSES: dict[str, Callable[[str], bool]] = {
    "DIGIT": str.isdecimal,
    "SPACE": str.isspace,
    "WORD": lambda char: char.isalnum() or char == "_",
}


class Class(NamedTuple):
    """Bytes of ASCII that belong to a class, and bytes that begin its other characters."""

    ascii: frozenset[int]
    leads: frozenset[int]


def class_of(op: str, arg: Any, flags: int) -> Class:
    """What one node of a tree stands for: ANY, NOT_LITERAL or IN."""
    items: Sequence[Node] = arg if op == "IN" else [("NEGATE", None)]
    if op == "NOT_LITERAL":
        items = [*items, ("LITERAL", arg)]
    return _class(tuple(items), flags & (IGNORECASE | ASCII))


@functools.lru_cache(maxsize=2000)
def _class(items: tuple[Node, ...], flags: int) -> Class:
    inside = {byte for byte in range(128) if _holds(items, chr(byte), flags)} - {10}
    if flags & IGNORECASE:  # letters of ASCII that stand for what is beyond it: s for the ſ in [à-ž]
        for char, low in FOLDED.items():
            if any(_has(op, arg, char, flags) for op, arg in items):
                inside |= {ord(low), ord(low.upper())}
    leads = _leads(items, flags)
    if not inside and not leads:
        inside = {0}  # nothing that a MUD sends
    return Class(frozenset(inside), leads)


def repeated_class(found: Class, least: int, most: int) -> bytes:
    """*found*, so many times."""
    if not found.leads:
        return _set(found.ascii) + count(min(least, MAX_COUNT), most if most <= MAX_COUNT else MANY)
    copies = max(least, most if most < MANY else 0)
    exact = copies <= MAX_COPIES and (least == most or most <= MAX_RANGE)
    if found.leads == _LEADS and not exact:
        # Any byte beyond ASCII will do: of one character there are one to four.
        few = most * 4 <= MAX_COUNT
        return _set(found.ascii | set(range(0x80, 0x100))) + count(min(least, MAX_COUNT), most * 4 if few else MANY)
    one = _set(found.leads) + rb"[\x80-\xbf]{1,3}"
    one = b"(?:" + (_set(found.ascii) + b"|" if found.ascii else b"") + one + b")"
    return one + (count(least, most) if copies <= MAX_COPIES else count(min(least, MAX_COPIES), MANY))


def bound(least: int, most: int) -> int:
    """*most*, or no bound where it is far off."""
    return MANY if most > (FAR if least else NEAR) and least * 2 < most else most


def count(least: int, most: int) -> bytes:
    """The sign of a repeat; MANY is without a bound."""
    if most >= MANY:
        return {0: b"*", 1: b"+"}.get(least, b"{%d,}" % least)
    if (least, most) == (1, 1):
        return b""
    return b"?" if (least, most) == (0, 1) else b"{%d,%d}" % (least, most)


def _set(found: AbstractSet[int]) -> bytes:
    if len(found) == 255:
        return rb"[^\n]"
    parts, ordered = [], sorted(found)
    while ordered:
        first = last = ordered.pop(0)
        while ordered and ordered[0] == last + 1:
            last = ordered.pop(0)
        parts.append(b"\\x%02x-\\x%02x" % (first, last))
    return b"[" + b"".join(parts) + b"]"


def _holds(items: Sequence[Node], char: str, flags: int) -> bool:
    """Whether a character of ASCII belongs to the class."""
    negated = bool(items) and items[0][0] == "NEGATE"
    forms = {char, char.lower(), char.upper()} if flags & IGNORECASE else {char}
    found = any(_has(op, arg, form, flags) for op, arg in items for form in forms)
    # Of what ignores case, a class that leaves out one case may let the other in by a way of its own: let it pass.
    return (
        found != negated
        if len(forms) == 1 or not negated
        else not all(any(_has(op, arg, form, flags) for op, arg in items) for form in forms)
    )


def _has(op: str, arg: Any, char: str, flags: int) -> bool:
    match op:
        case "LITERAL":
            return bool(ord(char) == arg)
        case "RANGE":
            return bool(arg[0] <= ord(char) <= arg[1])
        case "CATEGORY":
            name = arg.removeprefix("CATEGORY_")
            inside = bool(_CLASSES[name.removeprefix("NOT_")](char))
            if flags & ASCII and (char > "\x7f" or "\x1c" <= char <= "\x1f"):
                inside = False  # what are letters, digits and blanks in Unicode alone
            return inside != bool(name.startswith("NOT_"))
    return False


def _leads(items: Sequence[Node], flags: int) -> frozenset[int]:
    """Bytes that begin the characters beyond ASCII that belong to the class; where that takes thought, all."""
    if items and items[0][0] == "NEGATE":
        return _LEADS - HAN if ("CATEGORY", "CATEGORY_WORD") in items and not flags & ASCII else _LEADS
    found: set[int] = set()
    for op, arg in items:
        match op:
            case "LITERAL" | "RANGE":
                low, high = (arg, arg) if op == "LITERAL" else arg
                if high > 127:
                    found |= set(range(_lead(max(low, 128)), _lead(high) + 1))
            case "CATEGORY" if flags & ASCII:
                found |= _LEADS if "NOT_" in arg else set()
            case "CATEGORY":
                found |= CATEGORY_LEADS.get(arg, _LEADS)
    return _LEADS if found and flags & IGNORECASE else frozenset(found)


def _lead(code: int) -> int:
    return chr(code).encode("utf-8", "surrogatepass")[0]


HAN = frozenset({0xE5, 0xE6, 0xE7, 0xE8})
"""Bytes that begin nothing but letters: most of Chinese."""
CATEGORY_LEADS = {
    "CATEGORY_NOT_WORD": _LEADS - HAN,
    "CATEGORY_DIGIT": frozenset({0xD9, 0xDB, 0xDF, 0xE0, 0xE1, 0xEA, 0xEF, 0xF0}),
    "CATEGORY_SPACE": frozenset({0xC2, 0xE1, 0xE2, 0xE3}),
}
"""Bytes that begin what is beyond ASCII of the digits, of the blanks, and of all but words."""
