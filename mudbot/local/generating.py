"""What chats and completions have in common: generations of one model, their usage, their tokens."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from mudbot.clock import Clock, SystemClock
from mudbot.local.llm import Piece, TextModel, Usage

Answer = dict[str, Any]

REPLY_TOKENS = 256
"""The bound of a chat's answer that names none: OpenAI has no bound, but here a lost model would talk for minutes."""


@dataclass(slots=True)
class Total:
    """Tokens of all generations of one call; a prompt counts once however many answers it gets, as at OpenAI."""

    prompt: int = 0
    completion: int = 0
    cached: int = 0

    def add(self, usage: Usage | None, *, first: bool) -> None:
        """Count one generation; *first* is the prompt's first."""
        if usage is not None:
            self.completion += usage.completion
            if first:
                self.prompt += usage.prompt
                self.cached += usage.cached

    def json(self) -> Answer:
        """The API's ``usage``."""
        return {
            "prompt_tokens": self.prompt,
            "completion_tokens": self.completion,
            "total_tokens": self.prompt + self.completion,
            "prompt_tokens_details": {"cached_tokens": self.cached},
        }


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a text, with its log probabilities."""

    entry: Answer
    """As in ``Piece.logprobs``; a prompt's first token has no ``logprob``, for nothing stands before it."""
    offset: int
    """Where it begins in the text, in characters."""


@dataclass(slots=True)
class Aligned:
    """Lets each token out with the text that it begins in.

    Tokens are named while their text is held back, for it may begin a stop sequence.  Those of a stop sequence that
    came about, and the one that ends an answer, are in no text and stay here.
    """

    _waiting: list[Token] = field(default_factory=list)
    _named: int = 0
    _said: int = 0

    def add(self, piece: Piece) -> list[Token]:
        """The tokens that begin in what has been said up to and with *piece*."""
        for entry in piece.logprobs:
            self._waiting.append(Token(entry, self._named))
            self._named += len(entry["token"])
        self._said += len(piece.text)
        ready = [token for token in self._waiting if token.offset < self._said]
        del self._waiting[: len(ready)]
        return ready


class Generating:
    """Generations of one model.  Bodies are OpenAI's, already checked."""

    def __init__(self, model: TextModel, clock: Clock | None = None) -> None:
        self.model, self._clock = model, clock or SystemClock()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.model!r}>"

    async def _generate(
        self, body: Mapping[str, Any], index: int, total: Total, *, first: bool
    ) -> AsyncGenerator[Piece, None]:
        asked = dict(body)
        asked["max_tokens"] = body.get("max_completion_tokens") or body.get("max_tokens") or REPLY_TOKENS
        if body.get("seed") is not None:
            asked["seed"] = body["seed"] + index  # the same seed for each would give the same answer n times
        # llama.cpp tells of the chosen tokens from one best token on; who wants fewer gets them cut off later.
        if "messages" in body:
            if body.get("logprobs"):
                asked["top_logprobs"] = max(1, body.get("top_logprobs") or 0)
        elif body.get("logprobs") is not None:
            asked["logprobs"] = max(1, body["logprobs"])
        async with aclosing(self.model.generate(asked)) as pieces:
            async for piece in pieces:
                total.add(piece.usage, first=first)
                yield piece

    def _head(self, prefix: str, kind: str) -> Answer:
        name = f"{prefix}-{secrets.token_hex(12)}"
        return {"id": name, "object": kind, "created": int(self._clock.wall()), "model": self.model.name}

    def _stream_head(self, body: Mapping[str, Any], prefix: str, kind: str) -> Answer:
        # With include_usage every chunk has the field, null but in the last one (API reference, stream_options).
        return {**self._head(prefix, kind), **({"usage": None} if wants_usage(body) else {})}


def wants_usage(body: Mapping[str, Any]) -> bool:
    """Whether a stream's last chunk tells the usage."""
    return bool((body.get("stream_options") or {}).get("include_usage"))
