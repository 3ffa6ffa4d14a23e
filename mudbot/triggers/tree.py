"""The tree of a regular expression, as the standard library parses it, and what case means in it.

``re._parser`` is not public; ``tests/triggers/test_tree.py`` pins what is used of it on the Python that runs.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from re import _casefix, _constants, _parser  # type: ignore[attr-defined]  # not public, so typeshed has no stubs
from typing import Any

Node = tuple[str, Any]
"""The name of an operation and what belongs to it; inner trees are lists of nodes."""

NON_ASCII_CASES = "\u017f\u212a\u0131\u0130"
"""ſ, the Kelvin sign, ı and İ: all that stands for a letter of ASCII under IGNORECASE and is none."""
IGNORECASE, ASCII = int(re.IGNORECASE), int(re.ASCII)
"""As plain numbers: to work with an enumeration takes ten times as long."""
MANY = 1 << 31
"""For a number without a bound."""
MAX_DEPTH = 60

FOLDED = {"\u017f": "s", "\u212a": "k", "\u0131": "i", "\u0130": "i"}
_TYPES = int(re.ASCII | re.UNICODE)
_HIGHEST_CASED = 0x1E944


def parse(regex: str, flags: int) -> tuple[list[Node], int]:
    """The tree of *regex* and its flags, those that stand in it included.  Raises ``re.error``."""
    parsed = _parser.parse(regex, int(flags))
    return _plain(parsed, 0), int(parsed.state.flags)


def _plain(tree: Any, depth: int) -> list[Node]:
    """The same in lists and names, whatever the version of Python calls them."""
    if depth > MAX_DEPTH:
        raise re.error("groups are nested too deeply for a trigger")
    return [(str(op), _argument(arg, depth + 1)) for op, arg in tree]


def _argument(arg: Any, depth: int) -> Any:
    if isinstance(arg, _parser.SubPattern):
        return _plain(arg, depth)
    if isinstance(arg, list | tuple):
        if arg and isinstance(arg, list) and isinstance(arg[0], tuple):
            return _plain(arg, depth)  # a class
        return type(arg)(_argument(each, depth) for each in arg)
    if isinstance(arg, _constants._NamedIntConstant):  # noqa: SLF001
        return MANY if arg == _constants.MAXREPEAT else str(arg)
    return arg


def combined(flags: int, added: int, removed: int) -> int:
    """The flags within a group that adds and removes some: of ASCII and Unicode the inner one counts."""
    if added & _TYPES:
        flags &= ~_TYPES
    return (flags | added) & ~removed


def folded(char: str) -> str:
    """*char* as a small letter of ASCII, if it is one or stands for one under IGNORECASE; else nothing."""
    return char.lower() if char.isascii() else FOLDED.get(char, "")


def variants(char: str) -> tuple[str, ...]:
    """All that a character outside of ASCII stands for under IGNORECASE, itself included."""
    if char.lower() == char and char.upper() == char:
        return (char,)
    return _cases().get(char, (char,))


@functools.cache
def _cases() -> dict[str, tuple[str, ...]]:
    """Each cased character with all its equals, found by asking ``re``'s own tables."""
    classes: dict[int, list[str]] = {}
    for code in (*range(0x41, 0x7B), *range(0xB5, _HIGHEST_CASED)):
        char = chr(code)
        low, up = char.lower(), char.upper()
        if low != char or up != char:
            classes.setdefault(ord(low) if len(low) == 1 else ord(low[0]), []).append(char)
    for lower, others in _casefix._EXTRA_CASES.items():  # noqa: SLF001
        for other in others:
            together = dict.fromkeys([*classes.get(lower, [chr(lower)]), *classes.get(other, [chr(other)])])
            classes[lower] = classes[other] = list(together)
    return {char: tuple(equal) for equal in classes.values() for char in equal}


def members(items: Sequence[Node], flags: int, most: int) -> tuple[str, ...]:
    """The characters of a class, with their other cases where *flags* ignore it; none if there are more than *most*."""
    found: dict[str, None] = {}
    for op, arg in items:
        if op not in ("LITERAL", "RANGE"):
            return ()
        first, last = (arg, arg) if op == "LITERAL" else arg
        if last - first >= most:
            return ()
        for code in range(first, last + 1):
            found.update(dict.fromkeys(_equals(chr(code), flags)))
        if len(found) > most:
            return ()
    return tuple(found)


def _equals(char: str, flags: int) -> Iterable[str]:
    if not flags & IGNORECASE:
        return (char,)
    if low := folded(char):
        return (char, low, low.upper())
    return variants(char)
