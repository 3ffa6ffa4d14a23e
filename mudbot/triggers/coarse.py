"""A regular expression of Python's as one of hyperscan's that is found wherever the first is, and seldom elsewhere.

It works on bytes of UTF-8, as hyperscan's own Unicode mode is not Python's: it misses ``ı`` and ``İ``, refuses what
Python takes, and compiles for minutes.  What bytes cannot tell is let through: a character beyond ASCII is any such
character unless it is written out, look-around and back-references are anything, counts are bounds at most.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from mudbot.triggers.tree import ASCII, FOLDED, IGNORECASE, Node, combined, members, variants

MAX_SIZE = 3000
"""Bytes of an expression: longer ones take hyperscan too long to compile."""
REST = rb"[^\n]*\n"
"""To the end of the line: so an expression is found once a line, not at each of its letters."""
_HIGH = range(0x80, 0x100)
_CLASSES: dict[str, Callable[[str], bool]] = {
    "DIGIT": str.isdecimal,
    "SPACE": str.isspace,
    "WORD": lambda char: char.isalnum() or char == "_",
}


class _VagueError(Exception):
    """Nothing shorter than anything can be said."""


def coarse(tree: Sequence[Node], flags: int, *, anchored: bool = True) -> bytes | None:
    """The expression, or None where it would be found in any line, or would be too big.

    With hyperscan's flag MULTILINE.  Without *anchored* it may begin and end anywhere.
    """
    builder = _Builder(anchored)
    try:
        found, needed = builder.sequence(tree, flags)
    except _VagueError:
        return None
    if not needed or len(found) > MAX_SIZE:
        return None
    # Within an expression hyperscan refuses ends: there they stand for nothing.  A dollar that is text is in numbers.
    return found.replace(b"$", b"") + (b"\n" if found.endswith(b"$") else REST)


class _Builder:
    def __init__(self, anchored: bool) -> None:  # noqa: FBT001
        self._anchored = anchored

    def sequence(self, tree: Iterable[Node], flags: int) -> tuple[bytes, bool]:
        """The expression for *tree*, and whether it takes any room at all."""
        parts, needed, size = [], False, 0
        for op, arg in tree:
            part, some = self._node(op, arg, flags)
            parts.append(part)
            needed = needed or some
            size += len(part)
            if size > MAX_SIZE:
                raise _VagueError
        return b"".join(parts), needed

    def _node(self, op: str, arg: Any, flags: int) -> tuple[bytes, bool]:
        match op:
            case "LITERAL" | "NOT_LITERAL" | "ANY" | "IN":
                return _one(op, arg, flags), True
            case "SUBPATTERN" | "ATOMIC_GROUP":
                _, added, removed, inner = arg if op == "SUBPATTERN" else (None, 0, 0, arg)
                return self._grouped(inner, combined(flags, added, removed))
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                return self._repeat(arg, flags)
            case "BRANCH" | "GROUPREF_EXISTS":
                return self._branch(arg[1] if op == "BRANCH" else [arg[1], arg[2] or []], flags)
            case "AT":
                return self._place(arg)
        # A back-reference is anything; look-around takes no room, and is asked by whoever verifies.
        return (rb"[^\n]*" if op == "GROUPREF" else b""), False

    def _grouped(self, tree: Sequence[Node], flags: int) -> tuple[bytes, bool]:
        found, needed = self.sequence(tree, flags)
        return (b"(?:" + found + b")" if found else b""), needed

    def _branch(self, branches: Sequence[Sequence[Node]], flags: int) -> tuple[bytes, bool]:
        built = [self.sequence(branch, flags) for branch in branches]
        return b"(?:" + b"|".join(found for found, _ in built) + b")", all(needed for _, needed in built)

    def _place(self, at: str) -> tuple[bytes, bool]:
        """A line is all that there is, so its ends are those of the text; where words end bytes cannot tell."""
        if not self._anchored:
            return b"", False
        signs = {"AT_BEGINNING": b"^", "AT_BEGINNING_STRING": b"^", "AT_END": b"$", "AT_END_STRING": b"$"}
        return signs.get(at, b""), False

    def _repeat(self, repeat: tuple[int, int, Sequence[Node]], flags: int) -> tuple[bytes, bool]:
        least, most, inner = repeat
        if len(inner) == 1 and inner[0][0] in ("ANY", "IN", "NOT_LITERAL"):
            return _class(_items(*inner[0]), flags, _count(least, most)), least > 0
        found, needed = self._grouped(inner, flags)
        if not found:
            return b"", False
        if (least, most) == (0, 1):
            return found + b"?", False
        # Big counts of big things are what takes hyperscan minutes.
        return found + (b"*" if least == 0 else b"+"), needed and least > 0


def _count(least: int, most: int) -> bytes:
    """How often bytes may come where characters come so often: of one to four bytes each."""
    least = min(least, 16)
    if most * 4 > 32:
        return {0: b"*", 1: b"+"}.get(least, b"{%d,}" % least)
    return b"{%d,%d}" % (least, most * 4)


def _items(op: str, arg: Any) -> Sequence[Node]:
    """What takes one character, as a class."""
    match op:
        case "ANY":
            return [("NEGATE", None)]
        case "NOT_LITERAL":
            return [("NEGATE", None), ("LITERAL", arg)]
    return arg  # type: ignore[no-any-return]


def _one(op: str, arg: Any, flags: int) -> bytes:
    if op == "LITERAL":
        return _alternatives(_cases(chr(arg), flags))
    chars = members(arg, flags, 8) if op == "IN" else ()
    return _alternatives(chars) if chars else _class(_items(op, arg), flags, b"")


def _cases(char: str, flags: int) -> tuple[str, ...]:
    if not flags & IGNORECASE:
        return (char,)
    if char.isascii():
        return tuple(dict.fromkeys((char.lower(), char.upper())))
    return tuple(dict.fromkeys((*variants(char), *members([("LITERAL", ord(char))], flags, 8))))


def _alternatives(chars: Sequence[str]) -> bytes:
    if all(c.isascii() for c in chars):
        return _escaped(chars[0]) if len(chars) == 1 else b"[" + b"".join(map(_escaped, chars)) + b"]"
    return _escaped(chars[0]) if len(chars) == 1 else b"(?:" + b"|".join(map(_escaped, chars)) + b")"


def _escaped(char: str) -> bytes:
    # In numbers: nothing of hyperscan's syntax is left to chance.
    return b"".join(b"\\x%02x" % byte for byte in char.encode("utf-8", "surrogatepass"))


def _class(items: Sequence[Node], flags: int, count: bytes) -> bytes:
    return _class_of(tuple(items), flags & (IGNORECASE | ASCII), count)


@functools.lru_cache(maxsize=2000)
def _class_of(items: tuple[Node, ...], flags: int, count: bytes) -> bytes:
    """One character of a class, or *count* bytes of such; all of them if nothing is left out."""
    inside = {byte for byte in range(128) if _holds(items, chr(byte), flags)} - {10}
    if flags & IGNORECASE:  # letters of ASCII that stand for what is beyond it: s for the ſ in [à-ž]
        for char, low in FOLDED.items():
            if any(_has(op, arg, char, flags) for op, arg in items):
                inside |= {ord(low), ord(low.upper())}
    beyond = _beyond_ascii(items, flags)
    if not inside and not beyond:
        inside = {0}  # nothing that a MUD sends
    if beyond:
        return _set(inside | set(_HIGH)) + (count or b"{1,4}")
    return _set(inside) + count


def _set(found: set[int]) -> bytes:
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


def _beyond_ascii(items: Sequence[Node], flags: int) -> bool:
    """Whether any character beyond ASCII belongs to the class; where that takes thought, yes."""
    for op, arg in items:
        match op:
            case "NEGATE":
                return True
            case "LITERAL" if arg > 127:
                return True
            case "RANGE" if arg[1] > 127:
                return True
            case "CATEGORY" if not flags & ASCII or "NOT_" in arg:
                return True
    return False
