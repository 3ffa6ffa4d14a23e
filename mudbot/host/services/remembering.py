"""What the character remembers of somebody, as a plugin may ask on that one's behalf (``self.ai.memory``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, cast

from mudbot.events import Command, Speech
from mudbot.mind.scopes import key_of

if TYPE_CHECKING:
    from mudbot.clock import Clock
    from mudbot.events import Room
    from mudbot.mind.remembered import Fact

MOST = 1000
"""Names of whom it is known when they wanted to be forgotten."""


class Memory(Protocol):
    """What is needed of a character's memory."""

    async def forget(self, speaker: str) -> int: ...
    async def add_fact(self, speech: Speech, text: str, room: Room | None = None) -> bool: ...
    async def known_to(self, speech: Speech, room: Room) -> list[Fact]: ...


class Remembering:
    """The memory of this session's character.  Every method raises StoreError where the database is away.

    Who asks is who said the *speech*, or command: by the login id where the MUD shows it, else by the name.
    """

    def __init__(
        self, memory: Callable[[], Any], room: Callable[[], Room], login_of: Callable[[str], str | None], clock: Clock
    ) -> None:
        self._memory, self._room, self._login_of, self._clock = memory, room, login_of, clock
        self._forgotten: dict[str, float] = {}

    def __repr__(self) -> str:
        return f"<Remembering by {self._memory()!r}>"

    async def add(self, who: Speech | Command, text: str) -> bool:
        """Remember *text* of who said it, for those who heard it; False where nobody can say who that is.

        It is not reviewed: see ``self.ai.review``.
        """
        speech = _speech(who)
        return await self._of().add_fact(speech, text, None if speech.private else self._room())

    async def known_to(self, who: Speech | Command) -> Sequence[Fact]:
        """What whoever speaks has told, private words among it, the newest first: to be told in private alone.

        Whom the MUD shows by an id is told of what his name said aloud, and of no private words that came without an
        id: anybody may take a name.
        """
        found: dict[int, Fact] = {}
        asked = _speech(who)
        for speech in self._persons(asked):
            known = await self._of().known_to(speech, self._room())
            found |= {fact.id: fact for fact in known if speech.id == asked.id or not fact.private}
        return sorted(found.values(), key=lambda fact: -fact.at)

    async def forget(self, who: Speech | Command) -> int:
        """Forget whoever speaks; how many entries there were."""
        speech = _speech(who)
        self._forgotten.pop(_folded(speech.speaker), None)
        self._forgotten[_folded(speech.speaker)] = self._clock.now()
        if len(self._forgotten) > MOST:
            del self._forgotten[next(iter(self._forgotten))]
        return sum([await self._of().forget(key) for each in self._persons(speech) if (key := key_of(each))])

    def forgot(self, name: str | None) -> float:
        """When *name* last wanted to be forgotten, in seconds of the bot's clock; minus infinity where never.

        For plugins that keep for a while what people say.
        """
        return self._forgotten.get(_folded(name), float("-inf"))

    def _persons(self, speech: Speech) -> list[Speech]:
        """Who speaks, as told apart in private: by the id, and by a name that is known to be of that id alone.

        What was said aloud is often shown without an id.
        """
        private = Speech("tell", speech.speaker, None, speech.id)
        name = speech.speaker or ""
        known = speech.id is not None and (self._login_of(name) or "").casefold() == speech.id.casefold()
        return [private, Speech("tell", name, None)] if known else [private]

    def _of(self) -> Memory:
        return cast("Memory", self._memory())


def _speech(who: Speech | Command) -> Speech:
    return who.speech if isinstance(who, Command) else who


def _folded(name: str | None) -> str:
    return " ".join((name or "").split()).casefold()
