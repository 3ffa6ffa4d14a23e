"""A bot of fakes for the pages to show, and a browser that keeps cookies."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import yaml

from mudbot.api.totals import Totals
from mudbot.clock import SystemClock
from mudbot.config import Config, load
from mudbot.errors import PluginError
from mudbot.events import Line, Lines, Page
from mudbot.host.decisions import Decisions
from mudbot.host.host import Host
from mudbot.host.reload import PluginStatus
from mudbot.mud import dialect as dialects
from mudbot.mud.login import Character as Login
from mudbot.mud.session import Session
from mudbot.mud.telnet import Address
from mudbot.store.pictures import Pictures
from mudbot.store.store import Store
from mudbot.web.live import Live

TOKEN = "opens-all-doors-7"
PASSWORD = "hunter2-of-the-mud"
HTML = {"Accept": "text/html,*/*;q=0.5"}


class FakeRoster:
    """Plugins by name; writes down what is done to them."""

    def __init__(self) -> None:
        self.plugins = {name: PluginStatus(name, "running") for name in ("basics", "dialogue", "scenes")}
        self.program = SimpleNamespace(sessions=self.plugins)
        self.did: list[tuple[str, str]] = []
        self.refuses = ""

    def states(self, session: str) -> Sequence[PluginStatus]:
        return list(self.plugins.values())

    def _change(self, verb: str, name: str, state: Any) -> bool:
        if self.refuses:
            raise PluginError(self.refuses)
        if name not in self.plugins:
            raise PluginError(f"there is no plugin {name!r} at work")
        self.did.append((verb, name))
        changed: bool = self.plugins[name].state != state
        self.plugins[name] = PluginStatus(name, state, "by its owner" if state == "paused" else "")
        return changed

    def pause(self, name: str) -> bool:
        return self._change("pause", name, "paused")

    def resume(self, name: str) -> bool:
        return self._change("resume", name, "running")

    async def reload(self, name: str) -> None:
        self._change("reload", name, "running")

    async def load(self, name: str) -> None:
        self._change("load", name, "running")


class FakeApi:
    """Nobody is asked; tests give it what their pages look for."""


@dataclass
class FakeBot:
    """What pages see of a bot."""

    config: Config
    clock: Any
    store: Store
    pictures: Pictures
    sessions: list[Session] = field(default_factory=list)
    hosts: list[Host] = field(default_factory=list)
    characters: list[Any] = field(default_factory=list)
    totals: Totals = field(default_factory=Totals)
    roster: Any = field(default_factory=FakeRoster)
    api: Any = field(default_factory=FakeApi)
    live: Live = field(init=False)
    decisions: Decisions = field(init=False)
    auditions: dict[str, Any] = field(default_factory=dict)
    """Characters that can be tried, by name; the one without a name plays."""

    def __post_init__(self) -> None:
        self.live = Live(self.clock)
        self.decisions = Decisions(self.store, self.clock, lambda: self.hosts)

    def personas(self) -> Sequence[str]:
        return sorted(filter(None, self.auditions))

    async def audition(self, session: str, name: str) -> Any:
        if name not in self.auditions:
            raise PluginError(f"there is no {session!r} with a character {name!r}")
        return self.auditions[name]

    def hears(self, *lines: str, session: int = 0) -> None:
        """The MUD of *session* shows *lines*; escapes in them are colours."""
        from mudbot.mud.text import TextStream

        stream = TextStream("utf-8")
        tap = self.sessions[session].tap
        assert tap is not None
        tap(stream.feed("".join(f"{line}\r\n" for line in lines).encode()))


class Client:
    """Somebody with a browser that keeps cookies."""

    def __init__(self, url: str, client: aiohttp.ClientSession) -> None:
        self.url, self.http = url, client

    async def get(self, path: str, *, status: int = 200, **headers: str) -> str:
        """The page at *path*, which answers with *status*; redirects are not followed."""
        async with self.http.get(self.url + path, headers=HTML | headers, allow_redirects=False) as answer:
            text = await answer.text()
            assert answer.status == status, f"{answer.status}: {text[:2000]}"
            self.headers, self.status = answer.headers, answer.status
            return text

    async def post(self, path: str, *, status: int = 303, headers: dict[str, str] | None = None, **form: str) -> str:
        """Send a form there, as one of this site's pages does."""
        given = HTML | {"Origin": self.url, "Sec-Fetch-Site": "same-origin"} | (headers or {})
        async with self.http.post(self.url + path, data=form, headers=given, allow_redirects=False) as answer:
            text = await answer.text()
            assert answer.status == status, f"{answer.status}: {text[:2000]}"
            self.headers, self.status = answer.headers, answer.status
            return text

    async def csrf(self, path: str = "/gallery") -> str:
        """What the owner's forms on the page at *path* hold."""
        found = re.search(r'name="csrf" value="([0-9a-f]+)"', await self.get(path))
        assert found is not None
        return found[1]

    async def log_in(self) -> None:
        await self.post("/login", token=TOKEN, next="/dashboard")


def config_of(folder: Path, *, sessions: Sequence[str] = ("mud.example",), **web: Any) -> Config:
    """A configuration in *folder*, with these sessions and settings of ``web``."""
    written = {
        "sessions": [
            {"host": "127.0.0.1", "port": 4000, "name": name, "login": {"name": "Tang", "password": PASSWORD}}
            for name in sessions
        ],
        "store": "store",
        "web": {"port": 0, "token": TOKEN} | web,
    }
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(written), encoding="utf-8")
    return load(path)


def make_bot(config: Config, clock: Any = None) -> FakeBot:
    """A bot of fakes; its sessions are new and lead nowhere."""
    clock = clock or SystemClock()
    store = Store(config.path(config.store), clock)
    bot = FakeBot(config, clock, store, Pictures(store, "http://bot.example"))
    for settings in config.sessions:
        login = Login("Tang", PASSWORD)
        address = Address(settings.host, settings.port)
        session = Session(settings.name, address, dialects.load("generic"), login, clock=clock)
        bot.sessions.append(session)
        bot.hosts.append(Host(clock, session=settings.name))
        bot.hosts[-1].rulings = bot.decisions.rulings
        bot.live.follow(session)
    return bot


Serve = Callable[[FakeBot], Awaitable[Client]]


def lines(*texts: str) -> Lines:
    """Lines of one read."""
    return Lines(Page.of([Line(text) for text in texts]))
