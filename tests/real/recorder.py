"""An HTTP relay between the bot and its API: keeps every request, and can answer the next one in the model's place."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any, Self

import aiohttp
from aiohttp import web


@dataclass(frozen=True)
class Call:
    """One request as it came, and what was answered."""

    path: str
    body: dict[str, Any]
    answer: str

    @property
    def asked(self) -> str:
        """All that the request says, as one text."""
        return json.dumps(self.body, ensure_ascii=False)

    @property
    def said(self) -> str:
        """The text of the first choice, streamed or not."""
        if not self.answer.startswith("data:"):
            return _words(json.loads(self.answer))
        pieces = [line.removeprefix("data:").strip() for line in self.answer.splitlines() if line.startswith("data:")]
        return "".join(_words(json.loads(piece)) for piece in pieces if piece != "[DONE]")


def _words(answer: dict[str, Any]) -> str:
    for choice in answer.get("choices") or ():
        message = choice.get("message") or choice.get("delta") or {}
        return str(message.get("content") or choice.get("text") or "")
    return ""


class Recorder:
    """Listens on ``base_url`` and passes on to *target*; ``script`` puts words into the model's mouth once."""

    def __init__(self, target: str, key: str) -> None:
        self._target, self._key = target.removesuffix("/v1"), key
        self.calls: list[Call] = []
        self._words: list[str] = []
        self.news = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession()
        app = web.Application(client_max_size=1 << 24)
        app.router.add_route("*", "/{path:.*}", self._pass)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.base_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self._runner.cleanup()
        await self._session.close()

    def script(self, words: str) -> None:
        """The next completion answers *words*, as a model that was talked into anything would."""
        self._words.append(words)

    def dialogue(self) -> list[Call]:
        """The requests that asked the language model."""
        return [call for call in self.calls if call.path.endswith("completions")]

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        parsed = json.loads(body) if body else {}
        if self._words and request.path.endswith("completions"):
            words = self._words.pop(0)
            message = {"role": "assistant", "content": words}
            choice = {"index": 0, "text": words, "message": message, "delta": message, "finish_reason": "stop"}
            text = json.dumps({"id": "x", "object": "x", "choices": [choice]})
            kind = "application/json"
            if parsed.get("stream"):
                text, kind = f"data: {text}\n\ndata: [DONE]\n\n", "text/event-stream"
            self._note(request.path, parsed, text)
            return web.Response(text=text, content_type=kind)
        headers = {"Authorization": f"Bearer {self._key}", "Content-Type": "application/json"}
        async with self._session.request(
            request.method, self._target + request.path_qs, data=body, headers=headers
        ) as answer:
            text = await answer.text()
            self._note(request.path, parsed, text)
            return web.Response(text=text, status=answer.status, content_type=answer.content_type)

    def _note(self, path: str, body: dict[str, Any], answer: str) -> None:
        self.calls.append(Call(path, body, answer))
        self.news.set()
