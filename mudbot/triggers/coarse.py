"""A regular expression of Python's as one of hyperscan's that is found wherever the first is, and seldom elsewhere.

It works on bytes of UTF-8, as hyperscan's own Unicode mode is not Python's: it misses ``ı`` and ``İ``, refuses what
Python takes, and compiles for minutes.  What bytes cannot tell is let through: a character beyond ASCII is any such
character unless it is written out, look-around and back-references are anything, counts are bounds at most.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from mudbot.triggers.classes import bound, class_of, count, repeated_class
from mudbot.triggers.tree import IGNORECASE, MANY, Node, combined, members, variants

MAX_SIZE = 3000
"""Bytes of an expression: longer ones take hyperscan too long to compile."""
MAX_MEMBERS = 16
"""Characters of a class that are written out."""
MAX_WEIGHT = 150
"""Characters that an expression may come to with its counts written out."""
REST = rb"[^\n]*\n"
"""To the end of the line: so an expression is found once a line, not at each of its letters."""


class _VagueError(Exception):
    """Nothing shorter than anything can be said."""


def coarse(tree: Sequence[Node], flags: int, *, anchored: bool = True) -> bytes | None:
    """The expression, or None where it would be found in any line, or would be too big.

    With hyperscan's flag MULTILINE.  Without *anchored* it may begin and end anywhere.
    """
    builder = _Builder(anchored)
    try:
        found, needed, _ = builder.sequence(tree, flags)
    except _VagueError:
        return None
    whole = found.startswith(b"^") and found.endswith(b"$")
    if not (needed or whole) or len(found) > MAX_SIZE:
        return None
    # Within an expression hyperscan refuses ends: there they stand for nothing.  A dollar that is text is in numbers.
    return found.replace(b"$", b"") + (b"\n" if found.endswith(b"$") else REST)


Built = tuple[bytes, bool, int]
"""An expression, whether it takes any room at all, and how many characters it comes to with its counts written out."""


class _Builder:
    def __init__(self, anchored: bool) -> None:  # noqa: FBT001
        self._anchored = anchored
        self._groups: dict[int, Built] = {}

    def sequence(self, tree: Iterable[Node], flags: int) -> Built:
        """The expression for *tree*."""
        parts, needed, size, weight = [], False, 0, 0
        for op, arg in tree:
            part, some, more = self._node(op, arg, flags)
            parts.append(part)
            needed = needed or some
            size += len(part)
            weight += more
            if size > MAX_SIZE:
                raise _VagueError
        return b"".join(parts), needed, weight

    def _node(self, op: str, arg: Any, flags: int) -> Built:  # noqa: PLR0911  # one for each kind of node
        match op:
            case "LITERAL" | "NOT_LITERAL" | "ANY" | "IN":
                return _one(op, arg, flags), True, 1
            case "SUBPATTERN" | "ATOMIC_GROUP":
                number, added, removed, inner = arg if op == "SUBPATTERN" else (None, 0, 0, arg)
                built = self._grouped(inner, combined(flags, added, removed))
                if number is not None and not flags & IGNORECASE:
                    self._groups[number] = built
                return built
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                return self._repeat(arg, flags)
            case "BRANCH" | "GROUPREF_EXISTS":
                return self._branch(arg[1] if op == "BRANCH" else [arg[1], arg[2] or []], flags)
        if op == "AT":
            return self._place(arg), False, 0
        anything = rb"[^\n]*", False, 1
        if op == "GROUPREF":  # the same once more: of what looks the same in bytes some is another text, which may pass
            return anything if flags & IGNORECASE else self._groups.get(arg, anything)
        return b"", False, 0  # look-around takes no room, and is asked by whoever verifies

    def _grouped(self, tree: Sequence[Node], flags: int) -> Built:
        found, needed, weight = self.sequence(tree, flags)
        return (b"(?:" + found + b")" if found else b""), needed, weight

    def _branch(self, branches: Sequence[Sequence[Node]], flags: int) -> Built:
        built = [self.sequence(branch, flags) for branch in branches]
        found = b"(?:" + b"|".join(each[0] for each in built) + b")"
        return found, all(each[1] for each in built), sum(each[2] for each in built)

    def _place(self, at: str) -> bytes:
        """A line is all that there is, so its ends are those of the text; where words end bytes cannot tell."""
        signs = {"AT_BEGINNING": b"^", "AT_BEGINNING_STRING": b"^", "AT_END": b"$", "AT_END_STRING": b"$"}
        return signs.get(at, b"") if self._anchored else b""

    def _repeat(self, repeat: tuple[int, int, Sequence[Node]], flags: int) -> Built:
        least, most, inner = repeat
        if most == 0:
            return b"", False, 0
        few = len(inner) == 1 and inner[0][0] == "IN" and members(inner[0][1], flags, MAX_MEMBERS)
        if len(inner) == 1 and inner[0][0] in ("ANY", "IN", "NOT_LITERAL") and not (few and not "".join(few).isascii()):
            most = bound(least, most)
            weight = max(least, most if most < MANY else 1)
            return repeated_class(class_of(*inner[0], flags), least, most), least > 0, weight
        found, needed, weight = self._grouped(inner, flags)
        if not found:
            return b"", False, 0
        # Big counts of big things are what takes hyperscan minutes.
        times = max(least, most if most < MANY else 0, 1)
        if weight * times > MAX_WEIGHT:
            least, most, times = min(least, 1), MANY, 1
        return found + count(least, most), needed and least > 0, weight * times


def _one(op: str, arg: Any, flags: int) -> bytes:
    if op == "LITERAL":
        return _alternatives(_cases(chr(arg), flags))
    chars = members(arg, flags, MAX_MEMBERS) if op == "IN" else ()
    return _alternatives(chars) if chars else repeated_class(class_of(op, arg, flags), 1, 1)


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
