"""Answers that are text: chat, completions, edits."""

from __future__ import annotations

import json
from typing import Any

from pydantic import Field

from mudbot.api.types.base import Answer, Count, Maybe, Open, Piece, Text, Time
from mudbot.errors import BadAnswerError


class Function(Open):
    """Which function the model wants called, and with what; in a stream, a part of either."""

    name: Text = ""
    arguments: str | dict[str, Any] | None = None
    """JSON as the model wrote it, which need not be valid; some servers have parsed it already."""


class ToolCall(Open):
    """A tool that the model wants used; the caller does it and answers with a message of the role ``tool``."""

    id: Text = ""
    type: Text = "function"
    index: int | None = None
    """In a stream: which of the calls this is a part of."""
    function: Function | None = None

    @property
    def arguments(self) -> dict[str, Any]:
        """The function's arguments, parsed.  Raises BadAnswerError where the model wrote no JSON object."""
        given = self.function.arguments if self.function else None
        try:
            parsed = json.loads(given or "{}") if not isinstance(given, dict) else given
        except ValueError:
            parsed = None
        if not isinstance(parsed, dict):
            raise BadAnswerError(
                "the arguments that the model wrote for a tool are no JSON object: ask again, or use a larger model"
            )
        return parsed


class TokenLogprob(Open):
    """A token and how likely the model found it."""

    token: Text = ""
    logprob: float | None = None
    """The natural logarithm of its probability."""
    bytes: list[int] | None = None
    """The token in UTF-8: a token may be a part of a character."""
    top_logprobs: list[TokenLogprob] | None = None


class ChatLogprobs(Open):
    """The tokens of a chat's choice, or of its refusal."""

    content: list[TokenLogprob] | None = None
    refusal: list[TokenLogprob] | None = None


class Audio(Open):
    """Speech that the model made."""

    id: Text = ""
    data: str | None = None
    """Base64 of the sound in the format that was asked for."""
    transcript: Maybe[str] = None
    expires_at: Time = None


class Message(Open):
    """One message of a chat.  ``content`` is null when the model only calls tools."""

    role: Text = "assistant"
    content: str | list[Any] | None = None
    refusal: Maybe[str] = None
    """Why the model would not answer, where it says so apart."""
    tool_calls: list[ToolCall] | None = None
    audio: Maybe[Audio] = None

    @property
    def text(self) -> str:
        """All text in it."""
        if isinstance(self.content, list):
            return "".join(str(part.get("text") or "") for part in self.content if isinstance(part, dict))
        return self.content or ""


class ChatChoice(Open):
    index: Count = 0
    message: Message
    finish_reason: str | None = None
    """``stop``, ``length``, ``tool_calls`` or ``content_filter``; servers add their own."""
    logprobs: Maybe[ChatLogprobs] = None


class Chat(Answer):
    """An answer of ``POST /chat/completions``."""

    id: Text = ""
    object: Text = ""
    created: Time = None
    model: Text = ""
    choices: list[ChatChoice]

    @property
    def text(self) -> str:
        return self.choices[0].message.text if self.choices else ""

    @property
    def tool_calls(self) -> list[ToolCall]:
        """What the first choice wants called."""
        return (self.choices[0].message.tool_calls or []) if self.choices else []


class ChatChunkChoice(Open):
    index: Count = 0
    delta: Message = Field(default_factory=Message)
    finish_reason: str | None = None
    logprobs: Maybe[ChatLogprobs] = None


class ChatChunk(Piece):
    """A piece of a streamed chat; the last one may hold only ``usage``."""

    id: Text = ""
    object: Text = ""
    created: Time = None
    model: Text = ""
    choices: list[ChatChunkChoice]

    @property
    def text(self) -> str:
        return "".join(choice.delta.text for choice in self.choices if choice.index == 0)

    @property
    def finished(self) -> bool:
        return any(choice.finish_reason for choice in self.choices)


class Logprobs(Open):
    """The tokens of a completion, each list as long as ``tokens``."""

    tokens: list[str] | None = None
    token_logprobs: list[float | None] | None = None
    """Null for the first token of an echoed prompt: nothing stands before it."""
    top_logprobs: list[dict[str, float | None] | None] | None = None
    text_offset: list[int] | None = None


class CompletionChoice(Open):
    index: Count = 0
    text: Text = ""
    finish_reason: str | None = None
    logprobs: Maybe[Logprobs] = None


class Completion(Answer):
    """An answer of ``POST /completions``."""

    id: Text = ""
    object: Text = ""
    created: Time = None
    model: Text = ""
    choices: list[CompletionChoice]

    @property
    def text(self) -> str:
        return self.choices[0].text if self.choices else ""


class CompletionChunk(Piece):
    """A piece of a streamed completion."""

    id: Text = ""
    object: Text = ""
    created: Time = None
    model: Text = ""
    choices: list[CompletionChoice]

    @property
    def text(self) -> str:
        return "".join(choice.text for choice in self.choices if choice.index == 0)

    @property
    def finished(self) -> bool:
        return any(choice.finish_reason for choice in self.choices)


class Edit(Answer):
    """An answer of ``POST /edits``."""

    object: Text = ""
    created: Time = None
    choices: list[CompletionChoice]

    @property
    def text(self) -> str:
        return self.choices[0].text if self.choices else ""
