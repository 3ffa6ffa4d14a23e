"""Builds everything from a configuration, runs it, and ends it in time."""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Any

from mudbot import logs, resolve
from mudbot.casting import Casting, names_of
from mudbot.clock import Clock, SystemClock
from mudbot.config import Config, ServerConfig, SessionConfig
from mudbot.equip import Equipment, Shared
from mudbot.errors import ApiError, MudbotError, PluginError
from mudbot.host.chat import Chat
from mudbot.host.decisions import Decisions
from mudbot.host.host import Host
from mudbot.host.loader import asks_models
from mudbot.host.mutekeeper import MuteKeeper
from mudbot.host.services.http import Carrier
from mudbot.host.services.store import PluginStore
from mudbot.host.services.wire import Wire
from mudbot.journal import Journal
from mudbot.local.judge import LocalJudge
from mudbot.mind.character import Answer, Character
from mudbot.mind.persona import Persona
from mudbot.mud.login import Character as Login
from mudbot.mud.overheard import Overheard
from mudbot.mud.record import Mask, Recorder
from mudbot.mud.session import Session
from mudbot.notify import Notifier
from mudbot.recollection import Recollection
from mudbot.service import Service
from mudbot.store.pictures import Pictures
from mudbot.store.store import Store
from mudbot.triggers.finder import finder
from mudbot.upkeep import Upkeep, tell_owners
from mudbot.web.live import Live

if TYPE_CHECKING:
    from aiohttp import web

    from mudbot.api import Api, ApiCall, Server
    from mudbot.control.server import ControlServer
    from mudbot.host.plugin import Plugin
    from mudbot.host.reload import Roster
    from mudbot.local.server import LocalServer
    from mudbot.local.tavern import Tavern
    from mudbot.refresh import Refreshed
    from mudbot.store.retention import Retention
    from mudbot.triggers.data import Written
    from mudbot.web.server import WebServer

log = logging.getLogger(__name__)

LOGIN_FIRST = 3.0
"""Seconds that the logins have the machine for themselves before an embedded model or the web pages are loaded."""
APART = 0.02
"""Seconds between the starts of two sessions: hundreds that connect at once are turned away by what they connect to."""
STOP_WITHIN = 4.5
"""Seconds from the signal to the end of everything, whatever hangs."""


class App:
    """One bot: its sessions, plugins, API, store and web server.

    ``start``, then ``stop``; ``run`` does both and waits for a signal between them.
    """

    def __init__(
        self, config: Config, *, clock: Clock | None = None, reread: Callable[[], Config] | None = None
    ) -> None:
        """*reread* reads the configuration again, for plugins that change while the bot runs."""
        from mudbot.api.totals import Totals

        self.config = config
        self.clock: Clock = clock or SystemClock()
        self.sessions: list[Session] = []
        self.hosts: list[Host] = []
        self.characters: list[Character] = []
        self.recorders: list[Recorder] = []
        self.on_answer: Callable[[Answer], None] = lambda _answer: None
        self.warmed: asyncio.Task[None] | None = None
        """Done once every character's persona was read by the model (embedded models only)."""
        self.store = Store(config.path(config.store), self.clock)
        self.pictures = Pictures(self.store)
        self.decisions = Decisions(self.store, self.clock, lambda: self.hosts)
        """What owners say of what reviewers decided."""
        self._journal: Journal | None = None
        self.recollection = Recollection(self.store, self.clock)
        self._casting = Casting(self.recollection, self.clock)
        self._mutes: list[MuteKeeper] = []
        self._taverns: dict[tuple[str, str, int], Tavern] = {}
        self._local: LocalServer | None = None
        self._key = ""
        self._web: WebServer | None = None
        self.carrier: Carrier = Wire()
        """Carries what plugins fetch by HTTP.  A subclass may have another one."""
        self.judge: LocalJudge | None = LocalJudge()
        """mudbot's own filter, loaded when somebody asks it.  A subclass may have another one."""
        self._api: Api | None = None
        self.totals = Totals()
        """What was asked of the API since the start."""
        self._overheard: dict[str, Any] = {}
        """The Api of each session that is recorded, by its name."""
        self._tasks: set[asyncio.Task[Any]] = set()
        self._written: tuple[Written, ...] = ()
        self._reread = reread
        self.live = Live(self.clock)
        self._stopping = asyncio.Event()
        self._control: ControlServer | None = None
        self._service: Service | None = None
        self._upkeep: Upkeep | None = None
        self._shared: Shared | None = None

    def __repr__(self) -> str:
        return f"<App {self.sessions}>"

    @property
    def tavern(self) -> Tavern | None:
        """The embedded world of the first session that has one."""
        return next(iter(self._taverns.values()), None)

    # -- life ------------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Bring everything up.  Raises MudbotError with the remedy; the MUD itself may come up later."""
        logs.mask(self.config.secrets())
        for check in (resolve.check_models, resolve.check_sessions, resolve.check_grants):
            check(self.config)
        classes = resolve.load_plugins(self.config)
        self._upkeep = Upkeep(self.config, classes, self._reread)
        parts = (self.config, self.clock, self.store, self.pictures, self._colleagues, self._on_answer, self.carrier)
        self._shared = Shared(*parts, hosts=lambda: self.hosts, judge=self.judge)
        if self._reread is not None:
            self.roster.refresh = self.refresh
        self._written = resolve.load_triggers(self.config)
        # One for all who play it: a persona never changes, and five hundred of them are megabytes.
        first = {session.character: session for session in self.config.sessions}
        read = {name: resolve.load_character(self.config, each) for name, each in first.items()}
        personas = [read[session.character] for session in self.config.sessions]
        self._task(self._open_store())
        if self.config.web.token is not None:  # without it nobody can look
            self._journal = Journal(
                self.store, self.clock, secrets=self.config.secrets(), sessions=[s.name for s in self.config.sessions]
            )
            self._journal.begin()
        self._api = await self.open_api()
        await self.open_web()
        await self._open_taverns()
        if isinstance(self.clock, SystemClock):  # where time jumps, nothing can be said of how long something takes
            self._upkeep.begin()  # before the first plugin starts
            self._task(self._retention().run(), "retention")
        for settings, persona in zip(self.config.sessions, personas, strict=True):
            await self._open_session(settings, persona)
        if self._local is not None and any(map(asks_models, classes.values())):  # it takes a gigabyte of memory
            self.warmed = self._task(self._warm())
        self._task(self._warn(classes))

    async def run(self, *, watch: bool = False, control: bool = False) -> bool:
        """Run until SIGTERM or SIGINT, or until every session has ended for good.  A second signal ends at once.

        SIGHUP has the configuration read again; with *watch* a plugin is reloaded when one of its files is saved.
        With *control* `mudbot ctl` is listened to; then the lock on the store's folder is held by this process.
        Returns whether it was told to stop.  Raises what ``start`` raises.
        """
        stopping = self._stopping
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._on_signal)
        if hasattr(signal, "SIGHUP"):
            loop.add_signal_handler(signal.SIGHUP, self._on_hangup)
        if (notifier := Notifier.from_environment()) is not None:
            self._service = Service(self, notifier)
            self._task(self._service.run(), "service")
        if control:
            await self._listen()
        waiting, starting = self._task(stopping.wait()), self._task(self.start())
        try:
            await asyncio.wait({waiting, starting}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
                if watch:
                    self.watch()
                lives = [t for t in self._tasks if t.get_name().startswith("session ")]
                all_over = asyncio.gather(*lives)
                await asyncio.wait({waiting, all_over}, return_when=asyncio.FIRST_COMPLETED)
            else:
                starting.cancel()
                await asyncio.wait({starting}, timeout=1)  # it may be held by a plugin's start
            return stopping.is_set()
        finally:
            await self.stop()

    async def stop(self) -> None:
        """Say goodbye where configured, and end everything within 5 seconds."""
        if self._service is not None:
            self._service.stopping()
        try:
            async with asyncio.timeout(STOP_WITHIN):
                await self._stop()
        except TimeoutError:
            log.error("stopped without waiting for everything: %.1f s are over", STOP_WITHIN)  # noqa: TRY400

    async def _stop(self) -> None:
        if self._upkeep is not None:
            self._upkeep.end()
        for recorder in self.recorders:
            recorder.stopping()
        pairs = zip(self.sessions, self.config.sessions, strict=False)
        await asyncio.gather(*(s.stop(settings.goodbye) for s, settings in pairs), return_exceptions=True)
        await asyncio.gather(*(host.stop() for host in self.hosts), return_exceptions=True)
        await self.recollection.close()
        self._casting.close()
        await asyncio.gather(*(keeper.settled() for keeper in self._mutes))
        for task in self._tasks:
            task.cancel()
        if self._journal is not None:
            await self._journal.end()
        parts = (self._web, self._api, self._local, self.carrier, self.judge, *self._taverns.values(), *self.recorders)
        ends = [part.close() for part in (*parts, self._control) if part is not None]
        for outcome in await asyncio.gather(*ends, self.store.close(), return_exceptions=True):
            if isinstance(outcome, Exception):
                log.warning("while stopping: %s", outcome)
        if self.totals.rows:
            log.info("the API since the start: %s", self.totals)

    @property
    def api(self) -> Api:
        """Who is asked, once it has started."""
        return self._require_api()

    @property
    def roster(self) -> Roster:
        """The plugins of all sessions, once it has started."""
        assert self._upkeep is not None
        return self._upkeep.roster

    async def refresh(self) -> Refreshed:
        """Read the configuration again: its plugins and triggers count from now on.  Raises MudbotError."""
        assert self._upkeep is not None
        with self._reloading():
            return await self._upkeep.refresh(self)

    def personas(self) -> Sequence[str]:
        """The characters that can be tried: those of the configuration, and those that ship."""
        return sorted(resolve.characters(self.config))

    async def audition(self, session: str, name: str) -> Character:
        """The character *name*, or without one who plays, as it would be in *session*, but for its memory.

        It asks through the same limits and budgets.  Raises PluginError where there is none, and ConfigError.
        """
        number = next((n for n, each in enumerate(self.sessions) if each.name == session), None)
        if number is None or (name and name.casefold() not in resolve.characters(self.config)):
            raise PluginError(f"there is no {session!r} with a character {name!r}")
        persona = self.characters[number].persona
        if name:
            source = resolve.characters(self.config)[name.casefold()]
            chosen = self.config.sessions[number].model_copy(update={"character": source})
            persona = await asyncio.to_thread(resolve.load_character, self.config, chosen)
        return Casting.trial(self.config, self.hosts[number], persona, self.api, self.clock)

    def watch(self) -> None:
        """Reload plugins from now on when their files are saved."""
        assert self._upkeep is not None
        self._task(self._upkeep.watch(), "watch")

    def configure(self, config: Config) -> None:
        """What is made from now on is made by *config*."""
        assert self._shared is not None
        self.config = self._shared.config = config

    def budget_plugins(self, config: Config) -> bool:
        """Plugins may spend what *config* says; False where that takes a restart."""
        return self._require_api().budget_plugins(resolve.plugin_budgets(config))

    def _on_hangup(self) -> None:
        if self._upkeep is not None and len(self.hosts) == len(self.config.sessions):
            self._task(self._refreshing(self._upkeep), "refresh")

    async def _refreshing(self, upkeep: Upkeep) -> None:
        with self._reloading():
            await upkeep.refreshing(self)

    def _reloading(self) -> AbstractContextManager[None]:
        return nullcontext() if self._service is None else self._service.reloading()

    def shutdown(self) -> None:
        """Have ``run`` come to its end, as on the first SIGTERM."""
        if not self._stopping.is_set():
            log.info("stopping")
            self._stopping.set()

    def _on_signal(self) -> None:
        if self._stopping.is_set():
            logging.shutdown()
            os._exit(1)  # an exception here would make asyncio wait for whoever does not want to end
        self.shutdown()

    async def _listen(self) -> None:
        """Be asked by `mudbot ctl` from now on."""
        from mudbot.control.server import ControlServer

        control = ControlServer(self)
        try:
            await control.open()
        except MudbotError as exc:
            log.warning("%s", exc)  # the character can do without
        else:
            self._control = control

    def _task(self, work: Coroutine[Any, Any, Any], name: str | None = None) -> asyncio.Task[Any]:
        """Run *work* in the background; cancelled at the end."""
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        return task

    # -- parts -----------------------------------------------------------------------------------------------------

    async def _open_store(self) -> None:
        try:
            await self.store.open()
            await self.decisions.begin()
        except MudbotError as exc:
            log.error("memory and pictures are off: %s", exc)  # noqa: TRY400

    async def open_api(self) -> Api:
        """Who is asked.  A subclass may have another one."""
        from mudbot.api import Api

        servers = [await self._server(account) for account in self.config.api.accounts]
        settings = resolve.api_settings(self.config)
        return Api(servers=servers, clock=self.clock, on_call=self._on_call, **settings)

    async def _server(self, account: ServerConfig) -> Server:
        from mudbot.api import Server

        if not account.embedded:
            key = account.api_key.get_secret_value() if account.api_key else None
            return Server(account.base_url, key, account.organization, account.project, account.models)
        if self._local is None:
            from mudbot.local.server import LocalServer

            self._key = secrets.token_hex(16)  # other users of this machine have no business there
            self._local = LocalServer(model=self.config.local.model, api_key=self._key)
            await self._local.start(load=False)  # the login comes first: see _warm
        return Server(self._local.base_url, self._key, models=account.models, free=True)

    def _on_call(self, call: ApiCall) -> None:
        log.debug("api: %s", call)
        self.totals.add(call)
        self.store.write("calls", **call.row())

    async def open_web(self) -> None:
        """Show pictures, and say where.  A subclass may do without."""
        from mudbot.web.server import WebServer

        settings = self.config.web
        self._web = WebServer(self._site, host=settings.host, port=settings.port, after=self._logins)
        await self._web.start()
        self.pictures.public_url = settings.public_url or self._web.url
        if settings.public_url is None and settings.host in ("0.0.0.0", "::"):  # noqa: S104  # compared, not bound
            log.warning("players cannot open %s/i/…: set web.public_url to the address they reach", self._web.url)
        log.info("pictures at %s/gallery", self.pictures.public_url)
        if settings.token is not None:
            log.info("the owner's pages at %s/dashboard", self.pictures.public_url)

    def _site(self) -> web.Application:
        from mudbot.web.site import build

        return build(self)

    async def _open_taverns(self) -> None:
        """An embedded world for each language, encoding and port that the sessions ask for."""
        for settings in (s for s in self.config.sessions if s.embedded):
            from mudbot.local.tavern import Tavern

            key = _tavern_key(settings)
            if key not in self._taverns:
                encoding = "utf-8" if settings.encoding == "auto" else settings.encoding
                world = Tavern(port=settings.port, encoding=encoding, language=settings.language)
                await world.start()
                self._taverns[key] = world
                log.info("the tavern is open at 127.0.0.1:%d: come in with telnet or a MUD client", world.port)

    async def _open_session(self, settings: SessionConfig, persona: Persona) -> None:
        session = self.make_session(settings, persona)
        session.finder = finder
        host = Host(
            self.clock,
            session=settings.name,
            chat=Chat(
                settings.command_prefix,
                owners=settings.owners,
                trusted=settings.trusted,
                answerable=session.can_answer,
            ),
            written=self._written,
            cache=self.config.path(self.config.store) / "triggers",
        )
        character = self._casting.character(self.config, session, host, persona, self._api_of(session))
        host.roster = self.roster
        host.on_pause = partial(tell_owners, session, host, settings.language)
        assert self._shared is not None
        equipment = Equipment(self._shared, settings, session, host, character, self._api_of(session))
        host.chat.names = names_of(session, lambda: equipment.character)
        host.recast = partial(self._casting.recast, equipment, tell=partial(self._recast, len(self.characters)))
        host.characters = self.personas
        host.rulings = self.decisions.rulings
        self._keep_mutes(host)
        await self.roster.open(equipment)
        await host.prepare()
        session.listener = host.hear
        if self.config.web.token is not None:  # without it nobody can look
            self.live.follow(session)
        self.sessions.append(session)
        self.hosts.append(host)
        self.characters.append(character)
        self._task(self._live(session, (len(self.sessions) - 1) * APART), f"session {session.name}")

    def _recast(self, number: int, character: Character) -> None:
        self.characters[number] = character

    def _keep_mutes(self, host: Host) -> None:
        store = PluginStore(self.store, self.clock, "who is muted", host.session)
        keeper = MuteKeeper(host.mutes, store, self.clock)
        self._mutes.append(keeper)
        self._task(keeper.begin())

    def make_session(self, settings: SessionConfig, persona: Persona) -> Session:
        """A character's life in its MUD, not begun.  A subclass may change where its links lead."""
        host, port = settings.host, settings.port
        if settings.embedded:
            host, port = "127.0.0.1", self._taverns[_tavern_key(settings)].port
        login = settings.login
        password = login.password.get_secret_value() if login and login.password else ""
        session = Session(
            settings.name,
            resolve.address(settings, host, port),
            resolve.load_dialect(self.config, settings),
            Login(login.name if login else persona.name, password, aliases=(persona.name,)),
            clock=self.clock,
            manner=resolve.manner(settings),
        )
        if settings.record:
            self._record(session, settings)
        return session

    def _record(self, session: Session, settings: SessionConfig) -> None:
        about = {
            "session": settings.name,
            "host": settings.host,
            "encoding": settings.encoding,
            "dialect": settings.dialect,
            "character": session.character.name,
        }
        name = settings.name if settings.name.strip(".") else f"_{settings.name}"  # no way up
        folder = self.config.path(self.config.store) / "records" / name
        recorder = Recorder(folder, about, Mask([session.character.password]), self.clock)
        self.recorders.append(recorder)
        self._overheard[session.name] = Overheard(self._require_api(), recorder)
        session.on_link = recorder.tap

    def _colleagues(self) -> set[str]:
        """The names of all characters that this process plays: they must not talk to each other for ever."""
        return {name for session in self.sessions for name in session.own_names}

    def _on_answer(self, answer: Answer) -> None:
        self.on_answer(answer)

    def _retention(self) -> Retention:
        from mudbot.store.retention import Retention

        kept = self.config.pictures
        return Retention(self.store, self.pictures, age=kept.retention, most=kept.size)

    def _require_api(self) -> Api:
        assert self._api is not None
        return self._api

    def _api_of(self, session: Session) -> Api:
        return self._overheard.get(session.name) or self._require_api()

    async def _live(self, session: Session, after: float) -> None:
        try:
            if after:
                await self.clock.sleep(after)
            with logs.about(session=session.name):
                await session.run()
        except Exception:
            log.exception("%s ended by a fault of the bot's own", session.name)
        if session.why:
            log.error("%s is over: %s", session.name, session.why)

    async def _warn(self, classes: dict[str, type[Plugin]]) -> None:
        """Log what `mudbot check` would warn of; thousands of patterns take seconds to look through."""
        for warning in await asyncio.to_thread(resolve.warnings_of, self.config, classes):
            log.warning("%s", warning)

    async def _logins(self) -> None:
        """Until all characters are in their games, three seconds at most."""
        end, every = self.clock.now() + LOGIN_FIRST, len(self.config.sessions)
        while self.clock.now() < end and sum(session.state == "playing" for session in self.sessions) < every:
            await self.clock.sleep(0.05)

    async def _warm(self) -> None:
        """Load the model and have it read who the characters are, once they are in their games."""
        await self._logins()
        for character in self.characters:
            try:
                await character.warm()
                log.info("the model has read who %s is", character.persona.name)
            except ApiError as exc:
                log.warning("the model could not read who %s is: %s", character.persona.name, exc)


def _tavern_key(settings: SessionConfig) -> tuple[str, str, int]:
    return settings.language, settings.encoding, settings.port
