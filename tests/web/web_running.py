"""A whole bot in two embedded inns, players who come in by telnet, and who looks at it in a browser.

The plugins, the inns, the painter and the pages are the real ones.  The language model says what it is told to here:
one that thinks takes seconds for a sentence, and says another one each time.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from mudbot.app import App
from mudbot.clock import SystemClock
from mudbot.config import load
from mudbot.local.llm import Piece, Usage
from mudbot.local.server import LocalServer, Parts
from mudbot.local.tavern import Tavern
from mudbot.testing.live import Visitor
from tests.app_plugins_stage import until
from tests.local.server_fakes import FakeEmbedder, FakeJudgement
from tests.web.web_fakes import PASSWORD, TOKEN

CONFIG = """\
api: {{base_url: "{api}", models: {{dialogue: keeper-1, image: ink-1, moderation: filter-1}}{api_more}}}
sessions:
  - {{host: tavern, name: inn, login: {{name: Chen, password: {password}}}, character: innkeeper,
     speech: {{typing: 0}}}}
  - {{host: tavern, name: 醉鹤楼, login: {{name: 老陈, password: {password}}}, character: innkeeper-zh, language: zh,
     speech: {{typing: 0}}}}
plugins:
  dialogue: {{wary: false, thinking: false, answers: 1000}}
  scenes: {{permissions: {{images: true}}, prompts: plain, size: {size}}}
  moderation: {{player: {{harassment: refuse}}}}
  basics:
  memory:
store: data
web: {{port: 0, token: {token}}}
"""
UNFIT = ("scoundrel", "浑蛋")
"""What the filter of this stage calls harassment."""


class Keeper:
    """A language model with an answer for what it is asked, by a word in it; it notes what it was shown."""

    name = "keeper-1"

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        """By what the last message has in it: talk from before may stand there too, so what stands last counts."""
        self.otherwise = "Sit by the stove. The soup is nearly ready."
        self.asked: list[str] = []

    async def load(self) -> None:
        """It is there."""

    async def generate(self, body: Mapping[str, Any]) -> AsyncGenerator[Piece, None]:
        said = body["messages"][-1]["content"]
        self.asked.append(said)
        found = max(self.answers, key=said.rfind, default="")
        answer = self.answers[found] if found and found in said else self.otherwise
        for word in re.findall(r"\S+\s*", answer):
            yield Piece(text=word)
        yield Piece(finish="stop", usage=Usage(prompt=412, completion=len(answer) // 4, cached=256))

    async def close(self) -> None:
        """Nothing to end."""


class Filter:
    """Calls harassment what has one of a few words."""

    def classify(self, texts: Sequence[str]) -> list[FakeJudgement]:
        hits = [any(word in text for word in UNFIT) for text in texts]
        return [FakeJudgement(hit, {"harassment": hit}, {"harassment": 0.97 if hit else 0.01}) for hit in hits]


class Inn:
    """The running bot: ``app``, its ``keeper``, and players by name."""

    def __init__(self, app: App, keeper: Keeper) -> None:
        self.app, self.keeper = app, keeper
        self.players: dict[str, Visitor] = {}

    @property
    def url(self) -> str:
        """Where its pages are."""
        assert self.app._web is not None
        return self.app._web.url

    def tavern(self, session: int = 0) -> Tavern:
        """The world that a session is in."""
        language = self.app.config.sessions[session].language
        return next(world for (spoken, _, _), world in self.app._taverns.items() if spoken == language)

    async def player(self, name: str, session: int = 0) -> Visitor:
        """Somebody in the inn, who comes in if need be."""
        if name not in self.players:
            tavern = self.tavern(session)
            self.players[name] = Visitor(name, tavern.port, tavern.dialect, "utf-8")
            await self.players[name].enter()
        return self.players[name]

    async def leave(self, name: str) -> None:
        """The player *name* leaves the inn."""
        await self.players.pop(name).leave()

    async def settled(self) -> None:
        """Every plugin has done what there was to do, and all of it is said."""
        plugins = [running for host in self.app.hosts for running in host.running.values()]
        await until(lambda: not any(each.busy for each in plugins))
        await until(lambda: not any(session.outbox.waiting for session in self.app.sessions))


@asynccontextmanager
async def running(folder: Path, *, api_more: str = "", size: str = "512x512") -> AsyncIterator[Inn]:
    """The bot, in both of its games; it ends with the block."""
    keeper = Keeper()
    parts = Parts(text=lambda _name: keeper, embedder=FakeEmbedder, judge=lambda _embedder: Filter())
    server = LocalServer(parts=parts)
    await server.start()
    path = folder / "config.yaml"
    values = {"api": server.base_url, "password": PASSWORD, "token": TOKEN, "api_more": api_more, "size": size}
    path.write_text(CONFIG.format(**values), encoding="utf-8")
    app = App(load(path, environ={}), clock=SystemClock())
    inn = Inn(app, keeper)
    try:
        await app.start()
        await until(lambda: [each.state for each in app.sessions] == ["playing", "playing"])
        yield inn
    finally:
        await asyncio.gather(*(player.leave() for player in inn.players.values()))
        await app.stop()
        await server.close()
