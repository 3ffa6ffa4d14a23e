"""Which lines of a read have to be read by themselves, and which can be handed on many at a time.  Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from mudbot.events import Lines, Page


class Finder(Protocol):
    """Knows where patterns may be; a filter that is too generous, never too strict."""

    @property
    def blind(self) -> bool:
        """Whether they may be in any line."""

    def rows(self, page: Page) -> Sequence[int]:
        """The rows of *page* in which any of them may be."""


def skim(lines: Lines, finder: Finder, attentive: Callable[[], bool]) -> Iterator[tuple[int, int, bool]]:
    """*lines* in pieces, from a row up to another: those where *finder* points, alone (True), and those between.

    *attentive* is asked before each piece: while it says so, every line comes alone.  So does one that stands behind a
    prompt, and every line of a page with cut lines.
    """
    rows: Sequence[int] | None = None
    at = 0
    while at < len(lines):
        if lines.page.has_cuts or attentive():
            yield at, at + 1, True
            at += 1
            continue
        if rows is None:
            rows = [row - lines.start for row in finder.rows(lines.page)]
            if lines.page.first_prompt and not lines.start:
                rows = sorted({0, *rows})
        place = bisect_left(rows, at)
        row = rows[place] if place < len(rows) else len(lines)
        if row > at:
            yield at, row, False
        if row < len(lines):
            yield row, row + 1, True
        at = row + 1
