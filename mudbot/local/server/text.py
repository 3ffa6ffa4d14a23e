"""Text rows: chats and completions, the latter under the old engines' addresses too."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from mudbot.local.server.bodies import ChatBody, CompletionBody, read
from mudbot.local.server.streams import stream
from mudbot.local.server.wire import json_answer
from mudbot.local.server.workshop import Workshop


class TextRows:
    """POST /chat/completions, POST /completions."""

    def __init__(self, shop: Workshop) -> None:
        self._shop = shop

    def routes(self) -> list[web.RouteDef]:
        """What the application serves."""
        return [
            web.post("/v1/chat/completions", self.chat),
            web.post("/v1/completions", self.completion),
            web.post("/v1/engines/{engine}/completions", self.completion),
        ]

    async def chat(self, request: web.Request) -> web.StreamResponse:
        """POST /chat/completions."""
        body = await read(request, ChatBody, lenient=self._shop.contract)
        answers, asked = await self._shop.engine.answers(), said(body)
        if body.stream:
            return await stream(request, _named(answers.stream_chat(asked), body.model))
        return json_answer(request, _as(await answers.chat(asked), body.model))

    async def completion(self, request: web.Request) -> web.StreamResponse:
        """POST /completions."""
        body = await read(request, CompletionBody, lenient=self._shop.contract)
        answers, asked = await self._shop.engine.answers(), said(body)
        model = body.model or request.match_info.get("engine")
        if body.stream:
            return await stream(request, _named(answers.stream_complete(asked), model))
        return json_answer(request, _as(await answers.complete(asked), model))


def said(body: BaseModel) -> dict[str, Any]:
    """What a body says, without what it left open."""
    return body.model_dump(exclude_none=True)


def _as(answer: dict[str, Any], model: str | None) -> dict[str, Any]:
    """*answer* under the name that was asked for: clients compare it, and whose it is stands in /models."""
    return answer | {"model": model} if model else answer


async def _named(
    chunks: AsyncGenerator[dict[str, Any], None], model: str | None
) -> AsyncGenerator[dict[str, Any], None]:
    try:
        async for chunk in chunks:
            yield _as(chunk, model)
    finally:
        await chunks.aclose()
