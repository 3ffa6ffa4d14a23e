"""On whose behalf something is done, and whose doing it is that a plugin fails."""

from __future__ import annotations

from collections import Counter
from contextvars import ContextVar
from typing import TYPE_CHECKING

from mudbot.events import Line

if TYPE_CHECKING:
    from mudbot.events import Speech

PLUGIN: ContextVar[str] = ContextVar("plugin", default="")
"""The plugin on whose behalf something is done; callbacks and tasks that it makes inherit it."""
SPEAKER: ContextVar[str] = ContextVar("speaker", default="")
"""Whose words it is done for, if anybody's."""
UNKNOWN = "?"
"""Somebody of whom the MUD does not show who it is: all those count as one."""


def whose(speech: Speech | None, event: object = None) -> str:
    """Who said *speech*, which *event* is, or *event* alone; empty where it is nobody's words."""
    if speech is not None:
        return speech.id or speech.speaker or UNKNOWN
    return UNKNOWN if isinstance(event, Line) and event.quoted else ""


class Faults:
    """Failures in a row.  Who knows words on which a plugin fails must not be able to have it paused by them alone."""

    def __init__(self, most: int) -> None:
        """*most* is how many are too many."""
        self.row = 0
        """How many there were."""
        self._most, self._by = most, Counter[str]()

    def __repr__(self) -> str:
        return f"<Faults {self.row}, {self.counted} of them count>"

    @property
    def counted(self) -> int:
        """How many count: all but so many of one speaker's as would be too many by themselves."""
        return sum(number if not who else min(number, self._most - 1) for who, number in self._by.items())

    @property
    def too_many(self) -> bool:
        """Whether the plugin is to be paused."""
        return self.counted >= self._most

    def add(self) -> None:
        """One more, in what is done right now."""
        self.row += 1
        self._by[SPEAKER.get()] += 1

    def clear(self) -> None:
        """Something went well."""
        self.row = 0
        self._by.clear()
