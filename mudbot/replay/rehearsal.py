"""The whole bot, but for what is outside of it: link, model, web and store are the replay's own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from pydantic import ValidationError

from mudbot.app import App
from mudbot.config import Config, SessionConfig
from mudbot.config.shape import TAVERN, PluginConfig
from mudbot.errors import ConfigError, ConnectError, HttpError, Problem
from mudbot.local.judge import WrittenJudge
from mudbot.mud.detect import Detector
from mudbot.mud.record import Mask
from mudbot.mud.rules import LoginRules
from mudbot.replay.script import ScriptedApi
from mudbot.replay.wire import Wire
from mudbot.resolve import CARRIER
from mudbot.store.pictures import More, Picture, Pictures
from mudbot.store.store import Store

if TYPE_CHECKING:
    from mudbot.api import Api
    from mudbot.clock import Clock
    from mudbot.host.services.http import HttpAnswer, Request
    from mudbot.mind.persona import Persona
    from mudbot.mud.session import Session
    from mudbot.mud.telnet import Address, Connection
    from mudbot.mud.transcript import Transcript
    from mudbot.replay.script import Answers


STARS = "********"
"""A password where none is known; typed, it looks like one that was masked."""


class NoPictures(Pictures):
    """Keeps none, and has a link for each that is the same in every replay."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self._made: list[Picture] = []

    async def add(
        self,
        data: bytes,  # noqa: ARG002 - the base class's
        *,
        session: str,
        speaker: str,
        prompt: str,
        caption: str,
        **more: Unpack[More],
    ) -> Picture:
        name = f"picture{len(self._made) + 1}"
        made = Picture(name, Path(name), "image/png", caption, self._link(name), at=self._store.clock.wall())
        self._made.append(replace(made, session=session, speaker=speaker, prompt=prompt, **more))
        return self._made[-1]

    async def find(self, picture_id: str) -> Picture | None:
        return next((picture for picture in self._made if picture.id == picture_id), None)

    async def of_subject(self, subject: str, since: float) -> Picture | None:
        made = (picture for picture in reversed(self._made) if picture.subject == subject and picture.at >= since)
        return next(made, None) if subject else None


class NoWeb:
    """Carries no request of a plugin's anywhere."""

    async def carry(self, request: Request) -> HttpAnswer:
        """Raise HttpError: nothing outside is touched."""
        raise HttpError(f"nothing is fetched from {request.url.host} while a recording is replayed")

    async def close(self) -> None:
        """Nothing to end."""


class Rehearsal(App):
    """One session of *config* on a Wire.  *sent* is told of all bytes that leave, *unanswered* of what a model is asked
    that *answers* do not hold; without *answers* the configured API is asked.

    Without a *login* nobody asks for a name: the character is in the game as soon as there is a link.
    """

    def __init__(
        self,
        config: Config,
        clock: Clock,
        *,
        login: bool,
        answers: Answers | None,
        sent: Callable[[bytes], None],
        unanswered: Callable[[str], None],
    ) -> None:
        super().__init__(config, clock=clock)
        self.pictures = NoPictures(self.store)
        self.carrier = NoWeb()
        if answers is not None:
            self.judge = WrittenJudge()
        self.wire: Wire | None = None
        """The link, once there is one."""
        self.linked = asyncio.Event()
        self.linked_at = 0.0
        """When the link was up, in seconds of the clock."""
        self._login, self._answers = login, answers
        self.recollection.asks = answers is None  # what is asked in the background is not in a recording
        self._sent, self._unanswered = sent, unanswered

    @property
    def session(self) -> Session:
        """The one that is replayed."""
        return self.sessions[0]

    def asking(self) -> bool:
        """Whether a server outside is asked something."""
        return self._answers is None and self._api is not None and bool(self._api.running or self._api.waiting)

    def working(self) -> bool:
        """Whether the bot is in the middle of something: an event in a plugin, a call, a line that is not sent yet."""
        plugins = any(running.busy for running in self.hosts[0].running.values())
        return plugins or self.asking() or bool(self.session.outbox.waiting)

    # -- other parts than App's ------------------------------------------------------------------------------------

    async def open_api(self) -> Api:
        if self._answers is None:
            return await super().open_api()
        login = self.config.sessions[0].login
        mask = Mask([login.password.get_secret_value()] if login and login.password else [])
        return ScriptedApi(
            self._answers,
            self._unanswered,
            self.clock,
            moment=lambda: self.clock.now() - self.linked_at,
            mask=mask.text,
        )

    async def open_web(self) -> None:
        web = self.config.web
        self.pictures.public_url = web.public_url or f"http://{web.host}:{web.port}"

    def make_session(self, settings: SessionConfig, persona: Persona) -> Session:
        session = super().make_session(settings, persona)
        session.on_link = self._lead_here
        if not self._login:
            session.dialect = session.dialect.model_copy(update={"login": LoginRules(settle=0.0)})
        return session

    def _lead_here(self, link: Connection) -> None:
        link.dial = self._dial

    def _dial(self, _address: Address, factory: Callable[[], asyncio.Protocol]) -> Awaitable[None]:
        async def dial() -> None:
            await self.before_link()
            self.wire, self.linked_at = Wire(factory(), self._sent), self.clock.now()
            self.wire.begin()
            self.linked.set()

        return dial()

    async def before_link(self) -> None:
        """Return when a link may be there.  Raises ConnectError where there is to be none."""
        if self.wire is not None:
            raise ConnectError("the recording is of one link")
        # What a bot that runs for hours has behind it: at a hundredfold pace it would take minutes.
        await asyncio.wait({self.store.open()} | ({self.warmed} if self.warmed is not None else set()))


def alone(config: Config, plugin: str) -> Config:
    """*config* with no plugin but *plugin*, with its settings there or the plugin's own."""
    found = config.plugins.get(plugin)
    changed = config.model_copy(update={"plugins": {plugin: found or PluginConfig()}, "triggers": ()})
    if plugin == CARRIER:
        changed = changed.model_copy(update={"triggers": config.triggers})
    return changed


def made_for(transcript: Transcript, plugin: str) -> Config:
    """A configuration in which nothing but *plugin* is, for the session of *transcript*, as far as that tells of it.

    Raises ConfigError where what it tells is no session of this version's.
    """
    about = transcript.about
    known = {"name": "session", "host": "host", "encoding": "encoding", "dialect": "dialect"}
    session = {key: about[name] for key, name in known.items() if about.get(name)}
    if session.get("host") in (None, TAVERN):
        session = {"dialect": TAVERN if session.get("host") else "auto", **session, "host": "replay"}
    try:
        only = SessionConfig(**{"login": {"name": about.get("character") or "nobody", "password": STARS}, **session})
    except ValidationError as exc:
        why = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in exc.errors(include_url=False))
        raise ConfigError(Problem("the recording", f"{why}: give the configuration with -c")) from None
    return Config(sessions=(only,), plugins={plugin: PluginConfig()})


def rehearsed(config: Config, transcript: Transcript, store: Path, session: str | None, encoding: str | None) -> Config:
    """*config* with the one session that is replayed, its store in *store*.  Raises ConfigError: which session?"""
    settings = chosen(config, session or str(transcript.about.get("session", "")), named=session is not None)
    changes = {
        "host": "replay" if settings.host == TAVERN else settings.host,
        "tls": False,
        "proxy": None,
        "compress": not transcript.inflated,
        "record": False,
        "encoding": encoding if encoding and transcript.kind == "recording" else settings.encoding,
    }
    if not transcript.login and settings.dialect == "auto":
        changes["dialect"] = detected(transcript, settings.encoding)
    only = settings.model_copy(update=changes)
    return config.model_copy(update={"sessions": (only,), "store": str(store.absolute())})


def chosen(config: Config, name: str, *, named: bool) -> SessionConfig:
    """The session called *name*; where the user has *named* none, the only one will do.  Raises ConfigError."""
    for settings in config.sessions:
        if settings.name == name:
            return settings
    names = ", ".join(each.name for each in config.sessions)
    if named:
        raise ConfigError(Problem("--session", f"there is no session {name!r}; there are: {names}"))
    if len(config.sessions) > 1:
        raise ConfigError(Problem("--session", f"which session is it?  There are: {names}"))
    return config.sessions[0]


def detected(transcript: Transcript, encoding: str) -> str:
    """The dialect of a log, by all of it: in the game nobody looks for it any more."""
    from mudbot.mud.text import TextStream

    detector, stream = Detector(), TextStream(encoding)
    for piece in transcript.pieces(encoding):
        for line in stream.feed(piece.data):
            detector.hear(line)
    return detector.guess.name if detector.guess is not None else "generic"
