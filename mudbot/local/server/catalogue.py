"""The models that the server lists, and the well-known names under which it answers as them."""

from __future__ import annotations

from typing import Any

EMBEDDING, MODERATION, IMAGE = "multilingual-e5-small", "mudbot-filter", "mudbot-ink-wash"
TEXT = "mudbot-text"
"""The language model's name while its file is not there."""

_ALIASES = {
    "gpt-3.5-turbo": "text",
    "gpt-3.5-turbo-instruct": "text",
    "gpt-4o-mini": "text",
    "text-davinci-003": "text",
    "text-embedding-3-small": EMBEDDING,
    "text-embedding-ada-002": EMBEDDING,
    "omni-moderation-latest": MODERATION,
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
