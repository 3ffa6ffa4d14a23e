"""Answers about a text that was sent: what it means as numbers, and whether it is fit."""

from __future__ import annotations

import array
import base64
import sys
from typing import Annotated, Any

from pydantic import Field, GetCoreSchemaHandler, GetPydanticSchema
from pydantic_core import CoreSchema, core_schema

from mudbot.api.types.base import Answer, Count, Open, Text


class ModerationResult(Open):
    flagged: bool
    categories: dict[str, bool | None] = Field(default_factory=dict)
    category_scores: dict[str, float | None] = Field(default_factory=dict)
    category_applied_input_types: dict[str, list[str] | None] | None = None
    """Which kinds of input, ``text`` or ``image``, a category was judged by."""


class Moderation(Answer):
    """An answer of ``POST /moderations``: a result for each input."""

    id: Text = ""
    model: Text = ""
    results: list[ModerationResult] = Field(min_length=1)  # none would read as "nothing was flagged"

    @property
    def flagged(self) -> bool:
        """Whether any input is unfit."""
        return any(result.flagged for result in self.results)

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories that any input fell under, sorted."""
        return tuple(sorted({name for result in self.results for name, hit in result.categories.items() if hit}))


def _unpacked(value: str) -> list[float]:
    """``encoding_format: base64`` sends little-endian 32-bit floats."""
    raw = base64.b64decode(value, validate=True)
    if len(raw) % 4:
        raise ValueError("these are no 32-bit floats")
    floats = array.array("f", raw)
    if sys.byteorder == "big":
        floats.byteswap()
    return floats.tolist()


def _floats(source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
    packed = core_schema.no_info_after_validator_function(_unpacked, core_schema.str_schema())
    return core_schema.union_schema([(handler(source), "floats"), (packed, "base64")], mode="left_to_right")


class Embedding(Open):
    """The meaning of one input, as numbers; base64 is decoded already."""

    index: Count = 0
    object: Text = ""
    embedding: Annotated[list[float], GetPydanticSchema(_floats)]


class Embeddings(Answer):
    """An answer of ``POST /embeddings``."""

    model: Text = ""
    object: Text = ""
    data: list[Embedding]

    @property
    def vectors(self) -> list[list[float]]:
        """One vector for each input, in the order of the input."""
        return [item.embedding for item in sorted(self.data, key=lambda item: item.index)]
