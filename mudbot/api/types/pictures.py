"""Answers that are pictures."""

from __future__ import annotations

import base64
import binascii
from typing import Any, Self

from pydantic import Field, model_validator

from mudbot.api.types.base import Answer, Count, Maybe, Open, Piece, Text, Time, Usage
from mudbot.errors import BadAnswerError


class ImageUsage(Usage):
    """Tokens of a gpt-image model, which counts under other names; those of ``Usage`` are filled in from them."""

    input_tokens: Count = 0
    output_tokens: Count = 0
    input_tokens_details: Maybe[dict[str, Any]] = None
    output_tokens_details: Maybe[dict[str, Any]] = None

    @model_validator(mode="after")
    def _same_names(self) -> Self:
        sent = set(self.model_fields_set)
        self.prompt_tokens = self.prompt_tokens or self.input_tokens
        self.completion_tokens = self.completion_tokens or self.output_tokens
        self.model_fields_set.intersection_update(sent)  # ``exclude_unset`` goes on to give what the server sent
        return self


class Picture(Open):
    """Where a picture is: a ``url`` that dies within the hour, or the picture itself in ``b64_json``."""

    url: str | None = None
    b64_json: str | None = None

    @property
    def content(self) -> bytes | None:
        """The picture's bytes, None where only a URL came.  Raises BadAnswerError if they are not base64."""
        if self.b64_json is None:
            return None
        try:
            return base64.b64decode(self.b64_json, validate=True)
        except (binascii.Error, ValueError):
            raise BadAnswerError("the server sent a picture that is not base64: ask for response_format=url") from None


class Image(Picture):
    """One picture."""

    revised_prompt: str | None = None


class Images(Answer):
    """An answer of ``POST /images/generations``, ``/images/edits`` or ``/images/variations``."""

    created: Time = None
    data: list[Image] = Field(min_length=1)
    background: Maybe[str] = None
    output_format: Maybe[str] = None
    quality: Maybe[str] = None
    size: Maybe[str] = None
    usage: ImageUsage | None = None


class ImageChunk(Picture, Piece):
    """A picture on its way: blurred ones first, the last one ``finished``."""

    type: Text
    """``image_generation.partial_image`` or ``….completed``, and the same of ``image_edit``."""
    partial_image_index: int | None = None
    created_at: Time = None
    background: Maybe[str] = None
    output_format: Maybe[str] = None
    quality: Maybe[str] = None
    size: Maybe[str] = None
    usage: ImageUsage | None = None

    @property
    def finished(self) -> bool:
        return self.type.endswith(".completed")
