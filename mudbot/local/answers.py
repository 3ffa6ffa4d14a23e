"""OpenAI's answers from a language model's pieces: choices, prompts, echo, log probabilities, usage, streams.

The shapes are those of the API reference (https://platform.openai.com/docs/api-reference): ``chat.completion``,
``chat.completion.chunk`` and ``text_completion``.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from mudbot.clock import Clock, SystemClock
from mudbot.local.llm import Piece, TextModel, Usage

Answer = dict[str, Any]

REPLY_TOKENS = 256
"""The bound of a chat's answer that names none: OpenAI has no bound, but here a lost model would talk for minutes."""


@dataclass(slots=True)
class _Total:
    """Tokens of all generations of one call; a prompt counts once however many answers it gets, as at OpenAI."""

    prompt: int = 0
    completion: int = 0
    cached: int = 0

    def add(self, usage: Usage | None, *, first: bool) -> None:
        if usage is not None:
            self.completion += usage.completion
            if first:
                self.prompt += usage.prompt
                self.cached += usage.cached

    def json(self) -> Answer:
        return {
            "prompt_tokens": self.prompt,
            "completion_tokens": self.completion,
            "total_tokens": self.prompt + self.completion,
            "prompt_tokens_details": {"cached_tokens": self.cached},
        }


@dataclass(slots=True)
class _Choice:
    text: list[str] = field(default_factory=list)
    logprobs: list[Answer] = field(default_factory=list)
    tool_calls: dict[int, Answer] = field(default_factory=dict)
    finish: str = "stop"

    def add(self, piece: Piece) -> None:
        self.text.append(piece.text)
        self.logprobs.extend(piece.logprobs)
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


class Answers:
    """The text endpoints over one model.  Bodies are OpenAI's, already checked."""

    def __init__(self, model: TextModel, clock: Clock | None = None) -> None:
        self._model, self._clock = model, clock or SystemClock()

    async def chat(self, body: Mapping[str, Any]) -> Answer:
        """``chat.completion``.  Raises what ``TextModel.generate`` raises, as all four do."""
        total, choices = _Total(), []
        for index in range(body.get("n") or 1):
            choice = _Choice()
            async with aclosing(self._generate(body, index, total, first=index == 0)) as pieces:
                async for piece in pieces:
                    choice.add(piece)
            logprobs = {"content": choice.logprobs, "refusal": None} if body.get("logprobs") else None
            finish = choice.finish
            choices.append({"index": index, "message": choice.message(), "logprobs": logprobs, "finish_reason": finish})
        return {**self._head("chatcmpl", "chat.completion"), "choices": choices, "usage": total.json()}

    async def stream_chat(self, body: Mapping[str, Any]) -> AsyncGenerator[Answer, None]:
        """``chat.completion.chunk``s; the last one has the usage if ``stream_options.include_usage`` asks for it."""
        head, total = self._stream_head(body, "chatcmpl", "chat.completion.chunk"), _Total()
        for index in range(body.get("n") or 1):
            async with aclosing(self._generate(body, index, total, first=index == 0)) as pieces:
                # The first chunk waits for the first piece: a request that the model refuses must not have begun.
                begun, finish = False, "stop"
                async for piece in pieces:
                    if not begun:
                        begun = True
                        yield _chat_chunk(head, index, {"role": "assistant", "content": ""})
                    finish = piece.finish or finish
                    delta: Answer = {"content": piece.text} if piece.text else {}
                    if piece.tool_calls:
                        delta["tool_calls"] = list(piece.tool_calls)
                    if delta:
                        logprobs = {"content": list(piece.logprobs)} if piece.logprobs else None
                        yield _chat_chunk(head, index, delta, logprobs=logprobs)
            yield _chat_chunk(head, index, {}, finish=finish)
        if _wants_usage(body):
            yield {**head, "choices": [], "usage": total.json()}

    async def complete(self, body: Mapping[str, Any]) -> Answer:
        """``text_completion``; a list of prompts gives the choices of the first prompt first."""
        total, choices = _Total(), []
        for index, prompt, first in _jobs(body):
            choice = _Choice()
            async with aclosing(self._generate({**body, "prompt": prompt}, index, total, first=first)) as pieces:
                async for piece in pieces:
                    choice.add(piece)
            before = prompt if body.get("echo") else ""
            logprobs = None
            if body.get("logprobs") is not None:
                logprobs = legacy_logprobs(choice.logprobs, len(before), body["logprobs"])
            text = before + "".join(choice.text)
            choices.append({"text": text, "index": index, "logprobs": logprobs, "finish_reason": choice.finish})
        return {**self._head("cmpl", "text_completion"), "choices": choices, "usage": total.json()}

    async def stream_complete(self, body: Mapping[str, Any]) -> AsyncGenerator[Answer, None]:
        """``text_completion`` chunks; with ``echo`` the prompt comes first."""
        head, total = self._stream_head(body, "cmpl", "text_completion"), _Total()
        for index, prompt, first in _jobs(body):
            async with aclosing(self._generate({**body, "prompt": prompt}, index, total, first=first)) as pieces:
                offset, finish = 0, "stop"
                async for piece in pieces:
                    if offset == 0 and body.get("echo"):  # not before the first piece: see stream_chat
                        offset = len(prompt)
                        yield _text_chunk(head, index, prompt)
                    finish = piece.finish or finish
                    if piece.text:
                        logprobs = None
                        if body.get("logprobs") is not None:
                            logprobs = legacy_logprobs(piece.logprobs, offset, body["logprobs"])
                        offset += len(piece.text)
                        yield _text_chunk(head, index, piece.text, logprobs=logprobs)
            yield _text_chunk(head, index, "", finish=finish)
        if _wants_usage(body):
            yield {**head, "choices": [], "usage": total.json()}

    async def _generate(
        self, body: Mapping[str, Any], index: int, total: _Total, *, first: bool
    ) -> AsyncGenerator[Piece, None]:
        asked = dict(body)
        asked["max_tokens"] = body.get("max_completion_tokens") or body.get("max_tokens") or REPLY_TOKENS
        if body.get("seed") is not None:
            asked["seed"] = body["seed"] + index  # the same seed for each would give the same answer n times
        if "messages" not in body and body.get("logprobs") is not None:
            asked["logprobs"] = max(
                1, body["logprobs"]
            )  # 0 asks for the chosen tokens only, which llama.cpp gives from 1 on
        async with aclosing(self._model.generate(asked)) as pieces:
            async for piece in pieces:
                total.add(piece.usage, first=first)
                yield piece

    def _head(self, prefix: str, kind: str) -> Answer:
        name = f"{prefix}-{secrets.token_hex(12)}"
        return {"id": name, "object": kind, "created": int(self._clock.wall()), "model": self._model.name}

    def _stream_head(self, body: Mapping[str, Any], prefix: str, kind: str) -> Answer:
        # With include_usage every chunk has the field, null but in the last one (API reference, stream_options).
        return {**self._head(prefix, kind), **({"usage": None} if _wants_usage(body) else {})}


def _wants_usage(body: Mapping[str, Any]) -> bool:
    return bool((body.get("stream_options") or {}).get("include_usage"))


def _jobs(body: Mapping[str, Any]) -> list[tuple[int, str, bool]]:
    """Each choice's index, its prompt, and whether it is the prompt's first."""
    prompts = [body["prompt"]] if isinstance(body["prompt"], str) else body["prompt"]
    each = body.get("n") or 1
    return [(at * each + i, prompt, i == 0) for at, prompt in enumerate(prompts) for i in range(each)]


def _chat_chunk(
    head: Answer, index: int, delta: Answer, *, finish: str | None = None, logprobs: Answer | None = None
) -> Answer:
    return {**head, "choices": [{"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish}]}


def _text_chunk(
    head: Answer, index: int, text: str, *, finish: str | None = None, logprobs: Answer | None = None
) -> Answer:
    return {**head, "choices": [{"text": text, "index": index, "logprobs": logprobs, "finish_reason": finish}]}


def legacy_logprobs(tokens: Sequence[Mapping[str, Any]], offset: int, top: int) -> Answer:
    """The completions endpoint's own shape of log probabilities; the first token begins at *offset* in the text."""
    answer: Answer = {"tokens": [], "token_logprobs": [], "top_logprobs": [], "text_offset": []}
    for token in tokens:
        answer["tokens"].append(token["token"])
        answer["token_logprobs"].append(token["logprob"])
        best = token.get("top_logprobs", ())[:top]
        answer["top_logprobs"].append({other["token"]: other["logprob"] for other in best})
        answer["text_offset"].append(offset)
        offset += len(token["token"])
    return answer
