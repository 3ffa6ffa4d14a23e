"""Who plays in which session: characters are made here, and changed while the bot runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal

from mudbot import resolve
from mudbot.errors import ApiError, PluginError, nearest
from mudbot.mind.character import Character
from mudbot.mind.moderation import Masked
from mudbot.mind.remembered import Remembered

if TYPE_CHECKING:
    from mudbot.api import Api
    from mudbot.clock import Clock
    from mudbot.config import Config
    from mudbot.equip import Equipment
    from mudbot.events import Room, Speech
    from mudbot.host.host import Host
    from mudbot.mind.persona import Persona
    from mudbot.mud.session import Session
    from mudbot.recollection import Recollection

log = logging.getLogger(__name__)


class NoMemory:
    """Of a character that nobody knows."""

    async def recall(self, _speech: Speech, _room: Room) -> Remembered:
        """Nothing."""
        return Remembered()

    def remember(self, speech: Speech, room: Room, answer: str) -> None:
        """Not at all."""


class Casting:
    """Makes characters, each with a memory of its own."""

    def __init__(self, recollection: Recollection, clock: Clock) -> None:
        self._recollection, self._clock = recollection, clock
        self._known: dict[tuple[str, str], Character] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def __repr__(self) -> str:
        return f"<Casting, {len(self._known)} characters>"

    def character(self, config: Config, session: Session, host: Host, persona: Persona, api: Api) -> Character:
        """*persona* in *session*; the same one each time, as long as its file does not change."""
        known = self._known.get((session.name, persona.name))
        if known is not None and known.persona == persona:
            return known
        memory = self._recollection.of(config, session, persona, api)
        made = Character(persona, api, resolve.choose_model(config, persona), memory=memory, review=host.review)
        made.lore.role_of, made.lore.wall = host.chat.role_of, self._clock.wall
        made.clock = self._clock
        self._known[session.name, persona.name] = made
        return made

    @staticmethod
    def trial(config: Config, host: Host, persona: Persona, api: Api, clock: Clock) -> Character:
        """*persona* for once, by the model and with the reviewers of the game; it knows nobody and remembers nothing.

        Reviewers are told of no speaker: there is nobody in the game to be warned or muted.
        """

        async def review(words: str, source: Literal["player", "model"], _speaker: str | None) -> str | Masked | None:
            return await host.review(words, source)

        made = Character(persona, api, resolve.choose_model(config, persona), memory=NoMemory(), review=review)
        made.lore.role_of, made.lore.wall = host.chat.role_of, clock.wall
        made.clock = clock
        return made

    async def recast(self, equipment: Equipment, name: str, *, tell: Callable[[Character], None]) -> str:
        """Have *name*, as ``resolve.characters`` has it, play in *equipment*'s session; what it is called.

        *tell* is told of the new one.  Answers that are under way are still given by the old one.  Raises PluginError
        and ConfigError; then nothing has changed.
        """
        config, session = equipment.shared.config, equipment.session
        known = resolve.characters(config)
        if name.casefold() not in known:
            raise PluginError(f"there is no character {name}{nearest(name, list(known))}: {', '.join(known)}")
        chosen = equipment.settings.model_copy(update={"character": known[name.casefold()]})
        persona = await asyncio.to_thread(resolve.load_character, config, chosen)
        fresh = self.character(config, session, equipment.host, persona, equipment.api)
        equipment.play(fresh)
        tell(fresh)
        log.info("%s is played as %s from now on", session.name, persona.name)
        if config.api.embedded:
            task = asyncio.create_task(_warm(fresh), name=f"warm {persona.name}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return persona.name

    def close(self) -> None:
        """End what is under way."""
        for task in self._tasks:
            task.cancel()


async def _warm(character: Character) -> None:
    try:
        await character.warm()
    except ApiError as exc:
        log.warning("the model could not read who %s is: %s", character.persona.name, exc)


def names_of(session: Session, character: Callable[[], Character]) -> Callable[[], Sequence[str]]:
    """What the character of *session* is called, whoever plays it at the time."""

    def names() -> Sequence[str]:
        from mudbot.mud.spelling import in_both_scripts

        return in_both_scripts(session.character.name, *character().persona.names)

    return names
