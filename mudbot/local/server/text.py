"""Text rows: chats and completions, the latter under the old engines' addresses too."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

from aiohttp import web
from pydantic import BaseModel

from mudbot.local.llm import ReadingModel, TextModel
from mudbot.local.server.bodies import ChatBody, CompletionBody, read
from mudbot.local.server.problems import RequestError
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
        answers = await self._shop.engine.answers()
        asked = _shortened(body) if self._shop.contract else said(_possible(body, answers.model))
        model = body.model or request.match_info.get("engine")
        if body.stream:
            return await stream(request, _named(answers.stream_complete(asked), model))
        return json_answer(request, _as(await answers.complete(asked), model))


def said(body: BaseModel) -> dict[str, Any]:
    """What a body says, without what it left open."""
    return body.model_dump(exclude_none=True)


def _possible(body: CompletionBody, model: TextModel) -> CompletionBody:
    """*body* if *model* can do what it asks for.  Raises RequestError that names the field."""
    able = isinstance(model, ReadingModel)
    if not able and not all(isinstance(prompt, str) for prompt in body.prompt):
        raise RequestError("'prompt': token numbers are not understood here: send text", param="prompt")
    if not able and body.max_tokens == 0:
        raise RequestError("'max_tokens': must be 1 or more with this model", param="max_tokens")
    if body.suffix and not (isinstance(model, ReadingModel) and model.infills):
        message = f"'suffix': {model.name} was not trained to write between two texts; leave it out"
        raise RequestError(message, param="suffix")
    return body


def _shortened(body: CompletionBody) -> dict[str, Any]:
    """What contract mode makes of a body: its sentence stands for an answer to anything."""
    prompts = [prompt if isinstance(prompt, str) else "" for prompt in body.prompt]
    return {**said(body), "prompt": prompts, "max_tokens": body.max_tokens or 1}


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
