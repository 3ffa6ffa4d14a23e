"""The last lines of every session, and who watches them.

A session's tap hands over whole reads, and a read is only put aside: no line is looked at until somebody looks.  So
a flood costs the reading path one call a read, and what is kept is bounded by lines and by letters.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from mudbot.events import Line, Lines
from mudbot.web import colours

if TYPE_CHECKING:
    from mudbot.clock import Clock
    from mudbot.config import Config
    from mudbot.events import MudEvent
    from mudbot.mud.session import Session

KEPT = 200
"""Lines of a session that are kept at least, once that many came: what a page shows."""
LETTERS = 64 * 1024
"""Letters of them: reads of long lines are let go of earlier.  The last read stays whatever its size."""


class HeardLine(NamedTuple):
    """A line, when it came, and its number among those of its session."""

    number: int
    at: float
    line: Line


class _Read(NamedTuple):
    first: int
    at: float
    lines: Lines
    letters: int


class Feed:
    """The last lines of one session.  ``hear`` is its tap."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._reads: deque[_Read] = deque()
        self._letters = 0
        self.total = 0
        """How many lines came since the start."""
        self._watchers: set[asyncio.Event] = set()

    def __repr__(self) -> str:
        return f"<Feed of {self.total} lines, {len(self._watchers)} watch>"

    @property
    def heard_at(self) -> float | None:
        """When the last line came, in seconds since 1970."""
        return self._reads[-1].at if self._reads else None

    def hear(self, events: Sequence[MudEvent]) -> None:
        """Put aside what the link gave."""
        if not isinstance(events, Lines):
            return  # a prompt, or data
        reads, letters = self._reads, len(events.page.text)
        reads.append(_Read(self.total, self._clock.wall(), events, letters))
        self.total += len(events)
        self._letters += letters
        while len(reads) > 1 and (self.total - reads[1].first >= KEPT or self._letters > LETTERS):
            self._letters -= reads.popleft().letters
        for watcher in self._watchers:
            watcher.set()

    def since(self, number: int, most: int = KEPT) -> list[HeardLine]:
        """The lines from *number* on that are kept, the last *most* of them at most."""
        number = max(number, self.total - most)
        found: list[HeardLine] = []
        for read in self._reads:
            skipped = max(number - read.first, 0)
            if skipped < len(read.lines):
                own = enumerate(read.lines[skipped:], read.first + skipped)
                found += [HeardLine(at, read.at, line) for at, line in own]
        return found

    @contextmanager
    def watched(self, watcher: asyncio.Event) -> Iterator[None]:
        """*watcher* is set whenever something came."""
        self._watchers.add(watcher)
        try:
            yield
        finally:
            self._watchers.discard(watcher)


class Live:
    """The feeds of all sessions, by their names."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.epoch = secrets.token_hex(4)
        """Tells the numbers of this run's lines from those of another."""
        self._config: Config | None = None
        self._hide: re.Pattern[str] | None = None
        self._feeds: dict[str, Feed] = {}

    def __repr__(self) -> str:
        return f"<Live {self._feeds}>"

    def hide(self, config: Config) -> re.Pattern[str] | None:
        """What finds the secrets of *config* in a line, passwords among them."""
        if self._config is not config:  # another one counts after a reload; to gather them takes milliseconds
            self._config, self._hide = config, colours.hiding(config.secrets())
        return self._hide

    def follow(self, session: Session) -> None:
        """Keep the last lines of *session* from now on."""
        session.tap = self.feed(session.name).hear

    def feed(self, session: str) -> Feed:
        """Those of *session*; empty while it has none."""
        return self._feeds.setdefault(session, Feed(self._clock))
