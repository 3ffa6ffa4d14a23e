"""Who is not heard for a while, and who spoke last by which name.  Pure."""

from __future__ import annotations

from collections.abc import Callable

from mudbot.events import Speech

MAX_KNOWN = 1000
"""Speakers whose last words are kept: a crowd must not fill the memory."""


class Mutes:
    """Speakers that no plugin hears.  Owners are heard always: who else could take it back?"""

    def __init__(self, now: Callable[[], float], is_owner: Callable[[Speech], bool]) -> None:
        """*now* is the time in seconds, by whatever clock."""
        self._now, self._is_owner = now, is_owner
        self.on_change: Callable[[], None] = lambda: None
        """Told when somebody is muted, or heard again before the time."""
        self._until: dict[str, float] = {}
        self._last: dict[str, Speech] = {}

    def __repr__(self) -> str:
        return f"<Mutes {list(self.names())}>"

    def note(self, speech: Speech) -> None:
        """Know *speech* as the last of its speaker."""
        if name := _folded(speech.speaker):
            self._last.pop(name, None)
            self._last[name] = speech
            if len(self._last) > MAX_KNOWN:
                del self._last[next(iter(self._last))]

    def last_of(self, who: str | None) -> Speech | None:
        """What *who* said last, by the name that the MUD shows."""
        return self._last.get(_folded(who))

    def mute(self, who: str, seconds: float) -> None:
        """Hear nothing of *who*, a name as the MUD shows it or a login id, for *seconds*."""
        self._until[_folded(who)] = self._now() + seconds
        self.on_change()

    def unmute(self, who: str) -> bool:
        """Hear *who* again; whether that was muted."""
        muted = self._until.pop(_folded(who), 0.0) > self._now()
        if muted:
            self.on_change()
        return muted

    def names(self) -> dict[str, float]:
        """Who is muted, in small letters, and for how many seconds yet."""
        now = self._now()
        self._until = {name: until for name, until in self._until.items() if until > now}
        return {name: until - now for name, until in self._until.items()}

    def holds(self, speech: Speech) -> bool:
        """Whether who said *speech* is muted."""
        if not self._until:
            return False
        now, whose = self._now(), (_folded(speech.speaker), _folded(speech.id))
        muted = any(name and self._until.get(name, 0.0) > now for name in whose)
        return muted and not self._is_owner(speech)


def _folded(name: str | None) -> str:
    return " ".join((name or "").split()).casefold()
