"""The login as a machine without I/O: text goes in, answers come out."""

from __future__ import annotations

from dataclasses import dataclass

from mudbot.errors import LoginError
from mudbot.mud.dialect import Dialect

PATIENCE = 12.0
"""Seconds more to wait for a question that may still come."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What to type now.  ``template`` may hold ``{name}`` and ``{password}``."""

    template: str


class Login:
    """One attempt to get in, question by question.

    Each step is answered once, so a MUD that repeats a question (a wrong password) is not answered in a loop; and once
    the name is given a step before it is not answered any more, so a player's name in the text triggers nothing.
    Steps that a MUD does not ask are passed over, but never the one that gives the name: a banner that speaks of
    passwords must not get ours, which would be taken for a name and shown to all.
    """

    def __init__(self, dialect: Dialect) -> None:
        rules = dialect.login
        self._steps = [(dialect.compile(step.when), step.send) for step in rules.steps]
        self._success = dialect.compile(rules.success) if rules.success else None
        self._failure = dialect.compile(rules.failure) if rules.failure else None
        self._next = 0
        self._settle = rules.settle
        self._password_given = False
        self.answered = 0
        """Questions answered so far."""
        self.done = False

    def __repr__(self) -> str:
        return f"<Login step {self._next} of {len(self._steps)}{', done' if self.done else ''}>"

    @property
    def settling(self) -> float | None:
        """Seconds without another question after which the login has worked; None where a sign of success will come.

        Longer while there are steps left: a MUD may ask no password, or only be slow to.
        """
        if self._success is not None or self.done:
            return None
        return self._settle if self._next >= len(self._steps) else self._settle + PATIENCE

    @property
    def unconfirmed(self) -> bool:
        """Whether the password was given and no sign of success came."""
        return self._password_given and not (self.done and self._success)

    def hear(self, text: str) -> Answer | None:
        """What to answer to *text*; sets ``done`` once in.  Raises LoginError where the MUD refuses the character."""
        if self.done or not text.strip():
            return None
        if self._failure and self._next and self._failure.search(text):
            said = text.strip()[:120]
            raise LoginError(f"the MUD refused the character: {said!r}; check login.name and login.password")
        if self._success and self._success.search(text):
            self.done = True
            return None
        for i in range(self._next, len(self._steps)):
            pattern, send = self._steps[i]
            if pattern.search(text):
                self._next = i + 1
                self.answered += 1
                self._password_given |= "{password}" in send
                return Answer(send)
            if "{name}" in send:
                break
        return None
