"""The bot of a test: all of the real one, but for what is outside of it, on a link that the test holds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mudbot import resolve
from mudbot.app import App
from mudbot.config import Config, SessionConfig
from mudbot.config.shape import Permissions, PluginConfig
from mudbot.errors import ConfigError, PluginError, Problem, nearest
from mudbot.host import loader
from mudbot.host.marks import Role
from mudbot.host.watchdog import Watchdog
from mudbot.local.judge import WrittenJudge
from mudbot.mud import dial
from mudbot.refresh import program_of
from mudbot.replay.rehearsal import Rehearsal
from mudbot.replay.script import Answers
from mudbot.replay.wire import Wire
from mudbot.testing.heard import proving
from mudbot.testing.script import StagedApi

if TYPE_CHECKING:
    from mudbot.api import Api
    from mudbot.clock import Clock
    from mudbot.host.host import Host
    from mudbot.host.plugin import Plugin
    from mudbot.mind.persona import Persona
    from mudbot.mud.session import Session
    from mudbot.mud.stream import MudStream
    from mudbot.mud.telnet import Address, Connection
    from mudbot.testing.script import Script
    from mudbot.testing.web import Web

MODELS = {
    "dialogue": "gpt-4o-mini",
    "image": "dall-e-3",
    "moderation": "omni-moderation-latest",
    "embedding": "text-embedding-3-small",
}
"""What is asked in a test unless it says otherwise: models whose prices are known."""


HELD = 5.0
"""Seconds for which a handler may hold the loop, true ones: outside a second is too long, but machines that run tests
are slow at times.
"""


@dataclass(frozen=True, slots=True)
class Options:
    """What a test may choose of its bot: by ``@pytest.mark.mudbot(...)``, or on ``bot`` before anything is loaded."""

    dialect: str = "generic"
    """One that ships with mudbot, or the path of a file of your own."""
    encoding: str = "utf-8"
    language: str = "en"
    character: str = ""
    """A persona; the innkeeper of the language unless given."""
    name: str = "Chen"
    """Who logs in: what the character is called in the game, besides the names of its persona."""
    session: str = "test"
    """What ``self.mud.session`` is."""
    prefix: str = "!"
    """What chat commands begin with."""
    now: str = ""
    """The time of day at the beginning, ``2026-05-01 08:59``, the machine's local time unless it names a zone."""
    triggers: tuple[Mapping[str, Any], ...] = ()
    """As ``triggers:`` of a configuration; load the plugin ``triggers`` to have them carried out."""
    plugins: str = ""
    """The folder of the plugins; ``plugins`` above the test unless given."""
    models: Mapping[str, str] = field(default_factory=dict)
    """Other models than those that are asked: ``{"dialogue": "gpt-4o"}``."""

    def with_(self, **changes: Any) -> Options:
        """With *changes*.  Raises TypeError for what cannot be chosen."""
        known = [each.name for each in fields(self)]
        for name in changes:
            if name not in known:
                hint = nearest(name, known)
                raise TypeError(f"mudbot: there is nothing called {name!r} to choose{hint}: {', '.join(known)}")
        return replace(self, **changes)


def configured(sessions: Sequence[Options], folder: Path, store: Path) -> Config:
    """The configuration of a test's bot, its plugins in *folder*/plugins.  Raises ConfigError.

    What is one for all sessions is as the first chose it.
    """
    options = sessions[0]
    data = {
        "api": {"base_url": "https://api.openai.com/v1", "models": MODELS | dict(options.models)},
        "sessions": [_session(each) for each in sessions],
        "triggers": list(options.triggers),
        "store": str(store),
        "web": {"port": 0},
    }
    from pydantic import ValidationError

    try:
        config = Config.model_validate(data)
    except ValidationError as exc:
        raise ConfigError(*(_problem(error) for error in exc.errors(include_url=False, include_input=False))) from None
    config._source = folder / "config.yaml"  # noqa: SLF001 - where relative paths start; the file need not be there
    for session in config.sessions:
        resolve.load_dialect(config, session)
    return config


def _session(options: Options) -> dict[str, Any]:
    return {
        "host": f"{options.session}.invalid",
        "name": options.session,
        "dialect": options.dialect,
        "encoding": options.encoding,
        "language": options.language,
        "character": options.character or ("innkeeper-zh" if options.language == "zh" else "innkeeper"),
        "command_prefix": options.prefix,
        "login": {"name": options.name},
    }


def _problem(error: Any) -> Problem:
    return Problem(".".join(map(str, error["loc"])), str(error["msg"]))


def plugin_config(permissions: Mapping[str, Any] | None, settings: Mapping[str, Any], **more: Any) -> PluginConfig:
    """The configuration of one plugin.  Raises ConfigError for permissions that there are not."""
    from mudbot.config import validate
    from mudbot.config.positions import Positions

    where = Positions({(): "permissions"})
    granted = validate(Permissions, permissions or {}, where)
    found = PluginConfig(permissions=granted, settings=dict(settings), **more)
    found._positions = Positions({(): "settings"})  # noqa: SLF001 - what messages call the place
    return found


class _Staged(App):
    """What every bot of a test has: a model and a web that the test wrote, no server, plugins loaded as it goes."""

    may_link: asyncio.Event
    """Set once the bot may connect: plugins that are loaded before see the login."""
    script: Script
    net: Web
    beside: tuple[Path, ...] = ()
    """Where plugins are looked for besides the folder ``plugins``."""
    _classes: dict[str, str | Path | type[Plugin]]

    def stage(self, script: Script, net: Web) -> None:
        """Play *script*."""
        self.may_link = asyncio.Event()
        self.script, self.net = script, net
        self.recollection.asks = False  # nothing is asked that the test did not cause
        self._began = self.clock.now()
        self._classes = {}
        self.carrier = net
        self.judge = WrittenJudge(script.judge)
        net.clock = self.clock

    async def start(self) -> None:
        """Bring everything up, without plugins; the triggers of the configuration wait for theirs."""
        carried = {resolve.CARRIER: PluginConfig()}
        written = resolve.load_triggers(self.config.model_copy(update={"plugins": carried}))
        self.config = self.config.model_copy(update={"triggers": ()})
        await super().start()
        for host in self.hosts:
            host.rewrite(written)

    async def open_api(self) -> Api:
        return StagedApi(
            self.script, self.clock, self._began, self._on_call, lambda: resolve.budgets_of(self.config).plugin_bounds()
        )

    async def open_web(self) -> None:
        self.pictures.public_url = "http://bot.invalid"

    async def enrol(self, plugin: str | Path | type[Plugin], settings: PluginConfig) -> str:
        """Start a plugin, by its name, its path or its class, while the bot runs, and return its name.

        Raises MudbotError, as the start of the bot would; then nothing has changed.
        """
        if isinstance(plugin, Path):
            name = _named(plugin)
        else:
            name = plugin if isinstance(plugin, str) else plugin.name or plugin.__name__.lower()
        before, known = self.config, dict(self._classes)
        self._classes[name] = plugin
        after = before.model_copy(update={"plugins": {**before.plugins, name: settings}})
        self.configure(after)
        try:
            resolve.check_grants(after)
            await self.roster.change([name], program=program_of(after, self._imported))
        except BaseException:
            self.configure(before)
            self._classes = known
            raise
        return name

    def _imported(self, name: str) -> type[Plugin]:
        """The class of a plugin, afresh where it has a file.  Raises MudbotError."""
        known = self._classes[name]
        if isinstance(known, str):
            return resolve.load_plugin(self.config, name, *self.beside)
        if isinstance(known, Path):
            known = loader.load(name, [known.parent])
        known.name = name
        if problems := resolve.plugin_problems(self.config, name, known):
            raise ConfigError(*problems)
        return known

    def host_of(self, session: str) -> tuple[Host, Session]:
        """The plugins of a session, and the session."""
        at = [each.name for each in self.sessions].index(session)
        return self.hosts[at], self.sessions[at]

    def grant(self, session: str, login: str, role: Role) -> None:
        """Let *login* be an owner, or trusted, from now on."""
        chat = self.host_of(session)[0].chat
        chat._roles[login.casefold()] = role  # noqa: SLF001 - a configuration would have to name all of them before


def _named(path: Path) -> str:
    """The name of the plugin at *path*.  Raises PluginError where there is none."""
    if not (path / "__init__.py" if path.is_dir() else path).is_file() or not (path.is_dir() or path.suffix == ".py"):
        raise PluginError(f"there is no plugin at {path}: give NAME.py, a folder with an __init__.py, or a name")
    return path.stem


class Stage(_Staged, Rehearsal):
    """The sessions of *config*, each on a link of its own; *sent* is told of all that leaves, and where."""

    def __init__(
        self, config: Config, clock: Clock, script: Script, net: Web, *, sent: Callable[[str, bytes], None]
    ) -> None:
        Rehearsal.__init__(
            self, config, clock, login=False, answers=Answers(), sent=lambda _data: None, unanswered=lambda _asked: None
        )
        self.wires: dict[str, Wire] = {}
        """The present link of each session, by its name."""
        self.on_failure: Callable[[BaseException], None] = lambda _failure: None
        """Told of a plugin that held the loop where it could not be ended."""
        self._told = sent
        self._watchdog: Watchdog | None = None
        self.stage(script, net)

    async def start(self) -> None:
        await super().start()
        assert self._upkeep is not None
        self._watchdog = Watchdog(self._upkeep.files, self._held, limit=HELD)
        self._watchdog.start()

    async def stop(self) -> None:
        if self._watchdog is not None:
            self._watchdog.stop()
        await super().stop()

    def _held(self, name: str, place: str, _module: str) -> None:
        if self._watchdog is not None and not self._watchdog.armed:  # else the handler was ended, and failed by that
            self.on_failure(AssertionError(f"plugin {name} held everything up at {place} for more than {HELD:g} s"))

    def make_session(self, settings: SessionConfig, persona: Persona) -> Session:
        session = super().make_session(settings, persona)
        session.dialect = proving(session.dialect)
        session.on_link = partial(self._lead, settings.name)
        return session

    def _lead(self, name: str, link: Connection) -> None:
        async def wait(_address: Address, factory: Callable[[], MudStream]) -> None:
            await self.may_link.wait()
            self.wires[name] = Wire(factory(), partial(self._told, name))
            self.wires[name].begin()

        link.dial = wait

    async def _live(self, session: Session, _after: float) -> None:
        await super()._live(session, 0.0)  # nobody turns away those who come at once


class LiveStage(_Staged):
    """One session of *config* in a MUD that is there, its character with *password*."""

    def __init__(self, config: Config, clock: Clock, script: Script, net: Web, *, password: str) -> None:
        super().__init__(config, clock=clock)
        self._password = password
        self.stage(script, net)

    def make_session(self, settings: SessionConfig, persona: Persona) -> Session:
        session = super().make_session(settings, persona)
        session.character = replace(session.character, password=self._password)
        session.on_link = self._lead_here
        return session

    def _lead_here(self, link: Connection) -> None:
        async def wait(address: Address, factory: Callable[[], MudStream]) -> None:
            await self.may_link.wait()
            await dial.connect(address, factory)

        link.dial = wait
