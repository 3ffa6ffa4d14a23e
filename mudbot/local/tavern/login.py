"""The questions at the door: a name, then its password.  Pure: it is given lines and says what to show and ask."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mudbot.local.tavern.world import Character, World

# ASCII letters and the 20,902 汉字 that GBK has: a name must look the same in every encoding, and no letter of
# another script may pass for one of these.
_LETTERS = re.compile("[A-Za-z一-龥]*")
_SHORTEST, _LONGEST = 2, 16
MAX_TRIES = 3


@dataclass(frozen=True, slots=True)
class Step:
    """What follows from one line that was typed at the door."""

    says: tuple[str, ...] = ()
    asks: str = ""
    hides: bool = False
    """Whether the answer is a password: the client must not show what is typed."""
    admits: Character | None = None
    """Who may enter."""
    ends: bool = False
    """Whether the link is to be closed."""
    encoding: str = ""
    """What the text goes on in from here on, where the visitor has chosen."""
    seconds: float | None = None
    """After this time without an answer it goes on by itself."""


class Login:
    """One visitor's way through the door."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._phrases = world.phrases
        self._name: str | None = None
        self._tries = 0

    def begin(self) -> Step:
        """The banner and the first question."""
        return self._ask_name("banner")

    def take(self, line: str) -> Step:
        """Answer a typed line."""
        if self._name is None:
            return self._take_name(line.strip())
        return self._take_password(self._name, line)

    def _take_name(self, name: str) -> Step:
        fault = self._fault(name)
        if fault is not None:
            return self._ask_name(fault)
        self._name = name
        return self._ask_password()

    def _fault(self, name: str) -> str | None:
        """Why that is no name, as the key of a text."""
        if self._world.phrasebook.is_reserved(name):
            return "name_reserved"
        if not _LETTERS.fullmatch(name):
            return "name_letters"
        return None if _SHORTEST <= len(name) <= _LONGEST else "name_length"

    def _take_password(self, name: str, password: str) -> Step:
        # Asked for here and not with the name: another visitor may have taken the name in between.
        character = self._world.known(name)
        if password and character is None:
            return Step(admits=self._world.create(name, password))
        if password and character is not None and character.knows(password):
            return Step(admits=character)
        self._tries += 1
        fault = "password_wrong" if password else "password_empty"
        if self._tries < MAX_TRIES:
            return self._ask_password(fault)
        return Step(says=self._texts(fault, "too_many_tries"), ends=True)

    def _ask_name(self, *says: str) -> Step:
        return Step(says=self._texts(*says), asks=self._phrases.text("ask_name"))

    def _ask_password(self, *says: str) -> Step:
        return Step(says=self._texts(*says), asks=self._phrases.text("ask_password"), hides=True)

    def _texts(self, *keys: str) -> tuple[str, ...]:
        return tuple(line for key in keys for line in self._phrases.text(key).split("\n"))
