"""A regular expression as its parts, with the place of each repeat in the text.

The tree of ``re`` says flags per group and mixes what a set is with how it is stored; here each set knows its own
flags and members, so that the rest of the package need not know ``re``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from mudbot.triggers.lint.chars import Sample, written
from mudbot.triggers.lint.places import Place, Places
from mudbot.triggers.tree import Node, combined, parse


@dataclass(eq=False, slots=True)
class Chars:
    """One character of a set."""

    text: str
    """The regular expression for it."""
    flags: int
    bits: int


@dataclass(eq=False, slots=True)
class Seq:
    """One part after the other; nothing, if there is none."""

    parts: list[Part]


@dataclass(eq=False, slots=True)
class Alt:
    """One of them."""

    parts: list[Part]


@dataclass(eq=False, slots=True)
class Repeat:
    """*body* so and so often."""

    body: Part
    place: Place


@dataclass(eq=False, slots=True)
class Group:
    """A group that has a number."""

    body: Part
    number: int


@dataclass(eq=False, slots=True)
class Atomic:
    """What is found first is kept."""

    body: Part


@dataclass(eq=False, slots=True)
class Look:
    """A look ahead, or back."""

    body: Part
    ahead: bool
    negative: bool


@dataclass(eq=False, slots=True)
class At:
    """A place between characters: ``BEGINNING``, ``END_STRING``, ``BOUNDARY``, ``NON_BOUNDARY`` ..."""

    what: str
    flags: int


@dataclass(eq=False, slots=True)
class Again:
    """What a group found, once more."""


Part = Chars | Seq | Alt | Repeat | Group | Atomic | Look | At | Again


@dataclass(frozen=True, slots=True)
class Shape:
    """A whole pattern."""

    root: Part
    sample: Sample
    places: Places
    flags: int
    """Those of ``re``, with what the pattern itself says of them."""


def read(regex: str, flags: int, wanted: Callable[[Places], bool]) -> Shape | None:
    """The parts of *regex*; None if they are not *wanted*, or if ``re`` reads its repeats otherwise than this does.

    Raises ``re.error``.
    """
    tree, flags = parse(regex, flags)
    places = Places(regex, verbose=bool(flags & re.VERBOSE))
    if not wanted(places):
        return None
    reader = _Reader(Sample(_sets(tree)), iter(places.found))
    try:
        return Shape(reader.sequence(tree, flags), reader.sample, places, flags)
    except _OutOfStepError:
        return None


class _OutOfStepError(Exception):
    """A repeat of the tree is not the next one of the text."""


def _sets(arg: Any) -> Iterator[tuple[str, Any]]:
    """Every set within a tree."""
    if isinstance(arg, tuple) and len(arg) == 2 and arg[0] in ("LITERAL", "NOT_LITERAL", "IN", "ANY"):
        yield arg
    elif isinstance(arg, list | tuple):
        for each in arg:
            yield from _sets(each)


_MODES = {"MAX_REPEAT": "greedy", "MIN_REPEAT": "lazy", "POSSESSIVE_REPEAT": "possessive"}


class _Reader:
    def __init__(self, sample: Sample, places: Iterator[Place]) -> None:
        self.sample = sample
        self._places = places

    def sequence(self, tree: list[Node], flags: int) -> Part:
        parts = [self._part(op, arg, flags) for op, arg in tree]
        return parts[0] if len(parts) == 1 else Seq(parts)

    def _part(self, op: str, arg: Any, flags: int) -> Part:  # noqa: PLR0911  # one for each kind
        if op in _MODES:
            return self._repeat(op, arg, flags)
        match op:
            case "SUBPATTERN":
                number, added, removed, inner = arg
                body = self.sequence(inner, combined(flags, added, removed))
                return body if number is None else Group(body, number)
            case "BRANCH":
                return Alt([self.sequence(each, flags) for each in arg[1]])
            case "ATOMIC_GROUP":
                return Atomic(self.sequence(arg, flags))
            case "ASSERT" | "ASSERT_NOT":
                return Look(self.sequence(arg[1], flags), ahead=arg[0] > 0, negative=op == "ASSERT_NOT")
            case "GROUPREF_EXISTS":
                _, yes, no = arg
                return Alt([self.sequence(yes, flags), self.sequence(no or [], flags)])
        return self._simple(op, arg, flags)

    def _simple(self, op: str, arg: Any, flags: int) -> Part:
        match op:
            case "LITERAL" | "NOT_LITERAL" | "IN" | "ANY":
                return Chars(written(op, arg), flags, self.sample.bits(op, arg, flags))
            case "AT":
                return At(arg.removeprefix("AT_"), flags)
            case "GROUPREF":
                return Again()
        return Chars("(?!)", flags, 0)  # FAILURE: an empty look that is negative

    def _repeat(self, op: str, arg: Any, flags: int) -> Part:
        least, most, inner = arg
        body = self.sequence(inner, flags)
        place = next(self._places, None)
        if place is None or (place.least, place.most, place.mode) != (least, most, _MODES[op]):
            raise _OutOfStepError
        repeat = Repeat(body, place)
        return Atomic(repeat) if place.mode == "possessive" else repeat
