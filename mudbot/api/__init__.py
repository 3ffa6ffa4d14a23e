"""The shared adapter to an OpenAI-compatible HTTP API.  It knows nothing of MUDs and is usable by itself.

Importing it is cheap: aiohttp is only loaded when an Api is first opened.
"""

from mudbot.api.calls import NOBODY, Caller, Priority, Upload
from mudbot.api.client import Api
from mudbot.api.limit.limits import Limits
from mudbot.api.money.budgets import Budgets, Spent
from mudbot.api.money.prices import Price
from mudbot.api.report import ApiCall
from mudbot.api.types import (
    Chat,
    ChatChunk,
    Completion,
    CompletionChunk,
    Deleted,
    Edit,
    Embeddings,
    Engine,
    Engines,
    File,
    Files,
    FineTune,
    FineTuneEvent,
    FineTuneEvents,
    FineTunes,
    Image,
    ImageChunk,
    Images,
    Model,
    Models,
    Moderation,
    Usage,
)
from mudbot.api.ways import Server

__all__ = [
    "NOBODY",
    "Api",
    "ApiCall",
    "Budgets",
    "Caller",
    "Chat",
    "ChatChunk",
    "Completion",
    "CompletionChunk",
    "Deleted",
    "Edit",
    "Embeddings",
    "Engine",
    "Engines",
    "File",
    "Files",
    "FineTune",
    "FineTuneEvent",
    "FineTuneEvents",
    "FineTunes",
    "Image",
    "ImageChunk",
    "Images",
    "Limits",
    "Model",
    "Models",
    "Moderation",
    "Price",
    "Priority",
    "Server",
    "Spent",
    "Upload",
    "Usage",
]
