"""What may follow what: the pattern as an automaton that has one state for each character that the pattern names.

This is Glushkov's construction, with one thing more: it keeps *how many* ways lead from one state to the next without
a character between them, up to two.  In ``(a*)*`` there is one state, and two ways from it to itself.

What stands between characters (``\\b``, ``$``, looks) is a gate while the automaton is built, and then becomes a bound
on the characters of the edges that pass it.  An atomic group may not be left by a character with which it could go on.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterator
from dataclasses import dataclass, field

from mudbot.triggers.lint.chars import Sample
from mudbot.triggers.lint.shape import Again, Alt, At, Atomic, Chars, Group, Look, Part, Repeat, Seq

ACCEPT = -1
"""The state behind the last one."""
LARGE = 300
"""States of an automaton before counted repeats are made smaller than they are."""
MOST_WAYS = 40_000
"""Ways from state to state: a loop over some two hundred words has as many, as each word can follow each."""


class TooLargeError(Exception):
    """The automaton would have more ways than anybody wants to wait for."""


@dataclass(frozen=True, slots=True)
class Edge:
    """The way to the state *to*, by one of the characters of *bits*; to ACCEPT, what may stand next."""

    to: int
    bits: int
    at_end: bool = False
    """Of a way to ACCEPT: whether it may be gone at the end of the text."""


@dataclass(slots=True)
class Automaton:
    """States are numbered; ``edges`` has those that leave each."""

    edges: list[list[Edge]]
    bits: list[int]
    inside: list[tuple[tuple[Repeat, int], ...]]
    """Of each state: the repeats around it, from the outside in, and which copy of their body it is in."""


@dataclass(slots=True)
class _Piece:
    """A part of the automaton: where it is entered and left, with the number of ways, and how often it is nothing."""

    first: dict[int, int] = field(default_factory=dict)
    last: dict[int, int] = field(default_factory=dict)
    nothing: int = 0


@dataclass(slots=True)
class _State:
    bits: int
    gate: At | Look | None
    inside: tuple[tuple[Repeat, int], ...]
    after: list[tuple[int, int]] = field(default_factory=list)
    """What may follow, and by which characters."""
    barred: int = 0
    """Characters by which an atomic group would go on."""


class Builder:
    """Makes an automaton of a part of a pattern; what is repeated *many* times at most is as if without a bound."""

    def __init__(self, sample: Sample, many: int, *, split: bool) -> None:
        """*split*: states are of word characters or of others, never of both, for ``\\b`` and looks back."""
        self._word, self._all = sample.word, (1 << len(sample.text)) - 1
        self._many, self._split = many, split
        self._states: list[_State] = []
        self._inside: tuple[tuple[Repeat, int], ...] = ()
        self._ways_left = MOST_WAYS

    def build(self, part: Part) -> Automaton:
        """The automaton of *part*.  :raises TooLargeError:"""
        piece = self._piece(part)
        for at in piece.last:
            self._states[at].after.append((ACCEPT, self._all & ~self._states[at].barred))
        edges = [list(self._ways(state)) for state in self._states]
        return Automaton(edges, [state.bits for state in self._states], [state.inside for state in self._states])

    # -- pieces ----------------------------------------------------------------------------------------------------

    def _piece(self, part: Part) -> _Piece:  # noqa: PLR0911  # one for each kind
        match part:
            case Chars():
                return self._chars(part.bits)
            case Seq():
                piece = _Piece(nothing=1)
                for each in part.parts:
                    piece = self._then(piece, self._piece(each))
                return piece
            case Alt():
                pieces = [self._piece(each) for each in part.parts]
                first, last = _sum(*(each.first for each in pieces)), _sum(*(each.last for each in pieces))
                return _Piece(first, last, min(2, sum(each.nothing for each in pieces)))
            case Repeat():
                return self._repeat(part)
            case Group():
                return self._piece(part.body)
            case Atomic():
                return self._atomic(part)
            case At() | Look():
                return self._state(0, part)
            case Again():
                return self._state(0, None)  # nobody knows what it was: no way leads through it

    def _state(self, bits: int, gate: At | Look | None) -> _Piece:
        at = len(self._states)
        self._states.append(_State(bits, gate, self._inside))
        return _Piece({at: 1}, {at: 1})

    def _chars(self, bits: int) -> _Piece:
        halves = (bits & self._word, bits & ~self._word) if self._split else (bits,)
        pieces = [self._state(half, None) for half in halves if half] or [self._state(0, None)]
        return _Piece(_sum(*(each.first for each in pieces)), _sum(*(each.last for each in pieces)))

    def _then(self, one: _Piece, two: _Piece) -> _Piece:
        self._link(one.last, two.first)
        first = _sum(one.first, *[two.first] * one.nothing)
        last = _sum(two.last, *[one.last] * two.nothing)
        return _Piece(first, last, min(2, one.nothing * two.nothing))

    def _link(self, last: dict[int, int], first: dict[int, int]) -> None:
        self._ways_left -= len(last) * len(first)
        if self._ways_left < 0:
            raise TooLargeError
        for one, ways in last.items():
            state = self._states[one]
            for two, more in first.items():
                bits = (self._states[two].bits or self._all) & ~state.barred
                state.after += [(two, bits)] * min(2, ways * more)

    def _atomic(self, part: Atomic) -> _Piece:
        piece = self._piece(part.body)
        for at in piece.last:
            for to, bits in self._states[at].after:
                self._states[at].barred |= bits & self._states[to].bits
        if piece.nothing:  # it is nothing only where it cannot begin
            begun = Chars("", 0, opening(part.body)[0])
            gate = self._state(0, Look(begun, ahead=True, negative=True))
            return _Piece(_sum(piece.first, gate.first), _sum(piece.last, gate.last))
        return piece

    # -- repeats ---------------------------------------------------------------------------------------------------

    def loop(self, part: Repeat) -> Automaton:
        """The automaton of what *part* repeats, as if without a bound.  :raises TooLargeError:"""
        self._looped(part, 0)
        return self.build(Seq([]))

    def _repeat(self, part: Repeat) -> _Piece:
        least, most = part.place.least, part.place.most
        without_end = most >= self._many and least != most
        piece = _Piece(nothing=1)
        for number in range(least - 1 if without_end else least):
            if len(self._states) > LARGE:
                break
            piece = self._then(piece, self._copy(part, number))
        rest = self._looped(part, least) if without_end else self._optional(part, least, most)
        return self._then(piece, rest)

    def _looped(self, part: Repeat, number: int) -> _Piece:
        piece = self._copy(part, number)
        self._link(piece.last, piece.first)
        if piece.nothing:  # `re` tries one repetition of nothing, and none, wherever the loop can end
            return _Piece(piece.first, _sum(piece.last, piece.last), 2)
        return _Piece(piece.first, piece.last, int(not part.place.least))

    def _optional(self, part: Repeat, least: int, most: int) -> _Piece:
        """One within the other, as each is tried only where the one before was found."""
        piece = _Piece(nothing=1)
        for number in range(most, least, -1):
            piece = self._then(self._copy(part, number), piece)
            piece.nothing = min(2, piece.nothing + 1)
            if len(self._states) > LARGE:
                break
        return piece

    def _copy(self, part: Repeat, number: int) -> _Piece:
        outside = self._inside
        self._inside = (*outside, (part, number))
        piece = self._piece(part.body)
        self._inside = outside
        return piece

    # -- gates -----------------------------------------------------------------------------------------------------

    def _ways(self, origin: _State) -> Iterator[Edge]:
        """The edges that leave a state, through gates too."""
        waiting = [(to, bits, True, frozenset[int]()) for to, bits in origin.after]
        while waiting:
            to, bits, end, passed = waiting.pop()
            if to == ACCEPT:
                yield Edge(ACCEPT, bits, end)
                continue
            state = self._states[to]
            if state.gate is None:
                if bits & state.bits:
                    yield Edge(to, bits & state.bits)
            elif to not in passed and (passable := self._through(state.gate, origin.bits)):
                bits, end = bits & passable[0], end and passable[1]
                waiting += [(each, bits & more, end, passed | {to}) for each, more in state.after]

    def _through(self, gate: At | Look, behind: int) -> tuple[int, bool] | None:
        """What may stand behind *gate* if it is passed after a character of *behind*, and whether the end may."""
        if isinstance(gate, Look):
            return self._seen(gate, behind)
        word = bool(behind & self._word)
        match gate.what:
            case "BEGINNING" | "BEGINNING_STRING":
                return None
            case "END" | "END_STRING":
                return 0, True
            case "BOUNDARY":
                return (self._all & ~self._word, True) if word else (self._word, False)
            case "NON_BOUNDARY":
                return (self._word, False) if word else (self._all & ~self._word, True)
        return self._all, True

    def _seen(self, look: Look, behind: int) -> tuple[int, bool] | None:
        bits, nothing = opening(look.body)
        single = isinstance(look.body, Chars)
        if not look.ahead:
            wanted = behind & ~bits if look.negative else behind & bits
            return None if single and not wanted else (self._all, True)
        if look.negative:
            return (self._all & ~bits, True) if single else (self._all, True)
        return (self._all, True) if nothing else (bits, False)


def opening(part: Part) -> tuple[int, bool]:  # noqa: PLR0911  # one for each kind
    """The characters with which *part* can begin, and whether it can be nothing."""
    match part:
        case Chars():
            return part.bits, False
        case Seq():
            bits = 0
            for each in part.parts:
                more, nothing = opening(each)
                bits |= more
                if not nothing:
                    return bits, False
            return bits, True
        case Alt():
            each_one = [opening(each) for each in part.parts]
            return functools.reduce(operator.or_, (bits for bits, _ in each_one), 0), any(n for _, n in each_one)
        case Repeat():
            bits, nothing = opening(part.body)
            return bits, nothing or not part.place.least
        case Group() | Atomic():
            return opening(part.body)
    return 0, True


def _sum(*ways: dict[int, int]) -> dict[int, int]:
    """How many ways lead to each state, over all; two stand for more."""
    total: dict[int, int] = {}
    for each in ways:
        for at, number in each.items():
            total[at] = min(2, total.get(at, 0) + number)
    return total
