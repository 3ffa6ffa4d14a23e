"""Which lines of a read have to be read by themselves, and which can be handed on many at a time.  Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Protocol

from mudbot.events import Lines, Page


class Finder(Protocol):
    """Knows where patterns may be; a filter that is too generous, never too strict."""

    @property
    def blind(self) -> bool:
        """Whether they may be in any line."""

    def hits(self, page: Page) -> Sequence[tuple[int, int]]:
        """The rows of *page* in which any of them may be, each with the number of one, in order."""


class Skim:
    """Looks for what may concern a dialect: *finder* says where, *concerned* whether any of some patterns is there."""

    def __init__(self, finder: Finder, concerned: Callable[[str, Sequence[int]], bool]) -> None:
        self._finder, self._concerned = finder, concerned

    def __repr__(self) -> str:
        return f"<Skim by {self._finder!r}>"

    def pieces(self, lines: Lines, attentive: Callable[[], bool]) -> Iterator[tuple[int, int, list[int] | None]]:
        """*lines* in pieces, from a row up to another, each with the numbers of the patterns that may be there.

        What concerns none of them comes many lines at a time, without any number.  *attentive* is asked before each
        piece: while it says so, every line comes alone, and None says that any pattern may be there.  So does one that
        stands behind a prompt, and every line of a page with cut lines.
        """
        page, start = lines.page, lines.start
        places: list[tuple[int, list[int] | None]] | None = None
        at = place = 0
        while at < len(lines):
            if page.has_cuts or attentive():
                yield at, at + 1, None
                at += 1
                continue
            if places is None:
                places = self._places(page, start)
            place = bisect_left(places, at, place, key=itemgetter(0))
            row, numbers = places[place] if place < len(places) else (len(lines), None)
            if row >= len(lines):
                yield at, len(lines), []
                return
            if row > at:
                yield at, row, []
                if attentive():  # what was done with them may have changed that
                    at = row
                    continue
            yield row, row + 1, numbers
            at = row + 1

    def _places(self, page: Page, start: int) -> list[tuple[int, list[int] | None]]:
        """The rows from *start* on, counted from there, that must be read by themselves."""
        found: list[tuple[int, list[int] | None]] = []
        if page.first_prompt and not start:
            found.append((0, None))
        texts = page.texts
        for row, hits in groupby(self._finder.hits(page), itemgetter(0)):
            if row < start or (found and row - start <= found[-1][0]):
                continue
            numbers = [number for _, number in hits]
            if self._concerned(texts[row], numbers):
                found.append((row - start, numbers))
        return found
