"""What each line calls to a character's mind, with a state for each conversation."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from mudbot.events import Room, Speech
from mudbot.mind.lore import Circumstances, LoreState, Recalled
from mudbot.mind.persona import Persona
from mudbot.mind.shape import Role

CONVERSATIONS = 1000
"""Talks whose lore is kept in mind; the one that was silent longest makes room."""


@dataclass(slots=True)
class Lorekeeper:
    """The lore of one character in all its conversations.  States are in memory alone: a restart begins anew."""

    persona: Persona
    tokens: Callable[[str], int]
    role_of: Callable[[Speech], Role] = lambda _speech: "anyone"
    """What the MUD proves of a speaker.  Whoever knows sets it."""
    wall: Callable[[], float] = time.time
    """Seconds since 1970."""
    _states: OrderedDict[tuple[str, bool], LoreState] = field(default_factory=OrderedDict)

    def __repr__(self) -> str:
        return f"<Lorekeeper of {self.persona.name}, {len(self._states)} conversations>"

    def recall(self, heard: Sequence[str], speech: Speech, room: Room, *, key: str | None) -> Recalled:
        """What *speech* brings to mind; *heard* is what was said, cleaned, newest last: *speech* itself.

        *key* is who speaks; without one the line stands alone.
        """
        book = self.persona.lore_book
        if not book.entries:
            return Recalled()
        now = self.wall()
        about = Circumstances(
            room.name,
            datetime.fromtimestamp(now).time(),  # noqa: DTZ006  # the time of day where the bot lives
            self.role_of(speech),
            self.persona.groups_of(speech.speaker, speech.id),
            speech.speaker or "",
        )
        state = LoreState() if key is None else self._state(key, speech)
        return book.recall(heard, about=about, state=state, now=now, tokens=self.tokens)

    def _state(self, key: str, speech: Speech) -> LoreState:
        place = key, speech.private
        state = self._states.pop(place, None) or LoreState(seed=f"{key}/{speech.private}")
        self._states[place] = state
        while len(self._states) > CONVERSATIONS:
            self._states.popitem(last=False)
        return state
