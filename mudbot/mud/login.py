"""The login as a machine without I/O: text goes in, answers come out."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mudbot.errors import BusyError, LoginError
from mudbot.mud.dialect import Dialect

PATIENCE = 12.0
"""Seconds more to wait for a question, or a sign of success, that may still come."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What to type now.  ``template`` may hold ``{name}`` and ``{password}``."""

    template: str


@dataclass(frozen=True, slots=True)
class Character:
    """Who logs in, and what else the MUD may call it (so that it knows its own words)."""

    name: str
    password: str
    aliases: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Character({self.name!r})"


class Login:
    """One attempt to get in, question by question.

    Each step is answered once, so a MUD that repeats a question (a wrong password) is not answered in a loop; and once
    the name is given a step before it is not answered any more, so a player's name in the text triggers nothing.
    Steps that a MUD does not ask are passed over, but never the one that gives the name: a banner that speaks of
    passwords must not get ours, which would be taken for a name and shown to all.  Nor is a banner's "Welcome" a sign
    of success before the name was given.
    """

    def __init__(self, dialect: Dialect, name: str = "", encoding: str = "utf-8") -> None:
        rules = dialect.login
        # A replacement function, as a name may hold what looks like a reference to a group.
        self._steps = [
            (dialect.compile(re.sub(r"\{name\}", lambda _m: re.escape(name), step.when)),
             step.by_encoding.get(encoding, step.send))
            for step in rules.steps
        ]  # fmt: skip
        self._success = dialect.compile(rules.success) if rules.success else None
        self._failure = dialect.compile(rules.failure) if rules.failure else None
        self._busy = dialect.compile(rules.busy) if rules.busy else None
        self._next = 0
        named = [i for i, (_, send) in enumerate(self._steps) if "{name}" in send]
        self._named = named[0] + 1 if named else 0
        self._settle = rules.settle
        self._password_given = self._confirmed = False
        self.answered = 0
        """Questions answered so far."""
        self.done = False

    def __repr__(self) -> str:
        return f"<Login step {self._next} of {len(self._steps)}{', done' if self.done else ''}>"

    @property
    def settling(self) -> float | None:
        """Seconds without another question after which the login has worked; None while it cannot have.

        Longer while there are steps left, as a MUD may ask no password or only be slow to.  A sign of success is not
        waited for in vain: not every MUD of a family shows the one that the family is known for.
        """
        if self.done:
            return None
        if self._success is not None and not self._password_given:
            return None
        sure = self._success is None and self._next >= len(self._steps)
        return self._settle if sure else self._settle + PATIENCE

    @property
    def unconfirmed(self) -> bool:
        """Whether the password was given and no sign of success came."""
        return self._password_given and not (self.done and self._confirmed)

    def hear(self, text: str, *, asked: bool = False) -> Answer | None:
        """What to answer to *text*, which was *asked* if it is a prompt; sets ``done`` once in.

        Raises LoginError where the MUD refuses the character, BusyError where it does so for the moment.
        """
        if self.done or not text.strip():
            return None
        if self._busy and self._next and self._busy.search(text):
            raise BusyError(f"the MUD does not take the character now: {text.strip()[:120]!r}")
        if self._failure and self._next and self._failure.search(text):
            said = text.strip()[:120]
            raise LoginError(f"the MUD refused the character: {said!r}; check login.name and login.password")
        if self._success and self._next >= self._named and self._success.search(text):
            self.done = self._confirmed = True
            return None
        if asked and self._password_given and self._asks_again(text):
            raise LoginError(f"the MUD asks again: {text.strip()[-120:]!r}; check login.name and login.password")
        for i in range(self._next, len(self._steps)):
            pattern, send = self._steps[i]
            if found := pattern.search(text):
                self._next = i + 1
                self.answered += 1
                self._password_given |= "{password}" in send
                return Answer(_filled(send, found))
            if "{name}" in send:
                break
        return None

    def _asks_again(self, text: str) -> bool:
        """Whether *text* is a question that was answered: a MUD that repeats it has not liked the answer."""
        given = self._steps[: self._next]
        return text.rstrip().endswith((":", "?", "：", "？")) and any(
            pattern.search(text) for pattern, send in given if "{name}" in send or "{password}" in send
        )


def _filled(send: str, found: re.Match[str]) -> str:
    """*send* with the number of a menu's line put in; only digits, as the rest of a line may be anybody's words."""
    for key, value in found.groupdict().items():
        if value is not None and value.isascii() and value.isdigit():
            send = send.replace(f"{{{key}}}", value)
    return send
