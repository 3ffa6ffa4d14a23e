"""Stand-ins for the heavy parts of the embedded server, and a server made of them."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np

from mudbot.clock import Timer
from mudbot.errors import LocalError
from mudbot.local.download import fetch
from mudbot.local.llm import Piece, TextModel, Usage
from mudbot.local.models import choose
from mudbot.local.server import LocalServer, Parts


class FakeClock:
    """Time that only tests move."""

    def __init__(self) -> None:
        self.time = 1000.0

    def now(self) -> float:
        return self.time

    def wall(self) -> float:
        return 1_700_000_000.0 + self.time

    async def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing here should sleep")

    def call_later(self, seconds: float, callback: Callable[[], None]) -> Timer:
        raise AssertionError("nothing here should wait")


class FakeModel:
    """Says the words it was given, a piece each; remembers what it was asked and what became of it."""

    name = "fake-model"

    def __init__(self, words: Sequence[str] = ("Well", " met", "."), *, fails: Exception | None = None) -> None:
        self.words, self.fails = words, fails
        self.asked: list[Mapping[str, Any]] = []
        self.load_error: LocalError | None = None
        self.loads = 0
        self.finished = self.abandoned = 0
        self.gate: asyncio.Event | None = None
        self.reached = asyncio.Event()
        self.left = asyncio.Event()
        self.closed = False

    async def load(self) -> None:
        self.loads += 1
        if self.load_error:
            raise self.load_error

    async def generate(self, body: Mapping[str, Any]) -> AsyncGenerator[Piece, None]:
        self.asked.append(body)
        try:
            for at, word in enumerate(self.words):
                if self.fails and at == len(self.words) - 1:
                    raise self.fails
                entry = {
                    "token": word,
                    "bytes": [],
                    "logprob": -0.5,
                    "top_logprobs": [{"token": word, "logprob": -0.5}],
                }
                yield Piece(text=word, logprobs=(entry,) if body.get("logprobs") else ())
                self.reached.set()
                if self.gate:
                    await self.gate.wait()
            self.finished += 1
            yield Piece(finish="stop", usage=Usage(prompt=7, completion=len(self.words), cached=4))
        finally:
            if not self.finished:
                self.abandoned += 1
                self.left.set()

    async def close(self) -> None:
        self.closed = True


@dataclass
class FakePainting:
    prompt: str
    size: tuple[int, int]
    seed: int | None

    def png(self) -> bytes:
        return f"PNG {self.prompt} {self.size} {self.seed}".encode()

    def caption(self, language: str) -> str:
        return "水墨：群山。" if language == "zh" else "Ink wash: mountains."


class FakeEmbedder:
    def vectors(self, texts: Sequence[str], *, query: bool = False) -> Any:
        return np.array([[len(text), float(query), 0.5] for text in texts], dtype=np.float32)

    def tokens(self, texts: Sequence[str]) -> int:
        return sum(map(len, texts))


@dataclass
class FakeJudgement:
    flagged: bool
    categories: dict[str, bool] = field(default_factory=dict)
    category_scores: dict[str, float] = field(default_factory=dict)


class FakeFilter:
    def classify(self, texts: Sequence[str]) -> list[FakeJudgement]:
        bad = ["bad" in text for text in texts]
        return [FakeJudgement(flag, {"harassment": flag}, {"harassment": 0.9 if flag else 0.1}) for flag in bad]


def fake_parts(model: TextModel, clock: FakeClock | None = None, **changes: Any) -> Parts:
    """Parts around *model*."""
    made: dict[str, Any] = {
        "text": lambda _name: model,
        "paint": FakePainting,
        "embedder": FakeEmbedder,
        "judge": lambda _embedder: FakeFilter(),
        "clock": clock or FakeClock(),
    }
    return Parts(**(made | changes))


@dataclass
class Answer:
    """An HTTP answer, read to its end."""

    status: int
    text: str
    headers: Mapping[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def error(self) -> Any:
        """The error of an answer that must be one, in OpenAI's shape."""
        assert self.status >= 400, self.text
        error = self.json["error"]
        assert set(error) == {"message", "type", "param", "code"}
        assert error["message"]
        return error

    @property
    def events(self) -> list[Any]:
        """The server-sent events; ``[DONE]`` as it is."""
        assert self.text.endswith("\n\n")
        lines = self.text.strip().split("\n\n")
        assert all(line.startswith("data: ") for line in lines)
        return [line[6:] if line == "data: [DONE]" else json.loads(line[6:]) for line in lines]


@dataclass
class Client:
    """Talks to a server under test."""

    server: LocalServer
    session: aiohttp.ClientSession

    async def ask(self, method: str, path: str, **options: Any) -> Answer:
        url = path if path.startswith("http") else self.server.base_url + path
        async with self.session.request(method, url, **options) as response:
            return Answer(response.status, await response.text(), response.headers)

    async def post(self, path: str, **body: Any) -> Answer:
        return await self.ask("POST", path, json=body)

    async def get(self, path: str, **options: Any) -> Answer:
        return await self.ask("GET", path, **options)


@asynccontextmanager
async def serving(parts: Parts, *, load: bool = True, **options: Any) -> AsyncIterator[Client]:
    """A started server of *parts* and a client of it."""
    server = LocalServer(parts=parts, **options)
    await server.start(load=load)
    try:
        async with aiohttp.ClientSession() as session:
            yield Client(server, session)
    finally:
        await server.close()


def small_model() -> Path:
    """The real small model's file, fetched the first time (93 MB)."""
    return fetch(choose("smollm2"))
