"""What all characters of a bot remember: made of the configuration, and ended together."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Literal

from mudbot import resolve
from mudbot.mind.memory import Calm, Models, Settings, StoredMemory

if TYPE_CHECKING:
    from mudbot.api import Api, Caller
    from mudbot.clock import Clock
    from mudbot.config import Config, SessionConfig
    from mudbot.mind.persona import Persona
    from mudbot.mud.session import Session
    from mudbot.store.store import Store


class Recollection:
    """Makes memories."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock, self._calm = store, clock, Calm(clock)
        self.asks = True
        """Whether facts are found by embeddings, and talks summed up by the model."""
        self.all: list[StoredMemory] = []

    def __repr__(self) -> str:
        return f"<Recollection of {len(self.all)} characters>"

    def of(self, config: Config, session: Session, persona: Persona, api: Api) -> StoredMemory:
        """What *persona* remembers in *session*."""
        settings = next(each for each in config.sessions if each.name == session.name)
        memory = StoredMemory(
            self._store,
            f"{settings.name}/{persona.name}",
            persona,
            self._clock,
            settings=Settings(**settings.memory.model_dump()),
            models=self._models(config, settings, persona, api) if self.asks else None,
        )
        memory.own_names = lambda: (*session.own_names, *persona.names)
        memory.identify = lambda name: session.voice.people.login_of(name)  # noqa: PLW0108 - another voice may come
        self.all.append(memory)
        return memory

    async def close(self) -> None:
        """Keep what waits to be kept, and end."""
        await asyncio.gather(*(memory.close() for memory in self.all), return_exceptions=True)

    def _models(self, config: Config, settings: SessionConfig, persona: Persona, api: Api) -> Models:
        model, embedded = resolve.choose_model(config, persona), config.api.embedded
        chosen = config.api.models.embedding
        return Models(
            api,
            model.name,
            "chat" if embedded else model.endpoint,
            chosen.name if chosen else "text-embedding-3-small",
            self._calm,
            caller=partial(_caller, settings),
            # The embedded one tells what one looks for from what one looks through; others may not know the word.
            to_query={"input_type": "query"} if embedded and len(config.api.accounts) == 1 else {},
            gives_way=embedded,
        )


def _caller(settings: SessionConfig, speaker: str, urgency: Literal["reply", "background"]) -> Caller:
    """On whose behalf a memory asks: that of *speaker*, of whom it is."""
    from mudbot.api import Caller, Priority

    return Caller(
        player=speaker,
        session=settings.name,
        plugin="memory",
        priority=Priority[urgency.upper()],
        organization=settings.organization,
    )
