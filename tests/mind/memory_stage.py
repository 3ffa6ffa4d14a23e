"""A character's memory in a real database, with embeddings and a model that the test holds."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from mudbot.errors import ApiConnectionError, ApiError
from mudbot.events import Room, Speech, SpeechKind
from mudbot.mind import memory
from mudbot.mind.memory import Calm, Models, Settings, StoredMemory
from mudbot.mind.persona import load_persona
from mudbot.mind.recall import words_of
from mudbot.store.store import Store
from mudbot.testing import FakeClock

CHEN = load_persona("innkeeper")
ALONE = Room("The Inn", people=("Ann",))
SIZE = 64


class Vectors:
    def __init__(self, vectors: list[list[float]]) -> None:
        self.vectors = vectors


class Text:
    def __init__(self, text: str) -> None:
        self.text = text


def vector(text: str) -> list[float]:
    """One by its words: texts that share words are near."""
    found = [0.01] * SIZE
    for word in words_of(text):
        found[zlib.crc32(word.encode()) % SIZE] += 1.0
    return found


class FakeApi:
    """Vectors by words; a model that says what it was given; or either is away."""

    def __init__(self) -> None:
        self.embedded: list[list[str]] = []
        self.asked: list[str] = []
        self.callers: list[Any] = []
        self.answers: list[str | ApiError] = []
        self.away = False
        self.hold: asyncio.Event | None = None
        """While it is there and not set, nothing is answered."""

    async def embed(self, input: Sequence[str], *, model: str, **params: Any) -> Vectors:  # noqa: A002
        if self.hold is not None:
            await self.hold.wait()
        if self.away:
            raise ApiConnectionError("away")
        self.embedded.append(list(input))
        self.callers.append(params["caller"])
        return Vectors([vector(text) for text in input])

    async def chat(self, messages: Sequence[Mapping[str, Any]], *, model: str, **params: Any) -> Text:
        self.asked.append("\n".join(str(message["content"]) for message in messages))
        self.callers.append(params["caller"])
        if self.hold is not None:
            await self.hold.wait()
        answer = self.answers.pop(0) if self.answers else ""
        if isinstance(answer, ApiError):
            raise answer
        return Text(answer)

    async def complete(self, prompt: str, *, model: str, **params: Any) -> Text:
        return await self.chat([{"content": prompt}], model=model, **params)


def said(
    text: str, who: str = "Ann", kind: SpeechKind = "say", *, login: str | None = None, channel: str = ""
) -> Speech:
    return Speech(kind, who, text, login, channel or None)


class Life:
    """A memory, and what happens to it."""

    def __init__(self, folder: Path, settings: Settings, *, asks: bool, gives_way: bool = False) -> None:
        self.clock, self.api = FakeClock(), FakeApi()
        self.store = Store(folder, self.clock)
        self.calm = Calm(self.clock)
        models = Models(
            self.api, "m", "chat", "e", self.calm, caller=lambda who, how: (who, how), gives_way=gives_way
        )  # fmt: skip
        self.memory = StoredMemory(
            self.store, "s/Old Chen", CHEN, self.clock, settings=settings, models=models if asks else None
        )

    async def tell(
        self, text: str, who: str = "Ann", kind: SpeechKind = "say", *, room: Room = ALONE, **more: Any
    ) -> None:
        """Somebody says it, and it is answered; it is kept when this returns."""
        self.memory.remember(said(text, who, kind, **more), room, "Is that so?")
        await self.memory.settled()

    async def facts(
        self, text: str, who: str = "Ann", kind: SpeechKind = "say", *, room: Room = ALONE, **more: Any
    ) -> list[str]:
        """The facts that come to mind when somebody says it."""
        return [fact.text for fact in (await self.memory.recall(said(text, who, kind, **more), room)).facts]


@asynccontextmanager
async def life(
    folder: Path, *, asks: bool = False, gives_way: bool = False, within: float = 30.0, **settings: Any
) -> AsyncIterator[Life]:  # fmt: skip
    """One that ends as it should.  Recent turns are left out unless asked for: they would hold what facts say.

    *within* is the bound of recalling: a machine that is busy with other tests shall not make it forgetful.
    """
    bound, memory.WITHIN = memory.WITHIN, within
    made = Life(folder, Settings(**{"turns": 0, **settings}), asks=asks, gives_way=gives_way)
    try:
        yield made
    finally:
        memory.WITHIN = bound
        await made.memory.close()
        await made.store.close()
