"""The models that the server lists, and the well-known names under which it answers as them."""

from __future__ import annotations

import re
from typing import Any

EMBEDDING, MODERATION, IMAGE = "multilingual-e5-small", "mudbot-filter", "mudbot-ink-wash"
TEXT = "mudbot-text"
"""The language model's name while its file is not there."""

_TEXT_LIKE = re.compile(r"(gpt-|o[1-9](-|$)|chatgpt-|text-davinci-|code-davinci-)[\w.-]*")
"""Names of OpenAI's text models of any year; not those of fine-tuned ones, which hold a colon."""

_ALIASES = {
    "gpt-3.5-turbo": "text",
    "gpt-3.5-turbo-instruct": "text",
    "gpt-4": "text",
    "gpt-4o": "text",
    "gpt-4o-mini": "text",
    "gpt-4.1": "text",
    "gpt-4.1-mini": "text",
    "gpt-5": "text",
    "gpt-5-mini": "text",
    "text-davinci-003": "text",
    "text-davinci-002": "text",
    "text-davinci-edit-001": "text",
    "code-davinci-edit-001": "text",
    "text-curie-001": "text",
    "text-babbage-001": "text",
    "text-ada-001": "text",
    "davinci": "text",
    "curie": "text",
    "babbage": "text",
    "ada": "text",
    "text-embedding-3-small": EMBEDDING,
    "text-embedding-3-large": EMBEDDING,
    "text-embedding-ada-002": EMBEDDING,
    "omni-moderation-latest": MODERATION,
    "text-moderation-stable": MODERATION,
    "text-moderation-latest": MODERATION,
    "dall-e-2": IMAGE,
    "dall-e-3": IMAGE,
    "gpt-image-1": IMAGE,
}
"""Names that clients and configurations come with.  Any other name works as well; these are listed so that a client
that looks a name up finds it, with ``alias_of`` telling which model answers."""


def models(text: str | None, created: int) -> list[dict[str, Any]]:
    """The list for GET /models; *text* is the language model's name."""
    text = text or TEXT
    own = [{"id": name} for name in (text, EMBEDDING, MODERATION, IMAGE)]
    aliases = [{"id": alias, "alias_of": text if real == "text" else real} for alias, real in _ALIASES.items()]
    return [{**model, "object": "model", "created": created, "owned_by": "mudbot"} for model in own + aliases]


def find(name: str, text: str | None, created: int) -> dict[str, Any] | None:
    """The model called *name*; also where only the shape of the name is known (``gpt-…``) and the list lacks it."""
    for model in models(text, created):
        if model["id"] == name:
            return model
    if _TEXT_LIKE.fullmatch(name):
        return {"id": name, "alias_of": text or TEXT, "object": "model", "created": created, "owned_by": "mudbot"}
    return None
