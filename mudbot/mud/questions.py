"""Pagers, y/n questions, "press any key": what holds everything up until it is answered.  Pure."""

from __future__ import annotations

from collections import deque
from typing import Literal

from mudbot.mud.dialect import Dialect

MOST = 30
"""Answers a minute: a player who makes the MUD show such a line again and again makes us type that often, not more."""


class Questions:
    """The questions of one dialect, and how often they were answered lately."""

    def __init__(self, dialect: Dialect) -> None:
        self._rules = [(rule, dialect.compile(rule.when)) for rule in dialect.questions]
        self._dialect = dialect
        self._answered: deque[float] = deque(maxlen=MOST)
        self.takes = False
        """Whether the last answer throws another link of the same character out."""

    def __repr__(self) -> str:
        return f"<Questions {self._dialect.name}, {len(self._answered)} answered>"

    def answer(self, text: str, during: Literal["login", "game"], now: float) -> str | None:
        """What to type at once because of *text*, a line or prompt that is no speech; None if it asks nothing.

        *now* is in seconds of any clock.
        """
        text = self._dialect.bare(text).strip()
        for rule, pattern in self._rules if text else ():
            if rule.during in ("always", during) and pattern.search(text):
                if len(self._answered) == MOST and now - self._answered[0] < 60:
                    return None
                self._answered.append(now)
                self.takes = rule.takes
                return rule.send
        return None
