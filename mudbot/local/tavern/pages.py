"""A pager: a long text stops after each page, and what is typed then answers it.  Pure."""

from __future__ import annotations

from collections.abc import Sequence

from mudbot.local.tavern.manners import Pager


class Pages:
    """One player's pager.  ``open`` while it waits for an answer."""

    def __init__(self, pager: Pager) -> None:
        self._pager = pager
        self._lines: Sequence[str] = ()
        self._shown = 0

    @property
    def open(self) -> bool:
        """Whether a page waits."""
        return self._shown < len(self._lines)

    @property
    def holds(self) -> bool:
        """Whether what others do must wait."""
        return self.open and self._pager.holds

    @property
    def prompt(self) -> str:
        """What stands below the page."""
        pages = -(-len(self._lines) // self._pager.lines)
        return self._pager.prompt.format(
            percent=self._shown * 100 // len(self._lines),
            left=len(self._lines) - self._shown,
            page=self._shown // self._pager.lines,
            pages=pages,
        )

    def start(self, lines: Sequence[str]) -> Sequence[str]:
        """Begin a text; what of it is shown at once."""
        self._lines, self._shown = lines, 0
        return self._next()

    def answer(self, line: str) -> Sequence[str] | None:
        """What *line* brings; None where it is no answer but a command."""
        word = line.strip().casefold()
        pager = self._pager
        if word in pager.quits or (pager.quits_on_any and word):
            self._lines, self._shown = (), 0
            return ()
        if not pager.eats and word not in pager.goes_on:
            return None
        if word == "b":
            self._shown = max(0, self._shown - 2 * pager.lines)
        return self._next()

    def _next(self) -> Sequence[str]:
        page = self._lines[self._shown : self._shown + self._pager.lines]
        self._shown += len(page)
        return page
