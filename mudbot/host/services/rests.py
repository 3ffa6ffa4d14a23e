"""When something was done last, so that it is done again only after a while (``self.ready``).  Pure."""

from __future__ import annotations

import math
from collections.abc import Hashable

from mudbot.errors import PluginError

MOST = 10_000
"""Keys that are remembered: names of players are among them, and whoever makes names up must fill no memory."""


class Rests:
    """By key, until when it rests."""

    def __init__(self) -> None:
        self._until: dict[Hashable, float] = {}

    def __repr__(self) -> str:
        return f"<Rests of {len(self._until)}>"

    def ready(self, key: Hashable, seconds: float, now: float) -> bool:
        """Whether *key* does not rest at the time *now*; if so it does for *seconds* from then on.

        Raises PluginError for seconds that are none, and for a key that is no key.
        """
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < math.inf:
            raise PluginError(f"ready({key!r}, {seconds!r}): write how many seconds, a number above 0")
        try:
            if self._until.get(key, -math.inf) > now:
                return False
        except TypeError:
            raise PluginError(f"ready({key!r}, ...): a key is a text, a number or a tuple of them") from None
        self._until.pop(key, None)
        if len(self._until) >= MOST:
            self._until = {each: until for each, until in self._until.items() if until > now}
        if len(self._until) >= MOST:
            del self._until[next(iter(self._until))]
        self._until[key] = now + seconds
        return True

    def take_over(self, old: Rests) -> None:
        """Know what *old* knew, besides what is known here already."""
        self._until = {**old._until, **self._until}
