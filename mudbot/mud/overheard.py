"""What a model answers to a session that is recorded, noted on its way."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from mudbot.mud.transcript import question

if TYPE_CHECKING:
    from mudbot.mud.record import Recorder


class Overheard:
    """An Api, as a session that is recorded asks it: what it answers in words is noted."""

    def __init__(self, api: Any, recorder: Recorder) -> None:
        self._api, self._recorder = api, recorder

    def __repr__(self) -> str:
        return f"<Overheard {self._api!r}>"

    def __getattr__(self, name: str) -> Any:
        return getattr(self._api, name)

    async def chat(self, messages: Sequence[Mapping[str, Any]], **params: Any) -> Any:
        """As ``Api.chat``."""
        return self._note({"messages": messages}, await self._api.chat(messages, **params))

    async def complete(self, prompt: str, **params: Any) -> Any:
        """As ``Api.complete``."""
        return self._note({"prompt": prompt}, await self._api.complete(prompt, **params))

    async def edit(self, text: str, instruction: str, **params: Any) -> Any:
        """As ``Api.edit``."""
        return self._note({"input": text}, await self._api.edit(text, instruction, **params))

    async def chat_stream(self, messages: Sequence[Mapping[str, Any]], **params: Any) -> AsyncGenerator[Any, None]:
        """As ``Api.chat_stream``; what came is noted when it ends, whoever ends it."""
        said: list[str] = []
        async with aclosing(self._api.chat_stream(messages, **params)) as chunks:
            try:
                async for chunk in chunks:
                    said.append(str(chunk.text))
                    yield chunk
            finally:
                self._recorder.answered(question({"messages": messages}), "".join(said))

    async def complete_stream(self, prompt: str, **params: Any) -> AsyncGenerator[Any, None]:
        """As ``Api.complete_stream``, noted likewise."""
        said: list[str] = []
        async with aclosing(self._api.complete_stream(prompt, **params)) as chunks:
            try:
                async for chunk in chunks:
                    said.append(str(chunk.text))
                    yield chunk
            finally:
                self._recorder.answered(question({"prompt": prompt}), "".join(said))

    def _note(self, body: Mapping[str, Any], answer: Any) -> Any:
        self._recorder.answered(question(body), str(answer.text))
        return answer
