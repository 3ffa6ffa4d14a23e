"""Plugins made and equipped: an instance for a session, with all that ``self`` has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mudbot import logs, resolve
from mudbot.config import secrets_of
from mudbot.host.services.ai import Ai, Judge, Models
from mudbot.host.services.bot import Bot, Notes
from mudbot.host.services.http import Carrier, Http
from mudbot.host.services.log import PluginLog
from mudbot.host.services.means import Means
from mudbot.host.services.mud import Mud
from mudbot.host.services.painting import PICTURE_HOSTS
from mudbot.host.services.remembering import Remembering
from mudbot.host.services.store import PluginStore
from mudbot.host.services.texts import words_of
from mudbot.host.services.wire import Wire
from mudbot.host.triggers import Triggers
from mudbot.mind.manners import OptOuts

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
    carrier: Carrier = field(default_factory=Wire)
    """Carries what plugins fetch by HTTP; whoever makes it closes it."""
    hosts: Callable[[], Sequence[Host]] = tuple
    """Those of all sessions."""
    judge: Judge | None = None
    """mudbot's own filter; whoever makes it closes it."""


@dataclass(slots=True)
class Equipment:
    """What the plugins of one session are made with."""

    shared: Shared
    settings: SessionConfig
    session: Session
    host: Host
    character: Character
    api: Api
    opt_outs: OptOuts = field(init=False)
    """Who wants no answers, for all plugins of the session."""
    memory: Remembering = field(init=False)
    """What the character remembers, whoever it is at the time."""

    def __post_init__(self) -> None:
        session = self.session
        self.opt_outs = OptOuts(PluginStore(self.shared.store, self.shared.clock, "opt-outs", session.name))
        self.memory = Remembering(
            lambda: self.character.memory,
            lambda: session.room.current,
            lambda name: session.voice.people.login_of(name),  # noqa: PLW0108 - another voice may come
            self.shared.clock,
        )

    def play(self, character: Character) -> None:
        """Have *character* speak for all plugins of this session from now on."""
        self.character = character
        for running in self.host.running.values():
            running.plugin.ai._play(character, character.model.name)  # noqa: SLF001 - not for plugins themselves
            running.plugin.mud._play(character)  # noqa: SLF001

    def make(self, name: str, kind: type[Plugin]) -> Plugin:
        """A new instance of *kind*, ready to start.  Raises ConfigError for settings or texts that are none."""
        from mudbot.api import Caller

        shared, session = self.shared, self.session
        written = shared.config.plugins[name]
        granted = written.permissions
        plugin = kind()
        plugin.config = resolve.plugin_settings(shared.config, name, kind)
        logs.mask(secrets_of(plugin.config))
        plugin.language = self.settings.language
        plugin.elsewhere = lambda: self._elsewhere(name)
        several = len(shared.config.sessions) > 1
        plugin.log = PluginLog(name, self.settings.name if several else "")
        plugin.clock = shared.clock
        plugin.store = PluginStore(shared.store, shared.clock, name, self.settings.name)
        plugin.http = Http(name, granted.http, shared.carrier)
        plugin.t = words_of(kind, self.settings.language)
        plugin.mud = Mud(
            session,
            self.character,
            may_command=granted.commands,
            colleagues=shared.colleagues,
            asks=self.host.asks,
            plugin=name,
        )
        plugin.mud.opt_outs = self.opt_outs
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
        painting, server = plugin.ai.painting, shared.config.api
        painting.own_style, painting.plain = self.settings.picture_style or "", server.embedded
        painting.fetch = Http(name, server.picture_sources, shared.carrier, setting=PICTURE_HOSTS)
        plugin.ai.judge = shared.judge
        plugin.ai.memory = self.memory
        plugin.ai.on_answer = shared.on_answer
        plugin.notes = Notes(shared.store, session.name)
        triggers = Triggers(self.host, plugin, may_command=granted.commands)
        plugin.bot = Bot(self.host, session, self.api, triggers)
        plugin.bot.means = Means(
            self.api, lambda: resolve.budgets_of(shared.config), shared.store, shared.clock, session.name
        )
        return plugin

    def _elsewhere(self, name: str) -> Mapping[str, Plugin]:
        """The plugin *name* in the other sessions, where it is at work."""
        found = {host.session: host.running.get(name) for host in self.shared.hosts() if host is not self.host}
        return {session: running.plugin for session, running in found.items() if running and not running.paused}

    def _models(self) -> Models:
        chosen = self.shared.config.api.models
        return Models(
            self.character.model.name,
            chosen.image.name if chosen.image else None,
            chosen.moderation.name if chosen.moderation else None,
            chosen.embedding.name if chosen.embedding else "text-embedding-3-small",
        )
