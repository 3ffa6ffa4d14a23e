"""Plugins made and equipped: an instance for a session, with all that ``self`` has."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mudbot import resolve
from mudbot.host.ai import Ai, Models
from mudbot.host.bot import Bot, Notes
from mudbot.host.mud import Mud
from mudbot.host.triggers import Triggers

if TYPE_CHECKING:
    from mudbot.api import Api
    from mudbot.clock import Clock
    from mudbot.config import Config, SessionConfig
    from mudbot.host.host import Host
    from mudbot.host.plugin import Plugin
    from mudbot.mind.character import Answer, Character
    from mudbot.mud.session import Session
    from mudbot.store.pictures import Pictures
    from mudbot.store.store import Store


@dataclass(slots=True)
class Shared:
    """What the plugins of all sessions share."""

    config: Config
    clock: Clock
    store: Store
    pictures: Pictures
    colleagues: Callable[[], set[str]]
    """The names of all characters that this process plays: they must not talk to each other for ever."""
    on_answer: Callable[[Answer], None]
    """Told of every answer of a character."""


@dataclass(slots=True)
class Equipment:
    """What the plugins of one session are made with."""

    shared: Shared
    settings: SessionConfig
    session: Session
    host: Host
    character: Character
    api: Api

    def make(self, name: str, kind: type[Plugin]) -> Plugin:
        """A new instance of *kind*, ready to start.  Raises ConfigError for settings that are none."""
        from mudbot.api import Caller

        shared, session = self.shared, self.session
        written = shared.config.plugins[name]
        granted = written.permissions
        plugin = kind()
        plugin.config = resolve.plugin_settings(shared.config, name, kind)
        plugin.language = self.settings.language
        plugin.log = logging.getLogger(f"mudbot.plugins.{name}")
        plugin.clock = shared.clock
        plugin.mud = Mud(session, self.character, may_command=granted.commands, colleagues=shared.colleagues)
        payer = written.organization or self.settings.organization
        plugin.ai = Ai(
            self.api,
            self._models(),
            self.character,
            review=self.host.review,
            pictures=shared.pictures,
            caller=Caller(session=session.name, plugin=name, organization=payer),
        )
        plugin.ai.may_paint = granted.images
        plugin.ai.on_answer = shared.on_answer
        plugin.notes = Notes(shared.store, session.name)
        triggers = Triggers(self.host, plugin, may_command=granted.commands)
        plugin.bot = Bot(self.host, session, self.api, triggers)
        return plugin

    def _models(self) -> Models:
        chosen = self.shared.config.api.models
        return Models(
            self.character.model.name,
            chosen.image.name if chosen.image else None,
            chosen.moderation.name if chosen.moderation else None,
            chosen.embedding.name if chosen.embedding else "text-embedding-3-small",
        )
