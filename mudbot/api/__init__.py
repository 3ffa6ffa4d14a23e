"""The shared adapter to an OpenAI-compatible HTTP API.  It knows nothing of MUDs and is usable by itself.

Importing it is cheap: aiohttp is only loaded when an Api is first opened.
"""

from mudbot.api.client import Api
from mudbot.api.limit.limits import Limits
from mudbot.api.report import ApiCall
from mudbot.api.types import (
    Chat,
    ChatChunk,
    Completion,
    CompletionChunk,
    Embeddings,
    Image,
    Images,
    Models,
    Moderation,
    Usage,
)

__all__ = [
    "Api",
    "ApiCall",
    "Chat",
    "ChatChunk",
    "Completion",
    "CompletionChunk",
    "Embeddings",
    "Image",
    "Images",
    "Limits",
    "Models",
    "Moderation",
    "Usage",
]
