"""OpenAI's answers from a language model's pieces: chats here, completions in ``completions``.

The shapes are those of the API reference (https://platform.openai.com/docs/api-reference): ``chat.completion`` and
``chat.completion.chunk``.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from mudbot.local.completions import Completions
from mudbot.local.generating import REPLY_TOKENS, Aligned, Answer, Token, Total, wants_usage
from mudbot.local.llm import Piece

__all__ = ["REPLY_TOKENS", "Answer", "Answers"]


@dataclass(slots=True)
class _Choice:
    text: list[str] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)
    aligned: Aligned = field(default_factory=Aligned)
    tool_calls: dict[int, Answer] = field(default_factory=dict)
    finish: str = "stop"

    def add(self, piece: Piece) -> None:
        self.text.append(piece.text)
        self.tokens.extend(self.aligned.add(piece))
        self.finish = piece.finish or self.finish
        for delta in piece.tool_calls:
            call = self.tool_calls.setdefault(
                delta.get("index", 0), {"id": "", "type": "function", "function": {"name": "", "arguments": ""}}
            )
            call["id"] += delta.get("id") or ""
            for key, text in (delta.get("function") or {}).items():
                call["function"][key] = call["function"].get(key, "") + (text or "")

    def message(self) -> Answer:
        text = "".join(self.text)
        message: Answer = {"role": "assistant", "content": text, "refusal": None}
        if self.tool_calls:
            message |= {"content": text or None, "tool_calls": list(self.tool_calls.values())}
        return message


class Answers(Completions):
    """The text endpoints over one model.  Bodies are OpenAI's, already checked."""

    async def chat(self, body: Mapping[str, Any]) -> Answer:
        """``chat.completion``.  Raises what ``TextModel.generate`` raises, as all four do."""
        total, choices = Total(), []
        for index in range(body.get("n") or 1):
            choice = _Choice()
            async with aclosing(self._generate(body, index, total, first=index == 0)) as pieces:
                async for piece in pieces:
                    choice.add(piece)
            logprobs = _logprobs(body, choice.tokens) if body.get("logprobs") else None
            finish = choice.finish
            choices.append({"index": index, "message": choice.message(), "logprobs": logprobs, "finish_reason": finish})
        return {**self._head("chatcmpl", "chat.completion"), "choices": choices, "usage": total.json()}

    async def stream_chat(self, body: Mapping[str, Any]) -> AsyncGenerator[Answer, None]:
        """``chat.completion.chunk``s; the last one has the usage if ``stream_options.include_usage`` asks for it."""
        head, total = self._stream_head(body, "chatcmpl", "chat.completion.chunk"), Total()
        for index in range(body.get("n") or 1):
            async with aclosing(self._generate(body, index, total, first=index == 0)) as pieces:
                # The first chunk waits for the first piece: a request that the model refuses must not have begun.
                begun, finish, aligned = False, "stop", Aligned()
                async for piece in pieces:
                    if not begun:
                        begun = True
                        yield _chunk(head, index, {"role": "assistant", "content": ""})
                    finish = piece.finish or finish
                    tokens = aligned.add(piece)
                    delta: Answer = {"content": piece.text} if piece.text else {}
                    if piece.tool_calls:
                        delta["tool_calls"] = list(piece.tool_calls)
                    if delta:
                        yield _chunk(head, index, delta, logprobs=_logprobs(body, tokens) if tokens else None)
            yield _chunk(head, index, {}, finish=finish)
        if wants_usage(body):
            yield {**head, "choices": [], "usage": total.json()}


def _logprobs(body: Mapping[str, Any], tokens: Sequence[Token]) -> Answer:
    top = body.get("top_logprobs") or 0
    content = [{**token.entry, "top_logprobs": token.entry.get("top_logprobs", [])[:top]} for token in tokens]
    return {"content": content, "refusal": None}


def _chunk(
    head: Answer, index: int, delta: Answer, *, finish: str | None = None, logprobs: Answer | None = None
) -> Answer:
    return {**head, "choices": [{"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish}]}
