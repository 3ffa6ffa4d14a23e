"""A text as the few lines that a MUD takes: measured in wire bytes, cut where a reader would pause.  Pure."""

from __future__ import annotations

import bisect
import itertools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from mudbot.mud.dialect import Markup
from mudbot.mud.spelling import Alphabet

MAX_PARTS = 4
"""Lines that one text may become unless told otherwise; what is beyond ends in an honest ellipsis."""
MARKED_ROOM = 32
"""Bytes below which parts are not marked: the marks would leave no room for words."""

_SENTENCE_END = re.compile(r"[.!?]+[\"'”’)\]]*(?=\s|$)|[。！？…]+[”’」』）》】\"']*")
_CLAUSE_END = re.compile(r"[,;:](?=\s)|[，；：、—]+")
# No line begins with the first, none ends with the second: the rule of Chinese typesetting.
_CLOSERS = frozenset(",.!?;:)]}%'\"’”，。！？；：、）」』》〉】…—·～ー")
_OPENERS = frozenset("([{‘“（「『《〈【")


@dataclass(frozen=True, slots=True)
class Parts:
    """How a text that is too long for one line is said.  Raises ValueError where *max* is not 1 to 9."""

    max: int = MAX_PARTS
    """Lines at most, 1 to 9."""
    style: Literal["plain", "numbered", "continued"] = "plain"
    """``numbered`` begins each with ``(1/3) ``; ``continued`` ends all but the last, and begins all but the first,
    with an ellipsis."""

    def __post_init__(self) -> None:
        if not 1 <= self.max <= 9:
            raise ValueError(f"parts: from 1 to 9 lines can be made of a text, not {self.max}")


class Wire:
    """How a text looks on the wire to one MUD, for one verb: with its markup neutralised."""

    def __init__(self, alphabet: Alphabet, markup: Markup) -> None:
        self.alphabet = alphabet
        longest_first = sorted(markup.replace, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None
        self._replace = {raw: self._written(new, " ") for raw, new in markup.replace.items()}
        self._leading = {raw: self._written(lead, "- ") for raw, lead in markup.leading.items()}

    def _written(self, new: str, otherwise: str) -> str:
        """What stands for markup, in characters that the MUD has: a full-width twin must not become the sign again."""
        if self.alphabet.has(new):
            return new
        new = self.alphabet.spelled(new)
        return otherwise if not new or (self._pattern and self._pattern.search(new)) else new

    def neutral(self, text: str) -> str:
        """*text* so that the MUD shows it as it is, instead of evaluating it."""
        lead = next((lead for raw, lead in self._leading.items() if text.startswith(raw)), "")
        return lead + (self._pattern.sub(lambda m: self._replace[m[0]], text) if self._pattern else text)

    def size(self, text: str) -> int:
        """The wire bytes of *text* once neutralised."""
        return self.alphabet.size(self.neutral(text))

    def sizes(self, text: str) -> list[int]:
        """The wire bytes before each character of *text*, and of all of it, without what a leading one costs."""
        return list(itertools.accumulate(self._each(text), initial=0))

    def _each(self, text: str) -> Iterator[int]:
        at = 0
        for found in self._pattern.finditer(text) if self._pattern else ():
            yield from self._plain(text[at : found.start()])
            # All at the first character: no cut falls inside what is evaluated as one.
            yield self.alphabet.size(self._replace[found[0]])
            yield from itertools.repeat(0, len(found[0]) - 1)
            at = found.end()
        yield from self._plain(text[at:])

    def _plain(self, text: str) -> Iterator[int]:
        return itertools.repeat(1, len(text)) if text.isascii() else self.alphabet.sizes(text)


def split(text: str, room: int, parts: Parts, wire: Wire) -> list[str]:
    """*text*, neutralised, in lines of at most *room* wire bytes; none for an empty text.

    It is cut first and neutralised then, so that no cut goes through a replacement and leaves half of it live.
    """
    if not text or wire.size(text) <= room:
        return [wire.neutral(text)] if text else []
    splitter = _Splitter(text, room, parts, wire)
    # Whole sentences waste room; rather than lose the end of a text that would fit, cut between words only.
    for sentences, total in itertools.product((True, False), splitter.totals):
        if found := splitter.lines(total, sentences=sentences, all_of_it=True):
            return found
    return splitter.lines(parts.max, sentences=True, all_of_it=False)


class _Splitter:
    def __init__(self, text: str, room: int, parts: Parts, wire: Wire) -> None:
        self._text, self._room, self._wire = text, room, wire
        self._style = parts.style if room >= MARKED_ROOM else "plain"
        self._sizes = wire.sizes(text)
        self._more = wire.alphabet.ellipsis
        self._on = ""
        if self._style == "continued":
            chinese = sum(map(_wide, text)) * 3 > len(text)
            self._on = self._more * 2 if chinese else f" {self._more}"
        # The number of lines is in the marks, so it is known before the first cut; else the most will do.
        self.totals = range(2, parts.max + 1) if self._style == "numbered" else (parts.max,)

    def lines(self, total: int, *, sentences: bool, all_of_it: bool) -> list[str]:
        """The text in *total* lines or fewer; where it needs more: nothing if *all_of_it*, else cut short."""
        text, at, bodies = self._text, 0, list[tuple[int, str]]()
        for number in range(1, total + 1):
            head = self._head(number, total)
            if self._wire.size(head + text[at:]) <= self._room or at == len(text) - 1:
                bodies.append((number, text[at:]))
                break
            if number == total and all_of_it:
                return []
            tail = self._more if number == total else self._on
            cut = self._cut(at, head, tail, sentences=sentences)
            bodies.append((number, text[at:cut].rstrip() + tail))
            at = cut + len(text[cut:]) - len(text[cut:].lstrip())
        return [self._wire.neutral(self._head(number, len(bodies)) + body) for number, body in bodies]

    def _head(self, number: int, total: int) -> str:
        if self._style == "numbered" and total > 1:
            return f"({number}/{total}) "
        return self._more if self._style == "continued" and number > 1 else ""

    def _cut(self, at: int, head: str, tail: str, *, sentences: bool) -> int:
        """Where the line that begins at *at* ends: its bytes fit between *head* and *tail*, at least one character."""
        text, sizes = self._text, self._sizes
        # With the head, for what the MUD's markup makes of the first character depends on it.
        budget = self._room - self._wire.size(tail) - self._wire.size(head + text[at])
        end = bisect.bisect_right(sizes, sizes[at + 1] + budget) - 1
        end = min(max(end, at + 1), len(text) - 1)
        cut = _good_cut(text, at, end, sentences=sentences)
        # Where head, words and tail make markup together that none of them is alone, the sum was too small.
        while cut > at + 1 and self._wire.size(head + text[at:cut].rstrip() + tail) > self._room:
            cut -= 1
        return cut


def _good_cut(text: str, at: int, end: int, *, sentences: bool) -> int:
    """The best place to end the line that begins at *at* and cannot reach beyond *end*: there is text behind it.

    After a sentence, else a clause, else between words, else between characters; never far from *end* for its sake.
    """
    half, third = at + (end - at) // 2, at + (end - at) * 2 // 3
    cut = 0
    if sentences:
        cut = _last(_SENTENCE_END, text, max(half, at + 1), end) or _last(_CLAUSE_END, text, max(third, at + 1), end)
    cut = cut or _between_words(text, half, end)
    if not _says(text[at:cut]) and _says(text[cut:end]):
        cut = _between_words(text, half, end)
    if not _says(text[cut:]):
        cut = _with_last_word(text, at, cut)
    return _between_clusters(text, at, cut)


def _last(pattern: re.Pattern[str], text: str, least: int, most: int) -> int:
    """Where the last match that ends from *least* to *most* ends; 0 if none does."""
    # From before *least*, for a match may begin there; what ends a sentence is a few characters long.
    ends = [m.end() for m in pattern.finditer(text, max(least - 8, 0), most + 8)]
    return max((end for end in ends if least <= end <= most), default=0)


def _between_words(text: str, least: int, most: int) -> int:
    """The last place from *least* to *most* where a line may end; *most* if there is none."""
    place = most
    while place > least and place < len(text) and _glued(text[place - 1], text[place]):
        place -= 1
    return place if place > least else most


def _with_last_word(text: str, at: int, cut: int) -> int:
    """*cut*, moved before the last word, so that what follows is more than punctuation; as it is if that is all."""
    place = cut
    while place > at + 1 and not _says(text[place - 1]):
        place -= 1
    place -= 1
    letter = place
    while place > at and _glued(text[place - 1], text[place]):
        place -= 1
    return next((place for place in (place, letter) if place > at and _says(text[at:place])), cut)


def _between_clusters(text: str, at: int, cut: int) -> int:
    """*cut*, moved before the character that readers see as one (emoji, accents); as it is where a line holds no more.

    The rules are those of Unicode's annex 29, extended grapheme clusters.
    """
    if text[cut] < "\x80" or cut == 0:
        return cut
    from wcwidth import grapheme_boundary_before  # its tables are read only where a text is cut

    # Only what is near: the flags of a long row pair off from its beginning, so that is where to begin.
    place = at + grapheme_boundary_before(text[at : cut + 64], cut - at + 1)
    return place if place > at else cut


def _glued(before: str, after: str) -> bool:
    """Whether no line may end between the two characters: inside a word, before a comma, after a bracket."""
    if before == " " or after == " ":
        return False
    return after in _CLOSERS or before in _OPENERS or not (_wide(before) or _wide(after))


def _wide(char: str) -> bool:
    """Whether Chinese, Japanese or an emoji, where any two characters may be parted."""
    return char >= "\u2e80" and unicodedata.east_asian_width(char) in "WF"


def _says(text: str) -> bool:
    """Whether *text* is more than punctuation."""
    return any(unicodedata.category(char)[0] in "LN" or unicodedata.category(char) == "So" for char in text)
