"""What the API answers, as values.  Fields that are not named here are kept as they came (``answer.model_dump()``)."""

from __future__ import annotations

import base64
import binascii
import struct
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr

from mudbot.errors import BadAnswerError

# Some servers write null where the API promises a number, a text or a list.
_Count = Annotated[int, BeforeValidator(lambda value: 0 if value is None else value)]
_Text = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]


class _Open(BaseModel):
    # The stock messages print what they refuse: a prompt or a private word would end in a log.
    model_config = ConfigDict(extra="allow", hide_input_in_errors=True, protected_namespaces=())


class Usage(_Open):
    """Tokens as the server counted them."""

    prompt_tokens: _Count = 0
    completion_tokens: _Count = 0
    total_tokens: _Count = 0


class Answer(_Open):
    """What every answer has."""

    usage: Usage | None = None
    _request_id: str | None = PrivateAttr(default=None)

    @property
    def request_id(self) -> str | None:
        """The server's name for the call, for a question to its operator."""
        return self._request_id

    @property
    def text(self) -> str:
        """The text of the first choice; empty where there is none."""
        return ""


class Message(_Open):
    """One message of a chat.  ``content`` is null when the model only calls tools."""

    role: _Text = "assistant"
    content: str | list[Any] | None = None

    @property
    def text(self) -> str:
        """All text in it."""
        if isinstance(self.content, list):
            return "".join(str(part.get("text") or "") for part in self.content if isinstance(part, dict))
        return self.content or ""


class ChatChoice(_Open):
    index: _Count = 0
    message: Message
    finish_reason: str | None = None


class Chat(Answer):
    """An answer of ``POST /chat/completions``."""

    id: _Text = ""
    model: _Text = ""
    choices: list[ChatChoice]

    @property
    def text(self) -> str:
        return self.choices[0].message.text if self.choices else ""


class Piece(Answer):
    """A chunk of a stream."""

    @property
    def finished(self) -> bool:
        """Whether it says that a choice is complete."""
        return False


class ChatChunkChoice(_Open):
    index: _Count = 0
    delta: Message = Field(default_factory=Message)
    finish_reason: str | None = None


class ChatChunk(Piece):
    """A piece of a streamed chat; the last one may hold only ``usage``."""

    id: _Text = ""
    model: _Text = ""
    choices: list[ChatChunkChoice]

    @property
    def text(self) -> str:
        return "".join(choice.delta.text for choice in self.choices if choice.index == 0)

    @property
    def finished(self) -> bool:
        return any(choice.finish_reason for choice in self.choices)


class CompletionChoice(_Open):
    index: _Count = 0
    text: _Text = ""
    finish_reason: str | None = None


class Completion(Answer):
    """An answer of ``POST /completions``."""

    id: _Text = ""
    model: _Text = ""
    choices: list[CompletionChoice]

    @property
    def text(self) -> str:
        return self.choices[0].text if self.choices else ""


class CompletionChunk(Piece):
    """A piece of a streamed completion."""

    id: _Text = ""
    model: _Text = ""
    choices: list[CompletionChoice]

    @property
    def text(self) -> str:
        return "".join(choice.text for choice in self.choices if choice.index == 0)

    @property
    def finished(self) -> bool:
        return any(choice.finish_reason for choice in self.choices)


class Image(_Open):
    """One picture: a ``url`` that dies within the hour, or the picture itself in ``b64_json``."""

    url: str | None = None
    b64_json: str | None = None
    revised_prompt: str | None = None

    @property
    def content(self) -> bytes | None:
        """The picture's bytes, None where only a URL came.  Raises BadAnswerError if they are not base64."""
        if self.b64_json is None:
            return None
        try:
            return base64.b64decode(self.b64_json, validate=True)
        except (binascii.Error, ValueError):
            raise BadAnswerError("the server sent a picture that is not base64: ask for response_format=url") from None


class Images(Answer):
    """An answer of ``POST /images/generations``."""

    data: list[Image] = Field(min_length=1)


class ModerationResult(_Open):
    flagged: bool
    categories: dict[str, bool | None] = Field(default_factory=dict)
    category_scores: dict[str, float | None] = Field(default_factory=dict)


class Moderation(Answer):
    """An answer of ``POST /moderations``: a result for each input."""

    id: _Text = ""
    model: _Text = ""
    results: list[ModerationResult] = Field(min_length=1)  # none would read as "nothing was flagged"

    @property
    def flagged(self) -> bool:
        """Whether any input is unfit."""
        return any(result.flagged for result in self.results)

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories that any input fell under, sorted."""
        return tuple(sorted({name for result in self.results for name, hit in result.categories.items() if hit}))


def _floats(value: object) -> object:
    """``encoding_format: base64`` sends little-endian 32-bit floats."""
    if not isinstance(value, str):
        return value
    raw = base64.b64decode(value, validate=True)
    return list(struct.unpack(f"<{len(raw) // 4}f", raw)) if len(raw) % 4 == 0 else raw


class Embedding(_Open):
    """The meaning of one input, as numbers; base64 is decoded already."""

    index: _Count = 0
    embedding: Annotated[list[float], BeforeValidator(_floats)]


class Embeddings(Answer):
    """An answer of ``POST /embeddings``."""

    model: _Text = ""
    data: list[Embedding]

    @property
    def vectors(self) -> list[list[float]]:
        """One vector for each input, in the order of the input."""
        return [item.embedding for item in sorted(self.data, key=lambda item: item.index)]


class Model(_Open):
    id: str
    owned_by: _Text = ""
    created: int | None = None


class Models(Answer):
    """An answer of ``GET /models``."""

    data: list[Model]

    @property
    def ids(self) -> list[str]:
        """The models' names, as the server orders them."""
        return [model.id for model in self.data]
