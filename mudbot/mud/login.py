"""The login as a machine without I/O: text goes in, answers come out."""

from __future__ import annotations

from dataclasses import dataclass

from mudbot.errors import LoginError
from mudbot.mud.dialect import Dialect


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
        self.settle = rules.settle
        self.done = False

    def __repr__(self) -> str:
        return f"<Login step {self._next} of {len(self._steps)}{', done' if self.done else ''}>"

    @property
    def settling(self) -> bool:
        """Whether all was answered and only quiet (``settle`` seconds) is waited for."""
        return self._success is None and self._next >= len(self._steps) and not self.done

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
                return Answer(send)
            if "{name}" in send:
                break
        return None
