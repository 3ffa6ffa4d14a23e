"""Where any of some patterns may be: for those who read lines themselves and only want to know which."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mudbot.triggers.sieve import sieve
from mudbot.triggers.trigger import FLAGS

if TYPE_CHECKING:
    from mudbot.events import Page


class Finder:
    """Finds the lines that any of some patterns may concern, whatever is cut off a line's ends before it is asked."""

    def __init__(self, patterns: Sequence[re.Pattern[str]]) -> None:
        self._sieve = sieve([(pattern.pattern, pattern.flags & FLAGS) for pattern in patterns], anchored=False)

    def __repr__(self) -> str:
        return f"<Finder {self._sieve!r}>"

    @property
    def blind(self) -> bool:
        """Whether one of the patterns may be in any line, so that there is nothing to find."""
        return bool(self._sieve.always or self._sieve.broken)

    def hits(self, page: Page) -> list[tuple[int, int]]:
        """Every row of *page* and pattern, by its number, that may go together, in order."""
        return self._sieve.hits(page)


@functools.lru_cache(maxsize=32)
def finder(patterns: tuple[re.Pattern[str], ...]) -> Finder:
    """One for *patterns*; the same for all sessions that read by the same rules."""
    return Finder(patterns)
