"""Reads a pattern for what can make it run away, and says so in words.

Nothing is tried out: the pattern becomes an automaton, and whether that can read one text in many ways is a question
about graphs.  So a finding comes with a text that shows it.  Guesses are made only where ``re`` can do what an
automaton cannot, and then in favour of the pattern: back references, looks of more than one character, atomic groups.
"""

from __future__ import annotations

import contextlib
import functools
import operator
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from mudbot.triggers.lint import safer, shape, words
from mudbot.triggers.lint.ambiguity import can_fail, components, doubling, touching
from mudbot.triggers.lint.automaton import Automaton, Builder, TooLargeError, opening
from mudbot.triggers.lint.places import Places
from mudbot.triggers.lint.shape import Again, Alt, At, Atomic, Chars, Group, Look, Part, Repeat, Seq, Shape

MANY_WAYS = 16
"""A group that comes so often and can be cut in two ways has 2**16: a few milliseconds of ``re`` from each start."""
LONG_RUN = 100
"""Loops bounded below this, side by side, have some thousand borders: too few to speak of."""

Span = tuple[int, int]

_WORTH_READING = re.compile(r"\)\s*[*+{]|[*+{].*?[*+{]", re.DOTALL)
"""What every pattern with a finding has: a quantifier behind a bracket, or two."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A part of a pattern that can take a time out of all proportion to the line."""

    kind: Literal["exponential", "polynomial"]
    """``exponential``: a line of some thirty characters is enough.  ``polynomial``: it takes some hundreds."""
    start: int
    end: int
    piece: str
    """``regex[start:end]``."""
    message: str
    """What happens, on which text, and what to write instead."""
    safer: str | None
    """What can stand in place of *piece* and finds the same, groups apart where *message* says so; None if unknown."""


def lint(regex: str, flags: int = 0) -> tuple[Finding, ...]:
    """What can make *regex* run away on a line, in the order of the text.

    Nothing is found in what ``re`` refuses, and in what would take too long: a loop over more than some two hundred
    words.  What is not found can still be slow: ``(.*), (.*), (.*)!`` on a thousand commas, or a back reference.
    """
    if not _WORTH_READING.search(regex):
        return ()
    try:
        read = shape.read(regex, flags, _is_suspect)
    except (re.error, ValueError, OverflowError, RecursionError):
        return ()
    if read is None:
        return ()
    found = dict.fromkeys(_Check(regex, read).findings())  # once, also if a look or an atomic group has it
    return tuple(sorted(found, key=lambda finding: finding.start))


def _is_suspect(places: Places) -> bool:
    """Whether there is a loop over more than one character, or two loops: most patterns have neither."""
    long = sum(place.most >= LONG_RUN for place in places.found)
    groups = [place for place in places.found if places.regex[place.start] == "("]
    return long > 1 or any(place.most >= MANY_WAYS or (long and place.most > 1) for place in groups)


class _Check:
    def __init__(self, regex: str, read: Shape) -> None:
        self.regex = regex
        self.shape = read
        self.parts = list(safer.parts_of(read.root))
        self.split = any(
            (isinstance(part, At) and "BOUNDARY" in part.what) or (isinstance(part, Look) and not part.ahead)
            for part in self.parts
        )
        self.flags = read.flags
        self.bad: list[Repeat] = []

    def findings(self) -> Iterator[Finding]:
        for loop, kept in _loops(self.shape.root, kept=False):
            if not kept and (text := self._doubling(loop)):
                self.bad.append(loop)
                yield self._exponential(loop, text)
        roots = [
            (self.shape.root, True),
            *((part.body, False) for part in self.parts if isinstance(part, Atomic | Look)),
        ]
        for root, whole in roots:
            if any(isinstance(part, Repeat) for part in safer.parts_of(root)):
                yield from self._polynomial(root, whole=whole)

    # -- one loop within another -----------------------------------------------------------------------------------

    def _doubling(self, loop: Repeat) -> str | None:
        """A text that the loop can take in two ways, and so in 2**n ways if it comes n times."""
        inner = list(safer.parts_of(loop.body))
        if loop.place.most < MANY_WAYS or isinstance(loop.body, Chars) or any(bad in inner for bad in self.bad):
            return None
        bits, nothing = opening(loop.body)
        if loop.place.least >= MANY_WAYS and nothing and bits:
            return self.shape.sample.first(bits)  # (a?){20}: which of the repetitions are nothing?
        with contextlib.suppress(TooLargeError):
            return self._told(doubling(Builder(self.shape.sample, MANY_WAYS, split=self.split).loop(loop)))
        return None

    def _told(self, text: list[int] | None) -> str | None:
        return None if text is None else "".join(self.shape.sample.first(bits) for bits in text)

    def _exponential(self, loop: Repeat, text: str) -> Finding:
        start, end = loop.place.start, loop.place.end
        piece = self.regex[start:end]
        better = self._checked(safer.of_loop(self.regex, self.flags, loop), loop.body)
        return Finding("exponential", start, end, piece, words.exponential(piece, text, better, loop), better)

    def _checked(self, better: str | None, *changed: Part) -> str | None:
        """*better*, unless it has findings itself or a group that it changes is asked for elsewhere."""
        groups = any(isinstance(part, Group) for each in changed for part in safer.parts_of(each))
        refers = "(?(" in self.regex or any(isinstance(part, Again) for part in self.parts)
        return None if better is None or (groups and refers) or lint(better, self.flags) else better

    # -- one loop beside another -----------------------------------------------------------------------------------

    def _polynomial(self, root: Part, *, whole: bool) -> Iterator[Finding]:
        try:
            automaton = Builder(self.shape.sample, LONG_RUN, split=self.split).build(root)
        except TooLargeError:
            return
        number = components(automaton)
        spans: dict[Span, str] = {}
        for one, two, text in touching(automaton):
            around = automaton.inside[one] + automaton.inside[two]
            if any(loop in self.bad for loop, _ in around):
                continue
            same = whole and _bits(automaton, number, one) == _bits(automaton, number, two)
            if same or can_fail(automaton, (one, two)):
                spans[self._span(automaton, one, two)] = self._told(text) or ""
        for (start, end), shared in _joined(spans).items():
            piece = self.regex[start:end]
            better = self._checked(safer.of_neighbours(self.regex, root, start, end))
            yield Finding("polynomial", start, end, piece, words.polynomial(piece, shared, better), better)

    def _span(self, automaton: Automaton, one: int, two: int) -> Span:
        """Where the two loops stand: from the first to the second, or the one that has both in its body."""
        last = automaton.inside[one][0][0].place
        for (loop, copy), (other, another) in zip(automaton.inside[one], automaton.inside[two], strict=False):
            if loop is not other:
                start, end = min(loop.place.start, other.place.start), max(loop.place.end, other.place.end)
                return self.shape.places.around(start, end)
            last = loop.place
            if copy != another:
                break
        return last.start, last.end


def _loops(part: Part, *, kept: bool) -> Iterator[tuple[Repeat, bool]]:
    """Every repeat, inner ones first, and whether it is kept as first found: nothing behind it makes it try again."""
    match part:
        case Seq():
            for number, each in enumerate(part.parts, 1):
                yield from _loops(each, kept=kept and number == len(part.parts))
        case Alt():
            for each in part.parts:
                yield from _loops(each, kept=kept)
        case Group():
            yield from _loops(part.body, kept=kept)
        case Atomic() | Look():
            yield from _loops(part.body, kept=True)
        case Repeat():
            yield from _loops(part.body, kept=kept and part.place.most == 1)
            yield part, kept


def _bits(automaton: Automaton, number: list[int], state: int) -> int:
    """All characters of the loop that *state* is on."""
    states = (at for at, loop in enumerate(number) if loop == number[state])
    return functools.reduce(operator.or_, (automaton.bits[at] for at in states))


def _joined(spans: dict[Span, str]) -> dict[Span, str]:
    """The spans, those that overlap made one: of ``\\s*\\s*\\s*`` each two touch."""
    joined: dict[Span, str] = {}
    for (start, end), text in sorted(spans.items()):
        last = next(reversed(joined), None)
        if last is not None and start < last[1]:
            joined[last[0], max(end, last[1])] = joined.pop(last)
        else:
            joined[start, end] = text
    return joined
