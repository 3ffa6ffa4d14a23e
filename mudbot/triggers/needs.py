"""What a line must hold for a pattern to be found in it: texts that it cannot do without, and a coarser pattern.

Both are only ever too generous, never too strict: whatever Python's ``re`` finds in a line, the line has one of the
texts of each choice, and the coarse pattern is found in its UTF-8.  What is found so is searched for by ``re`` itself.

Case is Unicode's business: under IGNORECASE ``s``, ``k`` and ``i`` also stand for ``ſ``, the Kelvin sign, ``ı`` and
``İ``.  Here a letter of ASCII stands for its two cases only; in a line with one of those four, whoever uses needs has
to search for every pattern that is ``caseless``.
"""

from __future__ import annotations

import functools
import itertools
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from mudbot.triggers.coarse import coarse
from mudbot.triggers.tree import IGNORECASE, NON_ASCII_CASES, Node, combined, folded, members, parse

__all__ = ["NON_ASCII_CASES", "Choice", "Need", "coarse_of", "need_of"]

MAX_ALTERNATIVES = 16
"""Texts that one place of a pattern may become: ``[说說]道`` is two."""
FEW = 4
"""Texts that are as good as one: more are only worth while where they are much rarer."""
MAX_UNION = 64
"""Texts of an alternation of words, each of which is looked for."""
MAX_TEXT = 80
"""Characters of a text that is looked for; a longer one is no rarer."""
MAX_CHOICES = 12

_BITS = {" ": 2.5}
_INLINE = re.compile(r"\(\?[a-zA-Z-]*i")  # (?i: and its like; the tree says whether it is one


@dataclass(frozen=True, slots=True)
class Choice:
    """Texts one of which a line must hold."""

    texts: tuple[str, ...]
    caseless: bool
    """Letters of ASCII stand for both their cases; they are written small."""

    bits: float = field(compare=False)
    """How rare it is: minus the binary logarithm of a line's chance to hold one of them, roughly."""

    @classmethod
    def of(cls, texts: Iterable[str], *, caseless: bool) -> Choice:
        """One of *texts*, each once."""
        distinct = tuple(dict.fromkeys(map(_low, texts) if caseless else texts))
        return cls(distinct, caseless, min(map(_bits, distinct)) - math.log2(len(distinct)))


@dataclass(frozen=True, slots=True)
class Need:
    """What a pattern needs."""

    choices: tuple[Choice, ...]
    """The rarest first; each is needed."""
    caseless: bool
    """Whether any of it ignores case."""


@functools.lru_cache(maxsize=50_000)
def need_of(regex: str, flags: int = 0) -> Need:
    """What *regex* needs.  Raises ``re.error`` for what is none."""
    tree, flags = parse(regex, flags)
    found: list[Choice] = []
    for run in _runs(_events(tree, flags)):
        found += _windows(run)
    best = sorted(dict.fromkeys(found), key=lambda choice: -choice.bits)[:MAX_CHOICES]
    ignores = bool(flags & IGNORECASE) or bool(_INLINE.search(regex) and _has_scoped_ignorecase(tree))
    return Need(tuple(best), ignores)


@functools.lru_cache(maxsize=50_000)
def coarse_of(regex: str, flags: int = 0, *, anchored: bool = True) -> bytes | None:
    """A hyperscan expression over UTF-8, found once a line and with its line end; None where it would say nothing.

    Without *anchored* ``^`` and ``$`` stand for nothing: for a pattern that will be tried on less than a whole line.
    """
    return coarse(*parse(regex, flags), anchored=anchored)


def _has_scoped_ignorecase(tree: Iterable[Node]) -> bool:
    for op, arg in tree:
        if op == "SUBPATTERN" and arg[1] & IGNORECASE:
            return True
        if any(_has_scoped_ignorecase(inner) for inner in _inside(op, arg)):
            return True
    return False


def _inside(op: str, arg: Any) -> Iterator[Iterable[Node]]:
    match op:
        case "SUBPATTERN":
            yield arg[3]
        case "ATOMIC_GROUP":
            yield arg
        case "ASSERT" | "ASSERT_NOT":
            yield arg[1]
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            yield arg[2]
        case "BRANCH":
            yield from arg[1]
        case "GROUPREF_EXISTS":
            yield arg[1]
            if arg[2] is not None:
                yield arg[2]


# -- from a tree to places one after the other -------------------------------------------------------------------------

Place = tuple[tuple[str, ...], bool]
"""What stands there, one of several texts, and whether its ASCII letters ignore case."""
Event = Place | Choice | None
"""A place; or something needed that touches nothing; or None: anything may stand here."""


def _events(tree: Iterable[Node], flags: int) -> Iterator[Event]:
    for op, arg in tree:
        match op:
            case "LITERAL":
                yield _literal(arg, flags)
            case "IN":
                chars = members(arg, flags, MAX_ALTERNATIVES)
                yield (chars, False) if chars else None
            case "SUBPATTERN":
                _, added, removed, inner = arg
                yield from _events(inner, combined(flags, added, removed))
            case "ATOMIC_GROUP":
                yield from _events(arg, flags)
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                yield from _repeated(arg, flags)
            case "BRANCH":
                yield from _branched(arg[1], flags)
            case "AT" | "ASSERT" | "ASSERT_NOT":
                pass  # takes no room: what stands before and behind it touches
            case _:
                yield None


def _literal(code: int, flags: int) -> Place:
    char = chr(code)
    if not flags & IGNORECASE:
        return (char,), False
    if low := folded(char):
        return (low,), low.isalpha()
    chars = members([("LITERAL", code)], flags, MAX_ALTERNATIVES)
    return chars or (char,), False


def _repeated(repeat: tuple[int, int, Sequence[Node]], flags: int) -> Iterator[Event]:
    least, most, inner = repeat
    events = list(_events(inner, flags))
    if (least, most) == (0, 1):
        whole = _texts(events)
        yield (("", *whole[0]), whole[1]) if whole and len(whole[0]) < MAX_ALTERNATIVES else None
        return
    copies = min(least, 8) if len(events) <= MAX_TEXT else min(least, 1)
    for _ in range(copies):
        yield from events
    if copies != most:
        yield None  # one copy stands for several: what is before and what is behind them does not touch


def _branched(branches: Sequence[Sequence[Node]], flags: int) -> Iterator[Event]:
    events = [list(_events(branch, flags)) for branch in branches]
    wholes = [_texts(each) for each in events]
    texts = dict.fromkeys(text for whole in wholes if whole for text in whole[0])
    if all(wholes) and len(texts) <= MAX_UNION:
        place = tuple(texts), any(whole[1] for whole in wholes if whole)
        if len(texts) <= MAX_ALTERNATIVES:
            yield place
            return
    yield None
    found: list[Choice] = []
    for each in events:
        windows = [window for run in _runs(iter(each)) for window in _windows(run)]
        if not windows:
            return
        found.append(max(windows, key=lambda choice: choice.bits))
    caseless = any(choice.caseless for choice in found)
    union = Choice.of([text for choice in found for text in choice.texts], caseless=caseless)
    if len(union.texts) <= MAX_UNION:
        yield union
    yield None


def _texts(events: Sequence[Event]) -> Place | None:
    """All texts that *events* can be, if they are few and nothing else can stand there."""
    texts, caseless = [""], False
    for event in events:
        if not isinstance(event, tuple) or len(texts) * len(event[0]) > MAX_ALTERNATIVES:
            return None
        texts = [before + text for before in texts for text in event[0]]
        caseless = caseless or event[1]
    return tuple(dict.fromkeys(texts)), caseless


# -- from places to texts ----------------------------------------------------------------------------------------------


def _runs(events: Iterator[Event]) -> Iterator[list[Place] | Choice]:
    """Places that touch each other, and what is needed besides."""
    run: list[Place] = []
    for event in events:
        if isinstance(event, tuple):
            run.append(event)
            continue
        if run:
            yield run
            run = []
        if event is not None:
            yield event
    if run:
        yield run


def _windows(run: list[Place] | Choice) -> list[Choice]:
    """What to look for of *run*: from each of its pieces on the rarest stretch that is few texts."""
    if isinstance(run, Choice):
        return [run]
    caseless = any(place[1] for place in run)
    pieces: list[tuple[str, ...]] = []
    for plain, places in itertools.groupby(run, key=lambda place: len(place[0]) == 1):
        texts = (place[0] for place in places)
        if plain:
            whole = "".join(text[0] for text in texts)
            pieces += [(whole[at : at + MAX_TEXT],) for at in range(0, len(whole), MAX_TEXT)]
        else:
            pieces += texts
    found = filter(None, (_best_from(pieces[start : start + 12], caseless=caseless) for start in range(len(pieces))))
    return sorted(found, key=lambda choice: -choice.bits)[:MAX_CHOICES]


def _best_from(pieces: list[tuple[str, ...]], *, caseless: bool) -> Choice | None:
    """The best choice that begins where *pieces* do: by itself, or with what follows as long as that is few texts."""
    ends, count = {1: None}, 1
    for number, piece in enumerate(pieces, 1):
        count *= len(piece)
        if count > MAX_ALTERNATIVES:
            break
        # The last end of few texts, and the last of all.
        ends = {end: None for end in ends if end == 1 or count > FEW} | {number: None}
    found = filter(None, (_choice(pieces[:end], caseless=caseless) for end in ends))
    return max(found, key=lambda choice: (choice.bits, len(choice.texts[0])), default=None)


def _choice(pieces: Sequence[tuple[str, ...]], *, caseless: bool) -> Choice | None:
    texts = ["".join(parts) for parts in itertools.product(*pieces)]
    if not all(texts) or max(map(len, texts)) > 2 * MAX_TEXT or any("\0" in text for text in texts):
        return None  # hyperscan reads texts up to a NUL, and refuses those that begin with one
    return Choice.of(texts, caseless=caseless)


def _low(text: str) -> str:
    return "".join(c.lower() if c.isascii() else c for c in text)


@functools.lru_cache(maxsize=10_000)
def _bits(text: str) -> float:
    """How rare *text* is, by what it is written in; a frequent word of English has about eight letters' worth less."""
    return sum(_BITS.get(c, 4.0 if "a" <= c <= "z" else 5.5 if c.isascii() else 9.0) for c in text[:12])
